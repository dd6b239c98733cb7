"""When keys and grants were last used: kept in memory until the database has taken it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from gateway.vault.database.tables import api_keys, grants
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store


def last_uses(vault: Vault) -> tuple[int | None, int | None]:
    """Return when the only key and the only grant were last used, as the database knows it."""
    with vault.database.reading() as connection:
        key = connection.execute(select(api_keys.c.last_used_at)).scalar()
        grant = connection.execute(select(grants.c.last_used_at)).scalar()
    return key, grant


@pytest.mark.parametrize(
    "failure", [VaultError("locked", "Wait.", retryable=True), RuntimeError("nobody foresaw it")]
)
def test_what_cannot_be_written_is_kept_for_the_next_time(
    vault: Vault, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Of keys and of grants; what was used again meanwhile keeps its later time."""
    grant = store(vault, vault.users.create("ann"))
    key, _ = vault.users.issue_key("ann")
    vault.usage.record_use(key, grant.id)
    first = int(clock.now())

    def fail() -> Any:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(vault.database, "writing", fail)
        with pytest.raises(type(failure)):
            vault.usage.flush()
    assert last_uses(vault) == (None, None)
    clock.step(60)
    vault.usage.record_use(key)
    vault.usage.flush()
    assert last_uses(vault) == (first + 60, first)


def test_closing_writes_what_is_left(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """A graceful stop loses nothing."""
    vault.users.create("ann")
    key, _ = vault.users.issue_key("ann")
    other = open_another()
    other.usage.record_use(key)
    other.close()
    assert last_uses(vault)[0] is not None
