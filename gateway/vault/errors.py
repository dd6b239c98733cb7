"""Why the vault cannot be opened or read, in words for the person who runs the gateway."""

from typing import Literal

Code = Literal["not_set_up", "gateway_failed"]


class VaultError(Exception):
    """The vault cannot be used. `code` is the contract's (section 2); `hint` says what to do.

    `retryable`: whether the same start may work in a moment (a database that is locked or away).
    """

    def __init__(
        self, message: str, hint: str, code: Code = "gateway_failed", *, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.retryable = retryable


class SealBroken(VaultError):
    """A ciphertext does not open. Names where it stands and the key id that it wants, never what it holds."""
