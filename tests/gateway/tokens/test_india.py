"""Stores of India: guides list them under the Far East, Amazon serves them from Europe."""

from tests.gateway.running import Gateway

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


def test_authorising_again_without_a_site_keeps_the_site(gateway: Gateway) -> None:
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
    assert (removed["removed"], len(removed["notes"])) == (True, 1)
    gateway.bad("/spApi/removeStore", where, status=404)


def test_the_proxy_and_the_removal_find_no_other_store_of_europe_there(gateway: Gateway) -> None:
    """Only the one whose site is India."""
    gateway.authorize_store(INDIAN, "EU", marketplace="DE")
    where = {"sellerId": INDIAN, "region": "FE"}
    gateway.bad("/spApi/removeStore", where, status=404)
    call = {"path": "/sellers/v1/marketplaceParticipations", "method": "GET"}
    gateway.bad("/spApi/developerProxy", where | call, status=400)
