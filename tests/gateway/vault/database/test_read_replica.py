"""Lists that a real streaming replica answers: never without the user's own last change, never too old."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text

from gateway.cli.check import check
from gateway.model import Grant, Page
from gateway.settings.settings import Settings
from gateway.vault.database.read_replica import ReadReplica
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting, running_postgresql
from tests.support.streaming_replica import StreamingReplica, streaming_replica
from tests.support.vaults import MASTER_KEY, account, lay_tables, profile, store

BOUND = 5


class Moment:
    """A monotonic clock that stands still unless a test moves it on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A server whose replica is its only one."""
    with running_postgresql(durable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def standby(server: PostgreSQL) -> Iterator[StreamingReplica]:
    """The server's replica."""
    with streaming_replica(server) as following:
        yield following


@pytest.fixture
def settings(server: PostgreSQL, standby: StreamingReplica, tmp_path: Path) -> Settings:
    """A gateway's settings with a database of its own and its replica."""
    address = server.migrated_database()
    standby.catch_up()
    return Settings(
        data_dir=tmp_path,
        sandbox=True,
        database_url=as_setting(address),
        database_read_url=as_setting(standby.address(address)),
        read_staleness=BOUND,
        master_key=MASTER_KEY,
    )


@pytest.fixture
def moment() -> Moment:
    """The clock that lags are measured by."""
    return Moment()


Open = Callable[[], Vault]


@pytest.fixture
def opening(settings: Settings, moment: Moment, standby: StreamingReplica) -> Iterator[Open]:
    """Open the vault as one more gateway does."""
    opened: list[Vault] = []

    def open_one() -> Vault:
        vault = open_vault(settings, SteppingClock())
        opened.append(vault)
        replica_of(vault)._monotonic = moment
        replica_of(vault)._began = moment()
        return vault

    yield open_one
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(opening: Open, standby: StreamingReplica) -> Vault:
    """A vault whose replica has been looked at once."""
    opened = opening()
    look(opened, standby)
    return opened


def replica_of(vault: Vault) -> ReadReplica:
    """Return what reads from the replica."""
    assert isinstance(vault.database.replica, ReadReplica)
    return vault.database.replica


def look(vault: Vault, standby: StreamingReplica) -> None:
    """Look at the replica, and wait until it has come as far as the primary was then."""
    replica_of(vault).look()
    standby.catch_up()


def read_on_replica(vault: Vault, of_user: int | None = None) -> bool:
    """Tell where a read goes."""
    asked = text("SELECT pg_is_in_recovery()")
    return vault.database.read_possibly_stale(
        lambda connection: bool(connection.execute(asked).scalar()), of_user=of_user
    )


def sellers(vault: Vault, user: int) -> list[str | None]:
    """The sellers of a user's list."""
    return [grant.seller_id for grant in vault.lists.stores(user, Page())[0]]


def test_a_list_comes_from_the_replica(vault: Vault, standby: StreamingReplica) -> None:
    """Once it has what the user did."""
    user = vault.users.create("ann")
    store(vault, user, "A1")
    standby.catch_up()
    assert read_on_replica(vault, user)
    assert sellers(vault, user) == ["A1"]


def test_before_it_was_looked_at_nothing_is_read_there(opening: Open, standby: StreamingReplica) -> None:
    """Nobody knows how old it is."""
    opened = opening()
    assert not read_on_replica(opened)
    look(opened, standby)
    assert read_on_replica(opened)


CHANGES: dict[str, Callable[[Vault, Grant], object]] = {
    "authorized": lambda vault, grant: store(vault, grant.user_id, "B2"),
    "renamed": lambda vault, grant: vault.grants.rename(grant.user_id, grant.id, "Another"),
    "removed": lambda vault, grant: vault.grants.remove_store(grant.user_id, "A1", "NA"),
    "refused": lambda vault, grant: vault.grants.mark_needs_reauthorization(grant.id, 0, "invalid_grant"),
    "looked at": lambda vault, grant: vault.grants.set_verified(grant.id, True),
    "sites read": lambda vault, grant: vault.store_sites.keep(grant.id, []),
    "profiles read": lambda vault, grant: vault.profiles.replace(grant.id, [profile(grant.id)]),
    "account authorized": lambda vault, grant: account(vault, grant.user_id),
}


def test_ones_own_change_is_never_missed(vault: Vault, opening: Open, standby: StreamingReplica) -> None:
    """Also at the gateway beside it: lists come from the primary until the replica has it; others' do not."""
    other = vault.users.create("other")
    stores = {name: store(vault, vault.users.create(name), "A1") for name in CHANGES}
    beside = opening()
    look(beside, standby)
    with standby.standing_still():
        for name, grant in stores.items():
            assert read_on_replica(beside, grant.user_id), name
            CHANGES[name](vault, grant)
            assert not read_on_replica(beside, grant.user_id), name
            assert not read_on_replica(vault, grant.user_id), name
        assert read_on_replica(beside, other)
        assert sellers(beside, stores["removed"].user_id) == []
        assert sellers(beside, stores["authorized"].user_id) == ["A1", "B2"]
    standby.catch_up()
    assert all(read_on_replica(beside, grant.user_id) for grant in stores.values())


def test_changes_of_one_user_do_not_wait_for_each_other_without_end(vault: Vault) -> None:
    """What a transaction changed is counted at its end, where it needs nothing more."""
    user = vault.users.create("ann")
    first, second = store(vault, user, "A1"), store(vault, user, "B2")
    with vault.database.writing() as one:
        vault.audit.record(one, "renamed", grant=first)
        assert vault.grants.rename(user, second.id, "Another") is not None
        one.execute(text(f"UPDATE grants SET name = 'One' WHERE id = {second.id}"))
    assert {grant.name for grant in vault.grants.of_user(user, "spapi")} == {"My Store", "One"}


