"""The OS keyring, asked with a time limit: one that waits for somebody to unlock it must not hang us."""

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from gateway.util.secret import Secret

SERVICE = "linkfox-amazon-auth"
SECONDS = 3.0


class KeyringUnavailable(Exception):
    """There is no keyring, or it failed, or it did not answer in time. The message says which.

    `is_missing`: there is none at all, so nothing can be in it.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


def read(name: str, seconds: float = SECONDS) -> Secret | None:
    """Return what the keyring holds under `name`, or None. Raise KeyringUnavailable."""
    text = _within(seconds, lambda keyring: keyring.get_password(SERVICE, name))
    return Secret(text) if text else None


def write(name: str, value: Secret, seconds: float = SECONDS) -> None:
    """Store `value` and read it back: some backends take a secret and drop it. Raise KeyringUnavailable."""
    _within(seconds, lambda keyring: keyring.set_password(SERVICE, name, value.reveal()))
    if read(name, seconds) != value:
        raise KeyringUnavailable("the keyring did not keep what was stored in it")


def _within(seconds: float, call: Callable[[ModuleType], Any]) -> Any:
    """Return what `call(keyring)` does, in a thread that is left alone after `seconds`."""
    outcome: list[Any] = []
    failure: list[KeyringUnavailable] = []

    def run() -> None:
        try:
            import keyring

            outcome.append(call(keyring))
        except ModuleNotFoundError as error:
            failure.append(
                KeyringUnavailable(f"the Python package {error.name} is not installed", is_missing=True)
            )
        except Exception as error:  # every backend has failures of its own kind
            failure.append(_in_words(error))

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not outcome:
        raise KeyringUnavailable(f"the keyring did not answer within {seconds:g} seconds")
    return outcome[0]


def _in_words(error: Exception) -> KeyringUnavailable:
    if type(error).__name__ == "NoKeyringError":
        return KeyringUnavailable("this system has no keyring that works", is_missing=True)
    return KeyringUnavailable(f"the keyring failed ({type(error).__name__})")
