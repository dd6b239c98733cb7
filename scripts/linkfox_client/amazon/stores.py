"""Which store a person means by a name, a seller id, a region or a site: pure functions on a list.

A store is a seller in one region. All that was said has to be true of it; what fits several is put to the
person, what fits none is answered with what there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from linkfox_client.amazon import names
from linkfox_client.errors import ClientError, typed

if TYPE_CHECKING:
    from linkfox_client.amazon.sites import Site

# What tells two stores apart for a person.
CANDIDATE_FIELDS = ("sellerName", "sellerId", "region", "status")
DESCRIBED_FIELDS = (*CANDIDATE_FIELDS, "statusReason", "central", "authRecordId", "sitesReadAt")
REFRESH = typed("authorized_stores.py", "--refresh")
SITES_UNKNOWN_HOSTED = (
    "The hosted gateway does not tell on which sites a store sells: it was found by its region alone. "
    "Ask the user where that matters."
)
SITES_UNKNOWN = (
    "It is not known yet on which sites this store sells: it was found by its region alone. "
    f"{REFRESH} asks Amazon."
)
# A store of India alone is kept under Europe, and may be asked for under the Far East.
INDIA, INDIA_ASKED = "IN", "FE"

Store = Mapping[str, Any]


def resolve(
    listed: Iterable[Store],
    *,
    name: str | None = None,
    seller_id: str | None = None,
    region: str | None = None,
    site: "Site | None" = None,
) -> Store:
    """Return the one store of `listed` (from /spApi/authorizedStores) that was meant.

    `name` may also be a seller id. Where none of the four is given, it is the only store of the list. Raise
    ClientError: not_found or ambiguous, with what there is to choose from.
    """
    rows = [row for row in listed if _is_text(row.get("sellerId")) and _is_text(row.get("region"))]
    if not rows:
        raise ClientError(
            "not_found",
            "No store is authorized",
            _authorize(name, region, site),
        )
    left = rows if name is None and seller_id is None else _named(rows, name, seller_id)
    left = _in_region(left, region) if region is not None else left
    left = _at_site(left, site) if site is not None else left
    if len(left) > 1:
        raise _ambiguous(left, name)
    return left[0]


def has_name(listed: Iterable[Store], name: str) -> bool:
    """Tell whether a store goes by that name or seller id."""
    rows = list(listed)
    seller_id = name.strip().upper()
    return bool(names.called(rows, name, names_of_store)) or any(
        row.get("sellerId") == seller_id for row in rows
    )


def described(store: Store, site: "Site | None", *, is_hosted: bool) -> dict[str, Any]:
    """Return a store with what a call of Amazon's API wants to know of it. `site`: the one that was named.

    Where the gateway tells no sites, the region is all that is known, and `notes` say so.
    """
    are_known = known_sites(store) is not None
    kept = {name: store[name] for name in DESCRIBED_FIELDS if store.get(name) is not None}
    if are_known:
        ids = [each["marketplaceId"] for each in taking_part(store)]
        kept |= {"marketplaceIds": ids, "countryCodes": site_codes(store)}
    if site is not None:
        kept |= {"site": site.code, "marketplaceId": site.marketplace_id}
    if not are_known:
        kept["notes"] = [SITES_UNKNOWN_HOSTED if is_hosted else SITES_UNKNOWN]
    return kept


def known_sites(store: Store) -> list[Mapping[str, Any]] | None:
    """Return the sites that Amazon told of a store, or None where that is not known."""
    told = store.get("sites")
    if not isinstance(told, list):
        return None
    return [site for site in told if isinstance(site, dict) and _is_text(site.get("marketplaceId"))] or None


def site_codes(store: Store) -> list[str]:
    """Return the codes of the sites where a store takes part, as far as that is known."""
    return [str(site.get("countryCode") or site["marketplaceId"]) for site in taking_part(store)]


def taking_part(store: Store) -> list[Mapping[str, Any]]:
    """Return those of the known sites where a store takes part: Amazon lists the others all the same."""
    return [site for site in known_sites(store) or () if site.get("participating") is not False]


def candidates(rows: Iterable[Store]) -> list[dict[str, Any]]:
    """Return stores as they are put to a person."""
    shown = []
    for row in rows:
        codes = site_codes(row)
        fields = {name: row[name] for name in CANDIDATE_FIELDS if row.get(name) is not None}
        shown.append(fields | ({"sites": codes} if codes else {}))
    return shown


def names_of_store(row: Store) -> list[str]:
    """Return what a store is called: one name, or none."""
    name = row.get("sellerName")
    return [name] if isinstance(name, str) else []


def _named(rows: list[Store], name: str | None, seller_id: str | None) -> list[Store]:
    """Return the stores of that name or seller id."""
    wanted = (seller_id or name or "").strip()
    found = names.called(rows, name, names_of_store) if name is not None else []
    found = found or [row for row in rows if row["sellerId"] == wanted.upper()]
    if found:
        return found
    if seller_id is not None:
        message = f"No store with the seller id {wanted} is authorized"
    else:
        message = f"No store is called {wanted!r}"
    hint = f"Choose one of `candidates`, or see all with {typed('authorized_stores.py')}."
    from linkfox_client.amazon.sites import find_site

    site = find_site(wanted)
    if site is not None and any(_is_at(row, site) for row in rows):
        hint = f"{wanted} names a site, not a store: give it with --site. {hint}"
    elif site is not None:
        hint = f"{wanted} names a site, not a store, and no store sells in {site.code}. {hint}"
    raise ClientError(
        "not_found", message, hint, candidates=candidates(names.nearest_first(rows, wanted, names_of_store))
    )


def _in_region(rows: list[Store], region: str) -> list[Store]:
    left = [row for row in rows if row["region"] == region]
    if not left and region == INDIA_ASKED:
        left = [row for row in rows if site_codes(row) == [INDIA]]
    if left:
        return left
    raise _elsewhere(rows, f"region {region}", region)


def _at_site(rows: list[Store], site: "Site") -> list[Store]:
    """Return the stores that take part in a site; of those whose sites are not known, its region's."""
    left = [row for row in rows if _is_at(row, site)]
    if left:
        return left
    raise _elsewhere(rows, f"site {site.code}", site.region, site)


