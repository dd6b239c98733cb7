"""A value that must not be seen: it prints masked wherever it ends up, and is unwrapped on purpose only.

The gateway keeps a copy of its own (`gateway/util/secret.py`): the parts never import each other.
"""

import hmac
from typing import NoReturn

SHORTEST_SHOWN = 40
SHOWN = 10
# How a token of Login with Amazon's begins: `Atza|`, `Atzr|`, `Atna|`, `Atc|` for an application's own, and
# `Atz.sprdt|` for restricted data.
# The bar may have been escaped once or more, as in an address, in JSON or in HTML.
LWA_PREFIX = r"At(?:c|[zn](?:[a-z]|\.[a-z]+))(?:\||%(?:25)*7[Cc]|\\+u007[Cc]|&#(?:124|[xX]7[Cc]);)"
# How what a program holds in place of such a token begins: good at the gateway that made it alone.
STAND_IN_PREFIX = "lfxp_"


def masked(text: str) -> str:
    """Return the first 10 characters and `...`, or `***` for what is too short to show any of it."""
    return f"{text[:SHOWN]}..." if len(text) >= SHORTEST_SHOWN else "***"


class Secret:
    """A secret text. `reveal()` is the only way to it; printing, formatting and logging show the mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself. Call it only where the secret leaves for the place that it is meant for."""
        return self._text

    def __str__(self) -> str:
        return masked(self._text)

    def __repr__(self) -> str:
        return f"Secret({masked(self._text)!r})"

    def __format__(self, spec: str) -> str:
        return format(masked(self._text), spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")


def _bytes(text: str) -> bytes:
    # JSON can carry half of a surrogate pair, which plain UTF-8 refuses.
    return text.encode("utf-8", "surrogatepass")
