"""Every address of the gateway: what is another user's answers, to the letter, as what does not exist."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.addresses import call_address
from tests.support.gateway_server import Gateway, text_of
from tests.support.visitor import Visitor

SELLER = "A1SANDBOXNA001"
API = ("/spApi/", "/amazonAds/")
Body = dict[str, Any]


@pytest.fixture
def two(gateway: Gateway) -> Gateway:
    """A gateway at which the owner has everything, and the guest a store and an account of another name."""
    gateway.add_user("guest")
    gateway.authorize_store()
    gateway.authorize_account()
    gateway.authorize_store("A1SANDBOXNA002", user="guest")
    gateway.authorize_account("SANDBOX_PARTNERS", user="guest")
    return gateway


def callback_of(gateway: Gateway, flow: str) -> str:
    """The address that the owner's browser ended on, not used yet."""
    if flow == "spapi":
        begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "S"})
        return gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "A"})
    return gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")


def with_state(address: str, state: str) -> str:
    """The same address with another state."""
    head, _, rest = address.partition("state=")
    return f"{head}state={state}{rest[43:]}"


def cases(gateway: Gateway) -> dict[str, list[tuple[Body, Body]]]:
    """By path: what names something of the owner's, and the same naming nothing at all.

    Paths that name nothing are checked by what they list; their own test is below.
    """
    store = gateway.good("/spApi/authorizedStores")["stores"][0]
    account = gateway.good("/amazonAds/authorizedStores")["stores"][0]
    attempt = gateway.good("/spApi/authorizeUrl", {"sellerName": "S"})["authorizationId"]
    ads_attempt = gateway.good("/amazonAds/authorizeUrl", {"accountName": "A"})["authorizationId"]
    token = gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})["accessToken"]
    ads_token = gateway.good("/amazonAds/storeTokens", {"authRecordId": account["authRecordId"]})[
        "accessToken"
    ]
    made_up = "Atza|" + "x" * (len(token) - 5)
    call, ads_call = cases_of_the_proxy(account["region"])
    stores: tuple[Body, Body] = ({"sellerId": SELLER}, {"sellerId": "NOBODY"})
    in_region = tuple({**body, "region": "NA"} for body in stores)
    records = ({"authRecordId": account["authRecordId"]}, {"authRecordId": 7})
    store_record = ({"authRecordId": store["authRecordId"]}, {"authRecordId": 7})
    profiles = ({"profileId": account["profileId"]}, {"profileId": 7})
    back, ads_back = callback_of(gateway, "spapi"), callback_of(gateway, "ads")
    return {
        "/spApi/refreshToken": [stores, in_region],
        "/spApi/storeTokens": [in_region, tuple({**body, "minTtl": 3000} for body in in_region)],
        "/spApi/authorizationStatus": [({"authorizationId": attempt}, {"authorizationId": "A" * 22})],
        "/spApi/completeAuthorization": [
            ({"callbackUrl": back}, {"callbackUrl": with_state(back, "x" * 43)})
        ],
        "/spApi/removeStore": [in_region],
        "/spApi/renameStore": [
            tuple({**body, "sellerName": "Other"} for body in pair) for pair in (stores, in_region)
        ],
        "/spApi/developerProxy": [
            ({**call, "sellerId": SELLER}, {**call, "sellerId": "NOBODY"}),
            ({**call, "amzAccessToken": token}, {**call, "amzAccessToken": made_up}),
        ],
        "/amazonAds/authorizeUrl": [tuple({"accountName": "A", **body} for body in records)],
        "/amazonAds/refreshToken": [records, profiles, store_record],
        "/amazonAds/storeTokens": [records, profiles, store_record],
        "/amazonAds/authorizationStatus": [({"authorizationId": ads_attempt}, {"authorizationId": "A" * 22})],
        "/amazonAds/completeAuthorization": [
            ({"callbackUrl": ads_back}, {"callbackUrl": with_state(ads_back, "x" * 43)})
        ],
        "/amazonAds/removeAccount": [records, store_record],
        "/amazonAds/renameAccount": [
            tuple({**body, "accountName": "Other"} for body in pair) for pair in (records, store_record)
        ],
        "/amazonAds/developerProxy": [
            tuple({**ads_call, **body} for body in profiles),
            (
                {**ads_call, **profiles[0], "amzAccessToken": ads_token},
                {**ads_call, **profiles[1], "amzAccessToken": made_up},
            ),
        ],
    }


def cases_of_the_proxy(region: str) -> tuple[Body, Body]:
    """A call for a store, and one for an account."""
    return (
        {"region": "NA", "path": "/sellers/v1/marketplaceParticipations", "method": "GET"},
        {"region": region, "path": "/v2/profiles", "method": "GET"},
    )


