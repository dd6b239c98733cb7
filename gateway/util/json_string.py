"""Bytes that come in pieces, kept as they will stand between the quotation marks of a JSON string.

They are written while they come, once, and let go of as they are sent. UTF-8 is escaped, which also proves
that it is some; anything else is base64.
"""

import base64
import json
from collections import deque
from collections.abc import Iterator

from pydantic_core import to_json

# So many bytes are worth a turn, and still fit into a processor's cache.
PIECE = 64 * 1024
# The first byte of a character of UTF-8 is among its last four.
LONGEST_CHARACTER = 4


class JsonString:
    """What was added. After `finish` it is known whether it `is_text` (UTF-8) and its `length` as written.

    `size`: in bytes, as they were added.
    """

    def __init__(self) -> None:
        self.size = 0
        self.length = 0
        self.is_text = True
        # Each with whether it is written already: what is much longer then is kept as it came until it is
        # sent, as a control character takes six bytes.
        self._pieces: deque[tuple[bytes, bool]] = deque()
        self._coming: list[bytes] = []
        self._coming_size = 0

    def add(self, chunk: bytes) -> None:
        """Take what comes next."""
        self.size += len(chunk)
        self._coming.append(chunk)
        self._coming_size += len(chunk)
        if self._coming_size >= PIECE:
            self._write(final=False)

    def finish(self) -> None:
        """Take the rest: nothing comes after it."""
        self._write(final=True)

    def take(self) -> Iterator[bytes]:
        """Return the pieces of the string, each of which is let go of."""
        while self._pieces:
            piece, is_written = self._pieces.popleft()
            yield piece if is_written else _escaped(piece)

    def whole(self) -> bytes:
        """Return what was added, in one piece, for a small one that has to be read here."""
        read = _unescaped if self.is_text else base64.b64decode
        return b"".join(read(piece) if is_written else piece for piece, is_written in self._pieces)

    def _write(self, *, final: bool) -> None:
        """Write what has come, up to where a piece may end."""
        piece = b"".join(self._coming)
        end = len(piece)
        if not final:
            end = _end_of_characters(piece) if self.is_text else end // 3 * 3
        rest, piece = piece[end:], piece[:end]
        # Without an empty one: a piece that came in one chunk is then not copied.
        self._coming = [rest] if rest else []
        self._coming_size = len(rest)
        if not self.is_text:
            written = base64.b64encode(piece)
            self.length += len(written)
            self._pieces.append((written, True))
            return
        try:
            written = _escaped(piece)
        except ValueError:
            self._write_again(piece, final=final)
            return
        self.length += len(written)
        self._pieces.append((written, True) if len(written) <= 2 * len(piece) else (piece, False))

    def _write_again(self, piece: bytes, *, final: bool) -> None:
        """Write everything as base64: what was taken for text, this piece that is none, and what follows."""
        written, self._pieces = self._pieces, deque()
        rest, self._coming, self._coming_size = self._coming, [], 0
        self.is_text, self.size, self.length = False, 0, 0
        while written:
            text, is_written = written.popleft()
            self.add(_unescaped(text) if is_written else text)
        for chunk in (piece, *rest):
            self.add(chunk)
        if final:
            self.finish()


def _escaped(text: bytes) -> bytes:
    """Return UTF-8 as it stands inside a JSON string, without taking the way over `str`."""
    return to_json(text, bytes_mode="utf8")[1:-1]


def _unescaped(text: bytes) -> bytes:
    whole: str = json.loads(b'"%b"' % text)
    return whole.encode()


def _end_of_characters(piece: bytes) -> int:
    """Return up to where some UTF-8 holds whole characters; the last one may go on in the next piece."""
    for start in range(len(piece) - 1, max(len(piece) - 1 - LONGEST_CHARACTER, -1), -1):
        if piece[start] & 0b1100_0000 != 0b1000_0000:
            return start if piece[start] & 0b1000_0000 else start + 1
    return len(piece)
