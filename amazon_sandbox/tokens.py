"""Tokens that carry what they stand for under a signature, so that the sandbox stores none of them.

They look like Amazon's: `Atza|`, `Atzr|`, `Atc|` or `Atz.sprdt|`, and by default url-safe characters up to
350. Inside: random filling, then the facts, then an HMAC over everything before it.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass

ACCESS = "Atza|"
REFRESH = "Atzr|"
OWN = "Atc|"  # an application's own, by client_credentials: references/amazon.md
RESTRICTED = "Atz.sprdt|"  # for data of buyers: references/amazon.md

_FACTS = struct.Struct(">QQdI")  # grant, issued (ns, machine's clock), end (s, sandbox's), generation
_FACTS_LENGTH = 38
_SIGNATURE_LENGTH = 43
_OPENING = "IwEBI"  # what real ones begin with, so that a masked token shows nothing of the filling


@dataclass(frozen=True)
class TokenFacts:
    """What a genuine token says: its grant, when it was issued and ends, and its grant's generation then."""

    grant_id: int
    issued_ns: int
    ends_at: float
    generation: int


class TokenMaker:
    """Maker and reader of tokens under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, prefix: str, facts: TokenFacts, length: int, marker: str) -> str:
        """Return a new token of `length` characters (more where that is too few) that contains `marker`."""
        packed = _FACTS.pack(facts.grant_id, facts.issued_ns, facts.ends_at, facts.generation)
        opening = prefix + _OPENING + marker
        filling = max(16, length - len(opening) - _FACTS_LENGTH - _SIGNATURE_LENGTH)
        unsigned = opening + secrets.token_urlsafe(filling)[:filling] + _encode(packed)
        return unsigned + self._signature(unsigned)

    def read(self, prefix: str, presented: str) -> TokenFacts | None:
        """Return what a token says, None where it is not one of ours of this kind."""
        if not presented.startswith(prefix) or not presented.isascii():
            return None
        unsigned, signature = presented[:-_SIGNATURE_LENGTH], presented[-_SIGNATURE_LENGTH:]
        if not hmac.compare_digest(self._signature(unsigned), signature):
            return None
        packed = base64.urlsafe_b64decode(unsigned[-_FACTS_LENGTH:] + "==")
        return TokenFacts(*_FACTS.unpack(packed))

    def client_secret(self, client_id: str, generation: int) -> str:
        """Return the client secret of an app; each generation has another."""
        digest = hmac.digest(self._key, f"secret|{client_id}|{generation}".encode(), hashlib.sha256)
        return f"amzn1.oa2-cs.v1.{digest.hex()}"

    def _signature(self, unsigned: str) -> str:
        return _encode(hmac.digest(self._key, unsigned.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
