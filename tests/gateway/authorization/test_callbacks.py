"""Callbacks that should not work: each ends with its own reason, and no code is sent that should not be."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from gateway.amazon.session import AmazonSession
from gateway.authorization.code_exchange import EXCHANGE_TRIES
from tests.support.gateway_server import Amazon, Gateway, http, query_of, running_gateway, text_of
from tests.support.house import until

SELLER = "A1SANDBOXNA001"
EXCHANGES = {"grantType": "authorization_code"}


def begin(gateway: Gateway) -> tuple[str, str]:
    """Begin a store's authorization: its id, and the callback that the consent leads to."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    return begun["authorizationId"], back


def begin_account(gateway: Gateway) -> tuple[str, str]:
    """Begin an ads account's authorization: its id and its link."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Account"})
    return begun["authorizationId"], begun["authorizeUrl"]


def problem_of(gateway: Gateway, address: str) -> str:
    """Open a callback that belongs to no attempt, check its page, and return the problem it names."""
    path, page = gateway.open(address)
    assert page.status_code == 400
    assert "What to do" in text_of(page)
    return query_of(path)["problem"]


@pytest.mark.parametrize("path", ["/spApi/oauth/callback", "/amazonAds/oauth/callback"])
@pytest.mark.parametrize("state", [None, "", "short", "x" * 43, "é" * 43, '"><script>', "x" * 5000])
def test_a_missing_or_foreign_state_opens_nothing(gateway: Gateway, path: str, state: str | None) -> None:
    """Whatever stands there, the code beside it is not sent."""
    query = {"spapi_oauth_code": "RHcode", "code": "RHcode", "selling_partner_id": SELLER}
    if state is not None:
        query["state"] = state
    assert problem_of(gateway, f"{gateway.url}{path}?{urlencode(query)}") == "state_unknown"
    assert gateway.amazon.calls(**EXCHANGES) == []


def test_a_state_works_once(gateway: Gateway) -> None:
    """The address of a callback, opened again, changes nothing."""
    attempt_id, back = begin(gateway)
    gateway.open(back)
    assert problem_of(gateway, back) == "state_used"
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"
    assert len(gateway.amazon.calls(**EXCHANGES)) == 1


def test_a_state_works_once_however_many_come_at_once(gateway: Gateway) -> None:
    """Of twenty browsers with the same callback one gets through."""
    _, back = begin(gateway)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: gateway.get(back).headers["Location"], range(20)))
    assert sum("problem=state_used" in path for path in answers) == 19
    assert len(gateway.amazon.calls(**EXCHANGES)) == 1


def test_an_expired_state_is_told_apart_from_a_used_one(gateway: Gateway) -> None:
    """After its 15 minutes a link is worth nothing, and the attempt says so."""
    attempt_id, back = begin(gateway)
    gateway.clock.step(15 * 60 - 1)
    assert gateway.status("spapi", attempt_id)["state"] == "pending"
    gateway.clock.step(1)
    assert problem_of(gateway, back) == "expired"
    status = gateway.status("spapi", attempt_id)
    assert (status["state"], status["reason"]) == ("expired", "expired")
    assert status["hint"]
    assert gateway.amazon.calls(**EXCHANGES) == []


def test_a_state_of_the_other_flow_is_unknown_and_stays_usable(gateway: Gateway) -> None:
    """A store's callback cannot be completed as an ads account, and trying does not spoil it."""
    attempt_id, back = begin(gateway)
    state = query_of(back)["state"]
    wrong = f"{gateway.url}/amazonAds/oauth/callback?state={state}&code=RHcode"
    assert problem_of(gateway, wrong) == "state_unknown"
    gateway.open(back)
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"


def test_a_refusal_on_the_ads_page_is_denied(gateway: Gateway) -> None:
    """Cancel comes back as access_denied, with Amazon's words."""
    attempt_id, link = begin_account(gateway)
    back = gateway.amazon.consent(link, decision="cancel")
    assert query_of(back)["error"] == "access_denied"
    _, page = gateway.open(back)
    assert "The authorization was canceled" in text_of(page)
    assert "Access not permitted." in text_of(page)
    status = gateway.status("ads", attempt_id)
    assert (status["state"], status["reason"]) == ("denied", "access_denied")
    assert problem_of(gateway, back) == "state_used"


