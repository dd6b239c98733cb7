"""Stores of India: guides list them under the Far East, Amazon serves them from Europe."""

from typing import Any

import pytest

from tests.support.gateway_server import Gateway, text_of

INDIAN = "A1SANDBOXEU002"


def test_an_indian_store_is_found_under_the_far_east(gateway: Gateway) -> None:
    """Its tokens come, read or refreshed, with a note that says where it is kept."""
    gateway.authorize_store(INDIAN, "FE", marketplace="IN")
    for path, more in (("storeTokens", {}), ("storeTokens", {"minTtl": 3000}), ("refreshToken", {})):
        found = gateway.good(f"/spApi/{path}", {"sellerId": INDIAN, "region": "FE", **more})
        assert (found["region"], len(found["notes"])) == ("EU", 1)
        kept = gateway.good(f"/spApi/{path}", {"sellerId": INDIAN, "region": "EU", **more})
        assert "notes" not in kept


def test_another_store_of_europe_is_not_found_there(gateway: Gateway) -> None:
    """Only the one whose site is India."""
    gateway.authorize_store(INDIAN, "EU", marketplace="DE")
    for path in ("storeTokens", "refreshToken"):
        gateway.bad(f"/spApi/{path}", {"sellerId": INDIAN, "region": "FE"}, status=404)
        gateway.bad(f"/spApi/{path}", {"sellerId": INDIAN, "region": "NA"}, status=404)


def test_a_key_that_is_not_valid_learns_nothing(gateway: Gateway) -> None:
    """The second look changes nothing about that."""
    gateway.authorize_store(INDIAN, "FE", marketplace="IN")
    gateway.bad(
        "/spApi/storeTokens", {"sellerId": INDIAN, "region": "FE"}, status=401, user="lfx_local_nobody"
    )


def test_authorizing_again_without_a_site_keeps_the_site(gateway: Gateway) -> None:
    """What was known of the store stays known."""
    gateway.authorize_store(INDIAN, "EU", marketplace="IN")
    gateway.authorize_store(INDIAN, "EU")
    assert gateway.good("/spApi/storeTokens", {"sellerId": INDIAN, "region": "FE"})["region"] == "EU"


def test_the_proxy_and_the_removal_find_it_there_too(gateway: Gateway) -> None:
    """By the store's name and by its token; the notes say where it is kept."""
    gateway.authorize_store(INDIAN, "FE", marketplace="IN")
    where = {"sellerId": INDIAN, "region": "FE"}
    token = gateway.good("/spApi/storeTokens", where)["accessToken"]
    for whose in ({"sellerId": INDIAN}, {"amzAccessToken": token}):
        wanted = {"region": "FE", "path": "/sellers/v1/marketplaceParticipations", "method": "GET"}
        answer = gateway.good("/spApi/developerProxy", wanted | whose)
        assert (answer["httpStatus"], len(answer["notes"])) == (200, 1)
        assert "notes" not in gateway.good("/spApi/developerProxy", wanted | whose | {"region": "EU"})
    removed = gateway.good("/spApi/removeStore", where)
    assert removed["removed"] is True
    assert removed["notes"][0].startswith("India is served by")
    gateway.bad("/spApi/removeStore", where, status=404)


def test_the_proxy_and_the_removal_find_no_other_store_of_europe_there(gateway: Gateway) -> None:
    """Only the one whose site is India."""
    gateway.authorize_store(INDIAN, "EU", marketplace="DE")
    where = {"sellerId": INDIAN, "region": "FE"}
    gateway.bad("/spApi/removeStore", where, status=404)
    call = {"path": "/sellers/v1/marketplaceParticipations", "method": "GET"}
    gateway.bad("/spApi/developerProxy", where | call, status=400)


def test_a_known_store_of_india_is_authorized_again_under_europe(gateway: Gateway) -> None:
    """Asked for under the Far East by its seller id alone: the link, and what comes of it, are Europe's."""
    first = gateway.authorize_store(INDIAN, "EU", marketplace="IN")["store"]
    again = {"sellerName": "Again", "sellerId": INDIAN, "region": "FE"}
    begun = gateway.good("/spApi/authorizeUrl", again)
    assert (begun["region"], len(begun["notes"])) == ("EU", 1)
    assert "/sellercentral.amazon.in/" in begun["authorizeUrl"]
    renewed = gateway.authorize_store(INDIAN, "FE", sellerId=INDIAN)["store"]
    assert (renewed["region"], renewed["authRecordId"]) == ("EU", first["authRecordId"])


def test_a_link_for_another_store_under_the_far_east_stays_there(gateway: Gateway) -> None:
    """One of another site of Europe, and another user's store of India."""
    gateway.add_user("guest")
    gateway.authorize_store(INDIAN, "EU", marketplace="IN")
    gateway.authorize_store(INDIAN, "EU", marketplace="DE", user="guest")
    wanted = {"sellerName": "Again", "region": "FE"}
    for seller_id, user in ((INDIAN, "guest"), ("A1SANDBOXNA001", "owner")):
        begun = gateway.good("/spApi/authorizeUrl", {**wanted, "sellerId": seller_id}, user=user)
        assert begun["region"] == "FE"
        assert "notes" not in begun
        assert "/sellercentral.amazon.co.jp/" in begun["authorizeUrl"]


