"""Links for what is known: its region, its name, its site and its Central are those that are kept."""

from typing import Any

import pytest

from tests.support.gateway_server import Gateway

SELLER = "A1SANDBOXNA001"
EUROPEAN = "A1SANDBOXEU001"
WORLD = "A1SANDBOXWORLD"
LINK = "/spApi/authorizeUrl"


def ended(gateway: Gateway, begun: dict[str, Any], seller_id: str) -> dict[str, Any]:
    """Consent by a link, and return how it ended."""
    link = begun["authorizeUrl"]
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=seller_id))
    return gateway.status("spapi", begun["authorizationId"])


def test_a_known_store_is_authorized_again_by_its_id_alone(gateway: Gateway) -> None:
    """One of Europe stays one of Europe, under its name and with its site."""
    first = gateway.authorize_store(EUROPEAN, "EU", sellerName="Nordlicht", marketplace="PL")["store"]
    begun = gateway.good(LINK, {"sellerId": EUROPEAN})
    assert begun["region"] == "EU"
    assert "/sellercentral.amazon.pl/" in begun["authorizeUrl"]
    status = ended(gateway, begun, EUROPEAN)
    assert (status["alreadyKnown"], "previousName" in status) == (True, False)
    assert status["store"]["authRecordId"] == first["authRecordId"]
    assert (status["store"]["region"], status["store"]["sellerName"]) == ("EU", "Nordlicht")


def test_what_is_named_counts(gateway: Gateway) -> None:
    """A new name, and another region, in which the seller has no store yet."""
    gateway.authorize_store(EUROPEAN, "EU", sellerName="Nordlicht")
    renamed = ended(gateway, gateway.good(LINK, {"sellerId": EUROPEAN, "sellerName": "Neu"}), EUROPEAN)
    assert (renamed["store"]["sellerName"], renamed["previousName"]) == ("Neu", "Nordlicht")
    elsewhere = gateway.good(LINK, {"sellerId": EUROPEAN, "region": "NA", "sellerName": "Neu NA"})
    assert elsewhere["region"] == "NA"
    assert (
        gateway.good(LINK, {"sellerId": EUROPEAN, "marketplace": "JP", "sellerName": "N"})["region"] == "FE"
    )


def test_which_of_several_is_meant_is_asked(gateway: Gateway) -> None:
    """By region or site; either finds the store with its name."""
    for region in ("NA", "EU"):
        gateway.authorize_store(WORLD, region, sellerName=f"World {region}")
    asked = gateway.bad(LINK, {"sellerId": WORLD}, status=409)
    assert asked["reason"] == "ambiguous"
    assert [each["region"] for each in asked["candidates"]] == ["EU", "NA"]
    for which in ({"region": "EU"}, {"marketplace": "DE"}):
        status = ended(gateway, gateway.good(LINK, {"sellerId": WORLD, **which}), WORLD)
        assert (status["store"]["region"], status["store"]["sellerName"]) == ("EU", "World EU")
        assert "previousName" not in status


def test_with_a_name_the_default_region_counts_where_the_seller_has_several(gateway: Gateway) -> None:
    """Such a request says all that a new store's has to say, and needs no region either."""
    for region in ("NA", "EU"):
        gateway.authorize_store(WORLD, region, sellerName=f"World {region}")
    begun = gateway.good(LINK, {"sellerId": WORLD, "sellerName": "World"})
    assert begun["region"] == "NA"
    assert "/sellercentral.amazon.com/" in begun["authorizeUrl"]


def test_a_vendor_signs_in_where_it_did(gateway: Gateway) -> None:
    """Unless another Central is named."""
    gateway.authorize_store("A1SANDBOXVENEU", "EU", vendor=True)
    again = gateway.good(LINK, {"sellerId": "A1SANDBOXVENEU"})["authorizeUrl"]
    assert "/vendorcentral." in again
    for way in ({"central": "seller"}, {"vendor": False}):
        link = gateway.good(LINK, {"sellerId": "A1SANDBOXVENEU", **way})["authorizeUrl"]
        assert "/sellercentral" in link


def test_a_store_that_is_not_known_needs_a_name(gateway: Gateway) -> None:
    """Neither nobody's nor another user's has one, and the two are told alike."""
    gateway.add_user("guest")
    gateway.authorize_store()
    refused = [
        gateway.bad(LINK, body, status=400, user="guest")
        for body in ({"sellerId": SELLER}, {"sellerId": "NOBODY"}, {})
    ]
    assert len({each["errmsg"] for each in refused}) == 1
    assert "sellerName: a name of 1 to 100 characters is needed" in refused[0]["errmsg"]
    assert gateway.good(LINK, {"sellerId": SELLER, "sellerName": "S"}, user="guest")["region"] == "NA"
    # In a region in which the seller has none, there is no name either.
    gateway.bad(LINK, {"sellerId": SELLER, "region": "EU"}, status=400)


def test_a_known_account_is_authorized_again_by_its_number_alone(gateway: Gateway) -> None:
    """With its name and region; a new account needs a name."""
    first = gateway.authorize_account(accountName="Brand", region="EU")["account"]
    begun = gateway.good("/amazonAds/authorizeUrl", {"authRecordId": first["authRecordId"]})
    assert begun["region"] == "EU"
    gateway.open(
        gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    )
    status = gateway.status("ads", begun["authorizationId"])
    assert (status["account"]["accountName"], "previousName" in status) == ("Brand", False)
    refused = gateway.bad("/amazonAds/authorizeUrl", {}, status=400)
    assert "accountName: a name of 1 to 100 characters is needed" in refused["errmsg"]


@pytest.mark.parametrize("path", ["storeTokens", "refreshToken"])
def test_the_link_that_a_failure_offers_is_for_that_store(gateway: Gateway, path: str) -> None:
    """Of its region, under its name."""
    gateway.authorize_store(EUROPEAN, "EU", sellerName="Nordlicht", marketplace="PL")
    store = {"sellerId": EUROPEAN, "region": "EU"}
    gateway.amazon.control("revoke", {"sellerId": EUROPEAN})
    gateway.bad("/spApi/refreshToken", store, status=409)
    failure = gateway.bad(f"/spApi/{path}", store, status=409)
    assert "/sellercentral.amazon.pl/" in failure["authorizeUrl"]
    status = ended(gateway, failure, EUROPEAN)
    assert (status["store"]["region"], status["store"]["sellerName"]) == ("EU", "Nordlicht")
    assert "previousName" not in status


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("storeTokens", {}),
        ("storeTokens", {"minTtl": 300}),
        ("refreshToken", {}),
        ("removeStore", {}),
        ("renameStore", {"sellerName": "N"}),
    ],
)
def test_a_store_of_another_region_is_not_found_and_said_where(
    gateway: Gateway, path: str, more: dict[str, Any]
) -> None:
    """Where the caller has that seller; nothing of what another user has."""
    gateway.add_user("guest")
    for region in ("NA", "EU"):
        gateway.authorize_store(WORLD, region)
    body = {"sellerId": WORLD, "region": "FE", **more}
    failure = gateway.bad(f"/spApi/{path}", body, status=404)
    assert (failure["reason"], failure["regions"]) == ("not_found", ["EU", "NA"])
    assert "this seller is authorized in EU and NA" in failure["errmsg"]
    for user, seller_id in (("guest", WORLD), ("owner", "NOBODY")):
        nothing = gateway.bad(f"/spApi/{path}", {**body, "sellerId": seller_id}, status=404, user=user)
        assert "regions" not in nothing
