"""`/spapi/{region}/…` and `/ads/{region}/…` from outside: who calls, what passes, what comes back."""

import pytest

from tests.support.addresses import call_address, stand_in
from tests.support.calling import PARTICIPATIONS, SELLER, forwarded, store_token
from tests.support.gateway_server import Amazon, Gateway

OTHER = "A1SANDBOXNA002"
INDIAN = "A1SANDBOXIN001"
CAMPAIGNS = "/ads/na/sp/campaigns/list"


@pytest.fixture(autouse=True)
def store(gateway: Gateway, amazon: Amazon) -> None:
    """A store of the owner's, and a ledger that begins after its authorization."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})


@pytest.fixture
def token(gateway: Gateway) -> str:
    """A stand-in token for that store."""
    return stand_in(gateway, seller_id=SELLER)


def shown(gateway: Gateway, token: str) -> dict[str, dict[str, str]]:
    """The ways to show who calls, by their names."""
    key = gateway.keys["owner"]
    return {
        "the SP-API's header": {"x-amz-access-token": token},
        "the Ads API's header": {"Authorization": f"Bearer {token}"},
        "Authorization alone": {"Authorization": token},
        "both": {"Authorization": f"Bearer {token}", "x-amz-access-token": token},
        "a signature beside it": {
            "x-amz-access-token": token,
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request",
            "x-amz-date": "20260101T000000Z",
        },
        "a key": {"Authorization": f"Bearer {key}", "X-Store": SELLER},
        "a key without Bearer": {"Authorization": key, "X-Store": SELLER},
        "a token of Amazon's": {"Authorization": key, "x-amz-access-token": store_token(gateway)},
    }


WAYS = (
    "the SP-API's header",
    "the Ads API's header",
    "Authorization alone",
    "both",
    "a signature beside it",
    "a key",
    "a key without Bearer",
    "a token of Amazon's",
)


@pytest.mark.parametrize("way", WAYS)
def test_a_call_brings_amazons_answer(gateway: Gateway, amazon: Amazon, token: str, way: str) -> None:
    """However it is shown who calls: status, body, type, rate and number of the call are Amazon's."""
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=shown(gateway, token)[way])
    assert answer.status == 200, answer.body
    assert {site["marketplace"]["countryCode"] for site in answer.document["payload"]} >= {"US", "CA"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-ratelimit-limit"] == "0.016"
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["cache-control"] == "no-store"
    assert "x-gateway-reason" not in answer.headers
    (call,) = forwarded(amazon)
    assert call["path"] == PARTICIPATIONS
