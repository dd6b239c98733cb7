"""Why the vault cannot be opened or read, in words for the person who runs the gateway."""

from gateway.errors import OperatorError


class VaultError(OperatorError):
    """The vault cannot be used."""


class Unreachable(VaultError):
    """No connection to the database comes about, or the one that there was is gone."""


class Unwritable(VaultError):
    """The database takes no writes, though it may answer: its disk is full or fails, or it is read-only."""


class SealBroken(VaultError):
    """A ciphertext does not open. Names where it stands and the key id that it wants, never what it holds."""


class UnknownKey(SealBroken):
    """A ciphertext was sealed with a master key that we do not hold."""
