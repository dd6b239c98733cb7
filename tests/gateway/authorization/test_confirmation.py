"""Where strangers can reach the callback: nobody gets access before a person has said so."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from gateway.authorization.confirmation import CONFIRM_SECONDS
from tests.support.gateway_server import Amazon, Gateway, http, query_of, running_gateway, text_of

PUBLIC = "https://gateway.example.test"
SELLER = "A1SANDBOXNA001"


@pytest.fixture
def public(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that browsers reach by a public name."""
    for client, flow in ((amazon.spapi["clientId"], "spApi"), (amazon.ads["clientId"], "amazonAds")):
        amazon.control("apps", {"clientId": client, "redirectUris": [f"{PUBLIC}/{flow}/oauth/callback"]})
    with running_gateway(amazon, tmp_path, given_public_url=PUBLIC) as running:
        yield running
    for client in (amazon.spapi["clientId"], amazon.ads["clientId"]):
        amazon.control("apps", {"clientId": client, "redirectUris": None})


def came_back(gateway: Gateway, name: str = "My Store", seller: str = SELLER) -> tuple[str, str]:
    """Begin and consent; return the attempt's id and the callback, as a proxy passes it on."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": name})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=seller)
    assert back.startswith(PUBLIC)
    return begun["authorizationId"], back.removeprefix(PUBLIC)


def form_of(page: requests.Response) -> tuple[str, dict[str, str]]:
    """Return where a page's form goes, and its hidden fields."""
    action = re.search(r'<form method="post" action="([^"]+)">', page.text)
    assert action, text_of(page)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return unescape(action[1]), {name: unescape(value) for name, value in hidden}


def press(gateway: Gateway, page: requests.Response, decision: str, **changes: str) -> requests.Response:
    """Press a button of the page, as a browser does."""
    action, fields = form_of(page)
    headers = {"Origin": PUBLIC, "Host": urlsplit(PUBLIC).netloc}
    with http() as session:
        return session.post(
            gateway.url + action,
            data={**fields, "decision": decision} | changes,
            headers=headers,
            allow_redirects=False,
        )


def exchanges(amazon: Amazon) -> int:
    """How often a code was sent."""
    return len(amazon.calls(grantType="authorization_code"))


def test_the_page_says_who_gets_access_to_what(public: Gateway) -> None:
    """User, name, region and seller; nothing was exchanged, and the code is not in the address any more."""
    attempt, callback = came_back(public, "我的店铺 ☕")
    path, page = public.open(callback)
    said = text_of(page)
    for part in ("owner", "我的店铺 ☕", "North America", SELLER):
        assert part in said
    code = query_of(PUBLIC + callback)["spapi_oauth_code"]
    assert code not in path + page.text
    assert query_of(PUBLIC + callback)["state"] not in path + page.text
    assert exchanges(public.amazon) == 0
    assert public.status("spapi", attempt)["state"] == "pending"


def test_the_page_may_send_its_form_to_itself_only(public: Gateway) -> None:
    """And is not framed; its referrer policy lets the form say where it comes from."""
    _, page = public.open(came_back(public)[1])
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="referrer" content="same-origin">' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_yes_exchanges_the_code_and_leads_to_the_result(public: Gateway) -> None:
    """By a redirect, so that loading again sends nothing again."""
    attempt, callback = came_back(public)
    _, page = public.open(callback)
    answer = press(public, page, "confirm")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/oauth/result/{attempt}")
    assert "authorized" in text_of(public.get(answer.headers["Location"]))
    assert public.status("spapi", attempt)["state"] == "authorized"


def test_no_ends_the_attempt_as_denied(public: Gateway) -> None:
    """The code is never sent, and a yes afterwards comes too late."""
    attempt, callback = came_back(public)
    _, page = public.open(callback)
    assert press(public, page, "cancel").status_code == 303
    status = public.status("spapi", attempt)
    assert (status["state"], status["reason"]) == ("denied", "not_confirmed")
    assert press(public, page, "confirm").headers["Location"] == f"/oauth/result/{attempt}"
    assert public.status("spapi", attempt)["state"] == "denied"
    assert exchanges(public.amazon) == 0


