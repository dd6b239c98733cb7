"""What to do about a failure, as a command that can be typed: with the ids that the call and its answer told.

A row of references/errors.json may hold `remedies` beside its `remedy`: for each flow (`stores`, `ads`) a
list of sentences with placeholders in braces, the one that says most first, and for the hosted gateway
(`hostedStores`, `hostedAds`) those that go before them there. The first whose placeholders are all known is
the hint; without one it stays the row's `remedy`, which is right everywhere.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from linkfox_client.errors import ClientError, Reason, find_reason

# By the first part of a call's path; what goes before on the hosted gateway, then what is right on any.
FLOWS = {"spApi": ("hostedStores", "stores"), "amazonAds": ("hostedAds", "ads")}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def fill(failure: ClientError, path: str, known: Mapping[str, Any], *, hosted: bool = False) -> None:
    """Make the hint of a failure one for the flow of `path`, where its row has such.

    `known`: the fields of the call; those that the failure tells go before them.
    """
    row = find_reason(failure.reason)
    if row is not None:
        failure.hint = remedy(row, path, {**known, **failure.fields}, hosted=hosted)


def remedy_of(reason: str, path: str, known: Mapping[str, Any], *, hosted: bool = False) -> str:
    """Return what to do about `reason`, as `remedy` does; LookupError where the table has no such row."""
    row = find_reason(reason)
    if row is None:
        raise LookupError(f"references/errors.json has no row {reason}")
    return remedy(row, path, known, hosted=hosted)


def remedy(row: Reason, path: str, known: Mapping[str, Any], *, hosted: bool = False) -> str:
    """Return what to do about a row's failure of a call to `path`, of which `known` are the fields."""
    values = {name: str(value) for name, value in known.items() if isinstance(value, str | int) and value}
    flows = FLOWS.get(path.split("/")[1], ())[0 if hosted else 1 :]
    for sentence in (sentence for flow in flows for sentence in row.remedies.get(flow, ())):
        if set(_PLACEHOLDER.findall(sentence)) <= values.keys():
            return _PLACEHOLDER.sub(lambda found: shlex.quote(values[found[1]]), sentence)
    return row.remedy
