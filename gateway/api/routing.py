"""The calls of the JSON API as routes: what a decorator says of a call, beside its function."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, get_type_hints

from starlette.types import ASGIApp

from gateway.api.answers.base import Answer
from gateway.api.endpoints import Endpoint, PlainEndpoint, TokenEndpoint
from gateway.api.error_groups import CALL_ERRORS, REQUEST_ERRORS
from gateway.api.operations import Example, Operation, Result, Tag
from gateway.api.token_reads import TokenCall
from gateway.asgi.routing import MethodRoute
from gateway.model import Right

HIDDEN_FROM_CACHES = "Done. Never stored by caches."

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


class ApiRouter:
    """The calls of one kind of thing, with what they are described by."""

    def __init__(self, tag: str, description: str) -> None:
        self.tag = Tag(tag, description)
        self.routes: list[MethodRoute] = []
        self.operations: list[Operation] = []

    def add(self, operation: Operation, endpoint: ASGIApp, *, by_head: bool = False) -> None:
        """Answer an operation at an endpoint. `by_head`: also without the body, to who asks by HEAD."""
        self.operations.append(operation)
        self.routes.append(MethodRoute(operation.method, operation.path, endpoint, by_head=by_head))

    def post(
        self,
        path: str,
        *,
        rights: tuple[Right, ...],
        examples: Sequence[Example],
        errors: Sequence[str] = (),
        description: str = "",
        answer: type[Answer] | None = None,
    ) -> Callable[[F], F]:
        """Return a decorator that makes a call of a function of `call` and `request` that returns its answer.

        The function's signature names the models, and the first line of its docstring is the summary.
        `answer` is needed where it writes the answer itself.
        """

        def register(function: F) -> F:
            types = get_type_hints(function)
            kind = TokenEndpoint if types["call"] is TokenCall else Endpoint
            self.add(
                Operation(
                    method="POST",
                    path=path,
                    tag=self.tag,
                    summary=_summary(function),
                    description=description,
                    rights=rights,
                    key_needed=True,
                    request=types["request"],
                    results={200: Result(HIDDEN_FROM_CACHES, answer or types["return"])},
                    errors=(*CALL_ERRORS, *errors),
                    examples=tuple(examples),
                ),
                kind(function, types["request"], rights),
            )
            return function

        return register

    def get(
        self,
        path: str,
        *,
        results: dict[int, Result],
        errors: Sequence[str] = (),
        rights: tuple[Right, ...] = (),
        description: str = "",
        examples: Sequence[Example] = (),
        by_head: bool = False,
    ) -> Callable[[F], F]:
        """Return a decorator that makes an address for operators of a function of the request."""

        def register(function: F) -> F:
            self.add(
                Operation(
                    method="GET",
                    path=path,
                    tag=self.tag,
                    summary=_summary(function),
                    description=description,
                    rights=rights,
                    key_needed=False,
                    request=None,
                    results=results,
                    errors=(*REQUEST_ERRORS, *errors),
                    examples=tuple(examples),
                ),
                PlainEndpoint(function),
                by_head=by_head,
            )
            return function

        return register


def _summary(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").partition("\n")[0].rstrip(".")
