"""A database that is away while a consent or an import comes back: nothing of what Amazon gave is lost."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from gateway.vault.errors import VaultError
from tests.support.gateway_server import Amazon, Gateway, query_of, running_gateway, text_of
from tests.support.house import until

SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}
# Far more tries than a hiccup takes: with the pauses of a real gateway these are minutes.
FAILURES = 30


@pytest.fixture
def _impatient_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no browser wait for a vault that a test has taken away."""
    monkeypatch.setattr("gateway.authorization.authorizer.STATE_PATIENCE", 0.05)


class Away:
    """Takes methods of the vault away: for so many calls, or until it is told to `come_back`."""

    def __init__(self, patch: pytest.MonkeyPatch, failures: float = float("inf")) -> None:
        self._patch = patch
        self._left = failures
        self.asked = Event()

    def take(self, repository: Any, *names: str) -> None:
        """Let these methods fail as they do while PostgreSQL refuses connections."""
        for name in names:
            self._patch.setattr(repository, name, self._failing(getattr(repository, name)))

    def come_back(self) -> None:
        """Let everything work again."""
        self._left = 0

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._left > 0:
                self._left -= 1
                self.asked.set()
                raise VaultError("the PostgreSQL does not answer", "Check that it runs.", retryable=True)
            return method(*args, **kwargs)

        return call


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    """What takes methods of the vault away until it is told to come back."""
    return Away(monkeypatch)


def begin(gateway: Gateway) -> tuple[str, str]:
    """Begin a store's authorization: its id, and the callback that the consent leads to."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store", "region": "NA"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    return begun["authorizationId"], back


def come_back_to(gateway: Gateway, away: Away, repository: Any, name: str) -> tuple[str, requests.Response]:
    """Let a consent come back while a method is away, and be asked for it.

    Return the attempt's id, and the page that the browser gets.
    """
    attempt_id, back = begin(gateway)
    away.take(repository, name)
    _, page = gateway.open(back)
    assert away.asked.wait(30)
    return attempt_id, page


def until_authorized(gateway: Gateway, attempt_id: str) -> None:
    """Wait until an attempt has ended well."""
    until(lambda: gateway.status("spapi", attempt_id)["state"] == "authorized", "it is authorized")


@pytest.mark.parametrize(
    ("repository", "names"),
    [
        ("attempts", ["consume"]),
        ("authorizations", ["authorize"]),
        ("grants", ["set_verified"]),
        ("attempts", ["record_verification"]),
    ],
)
def test_a_consent_outlives_a_database_that_is_away(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, repository: str, names: list[str]
) -> None:
    """Wherever it went away: the code is sent once, and the store is there and looked at in the end."""
    attempt_id, back = begin(gateway)
    Away(monkeypatch, FAILURES).take(getattr(gateway.vault, repository), *names)
    _, page = gateway.open(back)
    assert "The store is authorized" in text_of(page)
    ended = gateway.status("spapi", attempt_id)
    assert (ended["state"], ended["verification"]) == ("authorized", "verified")
    assert len(gateway.amazon.calls(grantType="authorization_code")) == 1
    assert gateway.good("/spApi/storeTokens", STORE)["accessToken"]


def test_why_an_authorization_failed_outlives_it_too(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is written down once the database is back."""
    attempt_id, back = begin(gateway)
    gateway.amazon.fault({"answer": "tokenEndpoint.codeRefused"}, grantType="authorization_code")
    Away(monkeypatch, FAILURES).take(gateway.vault.attempts, "finish")
    gateway.open(back)
    assert gateway.status("spapi", attempt_id)["reason"] == "code_refused"


def test_the_browser_is_told_while_the_store_is_not_stored_yet(
    amazon: Amazon, tmp_path: Path, away: Away
) -> None:
    """Its page says that the authorization is being completed; it is, without the browser."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0) as gateway:
        attempt_id, page = come_back_to(gateway, away, gateway.vault.authorizations, "authorize")
        assert "being completed" in text_of(page)
        assert gateway.status("spapi", attempt_id)["state"] == "pending"
        away.come_back()
        until_authorized(gateway, attempt_id)


@pytest.mark.usefixtures("_impatient_browsers")
def test_the_browser_is_told_while_its_state_cannot_be_looked_up(
    amazon: Amazon, tmp_path: Path, away: Away
) -> None:
    """The code is kept in memory, and no address holds it; the state works once all the same."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0) as gateway:
        attempt_id, back = begin(gateway)
        away.take(gateway.vault.attempts, "consume", "find_by_state")
        for _ in range(2):
            path, page = gateway.open(back)
            assert query_of(path) == {"problem": "completion_delayed"}
            assert page.status_code == 503
            assert "completed by itself" in text_of(page)
        away.come_back()
        until_authorized(gateway, attempt_id)
        assert len(amazon.calls(grantType="authorization_code")) == 1


