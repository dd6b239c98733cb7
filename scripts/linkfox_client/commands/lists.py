"""Lists: asked for in parts that an answer can hold, and printed page by page, with how to get the rest."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli import output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.commands import rows
from linkfox_client.errors import ClientError

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

DEFAULT_LIMIT = 50
MOST_LIMIT = 1000
# Of a gateway of one's own: how many it is asked for at once, and how many it may have.
PART = 1000
MOST_ENTRIES = 200_000
# The lists of answers, each with the field that tells how long it is in all.
TOTALS = {"stores": "total", "profiles": "total", "accountsWithoutProfiles": "totalWithoutProfiles"}
# Lists beside the one that is asked for: they are shown whole with `--full` alone.
BESIDE = ("accountsWithoutProfiles", "incompleteAccounts", "coveredAccounts", "failures")
READINGS = 3
OTHER_SECONDS = (1.0, 2.0)  # to connect to another gateway of this machine, and to wait for its answer


def declare(arguments: Arguments) -> None:
    """Declare `--limit`, `--offset` and `--full`."""
    arguments.integer(
        "--limit", "how many to show (default 50)", least=1, most=MOST_LIMIT, default=DEFAULT_LIMIT
    )
    arguments.integer("--offset", "how many to leave out first", default=0)
    arguments.switch("--full", "each row with all that the gateway tells, instead of what is looked at")


def whole(gateway: "Gateway", path: str, *, refresh: bool = False) -> dict[str, Any]:
    """Return a gateway's answer to `path` with its lists whole, however long they are. Raise ClientError.

    One's own gateway is asked for them part by part. What changes meanwhile moves the entries behind it, so
    then it is read again. `refresh`: Amazon is asked first, for all of it, and so with the first part alone.
    """
    body = {"refresh": True} if refresh else {}
    if gateway.is_hosted:
        return gateway.post(path, body)
    for _ in range(READINGS):
        answer = gateway.post(path, {**body, "limit": PART, "offset": 0})
        if _continued(gateway, path, answer):
            return answer | _notes(gateway, path, answer)
    raise ClientError(
        "gateway_failed",
        "The list changed each time that it was read",
        "Run the command again, when fewer authorizations come and go.",
        retryable=True,
    )


def _notes(gateway: "Gateway", path: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notes of an answer whose lists are all empty: another gateway here may have the stores.

    How many that one has is told where it runs. Nothing is started.
    """
    used = gateway.settings.local
    if used is None or any(answer.get(name) for name in TOTALS):
        return {}
    from linkfox_client.local import beside

    notes = [
        f"This gateway has none{_how_many(other, path)}: {beside.described(other)} is set up on this "
        f"machine, too. {beside.way_to(os.environ, other)}"
        for other in beside.others(os.environ, used.data_dir)
    ]
    return {"notes": [*(answer.get("notes") or []), *notes]} if notes else {}


def _how_many(data_dir: Path, path: str) -> str:
    """Return how many entries the list of `path` has on the gateway on `data_dir`; empty where not known."""
    from linkfox_client.gateway import client, settings
    from linkfox_client.local import gateway_folder, local_gateway

    running = gateway_folder.probe(data_dir)
    if running is None:
        return ""
    try:
        pair = settings.of_local(local_gateway.of_running(running, data_dir))
        with client.Gateway(pair, timeouts=OTHER_SECONDS) as other:
            total = other.post(path, {"limit": 1, "offset": 0}).get("total")
    except ClientError:  # it is not the one that was asked
        return ""
    return f", and another one has {total}" if isinstance(total, int) else ""


def _continued(gateway: "Gateway", path: str, answer: dict[str, Any]) -> bool:
    """Add to the lists of `answer` what the gateway has beyond the first part; tell whether nothing moved."""
    for offset in range(PART, MOST_ENTRIES + 1, PART):
        if not _lacks_some(answer):
            return True
        part = gateway.post(path, {"limit": PART, "offset": offset})
        lists = [name for name in TOTALS if isinstance(answer.get(name), list)]
        if any(part.get(TOTALS[name]) != answer.get(TOTALS[name]) for name in lists):
            return False
        if not any(part.get(name) for name in lists):
            break
        for name in lists:
            answer[name] += entries(part, name)
    raise ClientError(
        "gateway_failed",
        "The gateway's list has another length than it says",
        "Check that LINKFOX_TOOL_GATEWAY is the gateway you mean.",
    )


def _lacks_some(answer: Mapping[str, Any]) -> bool:
    """Tell whether a list of the answer is shorter than its total."""
    for name, total in TOTALS.items():
        listed, count = answer.get(name), answer.get(total)
        if isinstance(listed, list) and isinstance(count, int) and len(listed) < count:
            return True
    return False


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
    answer: dict[str, Any],
    field: str,
    order: Sequence[str],
    options: SimpleNamespace,
    *,
    is_part: bool = False,
) -> dict[str, Any]:
    """Return the answer with one page of its list, sorted by the fields in `order`.

    A page ends after `--limit` rows, or earlier where the document would be longer than agents' harnesses
    take. `total` and `nextOffset` say how much more there is. `is_part`: the answer is that page alone.
    """
    listed = sorted(entries(answer, field), key=lambda entry: [str(entry.get(name, "")) for name in order])
    count = answer.get("total")
    total = count if is_part and isinstance(count, int) else len(listed)
    chosen = listed if is_part else listed[options.offset : options.offset + options.limit]
    beside = {name: value for name, value in answer.items() if name != field}
    if not options.full:
        chosen = [rows.short(row) for row in chosen]
        beside = rows.bounded(beside, BESIDE)
    room = output.LONGEST_DOCUMENT - rows.FRAME - rows.length(beside)
    chosen = chosen[: rows.fitting(chosen, room)]
    end = options.offset + len(chosen)
    more = {"total": total, "nextOffset": end if chosen and end < total else None}
    return beside | {field: chosen} | more
