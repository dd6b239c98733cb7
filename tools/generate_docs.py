"""Write the documents that repeat what the programs read.

`references/errors.json`, `references/gateway-words.json`, `references/refusals.json`,
`references/marketplaces.json` and the gateway's settings are what the programs go by; what people and agents
read of them, and of each script's `--help`, is made here, so that the two cannot drift apart. `--check` exits
1 where a page is stale.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "scripts"))

from linkfox_client.errors import EXIT_CODES

from gateway.api.description import openapi_document
from gateway.settings.settings import AdsClient, SellingPartnerApplication, Settings, Webhook
from gateway.settings.variables import rows
from gateway.util.paths import BUNDLE as ROOT
from tools.scripts_page import scripts_page

# What each `error.code` means for the caller. The order is that of the page.
MEANINGS: dict[str, str] = {
    "bad_arguments": "The command line or the request is wrong; nothing was sent to Amazon",
    "not_set_up": "Packages, a key, a gateway or the gateway's Amazon application are missing",
    "unauthorized": "The gateway refuses the API key",
    "needs_reauthorization": "Amazon no longer accepts this store's or account's authorization",
    "denied": "The consent was refused on Amazon's page",
    "not_found": "There is no such store, account or profile among this user's",
    "ambiguous": "More than one matches; `candidates` lists them",
    "gateway_failed": "The gateway cannot be reached, or answered something unusable",
    "amazon_failed": "Amazon failed or refused",
    "throttled": "Too many calls; wait",
    "suspended_app": "The gateway's own Amazon application is at fault; no store is",
    "authorization_failed": "An authorization ended without a result",
    "out_of_credit": "The hosted gateway's account has no credit left",
    "timeout": "Nothing came within the time given",
    "expired": "The consent link was not used in time",
    "interrupted": "Stopped with Ctrl-C",
    "internal": "A fault in a script; please report it",
}

REGIONS = ("NA", "EU", "FE")

ERRORS_HEAD = """\
# Errors: what they mean and what to do

<!-- Generated from errors.json by tools/generate_docs.py; change that file and run it again. -->

Open this page when an `error.code` of a script, or a `reason` of the self-hosted gateway, needs more than
its hint.

A script that fails prints `{"ok": false, "error": {"code", "message", "hint", "retryable"}}`, sometimes with
`errcode`, `requestId` and `candidates`, and leaves with the exit code below. `retryable: true` says that the
same call may work later without any change. A failed authorization is not retryable: a link and its code
work once, so a person starts again with a new link.

Beside the `error` of a `needs_reauthorization` there may be `authorizeUrl`, `authorizationId` and
`expiresAt`: a fresh link for exactly this store or account. Hand it over as one of authorize_url.py's, and
follow it with `--authorization-id`.

A failure that says when to come again, such as `throttled`, carries `retryAfter` in seconds.

