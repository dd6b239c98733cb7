"""`refreshToken` with `refused`: one refresh for each token that Amazon refused, however many report it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.tokens.service import JUST_REFRESHED
from tests.gateway.tokens.test_forced_refreshes import empty_the_bucket
from tests.support.gateway_server import Gateway

SELLER = "A1SANDBOXNA001"
WANTED = {"sellerId": SELLER, "region": "NA"}
REFRESH, READ = "/spApi/refreshToken", "/spApi/storeTokens"
ANY = "Atza|IwEBIneverIssued"


def report(gateway: Gateway, refused: str) -> dict[str, Any]:
    """Report a token that Amazon refused."""
    return gateway.good(REFRESH, {**WANTED, "refused": refused})


def test_twenty_tasks_that_meet_a_403_within_a_minute_cost_one_refresh(two: list[Gateway]) -> None:
    """Ten at once, at two replicas, while Amazon takes its time; ten more three seconds apart."""
    one, other = two
    one.authorize_store()
    ended = one.good(READ, WANTED)["accessToken"]
    one.amazon.fault({"hold": "refused"}, grantType="refresh_token")
    with ThreadPoolExecutor(10) as pool:
        told = [pool.submit(report, two[number % 2], ended) for number in range(10)]
        one.amazon.until_held("refused")
        one.amazon.release("refused")
        answered = [each.result() for each in told]
    for number in range(10):
        one.clock.step(3)
        answered.append(report(two[number % 2], ended))
    assert len({answer["accessToken"] for answer in answered}) == 1
    assert answered[0]["accessToken"] != ended
    assert other.good(READ, WANTED)["accessToken"] == answered[0]["accessToken"]
    assert len(one.amazon.refreshes()) == 1


def test_each_token_that_is_refused_is_refreshed(gateway: Gateway) -> None:
    """Also one that was refreshed a moment ago: the report says that it is this one that does not work."""
    gateway.authorize_store()
    first = gateway.good(READ, WANTED)["accessToken"]
    second = report(gateway, first)
    assert "retryAfter" not in second
    third = report(gateway, second["accessToken"])
    assert len({first, second["accessToken"], third["accessToken"]}) == 3
    again = gateway.good(REFRESH, WANTED)
    assert (again["accessToken"], again["retryAfter"]) == (third["accessToken"], JUST_REFRESHED)
    assert len(gateway.amazon.refreshes()) == 2


@pytest.mark.parametrize("refused", [ANY, "", "Atzr|x", "我的", "x" * 5000])
def test_a_token_that_is_not_the_present_one_costs_nothing(gateway: Gateway, refused: str) -> None:
    """Whatever it is, the present one is answered, and nothing is told of the other."""
    gateway.add_user("guest")
    gateway.authorize_store(user="guest")
    theirs = gateway.good(READ, WANTED, user="guest")["accessToken"]
    gateway.authorize_store()
    mine = gateway.good(READ, WANTED)["accessToken"]
    answers = [report(gateway, one) for one in (refused, theirs)]
    assert {answer["accessToken"] for answer in answers} == {mine}
    assert answers[0] == answers[1]
    assert "not the present one" in answers[0]["message"]
    assert gateway.amazon.refreshes() == []


def test_a_token_with_the_line_break_of_a_file_is_the_same(gateway: Gateway) -> None:
    """It is what programs that read one from a file report."""
    gateway.authorize_store()
    mine = gateway.good(READ, WANTED)["accessToken"]
    assert report(gateway, f"{mine}\r\n")["accessToken"] != mine


def test_one_that_has_ended_meanwhile_is_refreshed_whichever_was_refused(gateway: Gateway) -> None:
    """As for any reader that needs one: nobody forces it, and it takes nothing out of the bucket."""
    gateway.authorize_store()
    gateway.clock.step(3590)
    empty_the_bucket(gateway)
    assert report(gateway, ANY)["expiresIn"] == 3600
    assert len(gateway.amazon.refreshes()) == 1


def test_reports_are_bounded_as_what_is_forced_otherwise(gateway: Gateway) -> None:
    """What asks Amazon counts, and nothing else does."""
    gateway.authorize_store()
    mine = gateway.good(READ, WANTED)["accessToken"]
    empty_the_bucket(gateway)
    refused = gateway.bad(REFRESH, {**WANTED, "refused": mine}, status=429)
    assert refused["reason"] == "too_many_refreshes"
    assert report(gateway, ANY)["accessToken"] == mine


def test_accounts_are_no_exception(gateway: Gateway) -> None:
    """By their number and by a profile."""
    record = gateway.authorize_account()["account"]["authRecordId"]
    which = {"authRecordId": record}
    first = gateway.good("/amazonAds/storeTokens", which)["accessToken"]
    second = gateway.good("/amazonAds/refreshToken", {**which, "refused": first})["accessToken"]
    profile = gateway.good("/amazonAds/authorizedStores")["stores"][0]["profileId"]
    again = gateway.good("/amazonAds/refreshToken", {"profileId": profile, "refused": first})
    assert again["accessToken"] == second != first
    assert len(gateway.amazon.refreshes()) == 1


def test_what_is_no_text_is_refused_in_words(gateway: Gateway) -> None:
    """And the token itself is never repeated."""
    gateway.authorize_store()
    for refused in (7, True, ["Atza|x"], {"a": "Atza|x"}):
        told = gateway.bad(REFRESH, {**WANTED, "refused": refused}, status=400)
        assert told["errmsg"].endswith("refused: expected a string")


def test_a_revoked_store_says_so(gateway: Gateway) -> None:
    """With the link that mends it, as without `refused`."""
    gateway.authorize_store()
    mine = gateway.good(READ, WANTED)["accessToken"]
    body = '{"error": "invalid_grant", "error_description": "revoked"}'
    gateway.amazon.fault({"status": 400, "body": body}, times=None, grantType="refresh_token")
    told = gateway.bad(REFRESH, {**WANTED, "refused": mine}, status=409)
    assert told["reason"] == "store_revoked"
    assert told["authorizeUrl"]
