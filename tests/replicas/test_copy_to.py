"""`local_gateway.py copy-to`: a vault moves from SQLite to PostgreSQL, by who runs the gateway."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from linkfox_client.local.sandbox_browser import give_consent

from gateway.util.api_key import new_api_key
from gateway.util.clock import SystemClock
from gateway.vault.database.engine import open_database
from gateway.vault.database.migration import upgrade
from gateway.vault.database.tables import grants, metadata, vault_facts
from gateway.vault.vault import open_vault
from tests.support import warm_python
from tests.support.gateway_server import Amazon, running_amazon, settings_for
from tests.support.house import PATIENCE, SCRIPTS, Finished, House, until
from tests.support.operating import begin, operate
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.replicas import Replica, Replicas, authorize, replicas

SELLERS = ("A1SANDBOXNA001", "A1SANDBOXNA002")
PASSWORD = "a-password-of-the-database"
COPIED = [table for table in metadata.sorted_tables if table is not vault_facts]


@dataclass
class Move:
    """A gateway's vault on SQLite, its gateway stopped, and an empty database for it (`address`)."""

    house: House
    together: Replicas
    key: str
    address: str
    tokens: dict[str, Any]

    @property
    def source(self) -> Path:
        """The SQLite file."""
        return self.house.data_dir / "vault.db"

    def copy_to(self, *address: str, **more: str) -> Finished:
        """Run the command to its end."""
        done = operate(self.house, "copy-to", *address, **more)
        assert PASSWORD not in done.stdout + done.stderr
        return done

    def rows(self) -> dict[str, int]:
        """How many rows each table of the SQLite file has."""
        with closing(sqlite3.connect(self.source)) as connection:
            return {
                table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
                for table in COPIED
            }

    def rows_there(self) -> dict[str, int]:
        """How many rows each table of the PostgreSQL has."""
        return {
            table.name: self.together.select(f"SELECT count(*) FROM {table.name}")[0][0] for table in COPIED
        }

    def check_serves_the_same(self) -> None:
        """Start a gateway on the copy: the old key is taken, and every store has the tokens that it had."""
        moved = self.together.add()
        assert tokens_of(moved, self.key) == self.tokens
        again = moved.post("/spApi/refreshToken", {"sellerId": SELLERS[0], "region": "NA"}, self.key)
        assert again["accessToken"] != self.tokens[SELLERS[0]]["accessToken"]
        authorize(moved, self.key, "A1AFTERMOVING1")


@dataclass(frozen=True)
class Stopped:
    """A gateway that was stopped. `tokens`: what it answered, with its owner's key `key`."""

    amazon: Amazon
    data: Path
    environment: dict[str, str]
    key: str
    tokens: dict[str, Any]


def tokens_of(replica: Replica, key: str) -> dict[str, Any]:
    """What a gateway answers for each store and for the account, but for the time that is left."""
    found = {}
    for seller in SELLERS:
        found[seller] = replica.post("/spApi/storeTokens", {"sellerId": seller, "region": "NA"}, key)
        found[seller].pop("expiresIn")
    profiles = replica.post("/amazonAds/profiles", {}, key)["profiles"]
    return {**found, "profiles": profiles}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    """Two stores, an account with profiles, two users, a revoked key and an audit, on SQLite."""
    with running_amazon() as amazon, replicas(tmp_path_factory.mktemp("stopped"), "", amazon) as together:
        amazon.control(
            "sellers",
            [{"sellerId": each, "name": each, "region": "NA"} for each in (*SELLERS[1:], "A1AFTERMOVING1")],
        )
        before = together.add()
        key = before.key()
        for seller in SELLERS:
            authorize(before, key, seller)
        link = before.post("/amazonAds/authorizeUrl", {"accountName": "Brand", "region": "NA"}, key)
        assert give_consent(link["authorizeUrl"], {}).status == 200
        data = before.data
        environment = before.environment | {"GATEWAY_DATA_DIR": str(data)}
        del environment["GATEWAY_DATABASE_URL"]
        house = House(together.home, data, environment=environment)
        key_file = together.home / "anna.key"
        anna = operate(house, "add-user", "anna", "--key-file", str(key_file)).good()
        operate(house, "revoke-key", anna["keyId"]).good()
        found = tokens_of(before, key)
        assert found["profiles"]
        before.stop()
        yield Stopped(amazon, data, environment, key, found)


@pytest.fixture
def move(stopped: Stopped, postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Move]:
    """A copy of that vault and an empty database, for one test."""
    data = tmp_path / "data"
    shutil.copytree(stopped.data, data)
    own = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "GATEWAY_DATA_DIR": str(data)}
    house = House(tmp_path, data, environment=stopped.environment | own)
    with replicas(tmp_path, postgresql.database(), stopped.amazon) as together:
        yield Move(house, together, stopped.key, together.database_url, stopped.tokens)


