"""Calls and the published operations that they are for, such as `GET /orders/v0/orders/{orderId}`."""

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

Operation = TypeVar("Operation")


class PublishedPaths(Generic[Operation]):
    """Operations by method and path; a path holds `{name}` for a parameter."""

    def __init__(self, published: Iterable[tuple[str, str, Operation]]) -> None:
        """Take the operations, each with its method and path."""
        self._by_shape: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
        for method, path, operation in published:
            segments = path.removeprefix("/").split("/")
            self._by_shape.setdefault((method, len(segments)), []).append((segments, operation))
        for alike in self._by_shape.values():
            alike.sort(key=lambda each: [segment.startswith("{") for segment in each[0]])

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a call is for, and its path's parameters; None for what is not published.

        Segments are split before they are decoded, so that a SKU may hold an escaped slash. Of two operations
        that a path fits, the one with a word where the other has a parameter is meant.
        """
        given = path.removeprefix("/").split("/")
        for segments, operation in self._by_shape.get((method, len(given)), ()):
            values = _read(segments, given)
            if values is not None:
                return operation, values
        return None


def _read(segments: list[str], given: list[str]) -> dict[str, str] | None:
    """Return the values of a path's parameters, None where the path is another's."""
    values = {}
    for own, part in zip(segments, given, strict=True):
        if own.startswith("{"):
            values[own[1:-1]] = unquote(part)
        elif own != part:
            return None
    return None if "" in values.values() else values
