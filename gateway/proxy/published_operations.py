"""The published operation that a call is for, by its method and path."""

from collections.abc import Sequence
from typing import Generic, TypeVar

Operation = TypeVar("Operation")


class PublishedOperations(Generic[Operation]):
    """Operations by method and path: one look where the path has no parameter, else a few comparisons."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, ...], Operation] = {}
        self._templates: dict[tuple[str, int], list[tuple[tuple[str | None, ...], Operation]]] = {}

    def add(self, method: str, path: str, operation: Operation) -> None:
        """Take an operation. `path` may hold parameters, as in `/sp/campaigns/{campaignId}`."""
        parts = path.strip("/").split("/")
        if "{" not in path:
            self._exact[method, *parts] = operation
            return
        template = tuple(None if part.startswith("{") else part for part in parts)
        alike = self._templates.setdefault((method, len(parts)), [])
        alike.append((template, operation))
        alike.sort(key=lambda each: each[0].count(None))

    def find(self, method: str, segments: Sequence[str]) -> Operation | None:
        """Return the operation that a call is; None for one that is not among them.

        `segments`: of the path as it is sent, each decoded. What has the fewest parameters comes first.
        """
        exact = self._exact.get((method, *segments))
        if exact is not None:
            return exact
        for template, operation in self._templates.get((method, len(segments)), ()):
            if all(part in (None, segment) for part, segment in zip(template, segments, strict=True)):
                return operation
        return None
