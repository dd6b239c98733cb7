"""Who has to authorize again is offered the way: one link, bound to the store or account that it renews."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.vault.errors import VaultError
from tests.support.gateway_server import Gateway, running_gateway

SELLER = "A1SANDBOXNA001"
WANTED = {"sellerId": SELLER, "region": "NA"}


def revoke(gateway: Gateway) -> dict[str, object]:
    """Authorize a store, let the seller revoke it, and return what the next refresh is told."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    return gateway.bad("/spApi/refreshToken", WANTED, status=409)


def test_the_link_mends_it(gateway: Gateway) -> None:
    """The link of the error is a consent link like any other, and its attempt can be followed."""
    refused = revoke(gateway)
    link = str(refused["authorizeUrl"])
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=SELLER))
    assert gateway.status("spapi", str(refused["authorizationId"]))["state"] == "authorized"
    assert gateway.good("/spApi/storeTokens", WANTED)["authRecordId"]


def test_another_seller_cannot_use_it(gateway: Gateway) -> None:
    """It renews this store and nothing else."""
    refused = revoke(gateway)
    back = gateway.amazon.consent(
        str(refused["authorizeUrl"]), decision="confirm", selling_partner_id="A1SANDBOXNA002"
    )
    gateway.open(back)
    assert gateway.status("spapi", str(refused["authorizationId"]))["reason"] == "wrong_seller"


def test_one_link_serves_until_it_is_used_or_old(gateway: Gateway) -> None:
    """Asking a hundred times makes no hundred attempts."""
    first = revoke(gateway)["authorizeUrl"]
    again = [
        gateway.bad(path, {**WANTED, **more}, status=409)["authorizeUrl"]
        for path, more in (("/spApi/storeTokens", {}), ("/spApi/storeTokens", {"minTtl": 60}))
    ]
    assert again == [first, first]
    gateway.clock.step(11 * 60)
    later = gateway.bad("/spApi/storeTokens", WANTED, status=409)
    assert later["authorizeUrl"] != first
    back = gateway.amazon.consent(
        str(later["authorizeUrl"]), decision="confirm", selling_partner_id="A1SANDBOXNA002"
    )
    gateway.open(back)
    assert gateway.bad("/spApi/storeTokens", WANTED, status=409)["authorizeUrl"] != later["authorizeUrl"]


def test_a_key_that_may_not_authorize_gets_no_link(gateway: Gateway) -> None:
    """It is told what is wrong all the same."""
    revoke(gateway)
    _, key = gateway.vault.users.issue_key("owner", rights=("tokens",))
    refused = gateway.bad("/spApi/storeTokens", WANTED, status=409, user=key.reveal())
    assert refused["status"] == "needs_reauthorization"
    assert "authorizeUrl" not in refused


def test_a_vendor_is_sent_to_vendor_central_and_a_site_to_its_own(gateway: Gateway) -> None:
    """The link goes where the store was authorized the first time."""
    body = {"vendor": True, "marketplace": "DE"}
    gateway.authorize_store("A1SANDBOXVENEU", "EU", **body)
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXVENEU"})
    refused = gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXVENEU"}, status=409)
    assert "/vendorcentral.amazon.de/" in urlsplit(str(refused["authorizeUrl"])).path


def test_an_ads_account_is_renewed_by_its_record(gateway: Gateway) -> None:
    """The account keeps its authRecordId, by record and by profile."""
    account = gateway.authorize_account()["account"]
    gateway.amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    which = {"authRecordId": account["authRecordId"]}
    refused = gateway.bad("/amazonAds/refreshToken", which, status=409)
    assert gateway.bad("/amazonAds/storeTokens", which, status=409)["authorizeUrl"] == refused["authorizeUrl"]
    gateway.open(
        gateway.amazon.consent(refused["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    )
    assert gateway.good("/amazonAds/refreshToken", which)["authRecordId"] == account["authRecordId"]


def test_what_is_wrong_is_told_where_no_link_can_be_made(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault may not be writable now, or the gateway may have no application any more."""
    revoke(gateway)

    def full(_: object) -> None:
        raise VaultError("the disk is full", "make room")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.vault.attempts, "begin", full)
        gateway.clock.step(11 * 60)  # so that the link of before is too old
        refused = gateway.bad("/spApi/storeTokens", WANTED, status=409)
        assert (refused["reason"], "authorizeUrl" in refused) == ("store_revoked", False)
    assert "authorizeUrl" in gateway.bad("/spApi/storeTokens", WANTED, status=409)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock, spapi=None) as bare:
        refused = bare.bad("/spApi/storeTokens", WANTED, status=409)
    assert (refused["status"], "authorizeUrl" in refused) == ("needs_reauthorization", False)