def at_addresses(gateway: Gateway) -> list[tuple[str, Body, Body]]:
    """At the addresses of Amazon's APIs: what names something of the owner's, and what names nothing."""
    account = gateway.good("/amazonAds/authorizedStores")["stores"][0]
    token = gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})["accessToken"]
    made_up = "Atza|" + "x" * (len(token) - 5)
    spapi = "/spapi/na/sellers/v1/marketplaceParticipations"
    ads = f"/ads/{account['region'].lower()}/v2/profiles"
    profile = str(account["profileId"])
    return [
        (spapi, {"X-Store": SELLER}, {"X-Store": "NOBODY"}),
        (spapi.replace("na", "eu", 1), {"X-Store": SELLER}, {"X-Store": "NOBODY"}),
        (spapi, {"x-amz-access-token": token}, {"x-amz-access-token": made_up}),
        (ads, {"X-Profile": profile}, {"X-Profile": "7"}),
        (ads, {"Amazon-Advertising-API-Scope": profile}, {"Amazon-Advertising-API-Scope": "7"}),
    ]


# They name nothing of anybody's; `/spApi/authorizeUrl` may name a seller, who then has to come back.
NAMELESS = {
    "/spApi/authorizeUrl",
    "/spApi/authorizedStores",
    "/spApi/importStore",
    "/amazonAds/authorizedStores",
    "/amazonAds/profiles",
    "/amazonAds/importAccount",
}


# Pages that name something of the user's who is signed in, by their routes.
PAGES = {
    "/stores/authorize": "/stores/authorize?again={}",
    "/accounts/authorize": "/accounts/authorize?again={}",
    "/remove/{record_id}": "/remove/{}",
    "/rename/{record_id}": "/rename/{}",
}
# They show what is the user's own, or begin something for that user.
NAMELESS_PAGES = {"/", "/appstore"}
# With the key in its body, so asked in test_login_with_amazon.py.
KEY_IN_THE_BODY = {"/auth/o2/token"}
# Without a key: what they open is named by a random id, a state or a code that only who began it was given.
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/localProof",
    "/openapi.json",
    "/docs",
    "/pages/style.css",
    "/favicon.ico",
    "/signin",
    "/signout",
    "/spApi/oauth/login",
    "/spApi/oauth/callback",
    "/amazonAds/oauth/callback",
    "/oauth/result",
    "/oauth/result/{attempt_id}",
    "/oauth/confirm/{attempt_id}",
    "/oauth/return/{attempt_id}",
}


def told(answer: requests.Response) -> tuple[int, dict[str, str], bytes]:
    """All of an answer but its request's id and time."""
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() not in ("x-request-id", "date")
    }
    return answer.status_code, headers, answer.content.replace(answer.headers["X-Request-Id"].encode(), b"ID")


def test_no_path_is_left_out(two: Gateway) -> None:
    """A new address belongs into the matrix, whatever its method, or to those that name nobody's things."""
    paths = {route.path for route in _all(two.app.routes)}
    calls = {path for path in paths if path.startswith(API)} - OPEN_TO_ALL
    assert len(calls) > 15
    assert calls == set(cases(two)) | NAMELESS
    addresses = {"/spapi/{region}/{path}", "/ads/{region}/{path}"}
    assert paths - calls == set(PAGES) | NAMELESS_PAGES | KEY_IN_THE_BODY | OPEN_TO_ALL | addresses
    assert {f"/{path.split('/')[1]}/{{region}}/{{path}}" for path, _, _ in at_addresses(two)} == addresses


def _all(routes: Any) -> list[Any]:
    found = []
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        found += _all(inner) if inner and not hasattr(route, "methods") else [route]
    return found


def test_what_is_anothers_answers_as_what_is_not_there(two: Gateway) -> None:
    """Every path, every way to name something; nothing is asked of Amazon for it."""
    matrix = cases(two)
    two.amazon.control("ledger/reset", {})
    for path, pairs in matrix.items():
        for foreign, unknown in pairs:
            answers = [told(two.post(path, body, user="guest")) for body in (foreign, unknown)]
            assert answers[0] == answers[1], f"{path} {foreign}"
            assert answers[0][0] in (403, 404), f"{path} {foreign}: {answers[0]}"
    assert two.amazon.calls() == []


