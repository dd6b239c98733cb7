"""`/amazonAds/developerProxy` from outside, beside the stand-in Amazon."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.proxy.test_targets import AROUND, BROKEN, ELSEWHERE
from tests.support.calling import CAMPAIGN, ads_call, forwarded, passed_on, profile_of, store_token
from tests.support.gateway_server import Amazon, Gateway, running_gateway

PROXY = "/amazonAds/developerProxy"


@pytest.fixture
def profile(gateway: Gateway, amazon: Amazon) -> int:
    """The owner's American profile, and a ledger that begins after its authorization."""
    gateway.authorize_account()
    amazon.control("ledger/reset", {})
    return profile_of(gateway)


def token_of(gateway: Gateway, profile: int) -> str:
    """The access token that the owner is handed for a profile."""
    return gateway.good("/amazonAds/storeTokens", {"profileId": profile})["accessToken"]


@pytest.mark.parametrize("presents", [True, False])
def test_a_call_brings_the_profile_s_campaigns(
    gateway: Gateway, amazon: Amazon, profile: int, presents: bool
) -> None:
    """With the token and without; the versioned media type goes into both headers, the profile into Scope."""
    token = token_of(gateway, profile) if presents else None
    answer = passed_on(gateway, PROXY, ads_call(profile, amzAccessToken=token))
    assert answer["httpStatus"] == 200
    assert answer["contentType"] == CAMPAIGN
    assert len(json.loads(answer["body"])["campaigns"]) == 25
    (call,) = forwarded(amazon)
    assert (call["contentType"], call["accept"], call["scope"]) == (CAMPAIGN, CAMPAIGN, str(profile))
    assert call["headerNames"] == [
        "accept",
        "accept-encoding",
        "amazon-advertising-api-clientid",
        "amazon-advertising-api-scope",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ]


@pytest.mark.parametrize(("method", "path"), [("GET", "/managerAccounts"), ("POST", "/sd/forecasts")])
def test_published_calls_that_read_are_passed_on(
    gateway: Gateway, amazon: Amazon, profile: int, method: str, path: str
) -> None:
    """Whatever their words are."""
    passed_on(gateway, PROXY, ads_call(profile, method=method, path=path))
    assert [call["path"] for call in forwarded(amazon)] == [path]


