"""Bad input: refused with the contract's envelope, before anything happens."""

import json
from typing import Any

import pytest

from gateway.api.requests.accounts import (
    AccountTokensRequest,
    ImportAccountRequest,
    OneAccountRequest,
    ProfilesRequest,
)
from gateway.api.requests.base import ApiRequest, AttemptRequest
from gateway.api.requests.proxy import StoreProxyRequest
from gateway.api.requests.stores import OneStoreRequest, StoreAuthorizationRequest, StoreTokensRequest
from gateway.errors import Problem
from tests.support.gateway_server import Gateway, check_envelope, http

NAMES: list[Any] = [
    None,
    "",
    "   ",
    7,
    True,
    ["x"],
    {"a": 1},
    "x" * 101,
    "x" * 10_000,
    "a\x00b",
    "a\nb",
    "a\u202eb",
    "\ud800",
]


def refused(request: type[ApiRequest], document: dict[str, Any]) -> str:
    """What a request says that refuses a value."""
    with pytest.raises(Problem) as caught:
        request.read(document)
    assert caught.value.reason == "bad_parameter"
    return caught.value.message


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    """1 to 100 characters after trimming, without control or direction marks."""
    assert "sellerName" in refused(StoreAuthorizationRequest, {"sellerName": name})


def test_a_name_may_be_anything_else() -> None:
    """In any script, also what would be a script in HTML, which is escaped where it is shown."""
    for name in ("我的店铺 ☕", '"><script>', "x" * 100, "👩‍🚀"):
        assert StoreAuthorizationRequest.read({"sellerName": f"  {name} "}).seller_name == name


@pytest.mark.parametrize("region", ["us", "XX", "", "N A", "ＮＡ", 1, ["NA"], {}])
def test_a_region_is_one_of_three(region: Any) -> None:
    """A country is not a region."""
    asked = {"sellerId": "A1", "region": region}
    assert refused(OneStoreRequest, asked).count("region: expected") == 1


@pytest.mark.parametrize(
    "number", [0, -1, 1.0, 1.5, True, "", "12a", "-1", "1e3", "٣", 2**63, "9" * 20, "9" * 19, [1]]
)
def test_a_profile_id_is_a_positive_64_bit_integer(number: Any) -> None:
    """As a number, or as 1 to 19 digits."""
    assert "profileId: expected an integer" in refused(OneAccountRequest, {"profileId": number})


@pytest.mark.parametrize("number", [1, "1", 2**63 - 1, str(2**63 - 1), 9007199254740993, "0001"])
def test_a_profile_id_keeps_every_digit(number: Any) -> None:
    """Also beyond what a float can hold."""
    assert OneAccountRequest.read({"profileId": number}).profile_id == int(number)


@pytest.mark.parametrize("min_ttl", [-1, 3301, 1.5, "300", True, [300]])
def test_min_ttl_is_whole_seconds_up_to_3300(min_ttl: Any) -> None:
    """A token lives for 3600."""
    asked = {"sellerId": "A1", "region": "NA", "minTtl": min_ttl}
    assert "minTtl: expected whole seconds from 0 to 3300" in refused(StoreTokensRequest, asked)


@pytest.mark.parametrize("scopes", ["sellingpartnerapi::orders", [1], ["orders"], [["x"]], {"a": 1}, [None]])
def test_scopes_are_a_list_out_of_the_closed_set(scopes: Any) -> None:
    """Neither one string nor names that Amazon does not have."""
    assert "scopes: expected" in refused(StoreAuthorizationRequest, {"sellerName": "S", "scopes": scopes})


def test_new_zealand_is_told_to_use_australia() -> None:
    """The word is known, the site is not there."""
    for marketplace, told in (("NZ", "AU"), ("XX", "expected a site"), (1, "expected a string")):
        assert told in refused(StoreAuthorizationRequest, {"sellerName": "S", "marketplace": marketplace})


