"""What programs get as from Login with Amazon at two replicas: one refresh, a stand-in token for both."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gateway.tokens.stand_in_tokens import LIFETIME
from tests.support.addresses import Answered, call_address
from tests.support.calling import PARTICIPATIONS, SELLER
from tests.support.gateway_server import Gateway, http

STORE = f"store:{SELLER}:NA"
WANTED = {"sellerId": SELLER, "region": "NA"}


def token(gateway: Gateway, handle: str = STORE, user: str = "owner") -> dict[str, Any]:
    """What a library is answered."""
    fields = {"grant_type": "refresh_token", "client_secret": gateway.keys[user], "refresh_token": handle}
    with http() as session:
        answer = session.post(f"{gateway.url}/auth/o2/token", data=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def called(gateway: Gateway, stand_in: str) -> Answered:
    """Call Amazon at the gateway's address with a stand-in token."""
    return call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers={"x-amz-access-token": stand_in})


def test_twenty_callers_at_two_replicas_cost_one_refresh(two: list[Gateway]) -> None:
    """Ten in each shape, while Amazon takes its time: all of them have the same new token."""
    one, _ = two
    one.authorize_store()
    one.clock.step(600)
    one.amazon.fault({"hold": "storm"}, grantType="refresh_token")

    def ask(number: int) -> str:
        gateway = two[number % 2]
        if number < 10:
            return str(token(gateway)["access_token"])
        return str(gateway.good("/spApi/storeTokens", {**WANTED, "minTtl": 3250})["accessToken"])

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(ask, number) for number in range(20)]
        one.amazon.until_held("storm")
        one.amazon.release("storm")
        assert len({each.result() for each in asked}) == 1
    assert len(one.amazon.refreshes()) == 1


def test_a_stand_in_token_is_good_at_each_replica_until_its_key_or_its_hour_ends(two: list[Gateway]) -> None:
    """Whoever made it; a key that is revoked at one ends it at once at the other."""
    one, other = two
    one.authorize_store()
    key_id, key = one.vault.users.issue_key("owner", ("proxy",))
    one.keys["program"] = key.reveal()
    owners, programs = token(other, f"proxy:{STORE}"), token(one, f"proxy:{STORE}", "program")
    assert called(one, owners["access_token"]).status == 200
    assert called(other, programs["access_token"]).status == 200
    one.vault.users.revoke_key(key_id)
    for gateway in two:
        refused = called(gateway, programs["access_token"])
        assert (refused.status, refused.headers["x-gateway-reason"]) == (403, "stand_in_ended")
    one.clock.step(LIFETIME)
    refused = called(other, owners["access_token"])
    assert (refused.status, refused.headers["x-gateway-reason"]) == (403, "stand_in_ended")
    assert "expired" in refused.error["details"]
    assert len(one.amazon.calls(path=PARTICIPATIONS)) >= 2


def ended(answer: Answered) -> bool:
    """Whether the token is told as an ended one, which libraries renew."""
    told = (answer.status, answer.headers["x-gateway-reason"]) == (403, "stand_in_ended")
    return told and "The access token you provided has expired." in answer.error["details"]


def test_a_stand_in_token_ends_with_its_store_and_outlives_a_new_consent(gateway: Gateway) -> None:
    """It is good for the authorization that it was made for, and the next one is for the store's new one."""
    gateway.add_user("guest")
    gateway.authorize_store(user="guest")
    gateway.authorize_store()
    stand_in = token(gateway, f"proxy:{STORE}")["access_token"]
    gateway.authorize_store()
    assert called(gateway, stand_in).status == 200
    gateway.good("/spApi/removeStore", WANTED)
    assert ended(called(gateway, stand_in))
    gateway.authorize_store()
    assert ended(called(gateway, stand_in))
    assert called(gateway, token(gateway, f"proxy:{STORE}")["access_token"]).status == 200
