"""Whole journeys by clicking, from the sign-in page to Amazon and back.

A click returns before the page that it leads to is there: what is looked for there is waited for.
"""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Opener, sign_in
from tests.support.gateway_server import Gateway

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = '"><img src=x onerror=alert(1)>'
SELLER = "A1SANDBOXNA001"


def authorize_store(page: "Page", name: str, seller: str = "A1SANDBOXNA001") -> None:
    """From the overview through Amazon to the result."""
    page.get_by_role("link", name="Authorize a store").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_label(seller).check()
    page.get_by_role("button", name="Confirm").click()


def card(page: "Page", name: str) -> str:
    """What the overview says of one store or account."""
    found = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))
    found.wait_for()
    page.wait_for_load_state("load")  # with all that stands in it
    return found.inner_text()


def test_a_store_is_authorized_by_clicking(gateway: Gateway, page: "Page") -> None:
    """The result page names it, and the overview lists it; no address ever shows the code."""
    sign_in(page, gateway)
    authorize_store(page, "My first store")
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    assert "/oauth/result/" in page.url
    assert "?" not in page.url
    page.get_by_role("link", name="Go to the overview").click()
    shown = card(page, "My first store")
    assert "Authorized" in shown
    assert SELLER in shown
    assert "North America" in shown
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["sellerName"] == "My first store"


def test_everything_works_without_javascript(gateway: Gateway, open_page: Opener) -> None:
    """Sign in, authorize, remove, sign out."""
    page = open_page(scripts=False)
    sign_in(page, gateway)
    authorize_store(page, "Plain")
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    page.get_by_role("link", name="Remove: Plain").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("No store is authorized yet").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", level=1, name="Sign in").wait_for()


def test_a_vendor_of_a_site_is_authorized_by_clicking(gateway: Gateway, page: "Page") -> None:
    """A wrong pair of site and region is said beside its field; the right one leads to Vendor Central."""
    sign_in(page, gateway)
    page.get_by_role("link", name="Authorize a store").click()
    page.get_by_label("Name").fill("Vendor")
    page.get_by_label("Site").select_option("JP")
    page.get_by_label("It is a vendor account").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Japan belongs to the region Far East").wait_for()
    page.locator("#marketplace:focus").wait_for()  # so that a screen reader tells what is wrong with it
    assert page.get_by_label("It is a vendor account").is_checked()
    page.get_by_label("Region").select_option("FE")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("vendorcentral.amazon.co.jp").wait_for()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_label("A1SANDBOXVENFE").check()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()


def test_an_ads_account_is_authorized_by_clicking(gateway: Gateway, page: "Page") -> None:
    """With the sites of its profiles in the overview."""
    sign_in(page, gateway)
    page.get_by_role("link", name="Authorize an ads account").click()
    page.get_by_label("Name").fill("Brands")
    page.get_by_label("Region").select_option("EU")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_label("Sandbox Brands").check()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", level=1, name="The ads account is authorized").wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    assert "Germany" in card(page, "Brands")


def test_an_ads_account_without_profiles_says_what_to_do(gateway: Gateway, page: "Page") -> None:
    """The authorization stands; the remedy is the manager account."""
    sign_in(page, gateway)
    page.get_by_role("link", name="Authorize an ads account").click()
    page.get_by_label("Name").fill("Newcomer")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_label("Sandbox Newcomer").check()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", level=1, name="no advertising profile").wait_for()
    page.get_by_text("Manager accounts").wait_for()


def test_a_refusal_is_told(gateway: Gateway, page: "Page") -> None:
    """Ads sends the browser back with it; nothing is listed."""
    sign_in(page, gateway)
    page.get_by_role("link", name="Authorize an ads account").click()
    page.get_by_label("Name").fill("Refused")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", level=1, name="The authorization was canceled").wait_for()
    page.get_by_text("Refused", exact=True).wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    page.get_by_text("No ads account is authorized yet").wait_for()


def test_a_store_that_is_left_at_amazon_stays_out(gateway: Gateway, page: "Page") -> None:
    """Amazon does not send the browser back; the overview is as it was."""
    sign_in(page, gateway)
    page.get_by_role("link", name="Authorize a store").click()
    page.get_by_label("Name").fill("Left")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("You left without authorizing").wait_for()
    page.goto(gateway.url + "/")
    page.get_by_text("No store is authorized yet").wait_for()


