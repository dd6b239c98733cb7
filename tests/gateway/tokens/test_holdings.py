"""Which store or account a call means, and that it counts as used, whichever call it was."""

from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.vault.database.tables import grants
from tests.support.clock import START
from tests.support.gateway_server import Gateway

SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}


def last_used(gateway: Gateway, record_id: int) -> int | None:
    """When the database says that a grant was last used."""
    gateway.vault.usage.flush()
    with gateway.vault.database.reading() as connection:
        query = select(grants.c.last_used_at).where(grants.c.id == record_id)
        value: int | None = connection.execute(query).scalar()
        return value


@pytest.fixture
def held(gateway: Gateway) -> dict[str, Any]:
    """A store and an account that nobody has used yet, by the names that calls use for them."""
    store = gateway.authorize_store(SELLER)["store"]
    account = gateway.authorize_account()["account"]
    profile = next(each for each in account["profiles"] if each["region"] == "NA")
    token = gateway.good("/spApi/storeTokens", STORE)["accessToken"]
    gateway.vault.usage.flush()
    with gateway.vault.database.writing() as connection:
        connection.execute(update(grants).values(last_used_at=None))
    return {
        "store": store["authRecordId"],
        "account": account["authRecordId"],
        "token": token,
        "profile": {"profileId": profile["profileId"]},
    }


CALL = {"region": "NA", "method": "GET"}
ORDERS = {**CALL, "path": "/sellers/v1/marketplaceParticipations"}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/spApi/storeTokens", STORE, None),
        ("/spApi/refreshToken", {"sellerId": SELLER}, None),
        ("/spApi/developerProxy", {**ORDERS, "sellerId": SELLER}, None),
        ("/spApi/developerProxy", ORDERS, "token"),
        ("/amazonAds/storeTokens", {}, "profile"),
        ("/amazonAds/refreshToken", {}, "profile"),
        ("/amazonAds/developerProxy", {**CALL, "path": "/v2/profiles"}, "profile"),
    ],
)
def test_every_call_for_a_store_or_account_counts_as_a_use(
    gateway: Gateway, held: dict[str, Any], path: str, body: dict[str, Any], named: str | None
) -> None:
    """Also a refresh and a proxied call: what is used is refreshed ahead of its end."""
    record_id = held["store" if path.startswith("/spApi") else "account"]
    assert last_used(gateway, record_id) is None
    more = {"token": {"amzAccessToken": held["token"]}, "profile": held["profile"], None: {}}[named]
    gateway.good(path, {**body, **more})
    assert last_used(gateway, record_id) == START


def test_lists_tell_when_a_store_or_account_was_last_used(gateway: Gateway, held: dict[str, Any]) -> None:
    """To the second and in UTC; null before."""

    def listed() -> list[str | None]:
        gateway.vault.usage.flush()
        lists = [gateway.good(f"/{flow}/authorizedStores")["stores"] for flow in ("spApi", "amazonAds")]
        return [entries[0]["lastUsedAt"] for entries in lists]

    assert listed() == [None, None]
    gateway.good("/spApi/refreshToken", STORE)
    gateway.good("/amazonAds/refreshToken", held["profile"])
    assert listed() == ["2027-01-15T08:00:00Z"] * 2
