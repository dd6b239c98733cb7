"""Which advertising profile a person means: the table that agents go by, as pure functions.

| said                                 | answer                                   |
|--------------------------------------|------------------------------------------|
| one account is authorized, and a site | that profile                             |
| several accounts, and only a site     | that profile, or ambiguous where several |
|                                       | accounts have one, with their names      |
| account and site                      | that profile                             |
| a profile id                          | itself, once it is known to be the user's |
| nothing                               | the only profile, or ambiguous            |

An account is a distinct `accountName`. The gateway's list has the last word on which profiles there are.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from linkfox_client.amazon.names import called, folded
from linkfox_client.amazon.sites import Site, explain_unknown_site, find_region, find_site
from linkfox_client.amazon.stores import Store, names_of_store
from linkfox_client.errors import ClientError, find_reason, typed

LARGEST_PROFILE_ID = 2**63 - 1
# What tells two profiles apart for a person; the number comes last, and nobody needs to name it.
CANDIDATE_FIELDS = (
    "accountName",
    "accountNames",
    "accountInfoName",
    "accountType",
    "countryCode",
    "region",
    "profileId",
)

REFRESH = typed("ads_profiles.py", "--refresh")
CHOOSE = (
    "Choose one of `candidates`, or authorize the missing account with "
    "`python3 scripts/ads_authorize_url.py --account-name NAME`."
)

Profile = Mapping[str, Any]


def parse_profile_id(value: object) -> int:
    """Return a profile id, from 0 to 2^63-1, given as an integer or as 1 to 19 ASCII digits.

    Raise ValueError.
    """
    if isinstance(value, str) and 1 <= len(value) <= 19 and value.isascii() and value.isdigit():
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ValueError("a profile id is an integer or 1 to 19 digits")
    if not 0 <= number <= LARGEST_PROFILE_ID:
        raise ValueError("a profile id lies between 0 and 2^63-1")
    return number


def resolve(
    listed: Iterable[Profile],
    *,
    site: str | None = None,
    account: str | None = None,
    profile_id: int | None = None,
    incomplete: Iterable[Mapping[str, Any]] = (),
    stores: Callable[[], Iterable[Store]] = tuple,
) -> Profile:
    """Return the one profile of `listed` (from /amazonAds/authorizedStores) that was meant.

    All that is given has to be true of the profile; without any it is the only one of the list. `incomplete`:
    the answer's `incompleteAccounts`. What is not found and may be theirs is only to be read. `stores`
    returns the authorized stores, and is asked where no account and no advertiser has the name. Raise
    ClientError: bad_arguments, not_found or ambiguous, the last two with what there is to choose from.
    """
    entries = list(listed)
    try:
        found = _resolve(entries, site, account, profile_id, stores)
    except ClientError as failure:
        if failure.code == "not_found" and entries:
            failure.hint = _better_hint(entries, incomplete, site, account) or failure.hint
        raise
    others = [entry for entry in incomplete if entry.get("accountName") not in account_names(found)]
    if account is None and profile_id is None and (lacking := _unread(entries, others, site, account)):
        raise ClientError(
            "ambiguous",
            f"One profile is known there, and Amazon has not answered for those of {lacking} yet",
            f"Ask which account is meant and give it with --account, or run {REFRESH} and ask again.",
            candidates=_candidates([found]),
        )
    return found


def _better_hint(
    listed: list[Profile], incomplete: Iterable[Profile], site: str | None, account: str | None
) -> str:
    """Return what helps before anything else: another word for a site, or to read what was not; else ""."""
    if site is not None and not _regions(site, listed):
        return explain_unknown_site(site)
    lacking = _unread(listed, incomplete, site, account)
    if not lacking:
        return ""
    return (
        f"Amazon has not answered for the profiles of {lacking} yet: run {REFRESH}, "
        "then ask again. Authorize nothing for that."
    )


def _unread(
    listed: list[Profile], incomplete: Iterable[Profile], site: str | None, account: str | None
) -> str:
    """Return the regions, in words, that were not read and may hold what is wanted, or ""."""
    lacking = list(incomplete)
    if account is not None:
        wanted = folded(account)
        named = [entry for entry in lacking if wanted in map(folded, account_names(entry))]
        known = any(wanted in map(folded, account_names(entry)) for entry in listed)
        lacking = named if named or known else lacking  # else it may be an advertiser's own name
    meant = None if site is None else _regions(site, listed)
    return ", ".join(
        f"{region} ({entry.get('accountName')})"
        for entry in lacking
        for region in entry.get("unreadRegions") or ()
        if meant is None or region in meant
    )


def _resolve(
    listed: Iterable[Profile],
    site: str | None,
    account: str | None,
    profile_id: int | None,
    stores: Callable[[], Iterable[Store]],
) -> Profile:
    profiles, bare = _read(listed)
    if not profiles and not bare:
        raise ClientError(
            "not_found",
            "No ads account is authorized",
            "Authorize one with `python3 scripts/ads_authorize_url.py --account-name NAME`, then ask again.",
        )
    if not profiles:
        raise _without_profiles("The ads account is authorized, but has no profile that could be read")
    left = profiles
    if profile_id is not None:
        left = _keep(
            left,
            lambda profile: profile["profileId"] == profile_id,
            f"Profile {profile_id} is not among your profiles",
            profiles,
        )
    if account is not None:
        left = _of_account(left, account, bare, stores)
    if site is not None:
        left = _of_site(left, site, account, profiles)
    if len(left) > 1:
        raise ClientError(
            "ambiguous", f"{len(left)} profiles match", _how_to_choose(left), candidates=_candidates(left)
        )
    return left[0]


def _read(listed: Iterable[Profile]) -> tuple[list[Profile], set[str]]:
    """Return the profiles, and the names of accounts without any.

    Each profile stands there once, with all its accounts' names.
    """
    found: dict[int, dict[str, Any]] = {}
    bare: set[str] = set()
    for entry in listed:
        try:
            number = parse_profile_id(entry.get("profileId"))
        except ValueError:
            bare.update(account_names(entry))
            continue
        known = found.setdefault(number, {**entry, "profileId": number})
        names = [*account_names(known), *account_names(entry)]
        if len(set(names)) > 1:
            known["accountNames"] = list(dict.fromkeys(names))
    return list(found.values()), bare


def account_names(profile: Profile) -> list[str]:
    """Return the names of the authorizations that cover a profile, its own first."""
    names = profile.get("accountNames")
    several = names if isinstance(names, list) else []
    return [name for name in (profile.get("accountName"), *several) if isinstance(name, str)]


def of_advertiser(profiles: list[Profile], name: str, stores: Callable[[], Iterable[Store]]) -> list[Profile]:
    """Return the profiles of the advertiser of that name: its own, or that of the store that it is."""

    def own_name(profile: Profile) -> list[str]:
        own = profile.get("accountInfoName")
        return [own] if isinstance(own, str) else []

    left = called(profiles, name, own_name)
    if left:
        return left
    sellers = {store.get("sellerId") for store in called(stores(), name, names_of_store)}
    return [profile for profile in profiles if profile.get("accountInfoId") in sellers]


def _of_account(
    profiles: list[Profile], account: str, bare: set[str], stores: Callable[[], Iterable[Store]]
) -> list[Profile]:
    """Return the profiles of the account that was authorized under that name, else of the advertiser's."""
    left = called(profiles, account, account_names) or of_advertiser(profiles, account, stores)
    if left:
        return left
    if folded(account) in map(folded, bare):
        raise _without_profiles(
            f"The account {account!r} is authorized, but has no profile that could be read"
        )
    return _keep([], bool, f"There is no such profile under an account called {account!r}", profiles)