@pytest.mark.parametrize(
    ("request_type", "document", "told"),
    [
        (StoreTokensRequest, {}, "sellerId: expected an Amazon seller id"),
        (StoreTokensRequest, {"sellerId": None, "region": 7}, "sellerId: expected an Amazon seller id"),
        (StoreTokensRequest, {"sellerId": 7, "region": "NA"}, "sellerId: expected a string"),
        (StoreTokensRequest, {"sellerId": "A1"}, "region: expected NA, EU or FE"),
        (StoreProxyRequest, {"region": "NA"}, "path: expected a path such as /orders/v0/orders"),
        (AttemptRequest, {}, "authorizationId: expected the id that authorizeUrl returned"),
        (StoreAuthorizationRequest, {}, "sellerName: a name of 1 to 100 characters is needed"),
        (
            StoreAuthorizationRequest,
            {"region": "NA", "marketplace": "DE"},
            "marketplace: DE belongs to the region EU",
        ),
        (
            StoreAuthorizationRequest,
            {"sellerId": "!!", "sellerName": "S", "region": "NA", "marketplace": "DE"},
            "sellerId: expected an Amazon seller id",
        ),
        (
            StoreAuthorizationRequest,
            {"sellerName": "S", "central": "seller", "vendor": True},
            "vendor: it contradicts central seller",
        ),
        (OneAccountRequest, {}, "expected either authRecordId or profileId"),
        (AccountTokensRequest, {"minTtl": -1}, "expected either authRecordId or profileId"),
        (
            ImportAccountRequest,
            {"region": "NA", "accountName": "A", "refreshToken": "Atzr|a secret of somebody's"},
            "refreshToken: expected a token of Amazon's",
        ),
        (ProfilesRequest, {"refresh": "yes"}, "refresh: expected true or false"),
        (StoreProxyRequest, {"path": "/a", "method": "TRACE"}, "method: expected one of GET, POST, PUT"),
    ],
)
def test_the_first_field_that_is_wrong_is_named_in_our_own_words(
    request_type: type[ApiRequest], document: dict[str, Any], told: str
) -> None:
    """Whatever is missing or wrong after it, and with nothing of what was sent."""
    message = refused(request_type, document)
    assert message.partition(": ")[2].startswith(told)
    assert "secret" not in message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/spApi/authorizeUrl", {}),
        ("/spApi/authorizeUrl", {"sellerName": "Store", "region": "XX"}),
        ("/spApi/authorizeUrl", {"sellerName": "Store", "vendor": "yes"}),
        ("/spApi/authorizeUrl", {"sellerName": "Store", "vendor": True, "central": "seller"}),
        ("/spApi/authorizeUrl", {"sellerName": "Store", "sellerId": "../x"}),
        ("/spApi/storeTokens", {"sellerId": "A1"}),
        ("/spApi/storeTokens", {"region": "NA"}),
        ("/spApi/storeTokens", {"sellerId": "A1", "region": "NA", "minTtl": 4000}),
        ("/spApi/refreshToken", {}),
        ("/spApi/authorizationStatus", {}),
        ("/amazonAds/authorizeUrl", {"accountName": " "}),
        ("/amazonAds/storeTokens", {}),
        ("/amazonAds/storeTokens", {"profileId": 1, "authRecordId": 1}),
        ("/amazonAds/refreshToken", {"profileId": 2**63}),
        ("/amazonAds/profiles", {"refresh": "yes"}),
    ],
)
def test_bad_parameters_are_400_with_errcode_1002(gateway: Gateway, path: str, body: dict[str, Any]) -> None:
    """Never a 422; Amazon hears nothing of it."""
    refused = gateway.bad(path, body, status=400)
    assert (refused["errcode"], refused["reason"]) == (1002, "bad_parameter")
    assert gateway.amazon.calls() == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"\xff\xfe",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' + b"[" * 501 + b"]" * 501 + b"}",
        b"1" * 10_000,
        b"a=b",
    ],
)
@pytest.mark.parametrize("path", ["/spApi/authorizeUrl", "/spApi/storeTokens"])
def test_a_body_that_is_no_json_object_is_400(gateway: Gateway, path: str, body: bytes) -> None:
    """Broken, deep, another type or another encoding."""
    with http() as session:
        answer = session.post(gateway.url + path, data=body, headers={"Authorization": gateway.keys["owner"]})
    assert answer.status_code == 400
    assert check_envelope(answer)["errcode"] == 1002


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense"]
)
def test_json_is_json_whatever_the_content_type_says(gateway: Gateway, content_type: str | None) -> None:
    """Downstream skills send what urllib sends."""
    headers = {"Authorization": gateway.keys["owner"], "Content-Type": content_type}
    with http() as session:
        body = json.dumps({"sellerName": "Store"}).encode()
        answer = session.post(gateway.url + "/spApi/authorizeUrl", data=body, headers=headers)
        empty = session.post(gateway.url + "/spApi/authorizedStores", headers=headers)
    assert answer.status_code == empty.status_code == 200


def test_keys_that_are_not_known_and_nulls_are_left_alone(gateway: Gateway) -> None:
    """Callers of the hosted gateway send more than this one reads."""
    body = {"sellerName": "Store", "region": None, "marketplace": None, "somethingElse": {"a": [1]}}
    assert gateway.good("/spApi/authorizeUrl", body)["region"] == "NA"