def test_a_store_that_was_not_consented_to_stays_pending(gateway: Gateway) -> None:
    """At Seller Central a person who cancels simply leaves; the attempt expires."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    assert gateway.status("spapi", begun["authorizationId"])["state"] == "pending"
    gateway.clock.step(16 * 60)
    assert gateway.status("spapi", begun["authorizationId"])["state"] == "expired"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"spapi_oauth_code": None}, "code_missing"),
        ({"spapi_oauth_code": ""}, "code_missing"),
        ({"selling_partner_id": None}, "seller_missing"),
        ({"error": "invalid_scope"}, "scope_refused"),
        (
            {"error": "server_error", "error_description": '"><script>alert(1)</script>\u202e'},
            "consent_failed",
        ),
    ],
)
def test_a_callback_without_what_it_needs_ends_the_attempt(
    gateway: Gateway, change: dict[str, str | None], reason: str
) -> None:
    """The state is used up, the reason is told on the page and in the status, and nothing was sent."""
    attempt_id, back = begin(gateway)
    query = {**query_of(back), **change}
    query = {name: value for name, value in query.items() if value is not None}
    _, page = gateway.open(f"{gateway.url}/spApi/oauth/callback?{urlencode(query)}")
    assert "<script" not in page.text
    status = gateway.status("spapi", attempt_id)
    assert (status["state"], status["reason"]) == ("failed", reason)
    assert "\u202e" not in status.get("detail", "")
    assert problem_of(gateway, back) == "state_used"
    assert gateway.amazon.calls(**EXCHANGES) == []


def test_the_older_name_of_the_code_serves_too(gateway: Gateway) -> None:
    """Guides call it `code`; it is taken where the real name is missing."""
    attempt_id, back = begin(gateway)
    query = query_of(back)
    query["code"] = query.pop("spapi_oauth_code")
    gateway.open(f"{gateway.url}/spApi/oauth/callback?{urlencode(query)}")
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ({"status": 400, "body": '{"error": "invalid_client"}'}, "app_credentials"),
        ({"status": 400, "body": '{"error": "unauthorized_client"}'}, "app_credentials"),
        ({"status": 400, "body": '{"error": "invalid_scope"}'}, "scope_refused"),
        ({"status": 400, "body": '{"error": "invalid_request"}'}, "code_refused"),
        ({"status": 400, "body": '{"error": "invalid_grant"}'}, "code_refused"),
        ({"status": 400, "body": '{"error": ["invalid_grant"]}'}, "exchange_failed"),
        ({"status": 504}, "exchange_failed"),
        ({"status": 200, "body": "<html>oops</html>"}, "exchange_failed"),
        ({"status": 200, "body": "[]"}, "exchange_failed"),
        ({"drop": "before"}, "exchange_failed"),
        ({"drop": "after"}, "exchange_failed"),
        ({"cutAfterBytes": 20}, "exchange_failed"),
        ({"token": {"omit": ["refresh_token"]}}, "exchange_failed"),
        ({"token": {"omit": ["expires_in"]}}, "exchange_failed"),
        ({"token": {"set": {"expires_in": 0}}}, "exchange_failed"),
        ({"token": {"length": 5000}}, "exchange_failed"),
    ],
)
def test_an_exchange_that_may_have_spent_the_code_is_not_repeated(
    gateway: Gateway, do: dict[str, Any], reason: str
) -> None:
    """The code was sent once; the attempt ends with the reason, and nothing is listed."""
    attempt_id, back = begin(gateway)
    gateway.amazon.fault(do, times=None, path="/auth/o2/token")
    _, page = gateway.open(back)
    assert "The authorization failed" in text_of(page)
    status = gateway.status("spapi", attempt_id)
    assert (status["state"], status["reason"]) == ("failed", reason)
    assert len(gateway.amazon.calls(**EXCHANGES)) == 1
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_exchange_that_amazon_refused_for_now_is_repeated(gateway: Gateway, status: int) -> None:
    """Such an answer says that the code was not looked at, so the person need not consent again."""
    attempt_id, back = begin(gateway)
    gateway.amazon.fault({"status": status, "body": "<html>"}, times=3, path="/auth/o2/token")
    _, page = gateway.open(back)
    assert "The store is authorized" in text_of(page)
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"
    assert len(gateway.amazon.calls(**EXCHANGES)) == 4


def test_an_exchange_that_amazon_goes_on_refusing_is_given_up(gateway: Gateway) -> None:
    """After some tries; the page and the status say why."""
    attempt_id, back = begin(gateway)
    gateway.amazon.fault({"status": 503}, times=None, path="/auth/o2/token")
    _, page = gateway.open(back)
    assert "The authorization failed" in text_of(page)
    status = gateway.status("spapi", attempt_id)
    assert (status["state"], status["reason"]) == ("failed", "exchange_failed")
    assert "answered 503" in status["detail"]
    assert len(gateway.amazon.calls(**EXCHANGES)) == EXCHANGE_TRIES


@pytest.mark.parametrize(("wanted", "made"), [(40, True), (4000, False)])
def test_the_pause_that_amazon_wants_is_made_while_the_code_lives(
    amazon: Amazon, tmp_path: Path, wanted: int, made: bool
) -> None:
    """Amazon's `Retry-After` in seconds; one that the code does not outlive ends the attempt at once."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    with running_gateway(amazon, tmp_path, sleep=sleep) as gateway:
        attempt_id, back = begin(gateway)
        refused = {"status": 429, "headers": {"Retry-After": str(wanted)}}
        amazon.fault(refused, path="/auth/o2/token")
        gateway.open(back)
        assert pauses == ([wanted] if made else [])
        assert gateway.status("spapi", attempt_id)["state"] == ("authorized" if made else "failed")


