"""Make the tables of references/permissions.md of references/refusals.json."""

from typing import Any

from tools.tables import table


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