def imported(gateway: Gateway, seller_id: str, region: str) -> dict[str, Any]:
    """Import a token of the seller's own region under the Far East."""
    grant = {"sellerId": seller_id, "region": region}
    token = gateway.amazon.control("grants", [grant])["grants"][0]["refreshToken"]
    body = {"sellerId": seller_id, "region": "FE", "sellerName": "Mine", "refreshToken": token}
    return gateway.good("/spApi/importStore", body)


@pytest.mark.parametrize("role", [True, False])
def test_an_imported_store_of_india_is_kept_under_europe(gateway: Gateway, role: bool) -> None:
    """Where Amazon lists India among its sites, or it is known as that already; the notes say so."""
    if not role:
        gateway.authorize_store(INDIAN, "EU", marketplace="IN")
        gateway.amazon.fault({"answer": "spApi.roleMissing"}, times=None, path="/sellers/*")
    store = imported(gateway, INDIAN, "EU")
    assert (store["region"], len(store["notes"])) == ("EU", 1)
    assert store["verified"] is (None if role else False)
    (listed,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (listed["region"], listed["authRecordId"]) == ("EU", store["authRecordId"])
    assert gateway.good("/spApi/storeTokens", {"sellerId": INDIAN, "region": "FE"})["region"] == "EU"


def test_an_imported_store_of_the_far_east_stays_there(gateway: Gateway) -> None:
    """Amazon answers for it there, so nothing else is asked."""
    store = imported(gateway, "A1SANDBOXFE001", "FE")
    assert store["region"] == "FE"
    assert "notes" not in store
    assert "verification" not in store
    assert len(gateway.amazon.calls(path="/sellers/v1/marketplaceParticipations")) == 1


@pytest.mark.parametrize(("seller_id", "region"), [("A1SANDBOXEU001", "EU"), ("A1SANDBOXNA001", "NA")])
def test_another_store_that_is_imported_there_is_refused(
    gateway: Gateway, seller_id: str, region: str
) -> None:
    """Nothing is kept, and its own region is named."""
    grant = {"sellerId": seller_id, "region": region}
    token = gateway.amazon.control("grants", [grant])["grants"][0]["refreshToken"]
    body = {"sellerId": seller_id, "region": "FE", "sellerName": "Mine", "refreshToken": token}
    refused = gateway.bad("/spApi/importStore", body, status=400)
    assert refused["reason"] == "import_wrong_region"
    assert f"under {region}" in refused["errmsg"]
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


@pytest.mark.parametrize("before", [False, True])
def test_a_consent_under_the_far_east_without_a_site_is_kept_under_europe(
    gateway: Gateway, before: bool
) -> None:
    """The first look finds it where Amazon serves it; a store that is kept there keeps its number."""
    known = gateway.authorize_store(INDIAN, "EU", marketplace="IN")["store"] if before else None
    ended = gateway.authorize_store(INDIAN, "FE")
    store = ended["store"]
    assert (ended["verification"], store["region"], store["verified"]) == ("verified", "EU", True)
    assert len(ended["notes"]) == 1
    (listed,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (listed["region"], listed["authRecordId"]) == ("EU", store["authRecordId"])
    assert known is None or known["authRecordId"] == store["authRecordId"]
    tokens = gateway.good("/spApi/storeTokens", {"sellerId": INDIAN, "region": "FE"})
    assert tokens["region"] == "EU"
    called = {"path": "/sellers/v1/marketplaceParticipations", "method": "GET", "region": "EU"}
    assert gateway.good("/spApi/developerProxy", {**called, "sellerId": INDIAN})["httpStatus"] == 200


def test_the_page_tells_the_region_that_a_store_is_kept_under(gateway: Gateway) -> None:
    """Not the one that its link was made for."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Bharat", "region": "FE"})
    link = begun["authorizeUrl"]
    _, page = gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=INDIAN))
    assert "EU (Europe" in text_of(page)
    assert "FE (Far East)" not in text_of(page)


def test_another_store_that_consents_there_is_told_as_misplaced(gateway: Gateway) -> None:
    """It sells nothing in India: where it belongs is for its person to say."""
    gateway.amazon.fault({"answer": "spApi.wrongRegion"}, times=None, path="/sellers/*")
    ended = gateway.authorize_store("A1SANDBOXFE001", "FE")
    assert (ended["verification"], ended["store"]["region"]) == ("wrong_region", "FE")


def test_one_that_was_kept_under_the_far_east_moves_when_it_is_authorized_again(gateway: Gateway) -> None:
    """It keeps its number, and nothing of it is lost."""
    gateway.amazon.fault({"answer": "spApi.wrongRegion"}, times=2, path="/sellers/*")
    misplaced = gateway.authorize_store(INDIAN, "FE")["store"]
    assert misplaced["region"] == "FE"
    record_id = misplaced["authRecordId"]
    gateway.vault.grants.mark_needs_reauthorization(int(record_id), 0, "store_revoked")
    where = {"sellerId": INDIAN, "region": "FE"}
    link = gateway.bad("/spApi/storeTokens", where, status=409)["authorizeUrl"]
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=INDIAN))
    (listed,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (listed["region"], listed["authRecordId"]) == ("EU", record_id)
    assert gateway.good("/spApi/storeTokens", where)["region"] == "EU"
