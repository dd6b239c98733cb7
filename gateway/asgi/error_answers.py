"""Whatever goes wrong becomes an answer: the error envelope, or a page where a person looks at it.

Where an address speaks another protocol, it is told in the shape of that one: also what is refused before
there is a route, such as a host, a body that is too large, or a path below it that there is not.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.calls import json_answer
from gateway.asgi.request_context import context_of, header_values
from gateway.asgi.stopping import stopping_problem
from gateway.errors import Problem
from gateway.util import events
from gateway.vault.errors import Unreachable, VaultError

log = logging.getLogger(__name__)

# Makes a page of a Problem, for the browser of a request, with the request's id.
ProblemPage = Callable[[Scope, Problem, str], Response]
# Makes an answer of a Problem and the request's id.
ProblemAnswer = Callable[[Problem, str], Response]
# Where a route leaves, in the request's scope, how its problems are told.
PROBLEM_ANSWER = "linkfox.problem_answer"
# How much of a body that is too large is read, to be thrown away, before that is said.
MOST_TAKEN = 128 * 1024 * 1024
TAKING_SECONDS = 10


class ErrorAnswers:
    """Answers what the application raises.

    `shapes`: how the problems of all addresses are told that begin with such a prefix.
    """

    def __init__(
        self, app: ASGIApp, *, sandbox: bool, page: ProblemPage, shapes: Mapping[str, ProblemAnswer]
    ) -> None:
        self._app = app
        self._sandbox = sandbox
        self._page = page
        self._shapes = shapes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request. Raise ConnectionAbortedError where the answer had begun."""
        context = context_of(scope)
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            context.outcome = "client_gone"
            events.info(log, "client_gone")
        except (Exception, asyncio.CancelledError) as error:  # canceled where the server waits no longer
            problem = _problem_of(error)
            context.outcome = problem.reason
            if context.status:
                raise ConnectionAbortedError("the answer had begun") from None
            if problem.reason == "body_too_large":
                await _take_the_rest(scope, receive)
            await self._told(scope, problem, context.request_id)(scope, receive, send)

    def _told(self, scope: Scope, problem: Problem, request_id: str) -> Response:
        """Return the answer that tells a problem."""
        if (tell := self._own_way(scope)) is not None:
            return tell(problem, request_id)
        if scope["method"] == "GET" and "text/html" in ",".join(header_values(scope, b"accept")):
            # An address typed into a browser; programs name JSON, or anything.
            return self._page(scope, problem, request_id)
        answer = json_answer(
            problem.envelope(request_id), sandbox=self._sandbox, status=problem.row.http_status
        )
        answer.headers.update(problem.headers)
        return answer

    def _own_way(self, scope: Scope) -> ProblemAnswer | None:
        """Return how the request's route, or its address, tells problems; None where that is the usual."""
        own: ProblemAnswer | None = scope.get(PROBLEM_ANSWER)
        path = scope["path"]
        return own or next((tell for prefix, tell in self._shapes.items() if path.startswith(prefix)), None)


async def _take_the_rest(scope: Scope, receive: Receive) -> None:
    """Let a client finish its too large body, unless it has, that is endless, or it waits to be asked for it.

    Most clients read no answer before they have sent everything; they would only see a broken connection.
    """
    if context_of(scope).body_ended or header_values(scope, b"expect"):
        return
    taken = 0
    with anyio.move_on_after(TAKING_SECONDS):
        while taken < MOST_TAKEN:
            message = await receive()
            taken += len(message.get("body", b""))
            if not message.get("more_body", False):
                return


def _problem_of(error: BaseException) -> Problem:
    """Return what to tell about an exception. What was not expected is logged without its values."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, asyncio.CancelledError):
        return stopping_problem()
    if isinstance(error, HTTPException):
        return _problem_of_status(error)
    if isinstance(error, VaultError):
        events.error(log, "vault_error", error=error.message, hint=error.hint)
        # To a caller it is all the same why the operator's database cannot be reached.
        passes = error.retryable or isinstance(error, Unreachable)
        return Problem("vault_unavailable" if passes else "vault_failed")
    # The message and the locals of an exception may hold secrets: the places and the type have to do.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    events.error(log, "unexpected_error", type=type(error).__name__, places=places[-8:])
    return Problem("internal")


def _problem_of_status(error: HTTPException) -> Problem:
    """Return the Problem for what the router itself refuses."""
    headers = error.headers or {}
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem("unknown_path")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Problem("method_not_allowed", headers=headers)
    return Problem("bad_parameter")
