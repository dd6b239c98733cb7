"""What the person who runs the gateway has to know when it cannot start or go on."""

from typing import Literal

Code = Literal["bad_arguments", "not_set_up", "not_found", "gateway_failed", "interrupted", "internal"]
EXIT_CODES: dict[Code, int] = {
    "internal": 1,
    "bad_arguments": 2,
    "not_set_up": 3,
    "not_found": 5,
    "gateway_failed": 6,
    "interrupted": 130,
}


class OperatorError(Exception):
    """A failure in words: what is wrong (`message`) and what to do (`hint`), each one line without secrets.

    `code` is the contract's; `retryable`: the same command may work in a moment, with nothing changed.
    """

    code: Code = "gateway_failed"

    def __init__(self, message: str, hint: str, code: Code | None = None, *, retryable: bool = False) -> None:
        super().__init__(f"{message}. {hint}")
        self.message = message
        self.hint = hint
        self.code = code or self.code
        self.retryable = retryable

    def document(self) -> dict[str, object]:
        """Return the one JSON document that tells it on standard output."""
        error = {"code": self.code, "message": self.message, "hint": self.hint, "retryable": self.retryable}
        return {"ok": False, "error": error}
