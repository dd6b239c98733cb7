"""One headless Chromium for a module, and for each test an empty page that complains about every fault."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.chromium import ARGUMENTS, MISSING, find_chromium, is_required
from tests.support.gateway_server import Amazon, Gateway, running_gateway

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCHEMES = ("light", "dark")
DESK = {"width": 1100, "height": 900}
PHONE = {"width": 390, "height": 844}
# Milliseconds. Only a page that never comes takes that long, or a machine that has much else to do.
PATIENCE = 60_000
Opener = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A running Chromium; skipped with the reason where there is none, unless it was asked for."""
    chromium = find_chromium()
    if chromium is None or importlib.util.find_spec("playwright") is None:
        if is_required():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS), timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on a vault of its own."""
    with running_gateway(amazon, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def opener(browser: "Browser") -> "_Pages":
    """Pages that the tests of a module use one after the other: to open one costs more than most tests."""
    return _Pages(browser)


@pytest.fixture
def open_page(opener: "_Pages") -> Iterator[Opener]:
    """Opens empty pages: in a language, scheme and size, with JavaScript or without.

    A violation of a content policy, or a script that ran, is a failure.
    """
    opener.faults.clear()
    yield opener.open
    opener.leave()
    assert opener.faults == []


class _Pages:
    """Each kind of page in a profile of its own. `faults`: what the browser complained about."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._kept: dict[tuple[Any, ...], Page] = {}
        self._used: dict[tuple[Any, ...], Page] = {}
        self.faults: list[str] = []

    def open(
        self, *, scheme: str = "light", language: str = "en-US", phone: bool = False, scripts: bool = True
    ) -> "Page":
        """Return an empty page, one for each kind and test."""
        kind = (language, scripts)
        assert kind not in self._used
        page = self._kept.pop(kind, None) or self._new(*kind)
        self._used[kind] = page
        dress(page, scheme, phone)
        return page

    def leave(self) -> None:
        """Leave the pages that a test has used, and keep nothing of what was there."""
        used, self._used = self._used, {}
        for kind, page in used.items():
            page.goto("about:blank")
            page.unroute_all()
            page.context.clear_cookies()
            self._kept[kind] = page

    def _new(self, language: str, scripts: bool) -> "Page":
        context = self._browser.new_context(locale=language, java_script_enabled=scripts)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    def _note(self, message: Any) -> None:
        # Statuses of 400 and more are what some tests are about.
        if message.type == "error" and "responded with a status of" not in message.text:
            self.faults.append(message.text)


def dress(page: "Page", scheme: str, phone: bool) -> None:
    """Show what is in a page in a scheme and a size."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE if phone else DESK)


@pytest.fixture
def page(open_page: Opener) -> "Page":
    """A page as most people see it."""
    return open_page()


def sign_in(page: "Page", gateway: Gateway, user: str = "owner") -> None:
    """Sign in by typing the key."""
    page.goto(gateway.url + "/")
    page.get_by_label("API key").fill(gateway.keys[user])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Stores and ads accounts").wait_for()
