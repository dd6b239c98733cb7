"""Every page under axe-core, in light and dark, on a desk and a phone, and if asked a picture of each."""

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gateway.web import console
from tests.browser.conftest import SCHEMES, Opener, dress
from tests.support.gateway_server import Gateway
from tests.support.house import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = "LINKFOX_TEST_PICTURES"
FOLDER = ROOT / "tests" / "screenshots"
LOGIN = (
    "/spApi/oauth/login?amazon_callback_uri=https%3A%2F%2Fsellercentral.amazon.com%2Fapps%2Fauthorize"
    "%2Fconfirm%2Fx&amazon_state=abc&selling_partner_id=A1SANDBOXNA001"
)


@pytest.fixture
def lived_in(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """A gateway with stores and accounts in every state, and two pages of stores."""
    monkeypatch.setattr(console, "PER_PAGE", 2)
    gateway.authorize_store(sellerName="A name of several words that has to be wrapped somewhere on a phone")
    gateway.authorize_store("A1SANDBOXNA002", sellerName="我的店铺 ☕")
    scopes = ["sellingpartnerapi::orders", "sellingpartnerapi::reports", "sellingpartnerapi::notifications"]
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Partly", "region": "EU", "scopes": scopes})
    gateway.open(
        gateway.amazon.consent(
            begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXEU001", scope=scopes[:1]
        )
    )
    gateway.authorize_account()
    gateway.authorize_account("SANDBOX_EMPTY", accountName="A name without a blank" + "x" * 70)
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA002"})
    gateway.post("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA002"})
    gateway.clock.step(1500)
    gateway.vault.audit.flush()
    gateway.add_user("guest")
    return gateway


def load_axe(page: "Page") -> None:
    """Put axe-core into the page that is there."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(Axe().axe_script)


def violations(page: "Page") -> list[str]:
    """What axe-core finds fault with, as rule and element."""
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert found["passes"], "axe-core looked at nothing"
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


def overflow(page: "Page") -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(
    ("language", "dresses"),
    [
        ("en-US", [("light", False), ("dark", True)]),
        ("zh-CN", [("dark", False), ("light", True)]),
    ],
)
def test_every_page_is_accessible(
    lived_in: Gateway, open_page: Opener, language: str, dresses: list[tuple[str, bool]]
) -> None:
    """No violation of axe-core's rules and nothing that has to be scrolled sideways.

    A page is loaded once, and looked at in each dress. It is clicked on as on a phone.
    """
    page = open_page(language=language)
    faults: list[str] = []
    url = lived_in.url

    def look(name: str) -> None:
        page.wait_for_load_state("load")  # with the stylesheet
        load_axe(page)
        for scheme, phone in dresses:
            dress(page, scheme, phone)
            kind = f"{scheme}-{language}-{'phone' if phone else 'desk'}"
            if os.environ.get(PICTURES):
                page.screenshot(path=FOLDER / kind / f"{name}.png", full_page=True)
            faults.extend(f"{kind}/{name}: {violation}" for violation in violations(page))
            if overflow(page) > 0:
                faults.append(f"{kind}/{name}: wider than the window by {overflow(page)} pixels")

    page.goto(url + "/")
    look("sign-in")
    page.locator("#key").fill("wrong")
    page.locator("main button").click()
    page.get_by_role("alert").wait_for()
    look("sign-in-refused")
    page.locator("#key").fill(lived_in.keys["guest"])
    page.locator("main button").click()
    page.locator(".nothing").first.wait_for()
    look("overview-empty")
    page.context.clear_cookies()
    page.goto(url + "/")
    page.locator("#key").fill(lived_in.keys["owner"])
    page.locator("main button").click()
    page.locator(".cards").first.wait_for()
    look("overview")
    page.goto(url + "/?notice=removed&stores=2")
    look("overview-second-page")
    again = page.locator("a[href^='/stores/authorize?again=']").first.get_attribute("href") or ""
    page.goto(url + again)
    look("authorize-again")
    page.goto(url + "/accounts/authorize")
    look("authorize-account")
    page.goto(url + "/stores/authorize")
    page.locator("#name").fill("Mine")
    page.locator("#marketplace").select_option("JP")
    page.locator("main button").click()
    page.locator("#marketplace-error").wait_for()
    look("authorize-store-corrected")
    page.locator("#region").select_option("FE")
    page.locator("main button").click()
    page.locator(f"a[href^='{lived_in.amazon.url}']").wait_for()
    look("to-amazon")
    page.locator("a.button").first.click()
    page.locator("button[value=confirm]").click()  # in the language of the browser
    page.wait_for_url("**/oauth/result/*")
    page.locator("meta[http-equiv=refresh]").wait_for(state="detached")  # the outcome, not the waiting
    look("result-authorized")
    page.goto(f"{url}/oauth/result?problem=expired")
    look("result-expired")
    page.goto(f"{url}/spApi/oauth/callback?state={'x' * 43}")
    look("result-unknown")
    page.goto(url + again.replace("/stores/authorize?again=", "/remove/"))
    look("remove")
    page.goto(url + again.replace("/stores/authorize?again=", "/rename/"))
    look("rename")
    page.goto(url + LOGIN)
    look("appstore")
    page.goto(url + "/spApi/oauth/login")
    look("appstore-refused")
    assert faults == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_has_its_landmarks(lived_in: Gateway, open_page: Opener, scheme: str) -> None:
    """One main part and one first heading, and headings that skip no level."""
    page = open_page(scheme=scheme)
    page.goto(lived_in.url + "/")
    page.locator("#key").fill(lived_in.keys["owner"])
    page.locator("main button").click()
    page.locator(".cards").first.wait_for()
    for path in ("/", "/stores/authorize", "/oauth/result?problem=expired"):
        page.goto(lived_in.url + path)
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("banner").count() == 1
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(each => +each.tagName[1])")
        assert levels.count(1) == 1
        assert all(following <= before + 1 for before, following in pairwise(levels))


def test_the_activity_is_a_table_on_a_phone_too(lived_in: Gateway, open_page: Opener) -> None:
    """Laid out as blocks there, it still has its headings and cells for screen readers."""
    page = open_page(phone=True)
    page.goto(lived_in.url + "/")
    page.locator("#key").fill(lived_in.keys["owner"])
    page.locator("main button").click()
    table = page.get_by_role("table", name="Recent activity")
    table.get_by_role("columnheader", name="Outcome").wait_for(state="attached")
    page.wait_for_load_state("load")  # with the stylesheet
    row = table.get_by_role("row").filter(has_text="Needs authorization again")
    assert row.get_by_role("cell").count() == 4
    assert page.evaluate("document.querySelector('table').scrollWidth") <= 390
