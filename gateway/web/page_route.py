"""Routes for browsers: whatever goes wrong on one is told on a page, and who is not signed in is asked to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.asgi.error_answers import PROBLEM_ANSWER
from gateway.asgi.routing import MethodRoute
from gateway.errors import Problem
from gateway.web.redirects import see_other
from gateway.web.renderer import pages_of
from gateway.web.sessions import SignInNeeded, sign_in_address, visitor_context

PageFunction = Callable[[Request], Awaitable[Response]]


def tell_on_page(scope: Scope, problem: Problem, request_id: str) -> Response:
    """Return the page that tells a problem."""
    request = Request(scope)
    return pages_of(request).problem(problem, visitor_context(request), request_id)


class PageRouter:
    """The pages of one kind of thing."""

    def __init__(self) -> None:
        self.routes: list[MethodRoute] = []

    def get(self, path: str) -> Callable[[PageFunction], PageFunction]:
        """Return a decorator that makes a page of a function of the request."""
        return self._on("GET", path)

    def post(self, path: str) -> Callable[[PageFunction], PageFunction]:
        """Return a decorator that takes a form by a function of the request."""
        return self._on("POST", path)

    def _on(self, method: str, path: str) -> Callable[[PageFunction], PageFunction]:
        def register(function: PageFunction) -> PageFunction:
            self.routes.append(MethodRoute(method, path, PageEndpoint(function)))
            return function

        return register


@dataclass(frozen=True, slots=True)
class PageEndpoint:
    """A function of the request that returns its page."""

    function: PageFunction

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, after saying how its problems are to be shown."""
        request = Request(scope, receive)

        scope[PROBLEM_ANSWER] = partial(tell_on_page, scope)
        try:
            response = await self.function(request)
        except SignInNeeded as needed:
            response = see_other(sign_in_address(needed.back_to))
        await response(scope, receive, send)