def test_the_browser_is_told_while_an_exchange_is_repeated(amazon: Amazon, tmp_path: Path) -> None:
    """It does not wait for the pause."""
    going_on = Event()

    async def sleep(_seconds: float) -> None:
        await asyncio.to_thread(going_on.wait)

    with running_gateway(amazon, tmp_path, callback_patience=0.0, sleep=sleep) as gateway:
        attempt_id, back = begin(gateway)
        amazon.fault({"status": 503}, path="/auth/o2/token")
        _, page = gateway.open(back)
        assert "being completed" in text_of(page)
        assert gateway.status("spapi", attempt_id)["state"] == "pending"
        going_on.set()
        until(lambda: gateway.status("spapi", attempt_id)["state"] == "authorized", "it is authorized")


def test_a_code_that_is_too_old_is_refused_by_amazon(gateway: Gateway) -> None:
    """A code lives five minutes, a state fifteen."""
    attempt_id, back = begin(gateway)
    gateway.amazon.control("clock", {"advance": 301})
    gateway.open(back)
    assert gateway.status("spapi", attempt_id)["reason"] == "code_refused"


def test_an_expires_in_in_digits_is_taken(gateway: Gateway) -> None:
    """Some answers write numbers as strings."""
    attempt_id, back = begin(gateway)
    gateway.amazon.fault({"token": {"set": {"expires_in": "1800"}}}, path="/auth/o2/token")
    gateway.open(back)
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"
    tokens = gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})
    assert tokens["expiresIn"] == 1800


def test_an_amazon_that_never_answers_is_given_up(amazon: Amazon, tmp_path: Path) -> None:
    """The browser is not kept waiting longer than the time-out; held calls are let go afterwards."""

    def impatient(settings: Any) -> AmazonSession:
        return AmazonSession(settings.amazon_origin, read_timeout=0.3)

    with running_gateway(amazon, tmp_path, session=impatient) as gateway:
        attempt_id, back = begin(gateway)
        amazon.fault({"hold": "silent"}, path="/auth/o2/token")
        gateway.open(back)
        amazon.release("silent")
        status = gateway.status("spapi", attempt_id)
        assert (status["state"], status["reason"]) == ("failed", "exchange_failed")
        assert "did not answer in time" in status["detail"]


def test_an_application_that_was_changed_meanwhile_ends_the_attempt(amazon: Amazon, tmp_path: Path) -> None:
    """A link of the former application cannot be completed with the secret of the new one."""
    with running_gateway(amazon, tmp_path) as gateway:
        attempt_id, back = begin(gateway)
        app = gateway.settings.spapi
    assert app is not None
    with running_gateway(amazon, tmp_path, spapi=replace(app, app_id="amzn1.sellerapps.app.x")) as gateway:
        gateway.open(f"{gateway.url}/spApi/oauth/callback?{urlsplit(back).query}")
        assert gateway.status("spapi", attempt_id)["reason"] == "app_changed"
        assert amazon.calls(**EXCHANGES) == []


def test_a_look_ahead_by_a_chat_program_does_not_use_the_state_up(gateway: Gateway) -> None:
    """A HEAD request, as link previews send, is refused and changes nothing."""
    attempt_id, back = begin(gateway)
    with http() as session:
        assert session.head(back).status_code == 405
    gateway.open(back)
    assert gateway.status("spapi", attempt_id)["state"] == "authorized"
