"""Whether the database takes writes, as the last one that was refused and a probe now and then tell.

A full disk or a standby answers every read, so only a write finds out. Any write that is refused for such a
reason says so at once; a probe that goes through says that it is over.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.util import events
from gateway.vault.errors import Unreachable, Unwritable, VaultError

log = logging.getLogger(__name__)


class Writes:
    """What is known of a database's writes. `refused`: why it takes none, in words; None where it does."""

    def __init__(self) -> None:
        self.refused: str | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note where a write inside the `with` is refused for what other writes will meet, too."""
        try:
            yield
        except Unwritable as error:
            self._begin(error.message)
            raise

    def _begin(self, message: str) -> None:
        if self.refused is None:
            events.error(log, "cannot_write", error=message)
        self.refused = message

    @contextmanager
    def probing(self) -> Iterator[None]:
        """Learn from the write inside the `with`, which is made for this alone and may fail.

        Raise Unreachable: of a database that does not answer nobody knows whether it takes writes.
        """
        try:
            yield
        except Unreachable:
            raise
        except VaultError as error:
            self._begin(error.message)
            return
        if self.refused is not None:
            events.warning(log, "can_write_again")
        self.refused = None
