"""The consent pages in a real Chromium: its content policy must let the form lead to the callback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.chromium import ARGUMENTS, MISSING, find_chromium
from tests.support.sandbox_process import SandboxProcess

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = find_chromium()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)


class Callback(ThreadingHTTPServer):
    """A gateway's callback that only remembers what came."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _CallbackHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/callback"


class _CallbackHandler(BaseHTTPRequestHandler):
    server: Callback

    def do_GET(self) -> None:
        if self.path.startswith("/callback"):
            self.server.received.append((self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"back")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def callback() -> Iterator[Callback]:
    """Run a callback."""
    server = Callback()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> "Iterator[sync_api.Browser]":
    """Start a headless Chromium."""
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: "sync_api.Browser") -> "Iterator[sync_api.Page]":
    """Open a page of which every violation of a content policy is a failure."""
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield opened
    opened.close()
    # Browsers ask every host for an icon; nothing else may fail.
    assert [each for each in complaints if "404" not in each and "400" not in each] == []


def test_store_is_authorized_by_clicking(
    sandbox: SandboxProcess, callback: Callback, page: "sync_api.Page"
) -> None:
    """Choose the second seller, take one permission away, confirm: the callback gets it, and no referrer."""
    scopes = "sellingpartnerapi::orders sellingpartnerapi::reports"
    page.goto(f"{sandbox.url}/{sandbox.consent_link(redirect_uri=callback.url, scope=scopes)}")
    page.get_by_label("我的店铺 ☕").check()
    page.get_by_label("sellingpartnerapi::orders").uncheck()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/callback?**")
    ((path, referer),) = callback.received
    query = parse_qs(urlsplit(path).query)
    assert query["selling_partner_id"] == ["A1SANDBOXNA002"]
    assert query["state"] == ["the-state"]
    assert referer is None
    exchanged = sandbox.exchange(query["spapi_oauth_code"][0], redirect_uri=callback.url)
    assert exchanged.json()["scope"] == "sellingpartnerapi::reports"


def test_cancel_of_a_store_stays_at_amazon(
    sandbox: SandboxProcess, callback: Callback, page: "sync_api.Page"
) -> None:
    """The page says that one has left; the callback hears nothing."""
    page.goto(f"{sandbox.url}/{sandbox.consent_link(redirect_uri=callback.url)}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("You left without authorizing").wait_for()
    assert callback.received == []


def test_ads_account_is_allowed_and_refused_by_clicking(
    sandbox: SandboxProcess, callback: Callback, page: "sync_api.Page"
) -> None:
    """Both buttons lead back, one with a code and one with access_denied."""
    for button, expected in (("Allow", "code"), ("Cancel", "error")):
        page.goto(f"{sandbox.url}/{sandbox.ads_link(redirect_uri=callback.url)}")
        page.get_by_label("Sandbox Partners").check()
        page.get_by_role("button", name=button).click()
        page.wait_for_url("**/callback?**")
        path, referer = callback.received[-1]
        assert expected in parse_qs(urlsplit(path).query)
        assert referer is None
