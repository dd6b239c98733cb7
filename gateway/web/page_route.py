"""Routes for browsers: whatever goes wrong on one is told on a page, and who is not signed in is asked to."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gateway.asgi.error_answers import PROBLEM_PAGE
from gateway.asgi.services import services_of
from gateway.errors import Problem
from gateway.web.redirects import see
from gateway.web.sessions import SignInNeeded, sign_in_address


class PageRoute(APIRoute):
    """A route for browsers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which first says how its problems are to be shown."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            pages = services_of(request).pages
            language = request.headers.get("accept-language")

            def show(problem: Problem, request_id: str) -> Response:
                return pages.problem(problem, language, request_id)

            request.scope[PROBLEM_PAGE] = show
            try:
                return await handler(request)
            except SignInNeeded as needed:
                return see(sign_in_address(needed.back_to))

        return answer