def test_a_revoked_store_is_authorized_again(gateway: Gateway, page: "Page") -> None:
    """From its card; another seller coming back is refused, the right one mends it."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    gateway.post("/spApi/refreshToken", {"sellerId": SELLER})
    sign_in(page, gateway)
    assert "Needs authorization again" in card(page, f"Store {SELLER}")
    for seller, outcome in (
        ("A1SANDBOXNA002", "The authorization failed"),
        (SELLER, "The store is authorized"),
    ):
        page.goto(gateway.url + "/")
        page.get_by_role("link", name=f"Authorize again: Store {SELLER}").click()
        assert page.get_by_label("Name").input_value() == f"Store {SELLER}"
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Continue to Amazon").click()
        page.get_by_label(seller).check()
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", level=1, name=outcome).wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    assert "Needs authorization again" not in card(page, f"Store {SELLER}")


def test_a_hostile_name_is_only_text(gateway: Gateway, page: "Page") -> None:
    """On every page that shows it; no element of it exists, and no script runs."""
    sign_in(page, gateway)
    authorize_store(page, HOSTILE)
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    page.get_by_text(HOSTILE).wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    page.get_by_role("heading", name=HOSTILE).wait_for()
    for link in ("Authorize again", "Remove"):
        page.get_by_role("link", name=link).click()
        page.get_by_role("heading", level=1, name=HOSTILE).wait_for()
        assert page.locator("img").count() == 0
        page.goto(gateway.url + "/")
    assert page.locator("img").count() == 0


def test_a_store_is_removed_by_clicking(gateway: Gateway, page: "Page") -> None:
    """It asks first, and keeping it keeps it."""
    gateway.authorize_store()
    sign_in(page, gateway)
    page.get_by_role("link", name=f"Remove: Store {SELLER}").click()
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name=f"Remove: Store {SELLER}").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("status").filter(has_text="Removed.").wait_for()
    page.get_by_text("No store is authorized yet").wait_for()


def test_signing_in_and_out(gateway: Gateway, page: "Page") -> None:
    """A wrong key is said beside the field; signed out, going back shows nothing."""
    page.goto(gateway.url + "/")
    page.get_by_label("API key").fill("lfx_local_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").filter(has_text="unknown or was revoked").wait_for()
    assert page.get_by_label("API key").input_value() == ""
    sign_in(page, gateway)
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", level=1, name="Sign in").wait_for()
    assert not [each for each in page.context.cookies() if "session" in each["name"]]
    page.go_back()
    page.get_by_role("heading", level=1, name="Sign in").wait_for()


def test_a_session_that_ended_asks_for_the_key_and_goes_on(gateway: Gateway, page: "Page") -> None:
    """After signing in again the page that was wanted is there."""
    sign_in(page, gateway)
    gateway.clock.step(13 * 3600)
    page.get_by_role("link", name="Authorize a store").click()
    page.get_by_label("API key").fill(gateway.keys["owner"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Authorize a store").wait_for()


def test_a_form_whose_token_was_changed_is_refused(gateway: Gateway, page: "Page") -> None:
    """The page says so, and nothing was removed."""
    gateway.authorize_store()
    sign_in(page, gateway)
    page.get_by_role("link", name="Remove").click()
    page.locator("main input[name=token]").evaluate("field => field.value = 'forged'")
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("was not sent from this gateway's own page").wait_for()
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


@pytest.mark.parametrize("path", ["/signout", "/stores/authorize"])
def test_a_form_of_another_site_is_refused(gateway: Gateway, page: "Page", path: str) -> None:
    """Posted from the stand-in's origin, as any page on the web could: the session stays untouched."""
    sign_in(page, gateway)
    page.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{gateway.url}{path}"><button>Win a prize</button></form>',
        ),
    )
    page.goto("http://elsewhere.test/")
    page.get_by_role("button", name="Win a prize").click()
    page.get_by_text("origin_not_allowed").wait_for()
    page.goto(gateway.url + "/")
    page.get_by_role("heading", level=1, name="Stores and ads accounts").wait_for()


def test_a_seller_comes_from_the_appstore(gateway: Gateway, page: "Page") -> None:
    """From Amazon's page over signing in and the question to the store's result."""
    host = f"{gateway.amazon.url}/sellercentral.amazon.com"
    page.goto(f"{host}/apps/store/dp/{gateway.amazon.spapi['appId']}")
    page.get_by_label("A1SANDBOXNA002").check()
    page.get_by_label("Login URI").fill(gateway.url + "/spApi/oauth/login")
    page.get_by_role("button", name="Authorize now").click()
    page.get_by_label("API key").fill(gateway.keys["owner"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("the seller A1SANDBOXNA002 wants to connect to your account owner").wait_for()
    assert gateway.good("/spApi/authorizedStores")["total"] == 0
    page.get_by_label("Name").fill("From the Appstore")
    page.get_by_role("button", name="Connect it to my account").click()
    page.get_by_role("link", name="Continue to Amazon").click()
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (store["sellerId"], store["sellerName"]) == ("A1SANDBOXNA002", "From the Appstore")


def test_a_session_is_kept_when_coming_from_amazon(gateway: Gateway, page: "Page") -> None:
    """Who is signed in and follows the Appstore's redirect is asked at once, not for the key."""
    sign_in(page, gateway)
    host = f"{gateway.amazon.url}/sellercentral.amazon.com"
    page.goto(f"{host}/apps/store/dp/{gateway.amazon.spapi['appId']}")
    page.get_by_label("Login URI").fill(gateway.url + "/spApi/oauth/login")
    page.get_by_role("button", name="Authorize now").click()
    page.get_by_role("heading", level=1, name="A seller wants to connect").wait_for()


def test_everything_works_with_the_keyboard(gateway: Gateway, page: "Page") -> None:
    """Sign in and reach the first button by Tab and Enter; the focus is always visible."""
    page.goto(gateway.url + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.type(gateway.keys["owner"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Stores and ads accounts").wait_for()
    page.wait_for_load_state("load")  # with the stylesheet
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "[document.activeElement.textContent.trim(),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    assert [text for text, _ in seen][1:] == [
        "LinkFox Amazon authorization",
        "Sign out",
        "Authorize a store",
    ]
    assert {outline for _, outline in seen} == {"solid"}, seen
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Authorize a store").wait_for()


def test_a_chinese_browser_is_spoken_to_in_chinese(gateway: Gateway, open_page: Opener) -> None:
    """From the sign-in page to the overview."""
    page = open_page(language="zh-CN")
    page.goto(gateway.url + "/")
    page.get_by_label("API Key").fill(gateway.keys["owner"])
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", level=1, name="店铺与广告账户").wait_for()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
