"""A gateway that serves as a PostgreSQL user who may only add to the audit, by the documented rights."""

import re
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.markdown import ROOT, section
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import store, tokens

PAGE = ROOT / "references" / "self-hosting.md"
TAKEN_BACK = [
    "DELETE FROM audit",
    "UPDATE audit SET outcome = 'ok'",
    "TRUNCATE audit",
    "DROP TRIGGER audit_append_only ON audit",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TABLE audit",
]


@pytest.fixture
def address(postgresql: PostgreSQL) -> str:
    """An address of the database as its owner."""
    return postgresql.migrated_database()


@pytest.fixture
def database_url(address: str) -> Secret:
    """PostgreSQL alone: SQLite has no users."""
    return as_setting(address)


@pytest.fixture
def adding(vault: Vault, settings: Settings, clock: SteppingClock, address: str) -> Iterator[Vault]:
    """The vault as such a user has it."""
    (rights,) = re.findall(r"```sql\n(.*?)```", section(PAGE, "The audit"), re.S)
    theirs = re.sub(r"//[^@/]*@", "//gateway@", address)
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("CREATE ROLE gateway LOGIN")
        try:
            owner.execute(rights)
            with open_vault(replace(settings, database_url=as_setting(theirs)), clock) as opened:
                yield opened
        finally:
            owner.execute("DROP OWNED BY gateway")
            owner.execute("DROP ROLE gateway")


def test_everything_works_but_to_take_back_an_entry(adding: Vault) -> None:
    """Users, stores, refreshes and removals; each entry stays."""
    user = adding.users.create("ann")
    adding.users.issue_key("ann")
    grant = store(adding, user)
    lease = adding.leases.take(grant.id, "w", 60_000)
    assert lease is not None
    assert adding.leases.store_refresh(lease, grant.token_version, tokens("second"))
    assert adding.grants.remove_store(user, "A1", "NA")
    adding.keys.record_seals()
    adding.audit.flush()
    before = adding.audit.newest(100)
    assert before[1] >= 4
    for statement in TAKEN_BACK:
        with pytest.raises(VaultError, match="may not make or use"), adding.database.writing() as connection:
            connection.execute(text(statement))
    assert adding.audit.newest(100) == before
