"""A web application's customer is sent back to where it came from, however it ended, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.authorization.return_address import LONGEST_EXTERNAL_ID, LONGEST_RETURN_URL
from tests.support.gateway_server import Amazon, Gateway, http, query_of, running_gateway, text_of
from tests.support.public_gateway import HOST, came_back, public_gateway
from tests.support.visitor import Page

APP = "https://app.example.com"
RETURN = f"{APP}/connected?tenant=a%20b"
OTHER_ORIGINS = ("http://localhost:3000", "https://xn--bcher-kva.example", "https://[2001:db8::1]:8443")
SELLER, OTHER = "A1SANDBOXNA001", "A1SANDBOXNA002"


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that sends people back to some applications."""
    with running_gateway(amazon, tmp_path, return_origins=(APP, *OTHER_ORIGINS)) as running:
        yield running


def begin(gateway: Gateway, flow: str = "/spApi", **more: Any) -> dict[str, Any]:
    """Make a link for a customer."""
    name = {"/spApi": "sellerName", "/amazonAds": "accountName"}[flow]
    wanted = {name: "Customer 18", "returnUrl": RETURN, "externalId": "customer 18/é"}
    return gateway.good(f"{flow}/authorizeUrl", wanted | more)


def sent_back(gateway: Gateway, callback: str, cookie: str = "") -> dict[str, str]:
    """Open a callback; return what the application is told, after checking that it is nothing else."""
    answer = gateway.get(callback, headers={"Cookie": cookie} if cookie else {})
    assert answer.status_code == 303, text_of(answer)
    address = answer.headers["Location"]
    assert address.startswith(RETURN + "&"), "what the address had is there as it was, and first"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    told = query_of(address)
    assert told.pop("tenant") == "a b"
    assert told.keys() <= {"authorizationId", "state", "externalId", "reason", "alreadyKnown"}
    return told


def consented(gateway: Gateway, begun: dict[str, Any], seller: str = SELLER) -> str:
    """The callback of somebody who consents."""
    return gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=seller)


def test_who_authorized_a_store_is_sent_back_at_once(gateway: Gateway) -> None:
    """By the callback itself, so that the code leaves the address bar; the status says the same."""
    begun = begin(gateway)
    told = sent_back(gateway, consented(gateway, begun))
    attempt = begun["authorizationId"]
    assert told == {"authorizationId": attempt, "state": "authorized", "externalId": "customer 18/é"}
    assert (begun["externalId"], begun["returnUrl"]) == ("customer 18/é", RETURN)
    status = gateway.status("spapi", attempt)
    assert (status["externalId"], status["returnUrl"]) == ("customer 18/é", RETURN)
    assert status["store"]["externalId"] == "customer 18/é"
    (listed,) = gateway.good("/spApi/authorizedStores", {"externalId": "customer 18/é"})["stores"]
    assert (listed["externalId"], listed["returnUrl"]) == ("customer 18/é", RETURN)
    assert gateway.good("/spApi/authorizedStores", {"externalId": "customer 1"})["total"] == 0
    gateway.add_user("guest")
    theirs = {"externalId": "customer 18/é"}
    assert gateway.good("/spApi/authorizedStores", theirs, user="guest")["total"] == 0


def test_an_account_s_advertiser_is_sent_back_when_its_profiles_were_read(gateway: Gateway) -> None:
    """With a slash in the middle of nothing: an address without a path is one, too."""
    begun = begin(gateway, "/amazonAds", returnUrl=APP)
    assert (begun["externalId"], begun["returnUrl"]) == ("customer 18/é", APP)
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    answer = gateway.get(back)
    assert answer.headers["Location"].startswith(f"{APP}?authorizationId=")
    assert query_of(answer.headers["Location"])["state"] == "authorized"
    (row, *_) = gateway.good("/amazonAds/authorizedStores")["stores"]
    assert (row["externalId"], row["returnUrl"]) == ("customer 18/é", APP)


def test_who_comes_again_is_sent_back_as_it_stands(gateway: Gateway) -> None:
    """Reloading the callback, or opening the result page, tells nothing new."""
    begun = begin(gateway)
    callback = consented(gateway, begun)
    first = sent_back(gateway, callback)
    assert sent_back(gateway, callback) == first
    assert sent_back(gateway, f"/oauth/result/{begun['authorizationId']}") == first


