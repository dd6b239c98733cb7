"""The Selling Partner API's published operations: how often each may be called, and with which token.

They stand in `references/spapi-operations.json`, made from Amazon's descriptions. `rate` and `burst` are the
default usage plan, which Amazon counts for each pair of application and selling partner, and of grantless
operations for the application ("Usage Plans and Rate Limits in the Selling Partner API").
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gateway.proxy.published_operations import PublishedOperations
from gateway.util.paths import REFERENCES

FILE = REFERENCES / "spapi-operations.json"
# The operations that the gateway calls for itself.
PARTICIPATIONS = ("GET", ("sellers", "v1", "marketplaceParticipations"))
RESTRICTED_DATA_TOKEN = ("POST", ("tokens", "2021-03-01", "restrictedDataToken"))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `key`: its name among all, such as `ordersV0.getOrders`.

    `rate`: calls a second; `burst`: calls at once; None where Amazon publishes none. `grantless`: it takes a
    token of the application's own in place of a seller's. `restricted`: whether it wants a restricted data
    token, always or for some of what it answers; None where it never does.
    """

    key: str
    rate: float | None
    burst: int | None
    grantless: bool
    restricted: Literal["always", "sometimes"] | None


def is_of_application(method: str, segments: Sequence[str]) -> bool:
    """Tell whether the gateway makes a call with the application's own token, for no store.

    Grantless operations alone, and of those the notifications': the others rotate the client secret.
    """
    operation = spapi_operations().find(method, tuple(segments))
    return operation is not None and operation.grantless and operation.key.startswith("notifications.")


@cache
def spapi_operations() -> PublishedOperations[Operation]:
    """Return the published operations, read when the first call comes, and once in a process."""
    operations = PublishedOperations[Operation]()
    for row in json.loads(FILE.read_text(encoding="utf-8")):
        operation = Operation(
            key=f"{row['api']}.{row['operation']}",
            rate=row.get("rate"),
            burst=row.get("burst"),
            grantless=row.get("grantless", False),
            restricted=row.get("restricted"),
        )
        operations.add(row["method"], row["path"], operation)
    return operations
