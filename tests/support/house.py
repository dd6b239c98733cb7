"""A whole house for a test: an empty home, a gateway with its stand-in Amazon, and the scripts.

Everything is a real process, started with an environment that holds nothing but what a newcomer has, so
no setting of the machine that runs the tests can leak in, and nothing of the test can leak out.
"""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkfox_client.local.sandbox_browser import give_consent

from tests.support import warm_python

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
GATEWAY = ROOT / "gateway" / "__main__.py"
PATIENCE = 180  # seconds that a test waits for what should come at once, on a machine that is busy
# What an interpreter takes from its environment while it starts; a path to this project changes nothing then.
AT_THE_START = re.compile(f"PYTHON(?!_KEYRING_BACKEND|PATH={re.escape(str(ROOT))}$)|LC_")
# Made once: with some Pythons each one made reads all of the machine's certificates.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Poll until `condition()` is true and answer its value; fail the test with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        threading.Event().wait(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


@contextlib.contextmanager
def ended_after(process: "subprocess.Popen[Any]", seconds: float = PATIENCE) -> Iterator[None]:
    """End a process that is not done in time: whoever reads what it says comes to its end, and fails."""
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@dataclass(frozen=True)
class Finished:
    """What a program left: its exit code, its one JSON document and its standard streams."""

    name: str
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output; anything else there fails the test."""
        document = json.loads(self.stdout)
        assert isinstance(document, dict), f"{self.name} printed no JSON object"
        return document

    def good(self) -> dict[str, Any]:
        """Return the document of a success; fail the test where it is none."""
        assert self.code == 0, f"{self.name}: exit {self.code}\n{self.stdout}\n{self.stderr[-2000:]}"
        assert self.document["ok"] is True
        return self.document

    @property
    def error(self) -> dict[str, Any]:
        """The error of a failure; fails the test where the script succeeded."""
        assert self.document["ok"] is False, f"{self.name} succeeded: {self.stdout[:500]}"
        return self.document["error"]


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a newcomer with the home `home`, plus `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), **more}


def run_script(
    script: str,
    *words: str,
    environment: dict[str, str],
    folder: Path,
    stdin: bytes | None = None,
    python: str = sys.executable,
) -> Finished:
    """Run a script to its end, as `run_program` does it."""
    return run_program(
        warm_python.SCRIPT,
        SCRIPTS / script,
        *words,
        environment=environment,
        folder=folder,
        stdin=stdin,
        python=python,
    )


def run_program(
    interpreter: warm_python.Interpreter,
    program: Path,
    *words: str,
    environment: dict[str, str],
    folder: Path,
    stdin: bytes | None = None,
    python: str = sys.executable,
) -> Finished:
    """Run a program to its end in the working directory `folder`; a variable set to "" is left out."""
    environment = {key: value for key, value in environment.items() if value != ""}
    at_the_start = any(AT_THE_START.match("=".join(variable)) for variable in environment.items())
    done = warm_python.run(
        interpreter,
        program,
        *words,
        environment=environment,
        folder=folder,
        timeout=PATIENCE,
        stdin=stdin,
        warm=not at_the_start,
        python=python,
    )
    return Finished(program.name, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def call_json(url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """POST `body` (GET where it is None) and answer the JSON; raises urllib.error.HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    with OPENER.open(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read() or b"null")


