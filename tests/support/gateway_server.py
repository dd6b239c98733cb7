"""A gateway on a real uvicorn server, the stand-in Amazon beside it, and a browser of a few lines."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import uvicorn

from gateway.amazon.session import AmazonSession
from gateway.app import create_app
from gateway.errors import TABLE
from gateway.server.gateway_server import GatewayServer
from gateway.server.http_protocol import Protocol
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.settings import Settings
from gateway.tokens.retries import Sleep
from gateway.util.api_key import new_api_key
from gateway.util.secret import Secret
from gateway.vault.vault import Vault, open_vault
from tests.support import documented
from tests.support.clock import SteppingClock
from tests.support.house import ROOT, until
from tests.support.vaults import MASTER_KEY, lay_tables

PATIENCE = 30


def http() -> requests.Session:
    """Return a session that nothing of the machine's settings gets into."""
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass
class Amazon:
    """The stand-in Amazon as a process of its own, with its control path."""

    url: str
    spapi: dict[str, str] = field(repr=False)
    ads: dict[str, str] = field(repr=False)

    def control(self, path: str, body: Any = None) -> Any:
        """GET (or POST, with a body) the control path."""
        with http() as session:
            address = f"{self.url}/_sandbox/{path}"
            answer = session.get(address) if body is None else session.post(address, json=body)
            assert answer.ok, f"{path}: {answer.status_code} {answer.text[:300]}"
            return answer.json()

    def fault(self, do: dict[str, Any], *, times: int | None = 1, **match: str) -> None:
        """Make the next matching call (the next `times`; None: each) go wrong."""
        self.control("faults", [{"match": match, "times": times, "do": do}])

    def until_held(self, name: str) -> None:
        """Wait until a call is held by the fault of that name."""
        until(lambda: self.control("holds")["holds"].get(name), f"a call is held by {name}")

    def release(self, name: str) -> None:
        """Let go what is held."""
        self.control("release", {"hold": name})

    def calls(self, **fields: str) -> list[dict[str, Any]]:
        """Return the calls that it received, oldest first."""
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        answer = self.control(f"ledger?{query}&limit=1000")
        return answer["calls"]

    def refreshes(self) -> list[dict[str, Any]]:
        """Return the refreshes that the token endpoint received."""
        return self.calls(grantType="refresh_token")

    def consent(self, link: str, **decision: str | list[str]) -> str:
        """Answer the consent page as a person would and return the address that the browser is sent to."""
        with http() as session:
            page = session.get(link)
            assert page.status_code == 200, f"the consent page: {page.status_code} {text_of(page)[-300:]}"
            answer = session.post(link, data=decision, allow_redirects=False)
            assert answer.status_code in (302, 303), (
                f"the consent: {answer.status_code} {text_of(answer)[-300:]}"
            )
            return answer.headers["Location"]


@contextmanager
def running_amazon() -> Iterator[Amazon]:
    """The stand-in Amazon; it ends with the test even if the test is killed."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-I",
            str(ROOT / "amazon_sandbox" / "__main__.py"),
            "--port",
            "0",
            "--exit-with-stdin",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        yield Amazon(ready["url"], ready["spapi"], ready["ads"])
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()


@dataclass
class Gateway:
    """A running gateway. `keys`: API keys by user name; `stop` tells it to end, as a signal does."""

    url: str
    settings: Settings
    vault: Vault
    clock: SteppingClock
    amazon: Amazon
    app: Any
    stop: Callable[[], None]
    keys: dict[str, str] = field(default_factory=dict, repr=False)

    def add_user(self, name: str) -> None:
        """Make a user with a key of all rights."""
        self.vault.users.create(name)
        self.keys[name] = self.vault.users.issue_key(name)[1].reveal()

    def post(self, path: str, body: Any = None, *, user: str = "owner", **headers: str) -> requests.Response:
        """POST JSON with a user's key."""
        with http() as session:
            headers = {"Authorization": self.keys.get(user, user), **headers}
            answer = session.post(self.url + path, json={} if body is None else body, headers=headers)
        documented.check(answer)
        return answer

    def good(self, path: str, body: Any = None, *, user: str = "owner") -> dict[str, Any]:
        """POST and return the document of a success."""
        answer = self.post(path, body, user=user)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def bad(self, path: str, body: Any = None, *, status: int, user: str = "owner") -> dict[str, Any]:
        """POST and return the envelope of a failure, which has to have the fields of the contract."""
        answer = self.post(path, body, user=user)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return check_envelope(answer)

    def get(self, address: str, **options: Any) -> requests.Response:
        """GET a path of the gateway, or a whole address, as a browser that follows no redirect."""
        with http() as session:
            address = address if address.startswith("http") else self.url + address
            answer = session.get(address, allow_redirects=False, **options)
        if address.startswith(self.url):
            documented.check(answer)
        return answer

    def open(self, address: str) -> tuple[str, requests.Response]:
        """Open a callback in a browser: return the path of the page that it ends on, and the page."""
        answer = self.get(address)
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:300]}"
        path = answer.headers["Location"]
        return path, self.get(path)

    def end_pauses(self) -> None:
        """Let the time pass for which nothing is asked of Amazon."""
        with self.vault.database.writing() as connection:
            for table in ("applications", "refused_calls"):
                connection.exec_driver_sql(f"UPDATE {table} SET pause_until_ms = 1")
            connection.exec_driver_sql("UPDATE users SET forced_refreshes_ms = NULL")

    def status(self, flow: str, attempt_id: str, user: str = "owner") -> dict[str, Any]:
        """Return the status of an authorization."""
        path = {"spapi": "/spApi", "ads": "/amazonAds"}[flow] + "/authorizationStatus"
        return self.good(path, {"authorizationId": attempt_id}, user=user)

    def authorize_store(
        self, seller_id: str = "A1SANDBOXNA001", region: str = "NA", user: str = "owner", **more: Any
    ) -> dict[str, Any]:
        """Authorize a store from its link to its end; return its status document."""
        body = {"sellerName": f"Store {seller_id}", "region": region, **more}
        begun = self.good("/spApi/authorizeUrl", body, user=user)
        self.open(
            self.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=seller_id)
        )
        return self.status("spapi", begun["authorizationId"], user)

    def authorize_account(
        self, advertiser_id: str = "SANDBOX_BRANDS", user: str = "owner", **more: Any
    ) -> dict[str, Any]:
        """Authorize an ads account from its link to its end; return its status document."""
        body = {"accountName": f"Account {advertiser_id}", **more}
        begun = self.good("/amazonAds/authorizeUrl", body, user=user)
        self.open(self.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id=advertiser_id))
        return self.status("ads", begun["authorizationId"], user)


