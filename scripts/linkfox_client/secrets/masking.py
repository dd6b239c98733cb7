"""Nothing secret is printed: tokens are masked by their field's name and, elsewhere, by their value.

`Secrets` remembers every secret that this process has seen. Whatever is printed goes through it, so a token
that a gateway echoes in an error message, or that ends up in an address, is masked there as well.
"""

import base64
import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from linkfox_client.secrets.secret import (
    LWA_PREFIX,
    SHORTEST_SHOWN,
    SHOWN,
    STAND_IN_PREFIX,
    Secret,
    masked,
)

# Shorter texts are not looked for: a key of three letters would be found in every other word.
SHORTEST_SOUGHT = 6

_ENDINGS = (
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "sessiontoken",
    "securitytoken",
    "restricteddatatoken",
    "clientsecret",
    "apikey",
    "password",
    "masterkey",
)
_NAMES = frozenset({"authorization", "proxyauthorization", "token", "secret", "cookie", "setcookie"})
# By their shape: tokens of Login with Amazon's, its client secrets, and the keys and tokens of a self-hosted
# gateway.
_SHAPES = re.compile(
    rf"{LWA_PREFIX}[\w\-.~+/=%]+|(?:lfx_local_|{STAND_IN_PREFIX})[\w\-]+|amzn1\.oa2-cs\.[\w.\-]+"
)
# What was made by a machine, and so is no sentence and no address: pieces of it are looked for, too.
_MADE = re.compile(rf"(?:{LWA_PREFIX})?[\w\-.~+/=]{{{SHORTEST_SHOWN - 5},}}", re.ASCII)
_PIECE = 12
_LONG_WORDS = re.compile(rf"[\w\-.~+/=%]{{{_PIECE},}}", re.ASCII)

# What `masked` answers for a long text.
_MASK = re.compile(r".{10}\.\.\.", re.DOTALL)


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name holds a secret, however it is spelled.

    As in `accessToken`, `ACCESS-TOKEN` and `x-amz-access-token`.
    """
    plain = "".join(filter(str.isalnum, name)).lower()
    return plain in _NAMES or plain.endswith(_ENDINGS)


def looks_secret(text: str) -> bool:
    """Tell whether a text holds something of the shape of a token or key."""
    return _SHAPES.search(text) is not None


def wrapped(value: Any) -> Any:
    """Return a copy of parsed JSON in which the text of every secret field is a `Secret`, at every depth."""
    if isinstance(value, dict):
        return {
            name: _all_secret(item) if is_secret_name(name) else wrapped(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    return value


def _all_secret(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _all_secret(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_all_secret(item) for item in value]
    if value is None or isinstance(value, bool | Secret):
        return value
    return Secret(str(value))


def secrets_in(value: Any) -> Iterable[Secret]:
    """Return every `Secret` inside a document."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)


