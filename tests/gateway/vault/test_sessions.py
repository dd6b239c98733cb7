"""Browser sessions, on both databases."""

from sqlalchemy import func, select

from gateway.model import Caller
from gateway.vault.database.tables import sessions
from gateway.vault.sessions import LIFETIME
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock


def signed_in(vault: Vault, name: str = "ann") -> tuple[Caller, str]:
    """A user's caller, as a key makes it, and a session of theirs."""
    vault.users.create(name)
    caller = vault.users.authenticate(vault.users.issue_key(name, ("manage",))[1].reveal())
    assert caller is not None
    return caller, vault.sessions.begin(caller).reveal()


def test_a_session_is_who_showed_the_key(vault: Vault) -> None:
    """With that key's rights, and the database holds no copy of the session's id."""
    caller, session = signed_in(vault)
    assert vault.sessions.caller(session) == caller
    with vault.database.reading() as connection:
        assert session not in str(connection.execute(select(sessions)).all())


def test_a_session_ends_when_signed_out(vault: Vault) -> None:
    """And only that one: another browser of the same user stays."""
    caller, session = signed_in(vault)
    other = vault.sessions.begin(caller).reveal()
    vault.sessions.end(session)
    assert vault.sessions.caller(session) is None
    assert vault.sessions.caller(other) == caller


def test_a_session_ends_with_its_time(vault: Vault, clock: SteppingClock) -> None:
    """At its last second it lives, then it is over and the next sign-in clears it away."""
    caller, session = signed_in(vault)
    clock.step(LIFETIME - 1)
    assert vault.sessions.caller(session) == caller
    clock.step(1)
    assert vault.sessions.caller(session) is None
    vault.sessions.begin(caller)
    with vault.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(sessions)).scalar() == 1


def test_a_session_ends_with_its_key(vault: Vault) -> None:
    """Revoking the key signs out every browser that used it."""
    caller, session = signed_in(vault)
    vault.users.revoke_key(caller.key_id)
    assert vault.sessions.caller(session) is None


def test_what_is_no_session_is_nobody(vault: Vault) -> None:
    """Whatever a cookie may hold."""
    signed_in(vault)
    for presented in ("", "A" * 43, "x" * 10_000, "\ud800" * 43, "ä" * 43):
        assert vault.sessions.caller(presented) is None
