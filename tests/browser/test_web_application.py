"""A web application whose customer connects Amazon: the one of references/building.md, and the ways back."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from gateway.jobs import schedule
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from tests.support.clock import SteppingClock
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.house import ROOT, until
from tests.support.public_gateway import SELLER, came_back, public_gateway

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
APP = "https://app.example.com"


@pytest.fixture
def url() -> Iterator[str]:
    """An address at which nobody listens, with a port that the system gives to no other who asks for one."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the application does
        kept.bind(("127.0.0.1", 0))
        yield f"http://localhost:{kept.getsockname()[1]}"


def takes_connections(url: str) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0


@contextmanager
def application(folder: Path, url: str, **environ: str) -> Iterator[None]:
    """The application that the page writes out, word by word."""
    page = (ROOT / "references" / "building.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"## A web application\n.*?```python\n(.*?)```", page, re.DOTALL)
    file = folder / "application.py"
    file.write_text(program, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(file)],
        env={**os.environ, "APP": url, "WEBHOOK_SECRET": SECRET, **environ},
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: takes_connections(url), "the application is there")
        yield
    finally:
        process.kill()
        process.wait()


def test_a_customer_connects_amazon(
    amazon: Amazon, tmp_path: Path, url: str, page: "Page", monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the button and back, and by the notice it is in the application's own list."""
    monkeypatch.setattr(schedule, "NOTICE_SECONDS", 0.05)
    webhook = Webhook(f"{url}/notices", Secret(SECRET))
    clock = SteppingClock(int(time.time()))  # the application takes no notice that is old
    with (
        running_gateway(amazon, tmp_path, clock, return_origins=(url,), webhook=webhook) as gateway,
        application(tmp_path, url, GATEWAY=gateway.url, GATEWAY_KEY=gateway.keys["owner"]),
    ):
        page.goto(url)
        page.get_by_role("button", name="Connect Amazon").click()
        page.get_by_label(SELLER).check()
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="authorized: Store of customer-18").wait_for()
        assert page.url.startswith(f"{url}/connected?authorizationId=")
        assert "code" not in page.url
        until(lambda: gateway.vault.outbox.waiting() == 0, "the notice was taken")
        page.get_by_role("link", name="Go on").click()
        page.get_by_role("heading", name="Your stores: Store of customer-18").wait_for()
        (store,) = gateway.good("/spApi/authorizedStores", {"externalId": "customer-18"})["stores"]
        assert store["sellerName"] == "Store of customer-18"


@pytest.mark.parametrize(("button", "state"), [("Give access", "authorized"), ("Cancel", "denied")])
def test_who_was_asked_first_comes_back(
    amazon: Amazon, tmp_path: Path, page: "Page", button: str, state: str
) -> None:
    """Through the form, whose policy lets it lead nowhere else, and without a click."""
    told: list[tuple[str, str | None]] = []

    def answer(route: "Route") -> None:
        told.append((route.request.url, route.request.headers.get("referer")))
        route.fulfill(body="<h1>Back</h1>", content_type="text/html")

    page.route(f"{APP}/**", answer)
    with public_gateway(amazon, tmp_path, return_origins=(APP,)) as gateway:
        _, callback = came_back(gateway, returnUrl=f"{APP}/connected", externalId="18")
        page.goto(gateway.url + callback)
        page.get_by_role("button", name=button).click()
        page.get_by_role("heading", name="Back", exact=True).wait_for()
    ((address, referer),) = told
    assert f"&state={state}&externalId=18" in address
    assert referer is None
