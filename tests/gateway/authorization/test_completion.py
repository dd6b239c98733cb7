"""The address that a browser ended on, pasted by the person who began."""

from typing import Any

import pytest

from tests.support.gateway_server import Amazon, Gateway, query_of

SELLER = "A1SANDBOXNA001"


def ended_on(gateway: Gateway, flow: str = "spapi") -> tuple[str, str]:
    """Begin an authorization and consent; return its id and where the browser is sent."""
    if flow == "spapi":
        begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
        decision = {"decision": "confirm", "selling_partner_id": SELLER}
    else:
        begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Account"})
        decision = {"decision": "confirm", "advertiser_id": "SANDBOX_BRANDS"}
    return begun["authorizationId"], gateway.amazon.consent(begun["authorizeUrl"], **decision)


def exchanges(amazon: Amazon) -> int:
    """How often a code was sent."""
    return len(amazon.calls(grantType="authorization_code"))


def test_a_pasted_address_completes_a_store(gateway: Gateway) -> None:
    """The answer is the same as of authorizationStatus."""
    attempt, address = ended_on(gateway)
    answer = gateway.good("/spApi/completeAuthorization", {"callbackUrl": f"  {address}\n"})
    assert (answer["state"], answer["store"]["sellerId"]) == ("authorized", SELLER)
    assert answer == gateway.status("spapi", attempt)


def test_a_pasted_address_completes_an_account(gateway: Gateway) -> None:
    """With its profiles."""
    attempt, address = ended_on(gateway, "ads")
    answer = gateway.good("/amazonAds/completeAuthorization", {"callbackUrl": address})
    assert (answer["state"], answer["profileSync"]) == ("authorized", "ok")
    assert len(answer["account"]["profiles"]) == 8
    assert answer == gateway.status("ads", attempt)


def test_a_code_is_sent_once(gateway: Gateway) -> None:
    """A second paste is told so, whether the first was a paste or a browser."""
    _, address = ended_on(gateway)
    gateway.good("/spApi/completeAuthorization", {"callbackUrl": address})
    again = gateway.bad("/spApi/completeAuthorization", {"callbackUrl": address}, status=400)
    assert (again["reason"], again["errcode"]) == ("state_used", 1002)
    _, other = ended_on(gateway)
    gateway.open(other)
    assert (
        gateway.bad("/spApi/completeAuthorization", {"callbackUrl": other}, status=400)["reason"]
        == "state_used"
    )
    assert exchanges(gateway.amazon) == 2


def test_an_expired_link_is_told(gateway: Gateway) -> None:
    """After its fifteen minutes."""
    _, address = ended_on(gateway)
    gateway.clock.step(15 * 60)
    answer = gateway.bad("/spApi/completeAuthorization", {"callbackUrl": address}, status=400)
    assert (answer["reason"], answer["errcode"]) == ("expired", 1002)
    assert exchanges(gateway.amazon) == 0


def test_a_refusal_by_amazon_is_the_attempts_end(gateway: Gateway) -> None:
    """The call itself succeeded: it tells how the attempt stands."""
    _, address = ended_on(gateway)
    gateway.amazon.fault({"answer": "tokenEndpoint.codeRefused"}, grantType="authorization_code")
    answer = gateway.good("/spApi/completeAuthorization", {"callbackUrl": address})
    assert (answer["state"], answer["reason"]) == ("failed", "code_refused")
    assert answer["hint"]


@pytest.mark.parametrize(
    "change",
    [
        lambda address: None,
        lambda address: "",
        lambda address: 7,
        lambda address: "not an address",
        lambda address: address.replace("http://", "https://", 1),
        lambda address: address.replace("127.0.0.1", "127.0.0.2", 1),
        lambda address: address.replace("/spApi/", "/amazonAds/", 1),
        lambda address: address.replace("http://", "http://evil.example@", 1),
        lambda address: "http://[" + address,
        lambda address: address.split("?")[0] + "?" + "&".join(["a=b"] * 51),
    ],
)
def test_another_address_is_refused(gateway: Gateway, change: Any) -> None:
    """It has to be the callback's, and the attempt is left as it was; the code is not echoed."""
    attempt, address = ended_on(gateway)
    answer = gateway.bad("/spApi/completeAuthorization", {"callbackUrl": change(address)}, status=400)
    assert answer["errcode"] == 1002
    assert query_of(address)["spapi_oauth_code"] not in str(answer)
    assert gateway.status("spapi", attempt)["state"] == "pending"
    assert exchanges(gateway.amazon) == 0


@pytest.mark.parametrize("flow", ["/spApi", "/amazonAds"])
def test_an_unknown_state_is_not_found(gateway: Gateway, flow: str) -> None:
    """As is one of the other kind, and none."""
    _, ads = ended_on(gateway, "ads")
    state = query_of(ads)["state"] if flow == "/spApi" else "x" * 43
    address = f"{gateway.url}{flow}/oauth/callback"
    for query in (f"?state={state}&code=x", "?code=x", ""):
        gateway.bad(f"{flow}/completeAuthorization", {"callbackUrl": address + query}, status=404)


def test_another_users_attempt_does_not_exist(gateway: Gateway) -> None:
    """And is not used up: its owner completes it."""
    gateway.add_user("guest")
    _, address = ended_on(gateway)
    gateway.bad("/spApi/completeAuthorization", {"callbackUrl": address}, status=404, user="guest")
    assert gateway.good("/spApi/completeAuthorization", {"callbackUrl": address})["state"] == "authorized"


def test_a_code_that_was_sent_is_sent_for_nobody_else(gateway: Gateway) -> None:
    """On loopback, where nobody is asked, who saw another user's address gets nothing from it either."""
    gateway.add_user("mallory")
    _, address = ended_on(gateway)
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Hers"}, user="mallory")
    hers = address.replace(query_of(address)["state"], query_of(begun["authorizeUrl"])["state"])
    gateway.open(address)
    answer = gateway.bad("/spApi/completeAuthorization", {"callbackUrl": hers}, status=400, user="mallory")
    assert answer["reason"] == "code_taken"
    assert gateway.status("spapi", begun["authorizationId"], "mallory")["state"] == "pending"
    assert exchanges(gateway.amazon) == 1