def test_anothers_at_the_addresses_answers_as_what_is_not_there(two: Gateway) -> None:
    """By a key with either header, by a token of Amazon's, and by a stand-in token with another's profile."""
    places = at_addresses(two)
    key = {"Authorization": two.keys["guest"]}
    two.amazon.control("ledger/reset", {})
    for path, foreign, unknown in places:
        answers = [call_address(two, path, headers=key | named) for named in (foreign, unknown)]
        assert answers[0].told == answers[1].told, f"{path} {foreign}"
        assert answers[0].status == 404
    assert two.amazon.calls() == []
    key = {"Authorization": two.keys["owner"]}
    statuses = [call_address(two, path, headers=key | own).status for path, own, _ in places]
    assert statuses == [200, 400, 200, 200, 200]  # the second is another region's address


def test_pages_about_anothers_are_as_about_what_is_not_there(two: Gateway) -> None:
    """Opened and sent, by the id of a store and of an account; the owner is answered, nothing is changed."""
    store = two.good("/spApi/authorizedStores")["stores"][0]["authRecordId"]
    account = two.good("/amazonAds/authorizedStores")["stores"][0]["authRecordId"]
    owner, guest = (Visitor(two).sign_in(user) for user in ("owner", "guest"))
    form = guest.page("/stores/authorize").hidden() | {"name": "Mine", "region": "NA"}
    answered = 0
    for address in PAGES.values():
        path = address.partition("?")[0]
        for record_id in (store, account):
            opened = [guest.get(address.format(one)) for one in (record_id, 7)]
            sent = [guest.post(path.format(one), form | {"again": str(one)}) for one in (record_id, 7)]
            for answers in (opened, sent):
                assert [answer.status_code for answer in answers] == [404, 404], address
                assert len({text_of(answer) for answer in answers}) == 1
            answered += owner.get(address.format(record_id)).status_code == 200
    assert answered == 6  # the two forms each for one of them, renaming and removal for both
    assert two.good("/spApi/authorizedStores")["stores"][0]["authRecordId"] == store
    assert two.good("/amazonAds/authorizedStores")["stores"][0]["authRecordId"] == account


def test_the_owner_is_answered(two: Gateway) -> None:
    """So that the matrix does not pass because nothing works: of each pair the first is the owner's."""
    matrix = cases(two)
    last = ("/spApi/removeStore", "/amazonAds/removeAccount")
    foreign_kind = "/amazonAds/"
    store = two.good("/spApi/authorizedStores")["stores"][0]["authRecordId"]
    answered = 0
    for path in sorted(matrix, key=last.__contains__):
        for named, _ in matrix[path]:
            answer = two.post(path, named)
            # A store's authRecordId is nothing at the ads paths, whoever asks.
            if path.startswith(foreign_kind) and named.get("authRecordId") == store:
                assert answer.status_code == 404
                continue
            assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
            answered += 1
    assert answered >= 15


def test_afterwards_everything_of_the_owners_is_as_it_was(two: Gateway) -> None:
    """The guest's tries changed and used up nothing: attempts and states still work."""
    matrix = cases(two)
    look: Callable[[], list[Any]] = lambda: [  # noqa: E731
        two.good(path)
        for path in ("/spApi/authorizedStores", "/amazonAds/authorizedStores", "/amazonAds/profiles")
    ]
    two.vault.usage.flush()  # else what was used before is written meanwhile
    before = look()
    for path, pairs in matrix.items():
        for foreign, _ in pairs:
            two.post(path, foreign, user="guest")
    assert look() == before
    for path in ("/spApi/completeAuthorization", "/amazonAds/completeAuthorization"):
        assert two.good(path, matrix[path][0][0])["state"] == "authorized"


def test_importing_what_another_has_touches_only_ones_own(two: Gateway) -> None:
    """The same store under a grant of the guest's; the owner's tokens stay."""
    wanted = {"sellerId": SELLER, "region": "NA"}
    before = two.good("/spApi/storeTokens", wanted)
    token = two.amazon.control("grants", [wanted])["grants"][0]["refreshToken"]
    imported = two.good(
        "/spApi/importStore", {**wanted, "sellerName": "Mine", "refreshToken": token}, user="guest"
    )
    assert imported["authRecordId"] != before["authRecordId"]
    two.good("/spApi/removeStore", wanted, user="guest")
    assert two.good("/spApi/storeTokens", wanted) == before


def test_a_link_for_a_known_seller_tells_nothing(two: Gateway) -> None:
    """Whether another user has that store cannot be seen from the link's answer."""
    shapes = [
        {
            name: len(str(value))
            for name, value in two.good(
                "/spApi/authorizeUrl", {"sellerName": "S", "sellerId": seller}, user="guest"
            ).items()
        }
        for seller in (SELLER, "A1SANDBOXNA999")
    ]
    assert shapes[0] == shapes[1]
