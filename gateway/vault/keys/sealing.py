"""Encryption of single values: AES-256-GCM, bound to the table, row and column that they stand in.

A sealed value is: version (1 byte), key id (8), nonce (12), ciphertext with its tag. The associated data is
`linkfox|v1|table|row|column`, so that a ciphertext that was copied or swapped elsewhere does not open.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.util.secret import Secret
from gateway.vault.errors import SealBroken, UnknownKey

VERSION = 1
KEY_LENGTH = 32
KEY_ID_LENGTH = 8
NONCE_LENGTH = 12
PREFIX_LENGTH = 1 + KEY_ID_LENGTH
# So many values with random nonces are the most that one key is to seal (NIST SP 800-38D, section 8.3).
MOST_SEALS = 2**32
# A change of the key is advised once half of them are used up.
MANY_SEALS = MOST_SEALS // 2
_NONCE_AT = PREFIX_LENGTH
_CIPHERTEXT_AT = _NONCE_AT + NONCE_LENGTH
_OTHER_KEY = (
    "Start the gateway with the key that this vault was sealed with, or restore the database from a backup."
)
_RESTORE = "Restore the database from a backup."
# What a person can do besides, by table: a grant's tokens can be had again.
_DAMAGED = {
    "grants": "Remove that store or account, or authorize it again, or restore the database from a backup."
}


class MasterKey:
    """32 random bytes and the id derived from them. Printing shows the id only."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_LENGTH:
            raise ValueError("a master key has 32 bytes")
        self._key = key
        self.id = hmac.digest(key, b"linkfox master key id v1", hashlib.sha256)[:KEY_ID_LENGTH].hex()

    def cipher(self) -> AESGCM:
        """Return the cipher that this key makes."""
        return AESGCM(self._key)

    def reveal(self) -> bytes:
        """Return the 32 bytes, to be stored where the master key lives."""
        return self._key

    def __repr__(self) -> str:
        return f"MasterKey(id={self.id})"


class Sealer:
    """Seals with the first of its keys and opens what any of them sealed."""

    def __init__(self, keys: Sequence[MasterKey]) -> None:
        self.key_id = keys[0].id
        self._prefix = prefix_of(self.key_id)
        self._cipher = keys[0].cipher()
        self._ciphers = {prefix_of(key.id): key.cipher() for key in keys}
        self.sealed = 0  # how many values since this was last recorded

    def seal(self, secret: Secret, table: str, row: str | int, column: str) -> bytes:
        """Encrypt a secret for the place where it will be stored."""
        self.sealed += 1
        nonce = os.urandom(NONCE_LENGTH)
        text = secret.reveal().encode("utf-8", "surrogatepass")
        return self._prefix + nonce + self._cipher.encrypt(nonce, text, _place(table, row, column))

    def open(self, sealed: bytes, table: str, row: str | int, column: str) -> Secret:
        """Decrypt what stands in this place. SealBroken: it was changed, moved or sealed by another key."""
        cipher = self._ciphers.get(sealed[:_NONCE_AT])
        if cipher is None:
            raise self._unknown_key(sealed, table, row, column)
        try:
            text = cipher.decrypt(
                sealed[_NONCE_AT:_CIPHERTEXT_AT], sealed[_CIPHERTEXT_AT:], _place(table, row, column)
            )
        except (InvalidTag, ValueError):
            raise SealBroken(
                f"{table}.{column} of {row} does not open with its key {key_id_of(sealed)}: "
                "it was changed, or copied there from another place",
                _DAMAGED.get(table, _RESTORE),
            ) from None
        return Secret(text.decode("utf-8", "surrogatepass"))

    def _unknown_key(self, sealed: bytes, table: str, row: str | int, column: str) -> SealBroken:
        if sealed[:1] != bytes([VERSION]):
            return SealBroken(
                f"{table}.{column} of {row} is not a sealed value", _DAMAGED.get(table, _RESTORE)
            )
        return UnknownKey(
            f"{table}.{column} of {row} wants the master key {key_id_of(sealed)}, "
            f"and this gateway has {self.key_id}",
            _OTHER_KEY,
        )


def prefix_of(key_id: str) -> bytes:
    """Return what everything that this key sealed begins with."""
    return bytes([VERSION]) + bytes.fromhex(key_id)


def key_id_of(sealed: bytes) -> str:
    """Return the id of the key that a sealed value wants, as 16 hexadecimal digits."""
    return sealed[1:_NONCE_AT].hex()


def _place(table: str, row: str | int, column: str) -> bytes:
    return f"linkfox|v1|{table}|{row}|{column}".encode()
