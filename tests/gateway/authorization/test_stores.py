"""Authorizing a store, from its link to its tokens, as a browser and a caller see it."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.gateway_server import Amazon, Gateway, query_of, running_gateway, settings_for, text_of

SELLER = "A1SANDBOXNA001"


def test_a_store_is_authorized_and_listed(gateway: Gateway) -> None:
    """The whole way: link, consent, callback, result page, status, list."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": " 我的店铺 ☕ ", "region": "na"})
    assert gateway.status("spapi", begun["authorizationId"])["state"] == "pending"
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    path, page = gateway.open(back)
    assert urlsplit(path).query == ""
    assert query_of(back)["spapi_oauth_code"] not in path + page.text
    assert page.status_code == 200
    assert "The store is authorized" in text_of(page)
    assert "我的店铺 ☕" in text_of(page)

    status = gateway.status("spapi", begun["authorizationId"])
    assert (status["state"], status["verification"]) == ("authorized", "verified")
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert status["store"] == store
    assert (store["sellerId"], store["sellerName"], store["region"]) == (SELLER, "我的店铺 ☕", "NA")
    assert store["status"] == "authorized"
    assert store["authorizedAt"] == "2027-01-15T08:00:00Z"
    assert store["authorizationExpiresAt"] == "2028-01-15T08:00:00Z"


def test_stores_are_sorted_by_seller_and_region(gateway: Gateway) -> None:
    """A list that is always in the same order can be paged and compared."""
    for seller_id, region in (("A1SANDBOXWORLD", "NA"), ("A1SANDBOXFE001", "FE"), ("A1SANDBOXWORLD", "EU")):
        gateway.authorize_store(seller_id, region)
    listed = gateway.good("/spApi/authorizedStores")
    assert [(store["sellerId"], store["region"]) for store in listed["stores"]] == [
        ("A1SANDBOXFE001", "FE"),
        ("A1SANDBOXWORLD", "EU"),
        ("A1SANDBOXWORLD", "NA"),
    ]
    assert listed["total"] == 3


def test_authorizing_again_keeps_the_record_and_replaces_the_tokens(gateway: Gateway) -> None:
    """Whoever holds the authRecordId goes on holding it."""
    wanted = {"sellerId": SELLER, "region": "NA"}
    first = gateway.authorize_store()["store"]
    tokens = gateway.good("/spApi/storeTokens", wanted)
    second = gateway.authorize_store(sellerName="Renamed", sellerId=SELLER)["store"]
    assert second["authRecordId"] == first["authRecordId"]
    assert second["sellerName"] == "Renamed"
    assert gateway.good("/spApi/storeTokens", wanted)["refreshToken"] != tokens["refreshToken"]
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_another_seller_than_the_one_named_is_refused_without_an_exchange(gateway: Gateway) -> None:
    """Signed in to the wrong account, a person does not overwrite or add a store."""
    ended = gateway.authorize_store("A1SANDBOXNA002", sellerId=SELLER)
    assert (ended["state"], ended["reason"]) == ("failed", "wrong_seller")
    assert gateway.amazon.calls(grantType="authorization_code") == []
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


def test_a_vendor_signs_in_at_vendor_central(gateway: Gateway) -> None:
    """With `vendor: true` or `central: vendor`, by marketplace."""
    for way in ({"vendor": True}, {"central": "vendor"}):
        body = {"sellerName": "Vendor", "region": "EU", "marketplace": "DE", **way}
        link = gateway.good("/spApi/authorizeUrl", body)["authorizeUrl"]
        assert link.startswith(f"{gateway.amazon.url}/vendorcentral.amazon.de/apps/authorize/consent?")
    assert gateway.authorize_store("A1SANDBOXVENEU", "EU", vendor=True)["state"] == "authorized"