def test_what_is_too_old_is_read_from_the_primary(
    vault: Vault, moment: Moment, standby: StreamingReplica, caplog: pytest.LogCaptureFixture
) -> None:
    """A replica that stands still serves until the bound is over; an idle primary makes none old."""
    moment.now += 3600
    look(vault, standby)
    assert read_on_replica(vault)
    with standby.standing_still(), caplog.at_level(logging.INFO):
        vault.users.create("ann")
        for _ in range(BOUND):
            moment.now += 1
            replica_of(vault).look()
            assert read_on_replica(vault)
        moment.now += 1
        assert not read_on_replica(vault)
        assert replica_of(vault).lag == BOUND + 1
        replica_of(vault).look()
        assert not read_on_replica(vault)
        assert caplog.messages == ['read_replica_away error="it is 6 seconds behind"']
    with caplog.at_level(logging.INFO):
        look(vault, standby)
        look(vault, standby)
    assert read_on_replica(vault)
    assert replica_of(vault).lag == 0
    assert caplog.messages[1:] == ["read_replica_back"]


def test_a_replica_that_does_not_answer_is_told_once(
    vault: Vault, standby: StreamingReplica, caplog: pytest.LogCaptureFixture
) -> None:
    """Its reads go to the primary, at once and without a failure."""
    user = vault.users.create("ann")
    standby.catch_up()
    with caplog.at_level(logging.INFO):
        with standby.stopped():
            assert sellers(vault, user) == []
            assert not replica_of(vault).usable
            replica_of(vault).look()
            assert sellers(vault, user) == []
        assert [message.split()[0] for message in caplog.messages] == ["read_replica_away"]
        assert "does not answer" in caplog.messages[0]
        replica_of(vault).look()
        assert caplog.messages[1:] == ["read_replica_back"]
    standby.catch_up()
    assert read_on_replica(vault, user)


def test_a_primary_that_does_not_answer_is_no_fault_of_the_replica(
    vault: Vault, standby: StreamingReplica, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's list wants it all the same; what belongs to nobody goes on being read."""
    user = vault.users.create("ann")
    standby.catch_up()

    def away() -> NoReturn:
        raise VaultError("the PostgreSQL does not answer", "Start it.")

    with caplog.at_level(logging.INFO), monkeypatch.context() as patched:
        patched.setattr(vault.database, "reading", away)
        with pytest.raises(VaultError, match="does not answer"):
            sellers(vault, user)
        assert read_on_replica(vault)
    assert caplog.messages == []
    assert read_on_replica(vault, user)


def test_a_gateway_starts_without_its_replica(settings: Settings, standby: StreamingReplica) -> None:
    """It is a help, no need."""
    with standby.stopped(), open_vault(settings, SteppingClock()) as vault:
        replica_of(vault).look()
        assert not read_on_replica(vault)


def test_the_primary_itself_is_no_replica(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """As behind an address that leads to the primary while there is no replica: reads go there anyway."""
    with open_vault(replace(settings, database_read_url=settings.database_url), SteppingClock()) as vault:
        replica_of(vault).look()
        assert not read_on_replica(vault)
    assert "it replays nothing" in caplog.text


def test_a_standby_in_place_of_the_primary_is_told(
    settings: Settings, standby: StreamingReplica, opening: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a failover: how far it has written, it cannot say."""
    opening()  # so that the vault is there
    standby.catch_up()
    swapped = replace(settings, database_url=settings.database_read_url)
    with open_vault(swapped, SteppingClock()) as vault:
        replica_of(vault).look()
        assert not replica_of(vault).usable
    assert "itself names a standby" in caplog.text


@pytest.mark.parametrize("migrated", [True, False])
def test_another_database_is_refused_at_the_start(
    settings: Settings, server: PostgreSQL, standby: StreamingReplica, migrated: bool
) -> None:
    """Its lists would be somebody else's."""
    other = server.migrated_database() if migrated else server.database()
    standby.catch_up()
    changed = replace(settings, database_read_url=as_setting(standby.address(other)))
    with pytest.raises(VaultError, match="GATEWAY_DATABASE_READ_URL names another database") as refused:
        open_vault(changed, SteppingClock())
    assert refused.value.code == "not_set_up"


def test_the_check_tells_of_it(
    settings: Settings, standby: StreamingReplica, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `doctor.py` shows it: a replica that is away is no failure."""
    for name in [name for name in os.environ if name.startswith(("GATEWAY_", "SPAPI_", "ADS_", "AMAZON_"))]:
        monkeypatch.delenv(name)
    assert settings.database_url is not None
    assert settings.database_read_url is not None
    monkeypatch.setenv("GATEWAY_MASTER_KEY", MASTER_KEY.reveal())
    monkeypatch.setenv("GATEWAY_DATABASE_URL", settings.database_url.reveal())
    monkeypatch.setenv("GATEWAY_DATABASE_READ_URL", settings.database_read_url.reveal())

    def found() -> str:
        checks = check(settings.data_dir, sandbox=True)["checks"]
        (state,) = [each["state"] for each in checks if each["name"] == "read replica"]
        return str(state)

    assert found() == "ok"
    with standby.stopped():
        assert found() == "warning"


def test_a_sqlite_has_no_replica(tmp_path: Path) -> None:
    """Nor does it count changes for one."""
    lay_tables(tmp_path)
    with open_vault(
        Settings(data_dir=tmp_path, sandbox=True, master_key=MASTER_KEY), SteppingClock()
    ) as vault:
        user = vault.users.create("ann")
        store(vault, user, "A1")
        assert sellers(vault, user) == ["A1"]
        with vault.database.reading() as connection:
            assert connection.execute(text("SELECT changes FROM users")).scalar() == 0
