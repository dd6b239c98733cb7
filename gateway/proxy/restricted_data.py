"""Data of buyers: which calls bring them, and the restricted data token that each of those wants.

Amazon gives one for a method and a path, and for some operations for the data elements that are named with it
(https://developer-docs.amazon.com/sp-api/docs/tokens-api-use-case-guide). The gateway asks for the call's own
path, never for a whole kind of paths, so that a token opens nothing but what is called.
"""

import json
from collections.abc import Mapping, Sequence

from gateway.amazon.forwarding import Forwarded
from gateway.errors import Problem
from gateway.proxy.media_types import JSON
from gateway.proxy.refusals import LONGEST_REFUSAL
from gateway.proxy.request import ProxyRequest
from gateway.proxy.spapi_operations import RESTRICTED_DATA_TOKEN, spapi_operations
from gateway.proxy.targets import Path
from gateway.proxy.verdicts import Verdict
from gateway.util.secret import Secret
from gateway.vault.purpose_tokens import LONGEST_LIFE, PurposeToken

# Operations that answer without data of buyers, too, so that the token says which of them it is for.
ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "ordersV0.getOrders": ("buyerInfo", "shippingAddress", "buyerTaxInformation"),
    "ordersV0.getOrder": ("buyerInfo", "shippingAddress", "buyerTaxInformation"),
    "ordersV0.getOrderItems": ("buyerInfo",),
}
# How a caller asks for a token of an operation that has no such elements: for all that it answers.
ALL = "all"
NEWER_ORDERS = ("orders", "2026-01-01")
_METHOD, _SEGMENTS = RESTRICTED_DATA_TOKEN
PATH = Path("/" + "/".join(_SEGMENTS), _SEGMENTS)


class NotGiven(Exception):
    """Amazon gave no restricted data token: its answer, and what that says of the token it was asked with."""

    def __init__(self, answer: Forwarded, verdict: Verdict) -> None:
        self.verdict = verdict
        self._status, self._headers = answer.status, answer.headers
        self._body = answer.short_body(LONGEST_REFUSAL) or b""
        super().__init__(f"HTTP {answer.status}")

    def answer(self) -> Forwarded:
        """Return the answer, for one of those who share it."""
        return Forwarded(self._status, self._headers, self._body)


def restricted_elements(wanted: ProxyRequest, asked: Sequence[str]) -> tuple[str, ...] | None:
    """Return the data elements with which a call's token is to be asked for: none where it takes none.

    `asked`: the elements that the caller names. None where the call wants no restricted data token. Raise
    Problem bad_parameter for elements that the operation does not have.
    """
    operation = spapi_operations().find(wanted.method, wanted.path.segments)
    known = ELEMENTS.get(operation.key, ()) if operation else ()
    if not asked:
        return () if operation and operation.restricted == "always" else None
    if operation and operation.restricted:
        if list(asked) != [ALL]:
            raise _unknown(f"this operation takes {ALL}, which stands for all that it answers")
        return ()
    if not known:
        raise _unknown(_why_none(wanted))
    if not set(asked) <= set(known):
        raise _unknown(f"this operation has {', '.join(known)}")
    return tuple(sorted(set(asked)))


def token_request(wanted: ProxyRequest) -> ProxyRequest:
    """Return the request for the token of a call."""
    resource: dict[str, object] = {"method": wanted.method, "path": wanted.path.sent}
    if wanted.restricted:
        resource["dataElements"] = list(wanted.restricted)
    body = json.dumps({"restrictedResources": [resource]}).encode()
    return ProxyRequest(_METHOD, PATH, "", body, JSON, JSON, changes_nothing=True)


def token_in(answer: Forwarded, asked_at: float) -> PurposeToken:
    """Return the token in Amazon's answer. Raise Problem amazon_failed where there is none.

    `asked_at`: epoch seconds, from which its life counts.
    """
    try:
        document = json.loads(answer.short_body(LONGEST_REFUSAL) or b"")
        token, seconds = document["restrictedDataToken"], int(document["expiresIn"])
    except (ValueError, TypeError, LookupError, RecursionError):
        token, seconds = None, 0
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or seconds <= 0:
        raise Problem("amazon_failed", "Amazon's answer holds no restricted data token")
    return PurposeToken(Secret(token), int(asked_at) + min(seconds, LONGEST_LIFE))


def _why_none(wanted: ProxyRequest) -> str:
    if wanted.path.segments[:2] == NEWER_ORDERS:
        return (
            "Orders 2026-01-01 wants no such token; ask for data of buyers with includedData=BUYER,RECIPIENT"
        )
    return f"{wanted.method} {wanted.path.sent} is no operation that wants such a token"


def _unknown(why: str) -> Problem:
    return Problem("bad_parameter", f"restricted: {why}")
