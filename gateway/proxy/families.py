"""Which family of Amazon's operations a call belongs to: the first segment of its path."""

import json
from collections.abc import Sequence
from functools import cache

from gateway.model import Flow
from gateway.proxy import ads_operations, spapi_operations
from gateway.util.counters import OTHER

FILES = {"spapi": spapi_operations.FILE, "ads": ads_operations.FILE}


@cache
def families(flow: Flow) -> frozenset[str]:
    """Return the families of a flow's published operations, such as `orders`, `feeds`; `sp`, `dsp`."""
    rows = json.loads(FILES[flow].read_text(encoding="utf-8"))
    return frozenset(row["path"].split("/")[1] for row in rows)


def family_of(flow: Flow, segments: Sequence[str]) -> str:
    """Return a call's family; `other` where nothing like it is published. `segments`: of its path."""
    return segments[0] if segments and segments[0] in families(flow) else OTHER
