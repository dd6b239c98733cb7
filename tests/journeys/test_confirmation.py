"""A gateway with a public address, and a real browser: a person is asked, and the answer counts once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import ARGUMENTS, MISSING, find_chromium
from tests.support.consent import consent
from tests.support.house import House, open_house
from tests.support.public_gateway import CALLBACKS, PUBLIC

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = find_chromium()


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that is told that browsers reach it by a public name."""
    with open_house(tmp_path_factory.mktemp("public"), GATEWAY_PUBLIC_URL=PUBLIC) as house:
        for app in house.sandbox("state")["apps"]:
            house.sandbox("apps", {"clientId": app["clientId"], "redirectUris": [CALLBACKS[app["flow"]]]})
        yield house


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A running Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
@pytest.mark.parametrize(
    ("button", "state", "outcome"),
    [
        ("Give access", "authorized", "The store is authorized"),
        ("Cancel", "denied", "The authorization was canceled"),
    ],
)
def test_a_person_decides(public: House, browser: "Browser", button: str, state: str, outcome: str) -> None:
    """In Chromium, with its own idea of origins and policies."""
    link = public.good("authorize_url.py", "--seller-name", f"Store {button}", "--region", "NA")
    back = consent(link["authorizeUrl"], selling_partner_id="A1SANDBOXNA001")
    assert back.startswith(PUBLIC)
    page = browser.new_page()
    page.set_default_timeout(60_000)
    # The proxy in front of the gateway: the public name leads to its port.
    page.goto(back.replace(PUBLIC, public.url))
    said = page.inner_text("main")
    for part in ("owner", f"Store {button}", "A1SANDBOXNA001", "North America"):
        assert part in said
    assert "spapi_oauth_code" not in page.url
    page.get_by_role("button", name=button).click()
    # The page that says how it ended: it comes by itself where Amazon takes its time.
    page.get_by_role("heading", level=1, name=outcome).wait_for()
    assert "/oauth/result/" in page.url
    page.close()
    status = public.script("authorize_url.py", "--authorization-id", link["authorizationId"])
    assert status.document["state"] == state
