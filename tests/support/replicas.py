"""Several gateway processes on one PostgreSQL, also through a PgBouncer, beside one stand-in Amazon."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.support import warm_python
from tests.support.consent import consent
from tests.support.house import GATEWAY, PATIENCE, call_json, clean_environment, until
from tests.support.vaults import MASTER_KEY, lay_tables

SELLER = "A1SANDBOXNA001"
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextlib.contextmanager
def running_pgbouncer(address: str, *, query_wait_timeout: int = 3) -> Iterator[str]:
    """A PgBouncer that pools transactions before the database at `address`; its own address comes out.

    `query_wait_timeout`: so many seconds callers wait there while the server is down; its own default is 120.
    """
    assert PGBOUNCER is not None
    parameters = psycopg.conninfo.conninfo_to_dict(address)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer"))
    folder.chmod(0o755)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{parameters['dbname']} = host={parameters['host']} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 8\nmax_client_conn = 200\nunix_socket_dir =\n"
        f"query_wait_timeout = {query_wait_timeout}\nserver_login_retry = 1\n"
    )
    command = [PGBOUNCER, str(config)]
    if os.geteuid() == 0:
        # It does not run as root; only the server's own user can reach the server's socket.
        command[1:1] = ["-u", Path(str(parameters["host"])).owner()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = f"postgresql://postgres@127.0.0.1:{port}/{parameters['dbname']}"

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(own, prepare_threshold=None):
            return True
        return False

    try:
        until(answers, "PgBouncer takes connections")
        yield own
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder)


@dataclass
class Replica:
    """One gateway process with a data folder of its own. `own`: it is run in a way of its own.

    `all`: those beside it. `program`: what is run, today's gateway or an earlier one.
    """

    folder: Path
    environment: dict[str, str]
    own: bool = False
    all: list["Replica"] = field(default_factory=list, repr=False)
    program: Path = GATEWAY
    url: str = ""
    process: warm_python.Started | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def start(self, *arguments: str) -> None:
        """Start it and wait until it takes requests."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "stderr.log").open("a") as log:
            self.process = warm_python.start(
                warm_python.GATEWAY,
                self.program,
                "serve",
                "--port",
                "0",
                "--data-dir",
                str(self.data),
                *arguments,
                environment=self.environment,
                folder=self.folder,
                stderr=log.fileno(),
                warm=self.program == GATEWAY,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        ready = json.loads(line or "{}")
        assert ready.get("ok"), f"{line}\n{(self.folder / 'stderr.log').read_text()[-3000:]}"
        self.url = ready["url"]

    def stop(self, how: int = signal.SIGTERM) -> int | None:
        """End it with a signal and return its exit code."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.folder / "stderr.log").read_text()

    def key(self) -> str:
        """The owner's key, which the first replica of a database has."""
        name = "GATEWAY_DATABASE_URL"
        others = [one for one in self.all if one.environment[name] == self.environment[name]]
        files = [one.data / "owner.key" for one in (self, *others)]
        return next(file for file in files if file.exists()).read_text().strip()

    def post(self, path: str, body: Any, key: str) -> Any:
        """POST; raises urllib.error.HTTPError."""
        return call_json(self.url + path, body, {"Authorization": key})

    def status(self, path: str, body: Any = None, key: str = "") -> int:
        """The status of a request, 0 where there was no answer."""
        try:
            call_json(self.url + path, body, {"Authorization": key})
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0
        return 200


@dataclass
class Replicas:
    """Gateways on one database beside one stand-in."""

    home: Path
    database_url: str
    amazon: Any
    settings: dict[str, str] = field(default_factory=dict)
    all: list[Replica] = field(default_factory=list)

    def add(self, *arguments: str, program: Path = GATEWAY, **settings: str) -> Replica:
        """Start one more. `settings`: further environment variables; `program`: another gateway's."""
        chosen = {
            "GATEWAY_DATABASE_URL": self.database_url,
            "GATEWAY_MASTER_KEY": MASTER_KEY.reveal(),
            "GATEWAY_REFRESH_RATE": "0",
            "AMAZON_ORIGIN": self.amazon.url,
            "SPAPI_APP_ID": self.amazon.spapi["appId"],
            "SPAPI_CLIENT_ID": self.amazon.spapi["clientId"],
            "SPAPI_CLIENT_SECRET": self.amazon.spapi["clientSecret"],
            "ADS_CLIENT_ID": self.amazon.ads["clientId"],
            "ADS_CLIENT_SECRET": self.amazon.ads["clientSecret"],
        }
        environment = clean_environment(self.home, **{**chosen, **self.settings, **settings})
        folder = self.home / f"replica{len(self.all)}"
        own = bool(arguments or settings) or program != GATEWAY
        replica = Replica(folder, environment, own, self.all, program)
        self.all.append(replica)
        if not environment["GATEWAY_DATABASE_URL"]:
            replica.data.mkdir(0o700, parents=True, exist_ok=True)
            lay_tables(replica.data)
        replica.start(*arguments)
        return replica

    def running(self, count: int) -> list[Replica]:
        """So many gateways of the same settings, ready for requests; those that are missing are started."""
        missing = count - len(self._alike())
        if missing > 0:
            with ThreadPoolExecutor(missing) as pool:
                list(pool.map(lambda _: self.add(), range(missing)))
        found = self._alike()[:count]
        for replica in found:
            until(lambda replica=replica: replica.status("/readyz") == 200, "it is ready")
        return found

    def _alike(self) -> list[Replica]:
        """The gateways that run with nothing but what all have."""
        return [replica for replica in self.all if replica.process is not None and not replica.own]

    def forget_grants(self) -> None:
        """Leave the database without stores and accounts, for the next test."""
        with psycopg.connect(self.database_url, prepare_threshold=None) as connection:
            connection.execute("TRUNCATE grants, attempts CASCADE")

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def stop(self) -> None:
        """End all of them."""
        for replica in self.all:
            replica.stop()


@contextlib.contextmanager
def replicas(home: Path, database_url: str, amazon: Any, **settings: str) -> Iterator[Replicas]:
    """Room for gateways, which are all ended at the end."""
    together = Replicas(home, database_url, amazon, settings)
    try:
        yield together
    finally:
        together.stop()


def authorize(replica: Replica, key: str, seller_id: str = SELLER) -> None:
    """Authorize a store from its link to its end, by the replica's own address."""
    link = replica.post("/spApi/authorizeUrl", {"sellerName": seller_id, "region": "NA"}, key)
    come_back(replica, consent(link["authorizeUrl"], selling_partner_id=seller_id))
    assert ended(replica, key, link["authorizationId"])["state"] == "authorized"


def come_back(replica: Replica, callback: str) -> None:
    """Bring a callback to a replica, whichever address the browser was sent to."""
    page(f"{replica.url}/spApi/oauth/callback?{urlsplit(callback).query}")


def ended(replica: Replica, key: str, authorization_id: str) -> Any:
    """Wait until an authorization has ended, which a browser does not wait for, and return its status."""

    def look() -> Any:
        wanted = {"authorizationId": authorization_id}
        status = replica.post("/spApi/authorizationStatus", wanted, key)
        return None if status["state"] == "pending" else status

    return until(look, "the authorization ends")


def page(url: str) -> None:
    """GET a page, whatever it says."""
    try:
        call_json(url)
    except ValueError:  # it is no JSON
        return
    except urllib.error.HTTPError as error:
        error.close()