def check_envelope(answer: requests.Response) -> dict[str, Any]:
    """Return an error document, which has to be one of the contract's."""
    document = answer.json()
    assert isinstance(document["errcode"], int)
    assert document["errcode"] not in (0, 200)
    assert document["errmsg"]
    assert "\n" not in document["errmsg"]
    row = TABLE[document["reason"]]
    assert (document["code"], document["retryable"]) == (row.code, row.retryable)
    assert document["hint"]
    assert not set(document["hint"]) & set("{}\n")
    assert document["requestId"] == answer.headers["X-Request-Id"]
    assert document["sandbox"] is True
    return document


def query_of(address: str) -> dict[str, str]:
    """Return an address's query parameters, each of which occurs once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


def text_of(page: requests.Response) -> str:
    """Return what a page says, without its markup."""
    return unescape(re.sub(r"<[^>]+>", " ", page.text))


def settings_for(amazon: Amazon, data_dir: Path, **changes: Any) -> Settings:
    """Return settings for a gateway beside the stand-in Amazon."""
    settings = Settings(
        data_dir=data_dir,
        sandbox=True,
        master_key=MASTER_KEY,
        amazon_origin=amazon.url,
        spapi=SellingPartnerApplication(
            amazon.spapi["appId"], amazon.spapi["clientId"], Secret(amazon.spapi["clientSecret"])
        ),
        ads=AdsClient(amazon.ads["clientId"], Secret(amazon.ads["clientSecret"])),
        refresh_rate=0,
        callback_patience=PATIENCE,
        caretaker_pause=3600.0,  # the tests that want it say so
    )
    return replace(settings, **changes)


class _Server(GatewayServer):
    """A server in a thread: it leaves the process's signals alone, and stops as soon as it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Wait to be told, where uvicorn looks every tenth of a second."""
        if not await self.on_tick(0):
            await self._told.wait()

    def stop(self) -> None:
        """Tell it, from another thread, to finish what it is at and go."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)


async def nap(seconds: float) -> None:
    """Pause between tries, but shortly: nothing gets better by waiting here."""
    await asyncio.sleep(min(seconds, 0.01))


@contextmanager
def running_gateway(
    amazon: Amazon,
    data_dir: Path,
    clock: SteppingClock | None = None,
    session: Callable[[Settings], AmazonSession] | None = None,
    sleep: Sleep = nap,
    port: int = 0,
    **changes: Any,
) -> Iterator[Gateway]:
    """A gateway with a fresh or existing vault in `data_dir` and the user `owner`."""
    clock = clock or SteppingClock()
    settings = settings_for(amazon, data_dir, **changes)
    lay_tables(data_dir)
    vault = open_vault(settings, clock)
    # The port is bound before the application is made, since the callbacks are built on it.
    socket = uvicorn.Config(lambda: None, port=port, log_config=None).bind_socket()
    try:
        settings = settings.with_origin(f"http://127.0.0.1:{socket.getsockname()[1]}")
        app = create_app(settings, vault, clock, session(settings) if session else None, sleep)
        server = _Server(uvicorn.Config(app, http=Protocol, log_config=None, access_log=False, lifespan="on"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([socket])), daemon=True)
        thread.start()
        until(lambda: server.started or not thread.is_alive(), "the gateway takes requests")
        assert server.started, "the gateway did not start"
        gateway = Gateway(settings.origin, settings, vault, clock, amazon, app, server.stop)
        owner = new_api_key()
        gateway.keys["owner"] = owner.reveal()
        if not vault.users.begin(owner):
            gateway.keys["owner"] = vault.users.issue_key("owner")[1].reveal()
        try:
            yield gateway
        finally:
            server.stop()
            thread.join(PATIENCE)
    finally:
        socket.close()
        vault.close()
