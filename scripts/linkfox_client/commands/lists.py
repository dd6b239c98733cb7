"""Lists, page by page: what is printed is bounded, and says how to get the rest."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import ClientError

DEFAULT_LIMIT = 50
MOST_LIMIT = 1000


def declare(arguments: Arguments) -> None:
    """Declare `--limit` and `--offset`."""
    arguments.integer(
        "--limit", "how many to show (default 50)", least=1, most=MOST_LIMIT, default=DEFAULT_LIMIT
    )
    arguments.integer("--offset", "how many to leave out first", default=0)


def entries(answer: dict[str, Any], field: str = "stores") -> list[dict[str, Any]]:
    """Return the list in a gateway's answer. Raise ClientError (`gateway_failed`) where there is none."""
    listed = answer.get(field)
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ClientError(
            "gateway_failed",
            f"The gateway's answer holds no list of {field}",
            "Check that LINKFOX_TOOL_GATEWAY is the gateway you mean.",
        )
    return listed


def page(
    answer: dict[str, Any], field: str, order: Sequence[str], options: SimpleNamespace
) -> dict[str, Any]:
    """Return the answer with one page of its list, sorted by the fields in `order`.

    `total` and `nextOffset` say how much more there is.
    """
    listed = sorted(entries(answer, field), key=lambda entry: [str(entry.get(name, "")) for name in order])
    end = options.offset + options.limit
    total = len(listed)
    return answer | {
        field: listed[options.offset : end],
        "total": total,
        "nextOffset": end if end < total else None,
    }
