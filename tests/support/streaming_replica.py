"""A streaming replica of a PostgreSQL of the tests', which can be made to stand still."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support.house import until
from tests.support.postgresql import PostgreSQL


@dataclass
class StreamingReplica:
    """A replica of a whole server, on a socket of its own in `folder`."""

    primary: PostgreSQL
    folder: Path

    @property
    def data(self) -> Path:
        """Where it keeps what it has."""
        return self.folder / "data"

    def address(self, of: str) -> str:
        """Return the address on the replica of what is at `of` on the primary."""
        database = psycopg.conninfo.conninfo_to_dict(of)["dbname"]
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def catch_up(self) -> None:
        """Wait until it has replayed all that the primary has written."""
        written = _value(self.primary.address, "SELECT pg_current_wal_insert_lsn()::text")
        question = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        until(lambda: _value(self.address(self.primary.address), question), "the replica has caught up")

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let it answer and replay nothing."""
        self.catch_up()
        own = self.address(self.primary.address)
        _value(own, "SELECT pg_wal_replay_pause()")
        until(lambda: _value(own, "SELECT pg_get_wal_replay_pause_state()") == "paused", "it stands still")
        try:
            yield
        finally:
            _value(own, "SELECT pg_wal_replay_resume()")

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it answer nothing."""
        self.run("pg_ctl", "-w", "-D", str(self.data), "-m", "fast", "stop")
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        """Start it."""
        options = f"-h '' -k {self.folder}"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-w", "-D", str(self.data), "-l", log, "-o", options, "start")

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL's as the user that the server runs as."""
        own = self.primary.server
        subprocess.run(
            [str(own.bin_path / program), *arguments],
            check=True,
            user=own.system_user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _value(address: str, query: str) -> Any:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


@contextlib.contextmanager
def streaming_replica(primary: PostgreSQL) -> Iterator[StreamingReplica]:
    """A replica that follows the server until the end of the `with`."""
    folder = Path(tempfile.mkdtemp(prefix="pgr"))
    own = primary.server
    replica = StreamingReplica(primary, folder)
    try:
        if own.system_user is not None:
            shutil.chown(folder, own.system_user)
        socket = str(psycopg.conninfo.conninfo_to_dict(primary.address)["host"])
        to = ("-D", str(replica.data), "-R", "-X", "stream", "-c", "fast")
        replica.run("pg_basebackup", "-h", socket, "-U", "postgres", *to)
        replica.start()
        yield replica
        replica.run("pg_ctl", "-w", "-D", str(replica.data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