def test_a_vault_is_moved_whole(move: Move) -> None:
    """Every row arrives and is told; keys, tokens and audit are the same there, and the file stays."""
    before = move.rows()
    assert min(before[name] for name in ("users", "api_keys", "grants", "profiles", "audit")) > 0
    done = move.house.good("local_gateway.py", "copy-to", move.address)
    assert done == {"ok": True, "copied": before, "verified": True}
    assert move.rows_there() == move.rows() == before
    listed = operate(move.house, "list-keys").good()
    audit = operate(move.house, "audit", "--limit", "1000").good()
    on_copy = {"GATEWAY_DATABASE_URL": move.address}
    assert operate(move.house, "list-keys", **on_copy).good() == listed
    assert operate(move.house, "audit", "--limit", "1000", **on_copy).good() == audit
    move.check_serves_the_same()


@contextlib.contextmanager
def blocked_at(move: Move, table: str) -> Iterator[psycopg.Connection[Any]]:
    """Keep the copy from writing a table of the target, which is made beforehand, until the end."""
    target = open_database(as_setting(move.address), Path())
    with closing(target), target.writing() as connection:
        upgrade(connection)
    with psycopg.connect(move.address) as connection:
        connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")  # type: ignore[arg-type]
        yield connection


def until_waiting(move: Move) -> None:
    """Wait until the copy has come to the table that it may not write."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until(lambda: move.together.select(waiting), "the copy waits")


def end(copying: warm_python.Started | subprocess.Popen[bytes]) -> None:
    """End the command as a power cut does, with whatever it started."""
    os.killpg(copying.pid, signal.SIGKILL)
    copying.wait(PATIENCE)


def test_a_killed_copy_is_taken_up_again(move: Move) -> None:
    """SIGKILL in the middle: the half is opened by no gateway, and the second run completes it."""
    with blocked_at(move, grants.name):
        copying = begin(move.house, "copy-to", move.address)
        try:
            until_waiting(move)
        finally:
            end(copying)
    there = move.rows_there()
    assert (there["users"], there["grants"]) == (2, 0)
    on_copy = {"GATEWAY_DATABASE_URL": move.address}
    half = operate(move.house, "serve", "--port", "0", **on_copy)
    assert (half.code, half.error["code"]) == (3, "not_set_up")
    assert "unfinished copy" in half.error["message"]
    assert "copy-to" in half.error["hint"]
    assert move.copy_to(move.address).document["copied"] == move.rows()
    assert move.rows_there() == move.rows()
    move.check_serves_the_same()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_no_process_shows_the_password(move: Move) -> None:
    """While the address is taken from the setting, no command line has its password."""
    with_password = move.address.replace("postgres@", f"postgres:{PASSWORD}@").replace(
        "postgres:@", f"postgres:{PASSWORD}@"
    )
    assert PASSWORD in with_password
    with blocked_at(move, grants.name):
        copying = subprocess.Popen(
            [sys.executable, str(SCRIPTS / "local_gateway.py"), "copy-to"],
            env={**move.house.environment, "GATEWAY_DATABASE_URL": with_password},
            cwd=move.house.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until_waiting(move)
            shown = command_lines()
        finally:
            end(copying)
    assert any(b"copy-to" in line for line in shown)
    assert not any(PASSWORD.encode() in line for line in shown)
    done = move.copy_to(GATEWAY_DATABASE_URL=with_password)
    assert done.document["copied"] == move.rows()


def command_lines() -> list[bytes]:
    """The command lines of all processes, which every user of the machine can read."""
    shown = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # the process has ended meanwhile
            shown.append(path.read_bytes())
    return shown


@pytest.mark.parametrize("place", ["PGPASSWORD", "pgpass"])
def test_the_password_comes_from_where_postgresql_keeps_it(
    move: Move, postgresql: PostgreSQL, place: str
) -> None:
    """An address without a password, and the password in PGPASSWORD or ~/.pgpass."""
    user = f"mover_{place.lower()}"
    with postgresql.asking_for_a_password(user, PASSWORD):
        with psycopg.connect(move.address, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} OWNER TO {user}")  # type: ignore[arg-type]
        address = move.address.replace("postgres:@", f"{user}@").replace("postgres@", f"{user}@")
        refused = move.copy_to(address)
        assert (refused.code, refused.error["code"]) == (6, "gateway_failed")
        more = {"PGPASSWORD": PASSWORD}
        if place == "pgpass":
            more = {}
            file = move.house.home / ".pgpass"
            file.write_text(f"*:*:*:{user}:{PASSWORD}\n")
            file.chmod(0o600)
        done = move.copy_to(address, **more)
    assert done.code == 0, done.stdout + done.stderr
    assert move.rows_there() == move.rows()


def test_a_password_on_the_command_line_is_refused(move: Move) -> None:
    """It could be seen by others, so it is not used at all; what to do instead is said."""
    addresses = (
        f"postgresql://gateway:{PASSWORD}@127.0.0.1:1/gateway",
        f"postgresql://gateway:a/b{PASSWORD}@127.0.0.1:1/gateway",
        f"postgresql://gateway@127.0.0.1:1/gateway?password={PASSWORD}",
    )
    by_script = move.house.script("local_gateway.py", "copy-to", addresses[0])
    for done in (by_script, *map(move.copy_to, addresses)):
        assert PASSWORD not in done.stdout + done.stderr
        assert (done.code, done.error["code"]) == (2, "bad_arguments")
        for place in ("~/.pgpass", "PGPASSWORD", "GATEWAY_DATABASE_URL"):
            assert place in done.error["hint"]


def test_an_address_that_does_not_work_is_explained(move: Move) -> None:
    """None at all, one that cannot be read, and one where nobody answers: an exit code and what to do."""
    for address, code, says in (
        ([], 2, "GATEWAY_DATABASE_URL"),
        (["mysql://127.0.0.1/gateway"], 2, "postgresql://"),
        (["vault-copy.db"], 2, "postgresql://"),
        (["postgresql://127.0.0.1:port/gateway"], 3, "percent-encoded"),
        (["postgresql://127.0.0.1:1/gateway?nonsense=1"], 3, "percent-encoded"),
        (["postgresql://gateway@127.0.0.1:1/gateway"], 6, "Start it, or correct host and port"),
    ):
        done = move.copy_to(*address)
        assert done.code == code, address
        assert says in done.error["hint"]
        assert done.error["retryable"] is (code == 6)
    by_script = move.house.script("local_gateway.py", "copy-to", *address)
    assert (by_script.code, by_script.error["retryable"]) == (6, True)
    assert by_script.error["hint"] == done.error["hint"]


def test_a_user_who_may_make_no_tables_is_told(move: Move) -> None:
    """What PostgreSQL refuses by default to who does not own the database."""
    with psycopg.connect(move.address, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest_of_the_copy")
        connection.execute("CREATE ROLE guest_of_the_copy LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
    address = move.address.replace("postgres:@", "guest_of_the_copy@").replace(
        "postgres@", "guest_of_the_copy@"
    )
    done = move.copy_to(address)
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "OWNER TO" in done.error["hint"]


def test_another_vault_is_left_alone(move: Move, tmp_path: Path) -> None:
    """A target that holds somebody else's vault, or this one already, is refused and not changed."""
    url = as_setting(move.address)
    settings = settings_for(move.together.amazon, tmp_path / "other", database_url=url)
    with open_vault(settings, SystemClock()) as other:
        other.users.begin(new_api_key())
    before = move.rows_there()
    assert (before["users"], before["api_keys"]) == (1, 1)
    done = move.copy_to(move.address)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "another vault" in done.error["message"]
    assert move.rows_there() == before