def test_who_refuses_at_amazon_is_sent_back(gateway: Gateway) -> None:
    """Login with Amazon tells it; Seller Central does not, and its link ends."""
    begun = begin(gateway, "/amazonAds")
    told = sent_back(gateway, gateway.amazon.consent(begun["authorizeUrl"], decision="cancel"))
    assert (told["state"], told["reason"]) == ("denied", "access_denied")


def test_a_failure_is_told_by_its_reason(gateway: Gateway) -> None:
    """Another seller than the link was made for, and an exchange that Amazon refuses."""
    gateway.authorize_store()
    begun = begin(gateway, sellerId=SELLER)
    told = sent_back(gateway, consented(gateway, begun, OTHER))
    assert (told["state"], told["reason"]) == ("failed", "wrong_seller")
    begun = begin(gateway)
    gateway.amazon.fault({"status": 400, "body": {"error": "invalid_grant"}}, grantType="authorization_code")
    told = sent_back(gateway, consented(gateway, begun))
    assert (told["state"], told["reason"]) == ("failed", "code_refused")


def test_who_comes_too_late_is_sent_back(gateway: Gateway) -> None:
    """The link has ended, whether the gateway has noticed by then or not."""
    begun = begin(gateway)
    callback = consented(gateway, begun)
    gateway.clock.step(15 * 60)
    expired = ("expired", "expired")
    told = sent_back(gateway, callback)
    assert (told["state"], told["reason"]) == expired
    gateway.vault.attempts.settle_expired()
    settled = gateway.vault.attempts.get(begun["authorizationId"])
    assert settled is not None
    assert settled.phase == "expired"
    told = sent_back(gateway, callback)
    assert (told["state"], told["reason"]) == expired


def test_a_code_that_is_another_s_is_told_and_the_attempt_stays_open(gateway: Gateway) -> None:
    """The application can see in the status that its customer may go on."""
    callback = consented(gateway, begin(gateway))
    sent_back(gateway, callback)
    second = begin(gateway)
    code, state = query_of(callback)["spapi_oauth_code"], query_of(second["authorizeUrl"])["state"]
    injected = f"/spApi/oauth/callback?state={state}&selling_partner_id={SELLER}&spapi_oauth_code={code}"
    told = sent_back(gateway, injected)
    assert (told["state"], told["reason"]) == ("pending", "code_taken")
    assert sent_back(gateway, consented(gateway, second))["state"] == "authorized"


def test_a_state_of_nobody_s_leads_nowhere(gateway: Gateway) -> None:
    """Whatever address it brings; the page leads to no sign-in."""
    path, page = gateway.open(f"/spApi/oauth/callback?state={'x' * 43}&returnUrl=https://evil.example")
    assert path == "/oauth/result?problem=state_unknown"
    assert Page(page.text).all("a") == [{"class": "skip", "href": "#content"}]
    assert "evil.example" not in page.text


def test_the_redirect_does_not_go_by_today_s_settings(
    amazon: Amazon, tmp_path: Path, gateway: Gateway
) -> None:
    """An origin that is taken out of the list stops new links; who is on the way comes back."""
    callback = consented(gateway, begin(gateway))
    object.__setattr__(gateway.settings, "return_origins", ())
    sent_back(gateway, callback)