def test_at_shutdown_it_is_stored_if_the_database_is_back(amazon: Amazon, tmp_path: Path, away: Away) -> None:
    """Whatever pause it is in: one more try is made before the process ends."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0, sleep=_for_ever) as gateway:
        attempt_id, _ = come_back_to(gateway, away, gateway.vault.authorizations, "authorize")
        away.come_back()
    with running_gateway(amazon, tmp_path) as gateway:
        assert gateway.status("spapi", attempt_id)["state"] == "authorized"


def test_what_is_lost_with_the_process_is_told_as_lost(
    amazon: Amazon, tmp_path: Path, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each attempt, without a token."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0, sleep=_for_ever) as gateway:
        attempt_id, _ = come_back_to(gateway, away, gateway.vault.authorizations, "authorize")
    lost = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [record.getMessage() for record in lost] == [f"authorization_lost authorizationId={attempt_id}"]
    assert "Atzr|" not in caplog.text


def test_a_store_that_is_kept_is_not_told_as_lost(
    amazon: Amazon, tmp_path: Path, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the process ends before what the first look found is noted, nobody has to do anything."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0, sleep=_for_ever) as gateway:
        come_back_to(gateway, away, gateway.vault.grants, "set_verified")
        assert gateway.good("/spApi/storeTokens", STORE)["accessToken"]
    assert "first_look_failed" in caplog.text
    assert not [record for record in caplog.records if record.levelno == logging.CRITICAL]


async def _for_ever(_seconds: float) -> None:
    """A pause that only the end of the process ends."""
    await asyncio.Event().wait()


IMPORTS = [
    ("/spApi/importStore", {**STORE, "sellerName": "Mine"}, STORE),
    ("/amazonAds/importAccount", {"accountName": "Mine", "region": "NA"}, {"advertiserId": "SANDBOX_BRANDS"}),
]


@pytest.mark.parametrize(("path", "body", "which"), IMPORTS)
def test_an_import_outlives_it(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: dict[str, Any],
    which: dict[str, str],
) -> None:
    """Amazon may have changed the refresh token by then: what it answered is what is kept."""
    token = gateway.amazon.control("grants", [which])["grants"][0]["refreshToken"]
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    Away(monkeypatch, FAILURES).take(gateway.vault.authorizations, "import_tokens")
    answer = gateway.good(path, {**body, "refreshToken": token})
    assert answer["status"] == "authorized"
    assert len(gateway.amazon.refreshes()) == 1


def test_a_vault_that_goes_away_during_the_first_look_loses_no_token(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is thought of the application can wait; the token that Amazon has changed cannot."""
    token = gateway.amazon.control("grants", [STORE])["grants"][0]["refreshToken"]
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    Away(monkeypatch, 1).take(gateway.vault.refused_calls, "reason")
    gateway.good("/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": token})
    assert gateway.good("/spApi/storeTokens", STORE)["refreshToken"] != token


def test_an_import_that_is_kept_is_told_as_kept(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether or not it can be noted what the look at it found: with its old token nobody tries again."""
    monkeypatch.setattr("gateway.authorization.store_check.NOTING_PATIENCE", 0.0)
    token = gateway.amazon.control("grants", [STORE])["grants"][0]["refreshToken"]
    gateway.amazon.fault({"answer": "spApi.roleMissing"}, times=None, path="/sellers/*")
    Away(monkeypatch).take(gateway.vault.grants, "set_verified")
    body = {**STORE, "sellerName": "Mine", "refreshToken": token}
    imported = gateway.good("/spApi/importStore", body)
    assert (imported["status"], imported["verified"]) == ("authorized", None)
    assert "first_look_failed" in caplog.text


def test_an_import_that_is_not_stored_soon_is_told_and_goes_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, away: Away
) -> None:
    """The caller hears that nothing is to be repeated, and finds the store in the list later."""
    monkeypatch.setattr("gateway.authorization.imports.STORE_PATIENCE", 0.0)
    token = gateway.amazon.control("grants", [STORE])["grants"][0]["refreshToken"]
    away.take(gateway.vault.authorizations, "import_tokens")
    body = {**STORE, "sellerName": "Mine", "refreshToken": token}
    assert gateway.bad("/spApi/importStore", body, status=503)["reason"] == "completion_delayed"
    assert gateway.good("/spApi/authorizedStores")["total"] == 0
    away.come_back()
    until(lambda: gateway.good("/spApi/authorizedStores")["total"] == 1, "the store is there")
    assert len(gateway.amazon.refreshes()) == 1


@pytest.mark.usefixtures("_impatient_browsers")
def test_fifty_consents_come_back_while_it_is_away(amazon: Amazon, tmp_path: Path, away: Away) -> None:
    """All of them are authorized in the end, each code sent once."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0) as gateway:
        begun = [begin(gateway) for _ in range(50)]
        away.take(gateway.vault.attempts, "consume", "find_by_state", "finish")
        away.take(gateway.vault.authorizations, "authorize")
        away.take(gateway.vault.grants, "set_verified")
        with ThreadPoolExecutor(25) as browsers:
            list(browsers.map(gateway.get, [back for _, back in begun]))
        away.come_back()
        for attempt_id, _ in begun:
            until_authorized(gateway, attempt_id)
        assert len(amazon.calls(grantType="authorization_code")) == 50