def _is_at(row: Store, site: "Site") -> bool:
    if known_sites(row) is None:
        return bool(row["region"] == site.region)
    return any(each["marketplaceId"] == site.marketplace_id for each in taking_part(row))


def _elsewhere(rows: Sequence[Store], wanted: str, region: str, site: "Site | None" = None) -> ClientError:
    """Return the failure for stores that are not where they were looked for; it says where they are."""
    called = {str(row.get("sellerName") or row["sellerId"]) for row in rows}
    where = ", ".join(sorted({_place(row) for row in rows})[:20])
    name = called.pop() if len(called) == 1 else None
    message = f"{name} is authorized in {where}, not in {wanted}"
    if name is None:
        message = f"No such store is authorized in {wanted}; there are some in {where}"
    remedy = _authorize(name, region, site)
    if any(row["region"] == region for row in rows):
        remedy = f"A consent covers its whole region, so a new one adds no site; {REFRESH} asks Amazon again."
    return ClientError(
        "not_found", message, f"Choose one of `candidates`. {remedy}", candidates=candidates(rows)
    )


def _authorize(name: str | None, region: str | None, site: "Site | None") -> str:
    """Return how a store that is missing is authorized, with what is known of it filled in.

    The site goes before its region: the hosted gateway wants one, and it tells the region.
    """
    place = ("--marketplace", site.code) if site else ("--region", region or "REGION")
    there = typed("authorize_url.py", "--seller-name", name or "NAME", *place)
    unknown = [word for word, known in (("name", name), ("region", region or site)) if not known]
    if unknown:
        return f"To authorize one, ask the user for its {' and '.join(unknown)}: {there}."
    return f"To authorize it there: {there}."


def _place(row: Store) -> str:
    codes = site_codes(row)
    return f"{row['region']} ({', '.join(codes)})" if codes else str(row["region"])


def _ambiguous(rows: list[Store], name: str | None) -> ClientError:
    what = f"{len(rows)} stores are called {name!r}" if name is not None else f"{len(rows)} stores match"
    if len({row.get("sellerName") for row in rows}) == len(rows):
        hint = "Ask which store is meant, by its sellerName, and give it with --store."
    elif len({row["region"] for row in rows}) == len(rows):
        hint = "Ask which region or site is meant and give it with --region or --site."
    else:
        hint = "Ask which of `candidates` is meant and give its --seller-id and --region."
    return ClientError("ambiguous", what, hint, candidates=candidates(rows))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
