"""What the tests of the vault put into it."""

import base64
from typing import Any

from gateway.model import Attempt, Flow, Grant, NewAttempt, Profile, Tokens
from gateway.util.secret import Secret
from gateway.vault.vault import Vault

MASTER_KEY = Secret(base64.b64encode(bytes(range(32))).decode())


class SteppedClock:
    """A clock that a test moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        """Return the seconds since 1970 UTC."""
        return self.time

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


def tokens(label: str = "first", *, scopes: tuple[str, ...] | None = None) -> Tokens:
    """Tokens that can be told apart by their label."""
    return Tokens(
        Secret(f"Atza|{label}" + "a" * 340),
        Secret(f"Atzr|{label}" + "r" * 340),
        "bearer",
        1_800_003_600,
        scopes,
    )


def new_attempt(user_id: int, flow: Flow = "spapi", name: str = "My Store", **values: Any) -> NewAttempt:
    """An attempt to authorize."""
    given = {"region": "NA", "app_id": "app", "redirect_uri": "http://localhost/cb", "lifetime": 900} | values
    return NewAttempt(user_id=user_id, flow=flow, name=name, **given)


def consumed(
    vault: Vault, user_id: int, flow: Flow = "spapi", name: str = "My Store", **values: Any
) -> Attempt:
    """An attempt whose callback has come."""
    _, state = vault.attempts.begin(new_attempt(user_id, flow, name, **values))
    attempt = vault.attempts.consume(state.reveal(), flow)
    assert attempt is not None
    return attempt


def store(vault: Vault, user_id: int, seller_id: str = "A1", label: str = "first", **values: Any) -> Grant:
    """An authorized store."""
    return vault.grants.authorize(consumed(vault, user_id, **values), seller_id, tokens(label), None)


def account(vault: Vault, user_id: int, name: str = "Brand", label: str = "first", **values: Any) -> Grant:
    """An authorized ads account."""
    return vault.grants.authorize(consumed(vault, user_id, "ads", name, **values), None, tokens(label), None)


def profile(grant_id: int, profile_id: int = 2**63 - 1) -> Profile:
    """An advertising profile."""
    return Profile(
        grant_id,
        profile_id,
        "NA",
        "US",
        "USD",
        12.5,
        "America/Los_Angeles",
        "E1",
        "seller",
        "Brand",
        "ATVPDKIKX0DER",
    )