REFUSED = [
    "//app.example.com/x",
    "https:app.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
    "https://app.example.com@evil.example/",
    "https://user:pass@app.example.com/",
    "https://app.example.com.evil.example/",
    "https://app.example.com:8443/",
    "https://app.example.com:443/",
    "https://app.example.com.",
    "https://app.example.com./x",
    "https://App.example.com/",
    "HTTPS://app.example.com/",
    "http://app.example.com/",
    "https://sub.app.example.com/",
    "https://evil.example/?https://app.example.com",
    "https://evil.example#@app.example.com/",
    "https://app.example.com\\@evil.example/",
    "https://app.example.com\\.evil.example",
    "https://app.example.com/\\evil",
    "https://app.example.com/a b",
    "https://app.example.com/\r\nSet-Cookie: a=b",
    "https://app.example.com/\t",
    " https://app.example.com/",
    "https://app.example.com%2f@evil.example/",
    "https://app.example.com%40evil.example/",
    "https://app.exаmple.com/",  # a Cyrillic letter
    "https://app。example.com/",
    "https://bücher.example/",
    "https://[2001:db8::1]/",
    "https://[2001:DB8::1]:8443/",
    "https://[::ffff:127.0.0.1]/",
    "http://localhost:3001/",
    "http://localhost/",
    "http://127.0.0.1:3000/",
    "https://app.example.com/#top",
    "https://app.example.com/#",
    "https://app.example.com/?state=x",
    "https://app.example.com/?a=1&externalId=x",
    "https://app.example.com/?%73tate=x",
    "javascript:alert(1)",
    "javascript://app.example.com/%0aalert(1)",
    "data:text/html,x",
    "ftp://app.example.com/",
    "/connected",
    "app.example.com",
    "https://",
    "",
    f"{APP}/" + "a" * LONGEST_RETURN_URL,
]


@pytest.mark.parametrize("address", REFUSED)
def test_what_leads_elsewhere_is_refused_in_words(gateway: Gateway, address: str) -> None:
    """Before there is a link. Nothing of what was given stands in the answer."""
    refusal = gateway.bad("/spApi/authorizeUrl", {"sellerName": "Customer", "returnUrl": address}, status=400)
    assert refusal["reason"] == "bad_parameter"
    assert "returnUrl: " in refusal["errmsg"]
    assert "evil" not in refusal["errmsg"]


@pytest.mark.parametrize("value", [5, True, [APP], {"url": APP}])
def test_what_is_no_text_is_refused(gateway: Gateway, value: object) -> None:
    """As for every other field."""
    for name in ("returnUrl", "externalId"):
        refusal = gateway.bad("/spApi/authorizeUrl", {"sellerName": "C", name: value}, status=400)
        assert f"{name}: expected a string" in refusal["errmsg"]


@pytest.mark.parametrize(
    "address",
    [
        *(APP, f"{APP}/", f"{APP}?", f"{APP}?a=1&", f"{APP}//evil.example/%0d%0a", f"{APP}/../.%2e/x;y=1"),
        *(f"{origin}/back?a=(1)" for origin in OTHER_ORIGINS),
        f"{APP}/" + "a" * (LONGEST_RETURN_URL - len(APP) - 1),
    ],
)
def test_an_address_of_the_operator_s_origins_is_kept_to_the_letter(gateway: Gateway, address: str) -> None:
    """Whatever its path and query are."""
    begun = begin(gateway, returnUrl=address)
    answer = gateway.get(consented(gateway, begun))
    location = answer.headers["Location"]
    assert location.startswith(address)
    rest = location.removeprefix(address).lstrip("?&")
    assert rest.startswith(f"authorizationId={begun['authorizationId']}&state=authorized&")
    assert ("?" in address) == (location.removeprefix(address)[0] != "?")


def test_a_gateway_without_origins_says_who_sets_them(amazon: Amazon, tmp_path: Path) -> None:
    """To the caller, who can tell the operator; an external id needs none."""
    with running_gateway(amazon, tmp_path) as plain:
        refusal = plain.bad("/amazonAds/authorizeUrl", {"accountName": "C", "returnUrl": RETURN}, status=400)
        assert "GATEWAY_RETURN_ORIGINS" in refusal["errmsg"]
        assert plain.authorize_store(externalId="18")["store"]["externalId"] == "18"


@pytest.mark.parametrize("external_id", ["", "x" * (LONGEST_EXTERNAL_ID + 1), "a\nb", "a\u202eb", "\ud800"])
def test_an_external_id_is_one_line_of_a_hundred_characters(gateway: Gateway, external_id: str) -> None:
    """It is shown in lists and sent in notices."""
    body = {"sellerName": "C", "externalId": external_id}
    assert "externalId: expected 1 to 100" in gateway.bad("/spApi/authorizeUrl", body, status=400)["errmsg"]