def test_pressing_twice_sends_once(public: Gateway) -> None:
    """However fast."""
    attempt, callback = came_back(public)
    _, page = public.open(callback)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: press(public, page, "confirm"), range(4)))
    assert {answer.headers["Location"] for answer in answers} == {f"/oauth/result/{attempt}"}
    assert exchanges(public.amazon) == 1


@pytest.mark.parametrize(
    ("decision", "csrf_token"),
    [("confirm", ""), ("confirm", "x" * 43), ("", None), ("whatever", None)],
)
def test_a_forged_form_is_refused(public: Gateway, decision: str, csrf_token: str | None) -> None:
    """The attempt is left as it was, and the real page still works."""
    attempt, callback = came_back(public)
    _, page = public.open(callback)
    changes = {} if csrf_token is None else {"csrfToken": csrf_token}
    assert press(public, page, decision, **changes).status_code == 403
    assert exchanges(public.amazon) == 0
    assert press(public, page, "confirm").headers["Location"] == f"/oauth/result/{attempt}"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_form_from_another_page_is_refused(public: Gateway, origin: str) -> None:
    """Even one that has everything right."""
    _, callback = came_back(public)
    _, page = public.open(callback)
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
def test_what_was_made_up_opens_nothing(public: Gateway, held: str) -> None:
    """On the page and in the form."""
    attempt, callback = came_back(public)
    _, page = public.open(callback)
    assert press(public, page, "confirm", held=held).status_code == 400
    assert public.get(f"/oauth/confirm/{attempt}", params={"held": held}).status_code == 400
    assert exchanges(public.amazon) == 0


def test_what_is_held_belongs_to_its_attempt(public: Gateway) -> None:
    """One attempt's callback does not complete another."""
    first, _ = came_back(public)
    _, page = public.open(came_back(public)[1])
    _, fields = form_of(page)
    assert public.get(f"/oauth/confirm/{first}", params={"held": fields["held"]}).status_code == 400


def test_a_word_given_too_late_does_not_count(public: Gateway) -> None:
    """A code lives for five minutes."""
    _, callback = came_back(public)
    path, page = public.open(callback)
    public.clock.step(CONFIRM_SECONDS - 1)
    assert public.get(path).status_code == 200
    public.clock.step(1)
    assert public.get(path).status_code == 400
    assert press(public, page, "confirm").status_code == 400
    assert exchanges(public.amazon) == 0


@pytest.mark.parametrize("attempt", ["A" * 22, "short", "x" * 500])
def test_an_unknown_attempt_is_not_found(public: Gateway, attempt: str) -> None:
    """Whatever stands in the address."""
    assert public.get(f"/oauth/confirm/{attempt}").status_code == 404
    with http() as session:
        assert session.post(f"{public.url}/oauth/confirm/{attempt}").status_code == 404


def test_what_is_refused_anyway_asks_nobody(public: Gateway) -> None:
    """A wrong seller, a refusal on Amazon's page, an unknown state."""
    begun = public.good("/spApi/authorizeUrl", {"sellerName": "S", "sellerId": "A1OTHER"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    path, _ = public.open(back.removeprefix(PUBLIC))
    assert path == f"/oauth/result/{begun['authorizationId']}"
    assert public.status("spapi", begun["authorizationId"])["reason"] == "wrong_seller"
    begun = public.good("/amazonAds/authorizeUrl", {"accountName": "A"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="cancel")
    assert public.open(back.removeprefix(PUBLIC))[0] == f"/oauth/result/{begun['authorizationId']}"
    path, _ = public.open("/spApi/oauth/callback?state=" + "x" * 43 + "&spapi_oauth_code=y")
    assert path.startswith("/oauth/result?problem=")


def test_an_ads_account_is_asked_for_as_well(public: Gateway) -> None:
    """It has no seller id to show."""
    begun = public.good("/amazonAds/authorizeUrl", {"accountName": "Brand"})
    back = public.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    _, page = public.open(back.removeprefix(PUBLIC))
    assert "Brand" in text_of(page)
    press(public, page, "confirm")
    assert public.status("ads", begun["authorizationId"])["profileSync"] == "ok"


def test_on_loopback_nobody_is_asked(gateway: Gateway) -> None:
    """Only people at this machine get there."""
    assert gateway.authorize_store()["state"] == "authorized"