def test_a_marketplace_brings_its_region(gateway: Gateway) -> None:
    """A site has one region; another one beside it is a mistake that is told."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store", "marketplace": "JP"})
    assert begun["region"] == "FE"
    refused = gateway.bad(
        "/spApi/authorizeUrl", {"sellerName": "Store", "marketplace": "JP", "region": "NA"}, status=400
    )
    assert "FE" in refused["errmsg"]


@pytest.mark.parametrize("region", ["FE", "EU"])
def test_india_is_taken_under_far_east_and_kept_under_europe(gateway: Gateway, region: str) -> None:
    """Guides differ, Amazon serves it from EU, and the answer says so."""
    body = {"sellerName": "India", "region": region, "marketplace": "IN"}
    begun = gateway.good("/spApi/authorizeUrl", body)
    assert begun["authorizeUrl"].startswith(f"{gateway.amazon.url}/sellercentral.amazon.in/")
    assert any("India" in note for note in begun.get("notes", [])) == (region == "FE")
    gateway.open(
        gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXEU002")
    )
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["region"] == "EU"


def test_permissions_are_asked_for_recorded_and_compared(gateway: Gateway) -> None:
    """What the person did not grant is told, in the status, in the list and on the page."""
    orders, reports = "sellingpartnerapi::orders", "sellingpartnerapi::reports"
    body = {"sellerName": "Store", "scopes": [orders, reports, orders]}
    begun = gateway.good("/spApi/authorizeUrl", body)
    assert query_of(begun["authorizeUrl"])["scope"] == f"{orders} {reports}"
    _, page = gateway.open(
        gateway.amazon.consent(
            begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER, scope=[orders]
        )
    )
    store = gateway.status("spapi", begun["authorizationId"])["store"]
    assert store["requestedScopes"] == [orders, reports]
    assert store["grantedScopes"] == [orders]
    assert store["missingScopes"] == [reports]
    assert "Permissions not granted" in text_of(page)


def test_nothing_is_known_to_be_missing_where_amazon_names_no_scope(gateway: Gateway) -> None:
    """Without scopes asked for, Amazon's answer names none."""
    store = gateway.authorize_store()["store"]
    assert store["grantedScopes"] is None
    assert "missingScopes" not in store


def test_a_draft_application_is_authorized(amazon: Amazon, tmp_path: Path) -> None:
    """Its links ask for the beta; without that Amazon would show MD1000."""
    amazon.control("apps", {"clientId": amazon.spapi["clientId"], "draft": True})
    app = settings_for(amazon, tmp_path).spapi
    assert app is not None
    with running_gateway(amazon, tmp_path, spapi=replace(app, draft=True)) as gateway:
        assert gateway.authorize_store()["state"] == "authorized"
        link = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizeUrl"]
        assert "MD1000" in gateway.get(link.replace("&version=beta", "")).text


def test_an_application_without_the_role_gives_an_unverified_store(gateway: Gateway) -> None:
    """Amazon lets it not ask for the store's sites: connected all the same."""
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "sellersRole": False})
    ended = gateway.authorize_store()
    assert (ended["state"], ended["verification"]) == ("authorized", "unverified")
    assert ended["store"]["verified"] is False


def test_a_check_that_cannot_be_made_does_not_undo_the_authorization(gateway: Gateway) -> None:
    """The SP-API being down says nothing about the store."""
    gateway.amazon.fault({"status": 500}, path="/sellers/*")
    ended = gateway.authorize_store()
    assert ended["state"] == "authorized"
    assert ended["verification"].startswith("not_checked")
    assert ended["store"]["verified"] is None


def test_the_store_is_checked_once(gateway: Gateway) -> None:
    """The call has a rate of one a minute."""
    gateway.authorize_store()
    assert len(gateway.amazon.calls(path="/sellers/v1/marketplaceParticipations")) == 1


def test_without_an_application_nothing_can_be_authorized(amazon: Amazon, tmp_path: Path) -> None:
    """The answer says that it is the gateway that lacks something."""
    with running_gateway(amazon, tmp_path, spapi=None) as gateway:
        refused = gateway.bad("/spApi/authorizeUrl", {"sellerName": "Store"}, status=503)
        assert refused["reason"] == "app_not_configured"
        assert gateway.good("/amazonAds/authorizeUrl", {"accountName": "Account"})["authorizeUrl"]


def test_a_state_is_random_and_kept_as_a_digest_only(gateway: Gateway) -> None:
    """Whoever reads the database cannot complete somebody's authorization."""
    states = set()
    for _ in range(5):
        link = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizeUrl"]
        states.add(query_of(link)["state"])
    assert len(states) == 5
    assert all(len(state) == 43 for state in states)
    files = list(gateway.settings.data_dir.glob("vault.db*"))
    assert files
    content = b"".join(file.read_bytes() for file in files)
    assert len(content) > 4096
    assert not any(state.encode() in content for state in states)
