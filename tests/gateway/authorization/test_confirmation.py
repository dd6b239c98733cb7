"""Where strangers can reach the callback: nobody gets access before a person has said so."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from gateway.authorization.confirmation import CONFIRM_SECONDS
from gateway.vault.attempts import MOST_CODES
from tests.support import documented
from tests.support.gateway_server import Amazon, Gateway, http, query_of, text_of
from tests.support.public_gateway import HOST, PUBLIC, SELLER, came_back, public_gateway

COOKIE = "__Host-linkfox-sandbox-confirm-"


class Browser:
    """A browser that reaches the gateway by its public name, and keeps cookies unless it is told not to."""

    def __init__(self, gateway: Gateway, *, cookies: bool = True) -> None:
        self._gateway = gateway
        self._keeps = cookies
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []

    def get(self, path: str) -> requests.Response:
        """Open a path and follow no redirect."""
        return self._send("GET", path)

    def open(self, callback: str) -> tuple[str, requests.Response]:
        """Open a callback; return the path of the page that it ends on, and the page."""
        answer = self.get(callback)
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:300]}"
        return answer.headers["Location"], self.get(answer.headers["Location"])

    def press(self, page: requests.Response, decision: str, **changes: str) -> requests.Response:
        """Press a button of a page."""
        action, fields = form_of(page)
        return self._send("POST", action, {**fields, "decision": decision} | changes)

    def _send(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        headers = {"Host": HOST}
        if form is not None:
            headers["Origin"] = PUBLIC
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with http() as session:
            answer = session.request(
                method, self._gateway.url + path, data=form, headers=headers, allow_redirects=False
            )
        documented.check(answer)
        self.set_cookies = answer.raw.headers.getlist("Set-Cookie")
        for each in self.set_cookies if self._keeps else ():
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if "Max-Age=0" in each:
                del self.cookies[name]
        return answer


@pytest.fixture
def browser(public: Gateway) -> Browser:
    """The browser of the person who consents."""
    return Browser(public)


@pytest.fixture
def public(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that browsers reach by a public name."""
    with public_gateway(amazon, tmp_path) as running:
        yield running


def form_of(page: requests.Response) -> tuple[str, dict[str, str]]:
    """Return where a page's form goes, and its hidden fields."""
    action = re.search(r'<form method="post" action="([^"]+)">', page.text)
    assert action, text_of(page)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return unescape(action[1]), {name: unescape(value) for name, value in hidden}


def exchanges(amazon: Amazon) -> int:
    """How often a code was sent."""
    return len(amazon.calls(grantType="authorization_code"))


def test_the_page_says_who_gets_access_to_what(public: Gateway, browser: Browser) -> None:
    """User, name, region and seller; nothing was exchanged, and the code is not in the address any more."""
    attempt, callback = came_back(public, "我的店铺 ☕")
    path, page = browser.open(callback)
    said = text_of(page)
    for part in ("owner", "我的店铺 ☕", "North America", SELLER):
        assert part in said
    code = query_of(PUBLIC + callback)["spapi_oauth_code"]
    assert code not in path + page.text
    assert query_of(PUBLIC + callback)["state"] not in path + page.text
    assert exchanges(public.amazon) == 0
    assert public.status("spapi", attempt)["state"] == "pending"


def test_the_page_may_send_its_form_to_itself_only(public: Gateway, browser: Browser) -> None:
    """And is not framed; its form says which gateway it comes from, and no request says which page."""
    _, page = browser.open(came_back(public)[1])
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert '<meta name="referrer" content="strict-origin">' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_yes_exchanges_the_code_and_leads_to_the_result(public: Gateway, browser: Browser) -> None:
    """By a redirect, so that loading again sends nothing again."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    answer = browser.press(page, "confirm")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/oauth/result/{attempt}")
    assert "authorized" in text_of(public.get(answer.headers["Location"]))
    assert public.status("spapi", attempt)["state"] == "authorized"


def test_no_ends_the_attempt_as_denied(public: Gateway, browser: Browser) -> None:
    """The code is never sent, and a yes afterwards comes too late."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    assert browser.press(page, "cancel").status_code == 303
    status = public.status("spapi", attempt)
    assert (status["state"], status["reason"]) == ("denied", "not_confirmed")
    assert browser.press(page, "confirm").headers["Location"] == f"/oauth/result/{attempt}"
    assert public.status("spapi", attempt)["state"] == "denied"
    assert exchanges(public.amazon) == 0


