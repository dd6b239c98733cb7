"""The OS keyring with a time limit: one that waits for somebody to unlock it must not hang the start."""

import threading
from collections.abc import Callable
from typing import TypeVar

from gateway.util.secret import Secret

KEYRING_SERVICE = "linkfox-amazon-auth"

T = TypeVar("T")


class KeyringUnavailable(Exception):
    """There is no keyring, or it does not answer in time. The message says which."""


def read_keyring(service: str, name: str, timeout: float) -> Secret | None:
    """Return what the keyring holds under `name`, or None; wait at most `timeout` seconds."""
    import keyring

    text = _within(timeout, lambda: keyring.get_password(service, name))
    return Secret(text) if text else None


def write_keyring(service: str, name: str, value: Secret, timeout: float) -> None:
    """Store a secret and read it back, since some backends take one and drop it."""
    import keyring

    _within(timeout, lambda: keyring.set_password(service, name, value.reveal()))
    if read_keyring(service, name, timeout) != value:
        raise KeyringUnavailable("the keyring did not keep what was stored in it")


def _within(timeout: float, call: Callable[[], T]) -> T:
    """Run `call` in a thread that the process does not wait for at its end."""
    outcome: list[T] = []
    failure: list[str] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:  # every backend has its own kinds of failure
            failure.append(type(error).__name__)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(timeout)
    if failure:
        raise KeyringUnavailable(f"the keyring failed ({failure[0]})")
    if not outcome:
        raise KeyringUnavailable(f"the keyring did not answer within {timeout:g} seconds")
    return outcome[0]
