"""Gateways as real processes beside one stand-in Amazon, for tests that kill, pause and flood them."""

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support import warm_python
from tests.support.gateway_server import Amazon
from tests.support.house import PATIENCE, clean_environment, until
from tests.support.vaults import MASTER_KEY, lay_tables

DRIVER = Path(__file__).with_name("short_leases.py")
SELLER = "A1SANDBOXNA001"
WANTED = {"sellerId": SELLER, "region": "NA"}
# Older than this asks for as soon as it is authorized (see `authorize`).
FRESH = {**WANTED, "minTtl": 300}
SHORT_LIFE = 200


@dataclass
class Process:
    """One gateway. `key`: its owner's API key, where its folder has it."""

    process: warm_python.Started
    url: str
    key: str = field(repr=False)

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """POST JSON on a connection of its own; return the status and the document."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
        try:
            connection.request("POST", path, json.dumps(body), {"Authorization": self.key})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def good(self, path: str, body: Any) -> dict[str, Any]:
        """POST and return the document of a success."""
        status, document = self.post(path, body)
        assert status == 200, f"{path}: {status} {document}"
        return document

    def kill(self) -> None:
        """End it as a power cut does, with whatever it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)


@dataclass
class Place:
    """A data folder and the gateways on it. `more`: further environment variables; `driver`: what is run."""

    amazon: Amazon
    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    driver: Path = DRIVER
    started: list[Process] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.more.get("GATEWAY_DATA_DIR", self.folder / "data"))

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "vault.db"

    @property
    def log(self) -> Path:
        """What the gateways wrote to standard error."""
        return self.folder / "stderr"

    def environment(self) -> dict[str, str]:
        """The environment of a gateway beside the stand-in Amazon."""
        usual = {
            "GATEWAY_MASTER_KEY": MASTER_KEY.reveal(),
            "AMAZON_ORIGIN": self.amazon.url,
            "SPAPI_APP_ID": self.amazon.spapi["appId"],
            "SPAPI_CLIENT_ID": self.amazon.spapi["clientId"],
            "SPAPI_CLIENT_SECRET": self.amazon.spapi["clientSecret"],
            "ADS_CLIENT_ID": self.amazon.ads["clientId"],
            "ADS_CLIENT_SECRET": self.amazon.ads["clientSecret"],
        }
        given = {**usual, **self.more, "GATEWAY_DATA_DIR": str(self.data)}
        return clean_environment(self.folder, **given)

    def start(self, *arguments: str) -> Process:
        """Start a gateway and wait until it takes requests."""
        self.folder.mkdir(exist_ok=True)
        self.data.mkdir(0o700, exist_ok=True)
        if "GATEWAY_DATABASE_URL" not in self.more:
            lay_tables(self.data)
        with self.log.open("a") as stderr:
            process = warm_python.start(
                warm_python.GATEWAY,
                self.driver,
                "serve",
                "--port",
                "0",
                *arguments,
                environment=self.environment(),
                folder=self.folder,
                stderr=stderr.fileno(),
                new_session=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the gateway did not start: {self.log.read_text()[-2000:]}"
        ready = json.loads(line)
        assert ready["ok"] is True, ready
        kept = self.data / "owner.key"
        # Of several on one PostgreSQL the first has it.
        key = kept.read_text().strip() if kept.exists() else ""
        self.started.append(Process(process, ready["url"], key))
        return self.started[-1]

    def running(self) -> Process:
        """Return the gateway that was started last, or another one where that has ended."""
        if self.started and self.started[-1].process.poll() is None:
            return self.started[-1]
        return self.start()

    def stop_all(self) -> None:
        """End whatever still runs."""
        for one in self.started:
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGCONT)
                one.process.terminate()
                try:
                    one.process.wait(PATIENCE / 2)
                except subprocess.TimeoutExpired:
                    one.kill()
            if one.process.stdout is not None:
                one.process.stdout.close()


@contextmanager
def a_place(amazon: Amazon, folder: Path, driver: Path = DRIVER, **more: str) -> Iterator[Place]:
    """A place whose gateways end with the test."""
    place = Place(amazon, folder, more, driver)
    try:
        yield place
    finally:
        place.stop_all()


def callback_of(amazon: Amazon, gateway: Process, seller_id: str = SELLER) -> tuple[str, str]:
    """Begin a store's authorization and consent to it; return its id and the callback's path."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store", "region": "NA"})
    back = amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=seller_id)
    address = urlsplit(back)
    return begun["authorizationId"], f"{address.path}?{address.query}"


def open_path(gateway: Process, path: str) -> int:
    """Open a path as a browser would, following nothing; return the status."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def authorize(amazon: Amazon, gateway: Process, seller_id: str = SELLER) -> None:
    """Authorize a store whose first token is old from the start, so that FRESH refreshes it."""
    amazon.fault({"token": {"set": {"expires_in": SHORT_LIFE}}}, grantType="authorization_code")
    attempt_id, path = callback_of(amazon, gateway, seller_id)
    assert open_path(gateway, path) == 303
    status = ended(gateway, attempt_id)
    assert status["state"] == "authorized", status


def ended(gateway: Process, attempt_id: str) -> dict[str, Any]:
    """Wait until an authorization has ended, which a browser does not wait for, and return its status."""

    def look() -> dict[str, Any] | None:
        status = gateway.good("/spApi/authorizationStatus", {"authorizationId": attempt_id})
        return None if status["state"] == "pending" else status

    return until(look, "the authorization ends")
