"""Why Amazon refused a call: the row of `references/refusals.json` that its answer and the call fit.

Amazon says little: a missing role, a path that it does not have and data of buyers all get a 403 with empty
`details` (references/permissions.md). What tells them apart is the call itself: whether Amazon publishes the
operation (references/spapi-operations.json), which sites the query names (references/marketplaces.json), and
whether the store once answered. The first row that fits counts, so their order is that of likelihood.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from linkfox_client.paths import REFERENCES

# In bytes: no refusal of Amazon's is longer.
LONGEST_REFUSAL = 64 * 1024


class Refusal(NamedTuple):
    """A call that was refused. `api`: `spapi` or `ads`; `query` as it was sent; `name`: the store's.

    `verified`: whether Amazon answered for the store when it was authorized, None where nobody knows.
    `restricted`: data of buyers were asked for. `as_application`: for no store, by the application itself.
    """

    api: str
    status: int
    body: bytes
    method: str
    path: str
    query: str
    region: str
    seller_id: str = ""
    profile_id: int | None = None
    name: str = ""
    verified: bool | None = None
    restricted: bool = False
    as_application: bool = False


class Cause(NamedTuple):
    """Why: `cause` is the row's name, `hint` one line on what to do, `code` what a script ends with.

    `reason`: for programs, in a word of the gateway's interface; several causes may share one.
    """

    cause: str
    hint: str
    code: str
    reason: str


def explain(refusal: Refusal, cause: str | None = None) -> Cause | None:
    """Return why a call was refused; None for what is no refusal, or not among the known ones.

    `cause`: what a gateway made of it, which then counts: it knows more of the store.
    """
    rows = [row for row in _table()["causes"] if row["from"] == refusal.api]
    named = [row for row in rows if row["cause"] == cause]
    likely = [row for row in named or rows if refusal.status in row["statuses"]]
    if likely:
        words, circumstances = _words(refusal), _circumstances(refusal)
        for row in likely:
            if _fits(row, words, circumstances):
                return _cause(row, refusal)
    # The gateway knows why, by what is not known here.
    plain = [row for row in named if "when" not in row] or named
    return _cause(plain[-1], refusal) if plain else None


def explain_reason(reason: str | None, refusal: Refusal) -> Cause | None:
    """Return why the gateway itself refused a call, by its `reason`; None for one without a row."""
    rows = (row for row in _table()["causes"] if row["from"] == "gateway" and row["reason"] == reason)
    row = next(rows, None)
    return None if row is None else _cause(row, refusal)


def find_operation(
    operations: Sequence[Mapping[str, Any]], method: str, path: str
) -> Mapping[str, Any] | None:
    """Return the published operation that a call is for, the one with the fewest parameters; else None."""
    parts = path.strip("/").split("/")
    fitting = [row for row in operations if row["method"] == method and _is_path(row["path"], parts)]
    return min(fitting, key=lambda row: row["path"].count("{"), default=None)


def role_for(path: str) -> str:
    """Return which role commonly serves the calls below a path, in words."""
    table = _table()
    fitting = [
        (len(prefix), str(family["role"]))
        for family in table["families"]
        for prefix in family["paths"]
        if f"/{path.strip('/')}/".startswith(f"{prefix}/")
    ]
    return max(fitting)[1] if fitting else str(table["otherwise"])


def _fits(row: Mapping[str, Any], words: str | None, circumstances: frozenset[str]) -> bool:
    """Tell whether Amazon's words, as of `_words`, and what holds are those of a row."""
    if not circumstances.issuperset(row.get("when", ())):
        return False
    if row.get("silent"):
        return words == ""
    return "says" not in row or any(each in (words or "") for each in row["says"])


def _words(refusal: Refusal) -> str | None:
    """Return what Amazon said, in lower case; empty where `details` are, None for any other body."""
    try:
        document = json.loads(refusal.body) if len(refusal.body) <= LONGEST_REFUSAL else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return None
    if refusal.api == "ads":
        # Version 2 says it in `details`, what is newer in `message`, reports in `detail`.
        return " ".join(str(document.get(name, "")) for name in ("details", "message", "detail")).lower()
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None
    return (str(first.get("details") or "") or _unusual_code(first)).lower()


