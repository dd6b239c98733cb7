"""What a call is described by: said once, beside its function, for the OpenAPI document and the tables."""

from dataclasses import dataclass
from typing import Any

from gateway.api.described import Described
from gateway.errors import TABLE
from gateway.model import Right


@dataclass(frozen=True, slots=True)
class Tag:
    """What belongs together in the document."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Example:
    """A request and the answer to it."""

    title: str
    request: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer that is no error: its model, or without one its media type."""

    description: str
    model: type[Described] | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `rights`: one of them is enough.

    `key_needed`: there is no answer without an API key; else one with such a right is told more, or is needed
    by whoever is not on loopback. `request_types`: the media types that the body may have.
    """

    method: str
    path: str
    tag: Tag
    summary: str
    description: str
    rights: tuple[Right, ...]
    key_needed: bool
    request: type[Described] | None
    results: dict[int, Result]
    errors: tuple[str, ...]
    examples: tuple[Example, ...] = ()
    request_types: tuple[str, ...] = ("application/json",)

    @property
    def statuses(self) -> set[int]:
        """The statuses that it is described with."""
        return {*self.results, *(TABLE[reason].http_status for reason in self.errors)}
