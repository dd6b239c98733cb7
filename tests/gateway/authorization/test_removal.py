"""Removing a grant: gone with its tokens and profiles, for its owner alone, and not to be brought back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from gateway.jobs import schedule
from gateway.vault.database.tables import attempts, grants, handed_out, profiles
from tests.support.gateway_server import Gateway

STORE = {"sellerId": "A1SANDBOXNA001", "region": "NA"}


def counts(gateway: Gateway) -> dict[str, int]:
    """How many rows there are of what belongs to a grant."""
    with gateway.vault.database.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (grants, profiles, handed_out)
        }


def test_a_removed_store_is_gone(gateway: Gateway) -> None:
    """From the list, from the tokens and from the database; its attempt stays, without it."""
    attempt = gateway.authorize_store()["authorizationId"]
    assert gateway.good("/spApi/removeStore", STORE)["removed"] is True
    assert gateway.good("/spApi/authorizedStores")["total"] == 0
    gateway.bad("/spApi/storeTokens", STORE, status=404)
    assert counts(gateway) == {"grants": 0, "profiles": 0, "handed_out": 0}
    status = gateway.status("spapi", attempt)
    assert (status["state"], "store" in status) == ("authorized", False)
    with gateway.vault.database.reading() as connection:
        assert connection.execute(select(attempts.c.grant_id)).scalars().all() == [None]


def test_a_removal_names_the_store_and_says_what_amazon_keeps(gateway: Gateway) -> None:
    """Where a person ends it there: at the Seller Central, or Vendor Central, that the store signs in at."""
    gateway.authorize_store(sellerName="北极光户外")
    removed = gateway.good("/spApi/removeStore", STORE)
    assert (removed["sellerName"], removed["sellerId"], removed["region"]) == ("北极光户外", *STORE.values())
    (note,) = removed["notes"]
    assert "until it is ended there: Seller Central, Manage Your Apps" in note
    assert "https://sellercentral.amazon.com/apps/manage" in note
    gateway.authorize_store("A1SANDBOXEU001", "EU", marketplace="DE")
    removed = gateway.good("/spApi/removeStore", {"sellerId": "A1SANDBOXEU001", "region": "EU"})
    assert "https://sellercentral-europe.amazon.com/apps/manage" in removed["notes"][0]
    gateway.authorize_store("A1SANDBOXVENEU", "EU", vendor=True)
    removed = gateway.good("/spApi/removeStore", {"sellerId": "A1SANDBOXVENEU", "region": "EU"})
    assert "Vendor Central, Manage Your Apps" in removed["notes"][0]


def test_a_removed_account_is_named_likewise(gateway: Gateway) -> None:
    """An advertiser ends it where they see what they signed in to with Amazon."""
    account = gateway.authorize_account(accountName="Brand")["account"]
    which = {"authRecordId": account["authRecordId"]}
    removed = gateway.good("/amazonAds/removeAccount", which)
    assert removed["removed"] is True
    assert (removed["accountName"], removed["authRecordId"]) == ("Brand", which["authRecordId"])
    assert "https://www.amazon.com/ap/adam" in removed["notes"][0]


@pytest.fixture
def kept_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that does not empty the database's log by itself."""
    monkeypatch.setattr(schedule, "DATABASE_LOG_SECONDS", 86_400.0)


@pytest.mark.usefixtures("kept_log")
def test_a_removed_store_leaves_no_ciphertext_in_the_files(gateway: Gateway) -> None:
    """When the removal is answered, its sealed tokens are gone from the database and its write-ahead log."""
    gateway.authorize_store()
    with gateway.vault.database.reading() as connection:
        columns = (grants.c.access_token_sealed, grants.c.refresh_token_sealed)
        sealed = connection.execute(select(*columns)).one()

    def found() -> int:
        content = b"".join(path.read_bytes() for path in gateway.settings.data_dir.glob("vault.db*"))
        assert len(content) > 4096
        return sum(value[9:60] in content for value in sealed)

    assert found() == 2
    gateway.good("/spApi/removeStore", STORE)
    assert found() == 0


def test_a_removed_account_takes_its_profiles_along(gateway: Gateway) -> None:
    """And leaves those of another account as they are."""
    first = gateway.authorize_account()["account"]
    other = gateway.authorize_account("SANDBOX_PARTNERS")["account"]
    assert (
        gateway.good("/amazonAds/removeAccount", {"authRecordId": str(first["authRecordId"])})["removed"]
        is True
    )
    listed = gateway.good("/amazonAds/authorizedStores")
    assert [entry["authRecordId"] for entry in listed["stores"]] == [other["authRecordId"]]
    assert counts(gateway) == {"grants": 1, "profiles": 1, "handed_out": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/spApi/removeStore", {"sellerId": "A1SANDBOXNA001", "region": "EU"}),
        ("/spApi/removeStore", {"sellerId": "NOBODY", "region": "NA"}),
        ("/amazonAds/removeAccount", {"authRecordId": 7}),
    ],
)
def test_what_is_not_there_cannot_be_removed(gateway: Gateway, path: str, body: dict[str, object]) -> None:
    """Not even twice."""
    gateway.authorize_store()
    assert gateway.bad(path, body, status=404)["errcode"] == 1004
    gateway.good("/spApi/removeStore", STORE)
    gateway.bad("/spApi/removeStore", STORE, status=404)


def test_a_store_is_no_account(gateway: Gateway) -> None:
    """A store's authRecordId removes nothing at the ads path."""
    store = gateway.authorize_store()["store"]
    gateway.bad("/amazonAds/removeAccount", {"authRecordId": store["authRecordId"]}, status=404)
    gateway.good("/spApi/storeTokens", STORE)


@pytest.mark.parametrize(
    "body", [{}, {"sellerId": "A1SANDBOXNA001"}, {"region": "NA"}, {"sellerId": "", "region": "NA"}]
)
def test_a_store_has_to_be_named_in_full(gateway: Gateway, body: dict[str, str]) -> None:
    """A removal guesses nothing."""
    gateway.authorize_store()
    gateway.bad("/spApi/removeStore", body, status=400)
    gateway.good("/spApi/storeTokens", STORE)


def test_a_refresh_under_way_cannot_bring_it_back(gateway: Gateway) -> None:
    """Its caller hears that there is no such store any more."""
    gateway.authorize_store()
    gateway.amazon.fault({"hold": "slow", "holdAt": "after"}, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(gateway.post, "/spApi/refreshToken", STORE)
        gateway.amazon.until_held("slow")
        gateway.good("/spApi/removeStore", STORE)
        gateway.amazon.release("slow")
        assert slow.result().status_code == 404
    assert counts(gateway) == {"grants": 0, "profiles": 0, "handed_out": 0}


def test_a_removed_store_can_be_authorized_again(gateway: Gateway) -> None:
    """It is a new authorization then."""
    first = gateway.authorize_store()["store"]
    gateway.good("/spApi/removeStore", STORE)
    assert gateway.authorize_store()["store"]["authRecordId"] != first["authRecordId"]


def test_the_right_to_manage_is_needed(gateway: Gateway) -> None:
    """A key that may only get tokens removes nothing."""
    gateway.authorize_store()
    key = gateway.vault.users.issue_key("owner", ("tokens", "proxy"))[1].reveal()
    assert gateway.bad("/spApi/removeStore", STORE, status=403, user=key)["reason"] == "key_lacks_right"
    gateway.good("/spApi/storeTokens", STORE)