def test_an_external_id_is_kept_as_it_is(gateway: Gateway) -> None:
    """Its blanks and letters are the application's, and it is told in the address, too."""
    external_id = " 客户 18 & <b>=%2f? "
    begun = begin(gateway, externalId=external_id)
    assert sent_back(gateway, consented(gateway, begun))["externalId"] == external_id
    assert gateway.status("spapi", begun["authorizationId"])["externalId"] == external_id


class Browser:
    """A browser at a gateway with a public name, which asks its person first."""

    def __init__(self, gateway: Gateway) -> None:
        self.url, self.session = gateway.url, http()
        self.session.headers.update({"Host": HOST, "Origin": f"https://{HOST}"})

    def get(self, path: str) -> Any:
        """Open a path and follow no redirect."""
        answer = self.session.get(self.url + path, allow_redirects=False)
        for name, value in answer.cookies.items():  # secure ones, which plain HTTP would not bring back
            self.session.headers["Cookie"] = f"{name}={value}"
        return answer

    def press(self, page: Any, path: str, decision: str) -> Any:
        """Press a button of a page, and open the page of this gateway that it leads to."""
        fields = {**Page(page.text).hidden(), "decision": decision}
        answer = self.session.post(self.url + path, data=fields, allow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/"), "a form's answer may lead nowhere else"
        return self.get(answer.headers["Location"])


@pytest.fixture
def public(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that browsers reach by a public name."""
    with public_gateway(amazon, tmp_path, return_origins=(APP,)) as running:
        yield running


@pytest.mark.parametrize(
    ("decision", "state", "reason"),
    [("confirm", "authorized", None), ("cancel", "denied", "not_confirmed")],
)
def test_who_was_asked_first_is_led_back_by_a_page(
    public: Gateway, decision: str, state: str, reason: str | None
) -> None:
    """By itself or by its link; the question says which application gets access, for whom."""
    _, callback = came_back(public, returnUrl=RETURN, externalId="18")
    browser = Browser(public)
    path = browser.get(callback).headers["Location"]
    page = browser.get(path)
    assert "app.example.com (account owner here)" in Page(page.text).text
    onward = browser.press(page, path.partition("?")[0], decision)
    assert onward.status_code == 200
    shown = Page(onward.text)
    assert "Back to app.example.com" in shown.text
    leads = shown.link("/oauth/result/")
    (refresh,) = (each for each in shown.all("meta") if each.get("http-equiv") == "refresh")
    assert refresh["content"] == f"0; url={leads}"
    told = query_of(browser.get(leads).headers["Location"])
    assert (told["state"], told.get("reason"), told["externalId"]) == (state, reason, "18")


def test_the_pages_in_between_are_in_chinese_too(public: Gateway) -> None:
    """The question names the application; the page that leads back does."""
    attempt, callback = came_back(public, returnUrl=RETURN, externalId="18")
    browser = Browser(public)
    browser.session.headers["Accept-Language"] = "zh-CN"
    asked = Page(browser.get(browser.get(callback).headers["Location"]).text)
    assert "授权给 app.example.com（本网关账户 owner）" in asked.text
    assert "返回 app.example.com" in Page(browser.get(f"/oauth/return/{attempt}").text).text


def test_without_a_way_back_there_is_none(public: Gateway) -> None:
    """The page between is for attempts of an application's alone; of an attempt that is not there, none."""
    attempt, _ = came_back(public)
    browser = Browser(public)
    assert browser.get(f"/oauth/return/{attempt}").headers["Location"] == f"/oauth/result/{attempt}"
    assert browser.get(f"/oauth/return/{'A' * 22}").status_code == 404


def test_what_goes_wrong_while_it_is_asked_leads_back_too(public: Gateway) -> None:
    """A browser that keeps no cookies: the page explains it, and has the application's link alone."""
    _, callback = came_back(public, returnUrl=RETURN, externalId="18")
    browser = Browser(public)
    path = browser.get(callback).headers["Location"]
    del browser.session.headers["Cookie"]
    page = Page(browser.get(path).text)
    assert "Allow cookies" in page.text
    (address,) = {each["href"] for each in page.all("a")} - {"#content"}
    assert address.startswith(RETURN)
    assert query_of(address)["state"] == "pending"