def test_a_finished_copy_is_not_overwritten(move: Move) -> None:
    """It may have been used since."""
    assert move.copy_to(move.address).code == 0
    again = move.copy_to(move.address)
    assert (again.code, again.error["code"]) == (2, "bad_arguments")
    assert "this vault already" in again.error["message"]


def test_a_gateway_that_still_serves_is_not_copied_from(move: Move) -> None:
    """What it writes meanwhile would be missing; and while a copy is made, none starts."""
    serving = Replica(move.house.home, move.house.environment)
    serving.start()
    try:
        done = move.copy_to(move.address)
        assert (done.code, done.error["code"]) == (6, "gateway_failed")
        assert "already runs" in done.error["message"]
        assert "stop" in done.error["hint"]
    finally:
        serving.stop()
    with blocked_at(move, grants.name):
        copying = begin(move.house, "copy-to", move.address)
        try:
            until_waiting(move)
            started = operate(move.house, "serve", "--port", "0")
        finally:
            end(copying)
    assert started.code == 6
    assert "already runs" in started.error["message"]


def test_a_folder_without_a_vault_is_named(move: Move) -> None:
    """Nothing is made there or in the target."""
    move.source.rename(move.source.with_name("elsewhere.db"))
    done = move.copy_to(move.address)
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert str(move.source) in done.error["message"]
    assert not move.source.exists()
    assert move.together.select("SELECT to_regclass('grants')::text") == [(None,)]