@dataclass
class House:
    """One home with a running gateway. `environment` is what its scripts get, which lie in `scripts`."""

    home: Path
    data_dir: Path
    url: str = ""
    sandbox_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    scripts: Path = SCRIPTS
    process: warm_python.Started | None = None
    log: Path = field(default_factory=Path)

    def script(
        self, name: str, *arguments: str, stdin: str = "", python: str = sys.executable, **more: str
    ) -> Finished:
        """Run `scripts/NAME` to its end; `more` are further environment variables ('' removes one)."""
        environment = {**self.environment, **more}
        return run_program(
            warm_python.SCRIPT,
            self.scripts / name,
            *arguments,
            environment=environment,
            folder=self.home,
            stdin=stdin.encode(),
            python=python,
        )

    def good(self, name: str, *arguments: str, **more: Any) -> dict[str, Any]:
        """Run a script that has to succeed and answer its document."""
        return self.script(name, *arguments, **more).good()

    def sandbox(self, path: str, body: Any = None) -> Any:
        """Call the stand-in Amazon's control path `/_sandbox/{path}`."""
        return call_json(f"{self.sandbox_url}/_sandbox/{path}", body)

    def api_key(self) -> str:
        """The owner's API key, as the gateway left it in the data folder."""
        return (self.data_dir / "owner.key").read_text(encoding="utf-8").strip()

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """POST to the gateway with the owner's key or another one; raises urllib.error.HTTPError."""
        return call_json(self.url + path, body, {"Authorization": key or self.api_key()})

    def ended(self, authorization_id: str, prefix: str = "/spApi") -> dict[str, Any]:
        """Wait until an authorization has ended, which a browser does not wait for, and answer its status."""

        def look() -> dict[str, Any] | None:
            status = self.post(f"{prefix}/authorizationStatus", {"authorizationId": authorization_id})
            return None if status["state"] == "pending" else status

        return until(look, "the authorization ends")

    def select(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the vault itself, as for what is written some time after it happened."""
        with contextlib.closing(sqlite3.connect(self.data_dir / "vault.db")) as connection:
            return connection.execute(query, values).fetchall()

    def authorize(self, seller_id: str, name: str = "My Store") -> dict[str, Any]:
        """Authorize a store of North America from its link to its end; answer the store."""
        link = self.post("/spApi/authorizeUrl", {"sellerName": name, "region": "NA"})
        give_consent(link["authorizeUrl"], {"selling_partner_id": seller_id})
        ended = self.ended(link["authorizationId"])
        assert ended["state"] == "authorized", ended
        return ended["store"]

    def forget_grants(self) -> None:
        """Remove the owner's stores and accounts, and let the stand-in be as when it was started."""
        for store in self.post("/spApi/authorizedStores", {})["stores"]:
            self.post("/spApi/removeStore", {"sellerId": store["sellerId"], "region": store["region"]})
        accounts = self.post("/amazonAds/authorizedStores", {})["stores"]
        for number in {account["authRecordId"] for account in accounts}:
            self.post("/amazonAds/removeAccount", {"authRecordId": number})
        self.sandbox("reset", {})

    def start(self, *arguments: str) -> None:
        """Start what `local_gateway.py serve --sandbox` runs and wait for its document."""
        self.log = self.home / "gateway-stderr.log"
        with self.log.open("a", encoding="utf-8") as log:
            self.process = warm_python.start(
                warm_python.GATEWAY,
                GATEWAY,
                "serve",
                "--sandbox",
                "--port",
                "0",
                *arguments,
                environment=self.environment,
                folder=self.home,
                stderr=log.fileno(),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the gateway did not start:\n{self.log.read_text()[-3000:]}"
        ready = json.loads(line)
        assert ready["ok"] is True, ready
        self.url, self.sandbox_url = ready["url"], ready["sandboxUrl"]

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the gateway with the signal `how` and wait until it has gone."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None


@contextlib.contextmanager
def open_house(home: Path, *arguments: str, **more: str) -> Iterator[House]:
    """A running House in the empty folder `home`; stopped at the end, whatever happens.

    `arguments` go to the gateway's `serve`, `more` into the environment of all.
    """
    data_dir = home / "gateway data"  # a space on purpose
    # Calls are not spaced: a reset fills the stand-in's buckets, and not those that a gateway counts by.
    more.setdefault("GATEWAY_PROXY_PACING", "false")
    environment = clean_environment(home, GATEWAY_DATA_DIR=str(data_dir), **more)
    house = House(home=home, data_dir=data_dir, environment=environment)
    house.start(*arguments)
    try:
        yield house
    finally:
        house.stop()