The hosted gateway sends `errcode` and `errmsg`, also with HTTP 200, and `errmsg` is often Chinese. What it
says goes before its numbers, and stands in `message`: see *What the hosted gateway says*. Key and money are
told apart: 401 is the API key (make one at <https://agent.linkfox.com/>, personal center → API settings), 402
and many wordings are credit (top up at <https://os.linkfox.com/>). An answer that lacks what was asked for is
a failure, whatever its numbers say.
"""

ERRCODES = """\
## `errcode` on the wire

| errcode | Meaning |
|---|---|
| absent, 0 or 200 | success, with a 2xx status |
| 401 | bad API key |
| 402 | out of credit (hosted gateway) |
| 500 | the gateway failed unexpectedly |
| 1002 | missing or bad parameter |
| 1003 | Amazon, or the authorizing partner, failed |
| 1004 | no such authorization, or not yours |
| 1005 | path, host or profile not allowed |
"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars in cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


HOSTED_WORDS = """\
## What the hosted gateway says

Examples; the patterns are in gateway-words.json, and the first that is found in what was said counts.
"""


def errors_page(errors: list[dict[str, Any]], words_said: list[dict[str, Any]]) -> str:
    """Return the whole of references/errors.md. A code that has no meaning here raises KeyError."""
    parts = [ERRORS_HEAD, "## Codes and exit codes\n"]
    parts.append(
        table(
            ("`error.code`", "Exit", "Meaning"),
            ((f"`{code}`", str(EXIT_CODES[code]), meaning) for code, meaning in MEANINGS.items()),
        )
    )
    parts.append("An exit code of 0 is success.\n")
    parts.append(ERRCODES)
    parts.append(HOSTED_WORDS)
    parts.append(
        table(
            ("It says", "Reason"),
            ((", ".join(row["examples"]), f"`{row['reason']}`") for row in words_said),
        )
    )
    parts.append("## Reasons\n")
    parts.append(
        "The self-hosted gateway names the `reason` of a failure beside `errcode`, and in the status of an\n"
        "authorization that did not succeed: that call itself succeeds, with HTTP 200.\n"
    )
    parts.append("Amazon's own words, as its answers and older guides have them, are these reasons here:\n")
    words = dict.fromkeys(word for error in errors for word in error.get("amazon", ()))
    parts.append(
        table(
            ("Amazon says", "Reason", "Meaning"),
            (
                (f"`{word}`", f"`{error['reason']}`", error["meaning"])
                for word in words
                for error in errors
                if word in error.get("amazon", ())
            ),
        )
    )
    by_exit: dict[int, list[dict[str, Any]]] = {}
    for error in errors:
        by_exit.setdefault(EXIT_CODES[error["code"]], []).append(error)
    for exit_code in dict.fromkeys(EXIT_CODES[code] for code in MEANINGS):
        group = by_exit.get(exit_code)
        if not group:
            continue
        parts.append(f"### Exit {exit_code}\n")
        for error in group:
            again = "may work later unchanged" if error["retryable"] else "not retryable"
            numbers = "made by the scripts of another gateway's answer"
            if "scriptsOnly" not in error:
                numbers = f"HTTP {error['httpStatus']} · errcode {error['errcode']}"
            parts.append(
                f"**`{error['reason']}`** · `{error['code']}` · {numbers} · {again}  \n"
                f"{error['meaning']}.  \n"
                f"What to do: {error['remedy']}\n"
            )
    return "\n".join(parts)


def regions_line(sites: list[dict[str, Any]]) -> str:
    """Return the codes of each region's sites, in the order in which sellers know them."""
    return (
        " · ".join(
            f"`{region}` " + " ".join(site["countryCode"] for site in sites if site["region"] == region)
            for region in REGIONS
        )
        + "\n"
    )


def sites_table(sites: list[dict[str, Any]]) -> str:
    """Return one row a site: codes, marketplace id, region, currency, and where its consent page is."""
    order = list(REGIONS)
    return table(
        ("Site", "Code", "Region", "Marketplace id", "Currency", "Seller Central"),
        (
            (
                site["country"],
                site["countryCode"]
                if site["countryCode"] == site["isoCountryCode"]
                else f"{site['countryCode']} ({site['isoCountryCode']})",
                site["region"],
                f"`{site['marketplaceId']}`",
                site["currency"],
                site["sellerCentralUrl"].removeprefix("https://"),
            )
            for site in sorted(sites, key=lambda s: (order.index(s["region"]), s["country"]))
        ),
    )


def settings_table() -> str:
    """Return one row a variable of the gateway, from the declarations of its settings."""
    records = (Settings, Webhook, SellingPartnerApplication, AdsClient)
    return table(
        ("Variable", "Meaning", "Default"),
        ((f"`{row.name}`", row.meaning, row.default) for record in records for row in rows(record)),
    )


def causes_table(causes: list[dict[str, Any]]) -> str:
    """Return one row a cause of a refusal: what says so, what it means, what to do."""
    store = "--seller-id SELLER_ID --region NA"
    words = {
        "method": "METHOD",
        "path": "PATH",
        "region": "REGION",
        "operation": "The operation",
        "role": "see the next table",
        "elsewhere": "The marketplace is a site of OTHER_REGION",
        "other_region": "OTHER_REGION",
        "authorize": f"python3 scripts/authorize_url.py --seller-name NAME {store}",
    }
    refreshing = {
        "spapi": f"python3 scripts/refresh_token.py {store}",
        "ads": "python3 scripts/ads_refresh_token.py --profile-id PROFILE_ID",
    }
    return table(
        ("Who says what", "`cause`", "It means", "Do"),
        (
            (
                row["told"] if row["from"] != "spapi" else f"SP-API {row['statuses'][0]}, {row['told']}",
                f"`{row['cause']}`",
                row["meaning"],
                row["hint"].format_map(words | {"refresh": refreshing.get(row["from"], "")}),
            )
            for row in causes
            if row.get("page", True)
        ),
    )


def families_table(families: list[dict[str, Any]]) -> str:
    """Return one row a family of calls: its paths, the role that serves it, and its older scope."""
    return table(
        ("Family of calls", "Paths", "Role that commonly serves it", "Older scope name"),
        (
            (
                row["family"],
                ", ".join(f"`{path}`" for path in row["paths"]),
                row["role"],
                f"`sellingpartnerapi::{row['scope']}`" if "scope" in row else "",
            )
            for row in families
        ),
    )


def fields_table(schema: dict[str, Any], *, request: bool) -> str:
    """Return one row a field of a request or an answer, from its schema in the OpenAPI document."""
    needed = schema.get("required", ())
    return table(
        ("Request field" if request else "Answer field", "Type", ""),
        (
            (
                f"`{name}`{_mark(name in needed, request=request)}",
                _type_of(field),
                field.get("description", ""),
            )
            for name, field in schema["properties"].items()
            if name != "sandbox"
        ),
    )


def _mark(needed: bool, *, request: bool) -> str:
    """Return what stands behind a name: of what a request needs, and of what an answer may lack."""
    if request:
        return " \\*" if needed else ""
    return "" if needed else " ?"


def _type_of(field: dict[str, Any]) -> str:
    """Return the type of a field in words."""
    if "$ref" in field:
        return "object"
    if "anyOf" in field:
        kinds = [_type_of(each) for each in field["anyOf"]]
        # A word is taken in any case, which the pattern beside it says.
        return " or ".join(dict.fromkeys(kind for kind in kinds if kinds[0][0] != "`" or kind != "string"))
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`" if field["const"] is True else f"`{field['const']}`"
    if field["type"] == "array":
        return "list"
    return {"date-time": "RFC 3339", "int64": "integer (64 bit)"}.get(field.get("format", ""), field["type"])


def with_fields(text: str) -> str:
    """Return a page whose blocks `fields:MODEL` hold the fields of these models."""
    schemas = openapi_document("http://127.0.0.1:8765", sandbox=False)["components"]["schemas"]
    for name in re.findall(r"<!-- fields:(\w+):begin -->", text):
        content = fields_table(schemas[name], request=name.endswith("Request"))
        text = between(text, f"fields:{name}", content)
    return text


def between(text: str, name: str, content: str) -> str:
    """Return `text` with what stands between `<!-- name:begin -->` and `<!-- name:end -->` replaced."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    head, found_begin, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"the markers of {name!r} are missing")
    return head + begin + content + end + tail


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return every generated document below `root` with the text that it should have."""
    errors = json.loads((root / "references/errors.json").read_text(encoding="utf-8"))
    words_said = json.loads((root / "references/gateway-words.json").read_text(encoding="utf-8"))
    sites = json.loads((root / "references/marketplaces.json").read_text(encoding="utf-8"))
    skill, api = root / "SKILL.md", root / "references/api.md"
    self_hosting = root / "references/self-hosting.md"
    permissions = root / "references/permissions.md"
    refusals = json.loads((root / "references/refusals.json").read_text(encoding="utf-8"))
    roles = between(permissions.read_text(encoding="utf-8"), "families", families_table(refusals["families"]))
    api_text = with_fields(api.read_text(encoding="utf-8"))
    return {
        root / "references/errors.md": errors_page(errors, words_said),
        root / "references/scripts.md": scripts_page(ROOT / "scripts"),
        skill: between(skill.read_text(encoding="utf-8"), "regions", regions_line(sites)),
        api: between(api_text, "sites", sites_table(sites)),
        permissions: between(roles, "causes", causes_table(refusals["causes"])),
        self_hosting: between(self_hosting.read_text(encoding="utf-8"), "settings", settings_table()),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Write the stale documents, or with `--check` name them; return the exit code, 1 where it found some."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is stale")
    check = parser.parse_args(argv).check
    stale = {
        path: text
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}", file=sys.stderr)
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