def test_pressing_twice_sends_once(public: Gateway, browser: Browser) -> None:
    """However fast."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: browser.press(page, "confirm"), range(4)))
    assert {answer.headers["Location"] for answer in answers} == {f"/oauth/result/{attempt}"}
    assert exchanges(public.amazon) == 1


@pytest.mark.parametrize(
    ("decision", "csrf_token"),
    [("confirm", ""), ("confirm", "x" * 43), ("", None), ("whatever", None)],
)
def test_a_forged_form_is_refused(
    public: Gateway, browser: Browser, decision: str, csrf_token: str | None
) -> None:
    """The attempt is left as it was, and the real page still works."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    changes = {} if csrf_token is None else {"csrfToken": csrf_token}
    assert browser.press(page, decision, **changes).status_code == 403
    assert exchanges(public.amazon) == 0
    assert browser.press(page, "confirm").headers["Location"] == f"/oauth/result/{attempt}"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_form_from_another_page_is_refused(public: Gateway, browser: Browser, origin: str) -> None:
    """Even one that has everything right."""
    _, callback = came_back(public)
    _, page = browser.open(callback)
    action, fields = form_of(page)
    with http() as session:
        answer = session.post(
            public.url + action, data={**fields, "decision": "confirm"}, headers={"Origin": origin}
        )
    assert answer.status_code == 403
    assert answer.json()["reason"] == "origin_not_allowed"
    assert exchanges(public.amazon) == 0