def _without_profiles(message: str) -> ClientError:
    row = find_reason("profile_sync_failed")
    return ClientError("not_found", message, row.remedy if row else "")


def _of_site(
    profiles: list[Profile], words: str, account: str | None, everywhere: list[Profile]
) -> list[Profile]:
    """Return the profiles of the site that `words` name, in our words or the list's own codes and ids.

    `account`: the name by which `profiles` were chosen from `everywhere`, where one was said.
    """
    site = find_site(words)
    literal = words.strip().upper()
    if not _regions(words, profiles):
        raise ClientError(
            "not_found",
            f"{words!r} names no Amazon site",
            explain_unknown_site(words),
            candidates=_candidates(_of_region(profiles, find_region(words))),
        )
    place = site.country if site else literal

    def there(profile: Profile) -> bool:
        return _is_at(profile, site) if site else literal in _marks(profile)

    if account is None:
        return _keep(profiles, there, f"There is no such profile for {place}", profiles)
    left = [profile for profile in profiles if there(profile)]
    if left:
        return left
    others = [profile for profile in everywhere if there(profile)]
    names = ", ".join(sorted({str(profile.get("accountName")) for profile in others}))
    lead = f"{names} has one for {place}: ask whether that is meant and give it with --account. "
    raise ClientError(
        "not_found",
        f"{account!r} has no profile for {place}",
        (lead if others else "") + CHOOSE,
        candidates=[*_candidates(others), *_candidates(profiles)],
    )


def _of_region(profiles: list[Profile], region: str | None) -> list[Profile]:
    """Return the profiles of a region; all where none was named, or where it has none."""
    return [profile for profile in profiles if profile.get("region") == region] or profiles


def _regions(words: str, listed: list[Profile]) -> set[Any]:
    """Return the regions of the site that `words` name: one, or none where there is no such site.

    What only the list knows is where the list has it.
    """
    site = find_site(words)
    if site is not None:
        return {site.region}
    literal = words.strip().upper()
    return {profile.get("region") for profile in listed if literal in _marks(profile)}


def _is_at(profile: Profile, site: Site) -> bool:
    country = profile.get("countryCode")
    if isinstance(country, str) and country:
        return country.upper() in site.codes
    return profile.get("marketplaceStringId") == site.marketplace_id


def _marks(profile: Profile) -> set[str]:
    values = (profile.get("countryCode"), profile.get("marketplaceStringId"))
    return {value.upper() for value in values if isinstance(value, str) and value}


def _keep(
    profiles: list[Profile], wanted: Callable[[Profile], Any], message: str, otherwise: list[Profile]
) -> list[Profile]:
    left = [profile for profile in profiles if wanted(profile)]
    if not left:
        raise ClientError(
            "not_found",
            message,
            CHOOSE,
            candidates=_candidates(otherwise),
        )
    return left


def _how_to_choose(left: list[Profile]) -> str:
    """Return the flag that tells these profiles apart, if one does."""
    if len({profile.get("countryCode") for profile in left}) > 1:
        return "Ask which site is meant and give it with --site."
    if len({profile.get("accountName") for profile in left}) > 1:
        return "Ask which account is meant, by its accountName, and give it with --account."
    if len({profile.get("accountInfoName") for profile in left}) == len(left):
        return "Ask which advertiser is meant and give its accountInfoName with --account."
    return "Ask which of `candidates` is meant and give its profileId with --profile-id."


def _candidates(profiles: list[Profile]) -> list[dict[str, Any]]:
    ordered = sorted(
        profiles, key=lambda profile: (str(profile.get("accountName")), str(profile.get("countryCode")))
    )
    return [{name: profile[name] for name in CANDIDATE_FIELDS if name in profile} for profile in ordered]