class Secrets:
    """The secrets that this process has seen, and the masking of whatever is about to be shown."""

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        """Each form of a secret that is looked for, with what is shown in its place."""
        self._lengths: dict[str, tuple[int, ...]] = {}
        """How long the forms are that begin with these characters, the longest first."""
        self._pieces: set[str] = set()
        """Pieces of what masks hide, one after the other: any 23 characters of it hold a whole one."""
        self._lock = threading.Lock()

    def remember(self, secret: Secret | str) -> Secret:
        """Remember a secret, so that it is masked from now on; return it as a `Secret`."""
        text = secret.reveal() if isinstance(secret, Secret) else secret
        if len(text) >= SHORTEST_SOUGHT and text not in self._masks:
            with self._lock:  # calls that are made at once see secrets at once
                self._look_for(text)
        return Secret(text)

    def _look_for(self, text: str) -> None:
        for form in _forms(text):
            begins = form[:SHORTEST_SOUGHT]
            lengths = {len(form), *self._lengths.get(begins, ())}
            self._lengths[begins] = tuple(sorted(lengths, reverse=True))
            self._masks.setdefault(form, masked(text))
        if _MADE.fullmatch(text):
            hidden = text[SHOWN:].lower()
            starts = range(0, len(hidden) - _PIECE + 1, _PIECE)
            self._pieces.update(hidden[at : at + _PIECE] for at in starts)

    def scrub(self, text: str) -> str:
        """Return `text` with every secret in it masked.

        Those remembered, in any usual encoding, those of a secret's shape, and pieces of those remembered.
        The work does not grow with the number of secrets.
        """
        text = _SHAPES.sub(lambda found: _masked_once(found.group()), self._without_known(text))
        return _LONG_WORDS.sub(self._without_pieces, text) if self._pieces else text

    def _without_known(self, text: str) -> str:
        """Return `text` with what was remembered masked, and what overlaps as one."""
        starts = range(len(text) - SHORTEST_SOUGHT + 1)
        shown, end = [], 0
        for start in [at for at in starts if text[at : at + SHORTEST_SOUGHT] in self._lengths]:
            form = self._longest_at(text, start)
            if start >= end and form:
                shown += [text[end:start], self._masks[form]]
            end = max(end, start + len(form)) if form else end
        return "".join([*shown, text[end:]])

    def _longest_at(self, text: str, start: int) -> str:
        """Return the longest form of a secret that stands at this place; an empty text for none."""
        lengths = self._lengths[text[start : start + SHORTEST_SOUGHT]]
        forms = (text[start : start + length] for length in lengths)
        return next((form for form in forms if form in self._masks), "")

    def _without_pieces(self, word: re.Match[str]) -> str:
        """Return a long word of a text, or its mask where a piece of a secret is in it."""
        text = word.group().lower()
        pieces = (text[at : at + _PIECE] for at in range(len(text) - _PIECE + 1))
        return word.group() if self._pieces.isdisjoint(pieces) else "***"

    def masked(self, value: Any, revealed: Iterable[Secret] = ()) -> Any:
        """Return a copy of a document that may be printed.

        Secret fields are masked at every depth, secrets elsewhere by their value. Only a `Secret` that is in
        `revealed` leaves whole.
        """
        return self._masked(value, {secret.reveal() for secret in revealed}, secret_field=False)

    def _masked(self, value: Any, revealed: set[str], *, secret_field: bool) -> Any:
        if isinstance(value, Secret):
            return value.reveal() if value.reveal() in revealed else str(value)
        if isinstance(value, Mapping):
            return {
                self.scrub(str(name)): self._masked(
                    item, revealed, secret_field=secret_field or is_secret_name(str(name))
                )
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._masked(item, revealed, secret_field=secret_field) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if secret_field:
            return _masked_once(str(value))
        return self.scrub(value) if isinstance(value, str) else value


def _masked_once(text: str) -> str:
    """Return the mask of a text, or the text itself where it is a mask.

    A document that quotes another script's document (quickstart.py) shows the same ten characters.
    """
    return text if _MASK.fullmatch(text) else masked(text)


def _forms(text: str) -> set[str]:
    """Return the ways in which a secret may be written: plain, percent-encoded, JSON-escaped and base64."""
    raw = text.encode("utf-8", "surrogatepass")  # JSON can carry half of a surrogate pair
    forms = {text, quote(raw, safe=""), quote_plus(raw), json.dumps(text)[1:-1]}
    forms |= {json.dumps(text, ensure_ascii=False)[1:-1], text.replace("/", "\\/")}
    forms |= {re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), form) for form in set(forms)}
    return forms | _base64_forms(raw)


def _base64_forms(raw: bytes) -> set[str]:
    """Return what base64 makes of `raw` inside a longer text, whichever of the three alignments it stands at.

    The characters at both ends that also depend on the neighbors are left out.
    """
    forms = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        first = (shift * 8 + 5) // 6
        last = (shift + len(raw)) * 8 // 6
        middle = encoded[first:last].decode("ascii")
        if len(middle) >= SHORTEST_SOUGHT:
            forms |= {middle, middle.replace("+", "-").replace("/", "_")}
    return forms
