"""What a row of a list shows unless everything was asked for: what people and programs look at.

Harnesses of agents cut long output in its middle. So a row leaves out what says nothing, and a list of rows
ends before the document is longer than they take.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linkfox_client.amazon import stores
from linkfox_client.cli import output

# Characters of the rows of a list beside the one that was asked for, and of the rest of a document: its
# braces, its totals.
MOST_BESIDE = 3_000
FRAME = 300
STORE = (
    *("sellerId", "sellerName", "region", "status", "statusReason", "central", "verified"),
    *("missingScopes", "warnings"),
)
ACCOUNT = (
    *("profileId", "accountInfoId", "accountInfoName", "accountType", "accountInfoType", "countryCode"),
    *("marketplaceStringId", "region", "authRecordId", "accountName", "status", "statusReason"),
    *("currencyCode", "dailyBudget", "timezone", "unreadRegions", "regions", "reason", "errmsg", "hint"),
    *("missingScopes", "warnings"),
)
# The profiles of one account: one seller in every region has its place.
MOST_OF_ACCOUNT = 4_000
# Whose profiles an account has: so many are named, and the others counted.
MOST_ADVERTISERS = 5
SEVERAL = ("accountNames", "authRecordIds")
# What a row of the gateway's holds beside that, for `--full` or a file.
DETAILS = (
    *("sites", "sitesReadAt", "profiles", "authorizedAt", "authorizationExpiresAt", "lastUsedAt"),
    *("requestedScopes", "grantedScopes"),
)
# Of a profile beside its account.
PROFILE = ("profileId", "countryCode", "region", "accountInfoName", "accountType", "accountInfoType")
SILENT: Sequence[Any] = (None, "", [])

Row = Mapping[str, Any]


def short(row: Row) -> dict[str, Any]:
    """Return the short row of a store, or of an ads account or profile."""
    return of_store(row) if "sellerId" in row else of_account(row)


def authorized(entry: Row) -> dict[str, Any]:
    """Return what is told of a store or account that was authorized or imported just now.

    That is no details, but the `countryCodes` of its sites, and short `profiles`, as they fit; `notes` tell
    how many are missing.
    """
    told = without_details(entry)
    codes, profiles = stores.site_codes(entry), entry.get("profiles")
    if codes:
        told["countryCodes"] = codes
    if isinstance(profiles, list) and all(isinstance(each, dict) for each in profiles):
        listed = [_short(each, PROFILE) for each in profiles]
        shown = fitting(listed, MOST_OF_ACCOUNT)
        told["profiles"] = listed[:shown]
        if shown < len(listed):
            told["notes"] = [*(entry.get("notes") or []), _some("profiles", shown, len(listed))]
    return told


def of_store(row: Row) -> dict[str, Any]:
    """Return the short row of a store; `countryCodes` are the sites where it takes part, if known."""
    codes = stores.site_codes(row)
    return _short(row, STORE) | ({"countryCodes": codes} if codes else {})


def of_account(row: Row) -> dict[str, Any]:
    """Return the short row of an ads account or profile; several accounts of one profile are named."""
    several = {name: row[name] for name in SEVERAL if isinstance(row.get(name), list) and len(row[name]) > 1}
    return _short(row, ACCOUNT) | several


def without_details(row: Row) -> dict[str, Any]:
    """Return a row that tells something else as well, such as its tokens, without what `--full` adds."""
    return {name: value for name, value in row.items() if name not in DETAILS and value is not None}


def fitting(rows: Sequence[Row], room: int) -> int:
    """Return how many of the rows fit into so many characters: one at least, where there is any."""
    used = 0
    for count, row in enumerate(rows):
        used += length(row)
        if used > room:
            return max(count, 1)
    return len(rows)


def length(row: object) -> int:
    """Return the characters that a row takes in a document, with its indentation and line end."""
    return len(output.one_line(row)) + 6


def bounded(answer: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return an answer in which those of its lists are short and few rows; `notes` tell what is missing."""
    document, notes = dict(answer), list(answer.get("notes") or [])
    for name in names:
        listed = answer.get(name)
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            continue
        told = [short(row) for row in listed]
        shown = fitting(told, MOST_BESIDE)
        document[name] = told[:shown]
        if shown < len(told):
            notes.append(_some(name, shown, len(told)))
    return document | ({"notes": notes} if notes else {})


def failed_first(document: dict[str, Any], name: str, rest: str) -> dict[str, Any]:
    """Return a document whose list `name` holds rows with `ok`, as many as fit, those that failed first.

    `rest`: where the others are told, the end of the note on how many are missing.
    """
    told: Sequence[Row] = document[name]
    beside = length({field: value for field, value in document.items() if field != name})
    room = output.LONGEST_DOCUMENT - FRAME - beside
    if fitting(told, room) == len(told):
        return document
    ordered = sorted(told, key=lambda row: bool(row.get("ok")))
    shown = fitting(ordered, room - FRAME)
    note = f"{shown} of {len(told)} are printed, those that failed first; {rest}"
    return document | {name: ordered[:shown], "notes": [*(document.get("notes") or []), note]}


def brought(account: Row) -> str:
    """Return whose profiles an account has and where: `Acme (US, CA), Bolt (UK)`; "" where it has none."""
    sites: dict[str, list[str]] = {}
    for profile in account.get("profiles") or ():
        advertiser = str(profile.get("accountInfoName") or profile.get("accountInfoId"))
        country = str(profile.get("countryCode") or profile.get("profileId"))
        if country not in sites.setdefault(advertiser, []):
            sites[advertiser].append(country)
    told = [f"{advertiser} ({', '.join(where)})" for advertiser, where in sites.items()]
    more = [f"{len(told) - MOST_ADVERTISERS} more"] if len(told) > MOST_ADVERTISERS else []
    return ", ".join(told[:MOST_ADVERTISERS] + more)


def _some(name: str, shown: int, total: int) -> str:
    return f"{shown} of {total} {name} are shown."


def _short(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns if row.get(name) not in SILENT}
