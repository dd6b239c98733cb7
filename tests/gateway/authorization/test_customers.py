"""Whose a store or account is: it stays with the customer of a web application who connected it."""

from typing import Any

from tests.support.gateway_server import Gateway, query_of

SELLER = "A1SANDBOXNA001"


def connect(gateway: Gateway, customer: str | None, name: str, **more: Any) -> dict[str, Any]:
    """Connect the store for a customer; return how that ended."""
    return gateway.authorize_store(sellerName=name, externalId=customer, **more)


def refresh_token(gateway: Gateway) -> str:
    """The one that is kept of the store."""
    return gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})["refreshToken"]


def test_a_store_of_another_customer_is_not_taken_over(gateway: Gateway) -> None:
    """Nothing of it changes: neither its tokens nor its name nor whose it is."""
    assert connect(gateway, "17", "Customer 17")["state"] == "authorized"
    before, listed = refresh_token(gateway), gateway.good("/spApi/authorizedStores")
    ended = connect(gateway, "18", "Customer 18")
    assert (ended["state"], ended["reason"], ended["externalId"]) == ("failed", "connected_elsewhere", "18")
    assert "store" not in ended
    assert "replace" in ended["hint"]
    assert (refresh_token(gateway), gateway.good("/spApi/authorizedStores")["total"]) == (before, 1)
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert store | {"lastUsedAt": None} == listed["stores"][0] | {"lastUsedAt": None}


def test_who_says_replace_takes_it_over(gateway: Gateway) -> None:
    """And is told what it was."""
    connect(gateway, "17", "Customer 17")
    ended = connect(gateway, "18", "Customer 18", replace=True)
    assert (ended["alreadyKnown"], ended["previousName"]) == (True, "Customer 17")
    assert ended["store"]["externalId"] == "18"


def test_a_customer_connects_a_store_again(gateway: Gateway) -> None:
    """One that has it, one whose nobody's it was, and one of whom the attempt says nothing."""
    connect(gateway, None, "Agency")
    adopted = connect(gateway, "17", "Customer 17")
    assert (adopted["alreadyKnown"], adopted["previousName"]) == (True, "Agency")
    assert adopted["store"]["externalId"] == "17"
    assert connect(gateway, "17", "Customer 17")["store"]["externalId"] == "17"
    assert connect(gateway, None, "Agency")["store"]["externalId"] == "17"
    gateway.add_user("guest")
    assert connect(gateway, "18", "Theirs", user="guest")["alreadyKnown"] is False


def test_an_account_stays_with_its_customer_likewise(gateway: Gateway) -> None:
    """Known by its name; under another one it is connected beside the one that is kept."""
    first = gateway.authorize_account(accountName="Brand", externalId="17")
    ended = gateway.authorize_account(accountName="Brand", externalId="18")
    assert (ended["state"], ended["reason"]) == ("failed", "connected_elsewhere")
    beside = gateway.authorize_account(accountName="Brand of 18", externalId="18")
    assert beside["account"]["authRecordId"] != first["account"]["authRecordId"]
    taken = gateway.authorize_account(accountName="Brand", externalId="18", replace=True)
    assert taken["account"]["externalId"] == "18"


def test_what_an_account_that_is_named_by_its_number_belongs_to_counts_too(gateway: Gateway) -> None:
    """Whoever authorizes it again has to be the one whose it is, or nobody in particular."""
    record = gateway.authorize_account(accountName="Brand", externalId="17")["account"]["authRecordId"]
    ended = gateway.authorize_account(accountName="New", authRecordId=record, externalId="18")
    assert ended["reason"] == "connected_elsewhere"
    assert gateway.authorize_account(accountName="New", authRecordId=record)["account"]["externalId"] == "17"


def test_a_store_of_india_that_moves_to_another_customer_s_is_refused(
    gateway: Gateway,
) -> None:
    """What its consent had brought is gone again."""
    gateway.authorize_store("A1SANDBOXEU002", "EU", sellerName="Delhi", marketplace="IN", externalId="17")
    ended = gateway.authorize_store("A1SANDBOXEU002", "FE", sellerName="Mumbai", externalId="18")
    assert (ended["state"], ended["reason"]) == ("failed", "connected_elsewhere")
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (store["sellerName"], store["region"], store["externalId"]) == ("Delhi", "EU", "17")


def test_the_browser_is_told_it(gateway: Gateway) -> None:
    """In words for the customer, and of a store that the customer had already, too."""
    object.__setattr__(gateway.settings, "return_origins", ("https://app.example",))
    connect(gateway, "17", "Customer 17")
    told = []
    for customer in ("17", "18"):
        wanted = {"sellerName": "C", "externalId": customer, "returnUrl": "https://app.example"}
        begun = gateway.good("/spApi/authorizeUrl", wanted)
        back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
        query = query_of(gateway.get(back).headers["Location"])
        told.append({name: query.get(name) for name in ("state", "alreadyKnown", "reason")})
    assert told == [
        {"state": "authorized", "alreadyKnown": "true", "reason": None},
        {"state": "failed", "alreadyKnown": None, "reason": "connected_elsewhere"},
    ]
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "C", "externalId": "18"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    assert "connected for another customer already" in gateway.open(back)[1].text


def test_the_way_back_stays_with_a_store_until_another_one_is_named(gateway: Gateway) -> None:
    """So an application can read where its customer came from, whoever authorized the store again."""
    object.__setattr__(gateway.settings, "return_origins", ("https://app.example",))
    told = []
    for more in ({"returnUrl": "https://app.example/1"}, {}, {"returnUrl": "https://app.example/2"}):
        wanted = {"sellerName": "C", "externalId": "17", **more}
        begun = gateway.good("/spApi/authorizeUrl", wanted)
        gateway.get(
            gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
        )
        told.append(gateway.good("/spApi/authorizedStores")["stores"][0]["returnUrl"][-1])
    assert told == ["1", "1", "2"]