def test_a_body_that_is_no_form_is_told_on_a_page(public: Gateway) -> None:
    """As on every other page; nothing is exchanged."""
    attempt, _ = came_back(public)
    with http() as session:
        answer = session.post(f"{public.url}/oauth/confirm/{attempt}", json={"decision": "confirm"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert exchanges(public.amazon) == 0


@pytest.mark.parametrize("held", ["", "x", "é", "A" * 400, "=" * 9000])
def test_what_was_made_up_opens_nothing(public: Gateway, browser: Browser, held: str) -> None:
    """On the page and in the form."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    assert browser.press(page, "confirm", held=held).status_code == 400
    assert browser.get(f"/oauth/confirm/{attempt}?{urlencode({'held': held})}").status_code == 400
    assert exchanges(public.amazon) == 0


def test_what_is_held_belongs_to_its_attempt(public: Gateway, browser: Browser) -> None:
    """One attempt's callback does not complete another."""
    first, _ = came_back(public)
    _, page = browser.open(came_back(public)[1])
    _, fields = form_of(page)
    assert browser.get(f"/oauth/confirm/{first}?{urlencode({'held': fields['held']})}").status_code == 400


def test_a_word_given_too_late_does_not_count(public: Gateway, browser: Browser) -> None:
    """A code lives for five minutes."""
    _, callback = came_back(public)
    path, page = browser.open(callback)
    public.clock.step(CONFIRM_SECONDS - 1)
    assert browser.get(path).status_code == 200
    public.clock.step(1)
    assert browser.get(path).status_code == 400
    assert browser.press(page, "confirm").status_code == 400
    assert exchanges(public.amazon) == 0


@pytest.mark.parametrize("attempt", ["A" * 22, "short", "x" * 500])
def test_an_unknown_attempt_is_not_found(public: Gateway, attempt: str) -> None:
    """Whatever stands in the address."""
    assert public.get(f"/oauth/confirm/{attempt}").status_code == 404
    with http() as session:
        assert session.post(f"{public.url}/oauth/confirm/{attempt}").status_code == 404


def test_what_is_refused_anyway_asks_nobody(public: Gateway, browser: Browser) -> None:
    """A wrong seller, a refusal on Amazon's page, an unknown state."""
    begun = public.good("/spApi/authorizeUrl", {"sellerName": "S", "sellerId": "A1OTHER"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    path, _ = browser.open(back.removeprefix(PUBLIC))
    assert path == f"/oauth/result/{begun['authorizationId']}"
    assert public.status("spapi", begun["authorizationId"])["reason"] == "wrong_seller"
    begun = public.good("/amazonAds/authorizeUrl", {"accountName": "A"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="cancel")
    assert browser.open(back.removeprefix(PUBLIC))[0] == f"/oauth/result/{begun['authorizationId']}"
    path, _ = browser.open("/spApi/oauth/callback?state=" + "x" * 43 + "&spapi_oauth_code=y")
    assert path.startswith("/oauth/result?problem=")


def test_an_ads_account_is_asked_for_as_well(public: Gateway, browser: Browser) -> None:
    """It has no seller id to show."""
    begun = public.good("/amazonAds/authorizeUrl", {"accountName": "Brand"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    _, page = browser.open(back.removeprefix(PUBLIC))
    assert "Brand" in text_of(page)
    browser.press(page, "confirm")
    assert public.status("ads", begun["authorizationId"])["profileSync"] == "ok"


def test_the_cookie_is_for_this_host_alone_and_ends_soon(public: Gateway, browser: Browser) -> None:
    """No script reads it, no other site sends it; it lives as long as the code, or until it has served."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    (name,) = browser.cookies
    assert name == COOKIE + attempt
    browser.get(callback)  # opened twice, the first page stays good
    (cookie,) = browser.set_cookies
    attributes = {each.strip() for each in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", f"Max-Age={CONFIRM_SECONDS}", "Path=/", "SameSite=lax", "Secure"}
    browser.press(page, "confirm")
    assert browser.cookies == {}
    assert public.status("spapi", attempt)["state"] == "authorized"


def test_what_another_browser_holds_changes_nothing(public: Gateway, browser: Browser) -> None:
    """Neither the page's address nor its form is of use to who saw them; the person goes on undisturbed."""
    attempt, callback = came_back(public)
    path, page = browser.open(callback)
    stranger = Browser(public)
    stranger.open(came_back(public, "Hers")[1])  # with a cookie of her own
    for decision in ("confirm", "cancel"):
        answer = stranger.press(page, decision)
        assert answer.status_code == 403
        assert "Another browser" in text_of(answer)
    assert stranger.get(path).status_code == 403
    assert exchanges(public.amazon) == 0
    assert public.status("spapi", attempt)["state"] == "pending"
    browser.press(page, "confirm")
    assert public.status("spapi", attempt)["state"] == "authorized"


def test_a_browser_without_cookies_is_told_what_to_do(public: Gateway) -> None:
    """Nothing is exchanged, since nobody can be asked."""
    attempt, callback = came_back(public)
    _, page = Browser(public, cookies=False).open(callback)
    assert page.status_code == 403
    assert "keeps no cookies" in text_of(page)
    assert "Allow cookies" in text_of(page)
    assert public.status("spapi", attempt)["state"] == "pending"
    assert exchanges(public.amazon) == 0


def test_several_tabs_at_once_work(public: Gateway, browser: Browser) -> None:
    """Also where the callbacks were on their way before the first cookie was set."""
    begun = [came_back(public, f"Store {number}", f"A1SANDBOXNA00{number}") for number in (1, 2, 3)]
    tabs = [Browser(public) for _ in begun]
    pages = [tab.open(callback)[1] for tab, (_, callback) in zip(tabs, begun, strict=True)]
    for tab in tabs:
        browser.cookies |= tab.cookies
    for page, (attempt, _) in zip(pages, begun, strict=True):
        assert browser.press(page, "confirm").status_code == 303
        assert public.status("spapi", attempt)["state"] == "authorized"


def seen_by(public: Gateway, callback: str, name: str = "Hers") -> str:
    """Return a callback of mallory's own attempt with the code and seller of somebody else's callback."""
    begun = public.good("/spApi/authorizeUrl", {"sellerName": name}, user="mallory")
    query = {**query_of(PUBLIC + callback), "state": query_of(begun["authorizeUrl"])["state"]}
    return f"/spApi/oauth/callback?{urlencode(query)}"


def test_a_code_that_waits_is_of_no_use_to_another_user(public: Gateway, browser: Browser) -> None:
    """Not by the call, not by a browser, not after a no; her own attempt stays as it was."""
    public.add_user("mallory")
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    hers = seen_by(public, callback)
    pasted = {"callbackUrl": PUBLIC + hers}
    answer = public.bad("/spApi/completeAuthorization", pasted, status=400, user="mallory")
    assert (answer["reason"], answer["errcode"]) == ("code_taken", 1002)
    path, told = Browser(public).open(hers)
    assert path == "/oauth/result?problem=code_taken"
    assert told.status_code == 400
    assert exchanges(public.amazon) == 0
    browser.press(page, "cancel")
    assert (
        public.bad("/spApi/completeAuthorization", pasted, status=400, user="mallory")["reason"]
        == "code_taken"
    )
    assert public.status("spapi", attempt)["state"] == "denied"
    assert exchanges(public.amazon) == 0
    assert public.good("/spApi/authorizedStores", user="mallory")["total"] == 0


def test_the_person_whose_code_was_seen_gets_the_store(public: Gateway, browser: Browser) -> None:
    """As if nobody had tried."""
    public.add_user("mallory")
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    public.bad(
        "/spApi/completeAuthorization",
        {"callbackUrl": PUBLIC + seen_by(public, callback)},
        status=400,
        user="mallory",
    )
    browser.press(page, "confirm")
    assert public.status("spapi", attempt)["store"]["sellerId"] == SELLER
    assert exchanges(public.amazon) == 1


def test_made_up_codes_of_one_link_come_to_an_end(public: Gateway, browser: Browser) -> None:
    """The page that is open goes on all the same."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    code = query_of(PUBLIC + callback)["spapi_oauth_code"]
    stranger = Browser(public)
    pages = [stranger.get(callback.replace(code, f"made-up-{number}")) for number in range(MOST_CODES)]
    assert {each.headers["Location"].partition("?")[0] for each in pages[:-1]} == {
        f"/oauth/confirm/{attempt}"
    }
    assert "Too many authorization codes" in text_of(stranger.get(pages[-1].headers["Location"]))
    browser.press(page, "confirm")
    assert public.status("spapi", attempt)["state"] == "authorized"


def test_who_made_the_link_cannot_bring_the_code_again(public: Gateway, browser: Browser) -> None:
    """Opened by another browser, the very same address gives no page to say yes or no on."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    stranger = Browser(public)
    path, told = stranger.open(callback)
    assert path == "/oauth/result?problem=code_taken"
    assert "Answer the question on that browser's page" in text_of(told)
    assert stranger.cookies == {}
    assert public.status("spapi", attempt)["state"] == "pending"
    browser.press(browser.open(callback)[1], "confirm")
    assert public.status("spapi", attempt)["state"] == "authorized"
    assert browser.press(page, "confirm").status_code == 303
    assert exchanges(public.amazon) == 1


def test_who_made_the_link_cannot_answer_for_the_person(public: Gateway, browser: Browser) -> None:
    """Once a browser has brought the code, only the page takes the word; an address pasted first works."""
    attempt, callback = came_back(public)
    _, page = browser.open(callback)
    pasted = {"callbackUrl": PUBLIC + callback}
    assert public.bad("/spApi/completeAuthorization", pasted, status=400)["reason"] == "code_taken"
    assert public.status("spapi", attempt)["state"] == "pending"
    browser.press(page, "confirm")
    assert public.status("spapi", attempt)["state"] == "authorized"
    _, other = came_back(public, "Pasted", "A1SANDBOXNA002")
    assert (
        public.good("/spApi/completeAuthorization", {"callbackUrl": PUBLIC + other})["state"] == "authorized"
    )


def test_on_loopback_nobody_is_asked(gateway: Gateway) -> None:
    """Only people at this machine get there."""
    assert gateway.authorize_store()["state"] == "authorized"
