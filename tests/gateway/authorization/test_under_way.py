"""A callback whose exchange takes long: the browser is sent on at once, and its page looks again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon, Gateway, running_gateway, text_of
from tests.support.house import until

SELLER = "A1SANDBOXNA001"
LOOKS_AGAIN = '<meta http-equiv="refresh" content="2">'


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that waits for Amazon not at all."""
    with running_gateway(amazon, tmp_path, callback_patience=0.0) as running:
        yield running


def test_the_browser_does_not_wait_for_the_exchange(gateway: Gateway) -> None:
    """Amazon holds the exchange; the page says so, without a code, until it is done."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    gateway.amazon.fault({"hold": "exchange"}, grantType="authorization_code")
    path, page = gateway.open(back)
    assert "?" not in path
    gateway.amazon.until_held("exchange")
    assert LOOKS_AGAIN in page.text
    assert "being completed" in text_of(page)
    assert gateway.status("spapi", begun["authorizationId"])["state"] == "pending"
    gateway.amazon.release("exchange")
    until(
        lambda: gateway.status("spapi", begun["authorizationId"])["state"] == "authorized", "it is completed"
    )
    done = gateway.get(path)
    assert LOOKS_AGAIN not in done.text
    assert "The store is authorized" in text_of(done)


def test_a_link_that_was_not_used_does_not_look_again(gateway: Gateway) -> None:
    """It waits for a person, not for Amazon."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    assert LOOKS_AGAIN not in gateway.get(f"/oauth/result/{begun['authorizationId']}").text


def test_what_breaks_off_after_the_browser_has_gone_is_an_end_all_the_same(gateway: Gateway) -> None:
    """Amazon refuses the code when nobody waits any more: the attempt says why."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    gateway.amazon.fault({"answer": "tokenEndpoint.codeRefused"}, grantType="authorization_code")
    gateway.open(back)
    ended = until(
        lambda: (
            (status := gateway.status("spapi", begun["authorizationId"]))["state"] != "pending" and status
        ),
        "the attempt ends",
    )
    assert (ended["state"], ended["reason"]) == ("failed", "code_refused")


def test_a_callback_that_is_pasted_waits_to_the_end(gateway: Gateway) -> None:
    """Who completes by hand wants to know how it ended."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    gateway.amazon.fault({"delayMs": 50}, grantType="authorization_code")
    assert gateway.good("/spApi/completeAuthorization", {"callbackUrl": back})["state"] == "authorized"


@pytest.mark.parametrize(
    ("answer", "verification", "reason"),
    [("roleMissing", "unverified", "role_missing"), ("wrongRegion", "wrong_region", "wrong_region")],
)
def test_what_the_first_look_finds_has_words_of_its_own(
    amazon: Amazon, tmp_path: Path, answer: str, verification: str, reason: str
) -> None:
    """A missing role and a wrong region are told apart, and neither undoes the authorization."""
    with running_gateway(amazon, tmp_path) as gateway:
        amazon.fault({"answer": f"spApi.{answer}"}, path="/sellers/*")
        ended = gateway.authorize_store()
    assert (ended["state"], ended["verification"]) == ("authorized", verification)
    assert ended["verificationReason"] == reason
    assert ended["verificationHint"]
    assert ended["store"]["verified"] is False