def test_each_region_has_its_host(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """One authorization, three hosts; a number beyond what a float holds arrives whole."""
    for country, region, host in (("DE", "EU", "-eu"), ("JP", "FE", "-fe"), ("CA", "NA", "")):
        wanted = ads_call(str(profile_of(gateway, country)), region=region)  # type: ignore[arg-type]
        assert passed_on(gateway, PROXY, wanted)["httpStatus"] == 200
        assert forwarded(amazon)[-1]["host"] == f"advertising-api{host}.amazon.com"


@pytest.mark.parametrize(
    ("content_type", "accept"),
    [
        ("application/vnd.spcampaign.v3+json", "application/vnd.spcampaign.v3+json"),
        ("application/vnd.sbcampaignresource.v4+json", "application/vnd.sbcampaignresource.v4+json"),
        (
            "application/vnd.createasyncreportrequest.v3+json",
            "application/vnd.createasyncreportresponse.v3+json",
        ),
        ("application/vnd.createasyncreportrequest.v9+json", "*/*"),
        ("application/json", "application/vnd.createasyncreportresponse.v3+json"),
        (None, "application/vnd.createasyncreportresponse.v3+json"),
    ],
)
def test_what_may_come_back_follows_from_the_type_of_the_body(
    gateway: Gateway, amazon: Amazon, profile: int, content_type: str | None, accept: str
) -> None:
    """What is published is wanted back; of what is not, the same, or anything for a request."""
    wanted = ads_call(profile, path="reporting/reports", contentType=content_type)
    passed_on(gateway, PROXY, wanted)
    (call,) = forwarded(amazon)
    assert (call["contentType"], call["accept"]) == (content_type or "application/json", accept)
    assert call["path"] == "/reporting/reports"


def test_a_caller_may_say_what_may_come_back(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """It goes to Amazon as it is."""
    accept = f"{CAMPAIGN}, application/json;q=0.5, */*;q=0.1"
    passed_on(gateway, PROXY, ads_call(profile, accept=accept))
    assert [call["accept"] for call in forwarded(amazon)] == [accept]


def test_no_spelling_of_a_path_reaches_another_host_or_leaves_the_list(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """Each is told as not allowed, and nobody hears of it."""
    for path in (*ELSEWHERE, *AROUND, *BROKEN):
        wanted = ads_call(profile, path=path.replace("/orders", "/sp").replace("/v0", "/campaigns"))
        problem = gateway.bad(PROXY, wanted, status=403)
        assert (problem["errcode"], problem["reason"]) == (1005, "not_allowed"), path
    assert forwarded(amazon) == []


def test_a_token_alone_calls_without_a_scope(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """As /v2/profiles wants it, in every region that the token serves."""
    for region in ("NA", "eu", "FE"):
        body = {
            "region": region,
            "path": "/v2/profiles",
            "method": "GET",
            "amzAccessToken": token_of(gateway, profile),
        }
        assert passed_on(gateway, PROXY, body)["httpStatus"] == 200
    assert [call["scope"] for call in forwarded(amazon)] == [None] * 3


def test_what_amazon_says_of_throttling_is_passed_on(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """429 with its Retry-After."""
    amazon.fault({"answer": "adsApi.throttled", "headers": {"Retry-After": "9"}}, path="/sp/campaigns/list")
    answer = passed_on(gateway, PROXY, ads_call(profile))
    assert (answer["httpStatus"], answer["retryAfter"]) == (429, 9)


@pytest.mark.parametrize(
    ("changes", "reason", "status"),
    [
        ({"region": "EU"}, "bad_parameter", 400),
        ({"region": None}, "bad_parameter", 400),
        ({"profileId": None}, "bad_parameter", 400),
        ({"profileId": "1e3"}, "bad_parameter", 400),
        ({"profileId": 2**63}, "bad_parameter", 400),
        ({"profileId": True}, "bad_parameter", 400),
        ({"profileId": 1}, "not_found", 404),
        ({"amzAccessToken": "Atza|made-up"}, "not_found", 404),
        ({"path": "/auth/o2/token"}, "not_allowed", 403),
        ({"path": "/sp/../v2/profiles/list"}, "not_allowed", 403),
        ({"path": "/sp/campaigns"}, "not_allowed", 403),
        ({"path": "/sp/campaigns/delete"}, "not_allowed", 403),
        ({"path": "/sp/campaigns/delete%2Flist"}, "not_allowed", 403),
        ({"path": "/recommendations/apply"}, "not_allowed", 403),
        ({"method": "PUT"}, "not_allowed", 403),
        ({"method": "DELETE"}, "not_allowed", 403),
        ({"method": "HEAD"}, "bad_parameter", 400),
        ({"body": {}}, "bad_parameter", 400),
        ({"accept": "json"}, "bad_parameter", 400),
        ({"accept": "a/b,"}, "bad_parameter", 400),
        ({"accept": "*/json"}, "bad_parameter", 400),
        ({"accept": "a/b\r\nX-Injected: 1"}, "bad_parameter", 400),
        ({"accept": "a/b,\r\nX-Injected: 1"}, "bad_parameter", 400),
        ({"accept": "a/b" + " " * 1100}, "bad_parameter", 400),
        ({"accept": "a/b\n"}, "bad_parameter", 400),
        ({"accept": "a/☕"}, "bad_parameter", 400),
        ({"accept": ", ".join(["a/b"] * 17)}, "bad_parameter", 400),
        ({"accept": 5}, "bad_parameter", 400),
        ({"contentType": "application/vnd.x\r\nAmazon-Advertising-API-Scope: 1"}, "bad_parameter", 400),
    ],
)
def test_bad_input_reaches_nobody(
    gateway: Gateway, amazon: Amazon, profile: int, changes: dict[str, Any], reason: str, status: int
) -> None:
    """Each is told by its own reason, and Amazon hears nothing of it."""
    assert gateway.bad(PROXY, ads_call(profile, **changes), status=status)["reason"] == reason
    assert forwarded(amazon) == []


def test_another_user_s_profile_does_not_exist(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """Without a token it is not found, beside one's own token not allowed: as one that nobody has."""
    gateway.add_user("eve")
    gateway.authorize_account("SANDBOX_PARTNERS", user="eve")
    amazon.control("ledger/reset", {})
    own = profile_of(gateway, user="eve")
    token = gateway.good("/amazonAds/storeTokens", {"profileId": own}, user="eve")["accessToken"]
    for given, status in ((None, 404), (token, 403)):
        answers = [
            gateway.bad(PROXY, ads_call(number, amzAccessToken=given), status=status, user="eve")
            for number in (profile, 12345)
        ]
        for answer in answers:
            del answer["requestId"]
        assert answers[0] == answers[1]
    foreign = ads_call(own, amzAccessToken=token_of(gateway, profile))
    assert gateway.bad(PROXY, foreign, status=404, user="eve")["errcode"] == 1004
    assert forwarded(amazon) == []


def test_a_store_s_token_is_none_for_ads(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """Nor the other way round."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})
    body = ads_call(profile, amzAccessToken=store_token(gateway))
    assert gateway.bad(PROXY, body, status=404)["reason"] == "not_found"
    body = {"region": "NA", "path": "/orders", "method": "GET", "amzAccessToken": token_of(gateway, profile)}
    assert gateway.bad("/spApi/developerProxy", body, status=404)["reason"] == "not_found"
    assert forwarded(amazon) == []


def test_writes_are_a_setting(amazon: Amazon, tmp_path: Path) -> None:
    """With PROXY_ADS_WRITES a new campaign is passed on."""
    with running_gateway(amazon, tmp_path, proxy_ads_writes=True) as gateway:
        gateway.authorize_account()
        body = ads_call(profile_of(gateway), path="/sp/campaigns", body='{"campaigns":[{"name":"New"}]}')
        answer = passed_on(gateway, PROXY, body)
        assert answer["httpStatus"] == 207
        assert gateway.bad(PROXY, {**body, "path": "/other"}, status=403)["reason"] == "not_allowed"


def test_prefixes_are_a_setting(amazon: Amazon, tmp_path: Path) -> None:
    """What is named replaces the list."""
    with running_gateway(amazon, tmp_path, proxy_ads_prefixes=("/sp/campaigns",)) as gateway:
        gateway.authorize_account()
        profile = profile_of(gateway)
        assert passed_on(gateway, PROXY, ads_call(profile))["httpStatus"] == 200
        assert gateway.bad(PROXY, ads_call(profile, path="/sp/keywords/list"), status=403)["errcode"] == 1005
