"""Write the documents that repeat what the programs read.

`references/errors.json`, `references/gateway-words.json`, `references/refusals.json`,
`references/marketplaces.json`, `gateway/monitoring/events.json` and the gateway's settings are what the
programs go by; what people and agents read of them, and of each script's `--help`, is made here, so that the
two cannot drift apart. `--check` exits 1 where a page is stale.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "scripts"))

from gateway.api.description import openapi_document
from gateway.settings.loading import RECORDS
from gateway.settings.variables import rows
from tools.errors_page import errors_page
from tools.events_tables import event_fields_table, events_table
from tools.refusal_tables import causes_table, families_table
from tools.scripts_page import scripts_page
from tools.settings_sample import settings_sample
from tools.tables import table

ROOT = Path(__file__).resolve().parent.parent
REGIONS = ("NA", "EU", "FE")


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
    return table(
        ("Variable", "Meaning", "Default"),
        ((f"`{row.name}`", row.meaning, row.default) for record in RECORDS for row in rows(record)),
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
    self_hosting, operations = root / "references/self-hosting.md", root / "references/operations.md"
    logged = json.loads((ROOT / "gateway/monitoring/events.json").read_text(encoding="utf-8"))
    operating = between(operations.read_text(encoding="utf-8"), "events", events_table(logged["events"]))
    permissions = root / "references/permissions.md"
    refusals = json.loads((root / "references/refusals.json").read_text(encoding="utf-8"))
    roles = between(permissions.read_text(encoding="utf-8"), "families", families_table(refusals["families"]))
    api_text = with_fields(api.read_text(encoding="utf-8"))
    return {
        root / "references/errors.md": errors_page(errors, words_said),
        root / "references/scripts.md": scripts_page(ROOT / "scripts"),
        root / "deploy/settings.env.sample": settings_sample(
            row for record in RECORDS for row in rows(record)
        ),
        skill: between(skill.read_text(encoding="utf-8"), "regions", regions_line(sites)),
        api: between(api_text, "sites", sites_table(sites)),
        permissions: between(roles, "causes", causes_table(refusals["causes"])),
        operations: between(operating, "event-fields", event_fields_table(logged["fields"])),
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
