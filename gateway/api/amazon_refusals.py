"""The gateway's own refusals in the shape of Amazon's, at its addresses of Amazon's APIs.

The client libraries read an error's status, and of its document what Amazon puts there: the SP-API a list of
`errors` with `code`, `message` and `details`, the Ads API `code` with `details`, `message` or `detail`,
whichever of its families is asked (references/amazon.md). `X-Gateway-Reason` tells it from Amazon's own.
"""

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from gateway.asgi.calls import JSON_TYPE
from gateway.asgi.error_answers import ProblemAnswer
from gateway.errors import Problem
from gateway.model import Flow

REASON_HEADER = "X-Gateway-Reason"
# How the SP-API names what has gone wrong, by status; one that is not here is named as the next lower one.
CODES = {
    400: "InvalidInput",
    401: "Unauthorized",
    404: "NotFound",
    405: "InvalidInput",
    413: "RequestTooLarge",
    414: "InvalidInput",
    429: "QuotaExceeded",
    430: "InvalidInput",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}
# Where a program has to show another token, or a person has to authorize again, as each API says it.
NO_LONGER_GOOD: dict[Flow, int] = {"spapi": HTTPStatus.FORBIDDEN, "ads": HTTPStatus.UNAUTHORIZED}
TOKEN_HAS_ENDED = "The access token you provided has expired."  # noqa: S105 - Amazon's words


def of_flow(flow: Flow) -> ProblemAnswer:
    """Return what makes answers of problems in the shape of an API."""
    return partial(_answer, flow)


def _answer(flow: Flow, problem: Problem, request_id: str) -> Response:
    status = _status(flow, problem)
    if flow == "spapi":
        code = CODES[max(each for each in CODES if each <= status)]
        error = {"code": code, "message": problem.message, "details": _details(problem)}
        document: Mapping[str, Any] = {"errors": [error]}
    else:
        said = f"{problem.message.rstrip('.')}. {_details(problem)}"
        names = ("details", "message", "detail")
        document = {"code": str(status), **dict.fromkeys(names, said), "requestId": request_id}
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {**problem.headers, REASON_HEADER: problem.reason}
    return Response(content, status, headers, media_type=JSON_TYPE)


def _status(flow: Flow, problem: Problem) -> int:
    needs_a_token = problem.row.http_status == HTTPStatus.UNAUTHORIZED
    if needs_a_token or problem.extra.get("status") == "needs_reauthorization":
        return NO_LONGER_GOOD[flow]
    return problem.row.http_status


def _details(problem: Problem) -> str:
    """Return what to do; first what Amazon says of an ended token, by which libraries renew one."""
    words = [problem.hint]
    if problem.reason == "stand_in_ended":
        words.insert(0, TOKEN_HAS_ENDED)
    link = problem.extra.get("authorizeUrl", "")
    if link not in problem.hint:
        words.append(f"authorizeUrl: {link}")
    return " ".join(words)
