"""How far a long piece of work has come, on standard error.

One line that changes at a terminal, and a plain line now and then where nobody watches.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

from linkfox_client.cli import output

EVERY = 30.0  # seconds between two plain lines
WIDTH = 80


class Progress:
    """A line of progress; a context manager, which leaves the terminal's line empty.

    The texts are this project's own, in ASCII: their length is their width.
    """

    def __init__(
        self,
        *,
        every: float = EVERY,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`every`: seconds between two plain lines, the first of which comes after as many."""
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = _is_terminal(self._stream)
        self._every = every
        self._clock = clock
        self._told_at = clock()
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rewrite("")

    def show(self, text: str) -> None:
        """Show where the work stands: at once at a terminal, elsewhere if it is time for a line."""
        if self._is_terminal:
            self._rewrite(text[: _width(self._stream) - 1])
        elif self._clock() - self._told_at >= self._every:
            self._told_at = self._clock()
            output.notify(text)

    def _rewrite(self, text: str) -> None:
        if not self._is_terminal or text == self._shown:
            return
        # Blanks, not an escape sequence, wipe what was longer: every console knows them.
        wiped = text.ljust(len(self._shown)) + ("\r" if not text else "")
        self._shown = text
        try:
            self._stream.write("\r" + wiped)
            self._stream.flush()
        except (OSError, ValueError):  # nobody watches any more: not a reason to fail
            self._is_terminal = False


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # closed, or there is none
        return False


def _width(stream: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns)
    except OSError:
        return WIDTH