def _unusual_code(error: Mapping[str, Any]) -> str:
    """Return the code of an error without details, where it is not the one of every refusal."""
    code = str(error.get("code") or "")
    return "" if code == "Unauthorized" else code


def _circumstances(refusal: Refusal) -> frozenset[str]:
    """Return what a row's `when` may ask for, of what holds."""
    operation = _operation(refusal)
    restricted = operation.get("restricted") if operation else None
    grantless = bool(operation and operation.get("grantless"))
    is_order = restricted == "always" and refusal.path.strip("/").startswith("orders/")
    holds = {
        "unpublished": operation is None,
        "grantless": grantless,
        "of_application": grantless and refusal.path.strip("/").startswith("notifications/"),
        "as_application": refusal.as_application,
        "restricted_call": refusal.restricted,
        "restricted": restricted == "always",
        "restricted_order": is_order,
        "perhaps_restricted": restricted == "sometimes",
        "elsewhere": _elsewhere(refusal) is not None,
        "verified": refusal.verified is True,
    }
    return frozenset(name for name, true in holds.items() if true)


def _operation(refusal: Refusal) -> Mapping[str, Any] | None:
    """Return the SP-API's operation that was called; None for one that is not published, and for ads."""
    if refusal.api != "spapi":
        return None
    return find_operation(_read("spapi-operations.json"), refusal.method, refusal.path)


def _elsewhere(refusal: Refusal) -> Mapping[str, Any] | None:
    """Return the first site in the query that is of another region than was called."""
    asked = {
        value.strip()
        for name, values in parse_qsl(refusal.query)
        if name.lower().startswith("marketplaceid")
        for value in values.split(",")
    }
    sites = (site for site in _read("marketplaces.json") if site["marketplaceId"] in asked)
    return next((site for site in sites if site["region"] != refusal.region), None)


def _cause(row: Mapping[str, Any], refusal: Refusal) -> Cause:
    """Return the cause of a row, its hint filled in for the call."""
    site, operation = _elsewhere(refusal), _operation(refusal)
    words = {
        "method": refusal.method,
        "path": f"/{refusal.path.strip('/')}",
        "region": refusal.region,
        "operation": operation["operation"] if operation else "This call",
        "role": role_for(refusal.path),
        "elsewhere": f"{site['marketplaceId']} ({site['countryCode']}) is a site of {site['region']}"
        if site
        else "",
        "other_region": site["region"] if site else "",
        "refresh": _command(*_refreshing(refusal)),
        "authorize": _command("authorize_url.py", *_authorizing(refusal)),
    }
    reason = row.get("reason", row["cause"])
    return Cause(row["cause"], row["hint"].format_map(words), row.get("code", "amazon_failed"), reason)


def _refreshing(refusal: Refusal) -> list[str]:
    if refusal.api == "ads":
        return ["ads_refresh_token.py", "--profile-id", str(refusal.profile_id or "PROFILE_ID")]
    return ["refresh_token.py", *_store(refusal)]


def _authorizing(refusal: Refusal) -> list[str]:
    """Return how a store is authorized again, under the name that it has."""
    return [*(["--seller-name", refusal.name] if refusal.name else []), *_store(refusal)]


def _store(refusal: Refusal) -> list[str]:
    return ["--seller-id", refusal.seller_id or "SELLER_ID", "--region", refusal.region]


def _command(script: str, *words: str) -> str:
    """Return a command as it can be typed into a shell."""
    return shlex.join(["python3", f"scripts/{script}", *words])


def _is_path(template: str, parts: Sequence[str]) -> bool:
    """Tell whether a path is one of a template, in which `{name}` stands for any one segment."""
    wanted = template.strip("/").split("/")
    return len(wanted) == len(parts) and all(
        own == part or (own.startswith("{") and part) for own, part in zip(wanted, parts, strict=True)
    )


def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = _read("refusals.json")
    return table


@cache
def _read(name: str) -> Any:
    """Return what a file of `references/` holds, read when the first refusal comes."""
    return json.loads((REFERENCES / name).read_text(encoding="utf-8"))
