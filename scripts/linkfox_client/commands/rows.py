"""What a row of a list shows unless everything was asked for: what people and programs look at.

Harnesses of agents cut long output in its middle. So a row leaves out what says nothing, and a list of rows
ends before the document is longer than they take.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linkfox_client.amazon import stores
from linkfox_client.cli import output

# Characters of a whole document, of the rows of a list beside the one that was asked for, and of the rest
# of a document: its braces, its totals.
MOST_CHARACTERS = 20_000
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
MOST_OF_ACCOUNT = 12_000
# Whose profiles an account has: so many are named, and the others counted.
MOST_ADVERTISERS = 5
SEVERAL = ("accountNames", "authRecordIds")
# What a row of the gateway's holds beside that, for `--full` or a file.
DETAILS = (
    *("sites", "sitesReadAt", "profiles", "authorizedAt", "authorizationExpiresAt", "lastUsedAt"),
    *("requestedScopes", "grantedScopes"),
)

Row = Mapping[str, Any]


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


def bounded(answer: dict[str, Any], names: Iterable[str], room: int = MOST_BESIDE) -> dict[str, Any]:
    """Return an answer in which those of its lists are short and few rows; `notes` tell what is missing.

    `room`: the characters for each list.
    """
    document, notes = dict(answer), list(answer.get("notes") or [])
    for name in names:
        listed = answer.get(name)
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            continue
        short = [of_store(row) if "sellerId" in row else of_account(row) for row in listed]
        shown = fitting(short, room)
        document[name] = short[:shown]
        if shown < len(short):
            notes.append(f"{shown} of {len(short)} {name} are shown.")
    return document | ({"notes": notes} if notes else {})


def of_consent(answer: dict[str, Any], one: str) -> dict[str, Any]:
    """Return the answer to a consent with its `one` (store or account) as it is to be looked at.

    A store has `countryCodes` beside its sites, as in the list; an account's profiles are short and few.
    """
    entry = answer.get(one)
    if not isinstance(entry, dict):
        return answer
    if one == "store":
        codes = stores.site_codes(entry)
        return answer | {one: entry | ({"countryCodes": codes} if codes else {})}
    shown = bounded(entry, ("profiles",), MOST_OF_ACCOUNT)
    notes = [*(answer.get("notes") or []), *shown.pop("notes", [])]
    return answer | {one: shown} | ({"notes": notes} if notes else {})


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


def _short(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns if row.get(name) not in (None, "", [])}
