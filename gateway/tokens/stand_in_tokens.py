"""Stand-in tokens: what a program holds in place of a token of Amazon's, good at this gateway alone.

One says for which API key, store or account, and profile it was made, and when it ends. It is that statement
itself, encrypted and authenticated (AES-SIV, RFC 5297) under a key of the vault's, so that no row is written
for one and every replica reads it. Whether the key and the store are still there is the reader's affair
(`vault/token_reader.py`), at each use.
"""

import base64
import binascii
import math
import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.model import Caller, Grant
from gateway.util.clock import CLOCK_TOLERANCE, Clock
from gateway.util.secret import STAND_IN_PREFIX, Secret

# Seconds that one is good for: as long as an access token of Amazon's.
LIFETIME = 3600
# The longest that is looked at: about twice as long as one is.
LONGEST = 200
# The authorization's number, the profile's or 0, the end in epoch seconds; then the key's id.
_STATEMENT = struct.Struct(">QQQ")


class StandIn(NamedTuple):
    """What a stand-in token says.

    `key_id`: the public id of the API key that it was made for. `profile_id`: None for one that is no
    profile's. `expires_at`: epoch seconds.
    """

    key_id: str
    grant_id: int
    profile_id: int | None
    expires_at: int


class StandInTokens:
    """Makes and reads stand-in tokens.

    `key`: 128 hexadecimal digits, the same in all processes on a vault.
    """

    def __init__(self, key: Secret, clock: Clock) -> None:
        self._cipher = AESSIV(bytes.fromhex(key.reveal()))
        self._clock = clock

    def issue(self, caller: Caller, grant: Grant, profile_id: int | None = None) -> Secret:
        """Return a token for this caller's API key and grant, which is good for LIFETIME seconds."""
        ends = math.ceil(self._clock.now()) + LIFETIME
        statement = _STATEMENT.pack(grant.id, profile_id or 0, ends) + caller.key_id.encode()
        return Secret(STAND_IN_PREFIX + _text_of(self._cipher.encrypt(statement, [])))

    def read(self, presented: Secret) -> StandIn | None:
        """Return what a token says; None for what is none of this vault's, was altered or has ended.

        One that ends later than one can live was made by a clock that was wrong, and is none either.
        """
        text = presented.reveal()
        if not text.startswith(STAND_IN_PREFIX) or len(text) > LONGEST or not text.isascii():
            return None
        text = text.removeprefix(STAND_IN_PREFIX)
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            statement = self._cipher.decrypt(sealed, [])
        except (binascii.Error, ValueError, InvalidTag):
            return None
        if _text_of(sealed) != text:  # its last character says more than there is: another spelling of it
            return None
        grant_id, profile_id, expires_at = _STATEMENT.unpack_from(statement)
        if not 0 < expires_at - self._clock.now() <= LIFETIME + CLOCK_TOLERANCE:
            return None
        key_id = statement[_STATEMENT.size :].decode()
        return StandIn(key_id, grant_id, profile_id or None, expires_at)


def _text_of(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
