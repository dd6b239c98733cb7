"""Consent links: where they lead and what they carry."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.amazon.marketplaces import find_marketplace
from gateway.amazon.session import AmazonSession
from gateway.authorization.consent_links import account_link, consent_host, store_link
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.util.secret import Secret

APP = SellingPartnerApplication("amzn1.sellerapps.app.1", "client", Secret("secret"))
DRAFT = SellingPartnerApplication("amzn1.sellerapps.app.1", "client", Secret("secret"), draft=True)
STATE = Secret("s" * 43)
CALLBACK = "https://gateway.example/spApi/oauth/callback"


def link(app: SellingPartnerApplication = APP, **more: tuple[str, ...]) -> str:
    """A store's link on the real Amazon."""
    address = AmazonSession().address
    return store_link(address, "sellercentral.amazon.com", app, redirect_uri=CALLBACK, state=STATE, **more)


def test_a_store_link_carries_what_amazon_reads_and_no_more() -> None:
    """There is no client id, response type or scope on it, and no beta, unless it was asked for."""
    parts = urlsplit(link())
    assert (parts.scheme, parts.netloc, parts.path) == (
        "https",
        "sellercentral.amazon.com",
        "/apps/authorize/consent",
    )
    assert parse_qs(parts.query) == {
        "application_id": ["amzn1.sellerapps.app.1"],
        "state": ["s" * 43],
        "redirect_uri": [CALLBACK],
    }


def test_a_draft_application_asks_for_the_beta() -> None:
    """Leaving it out on a draft application shows MD1000."""
    assert parse_qs(urlsplit(link(DRAFT)).query)["version"] == ["beta"]


def test_requested_scopes_go_space_separated() -> None:
    """As older guides have it; without plus signs, which not every reader takes for spaces."""
    scopes = ("sellingpartnerapi::orders", "sellingpartnerapi::reports")
    assert link(scopes=scopes).endswith(
        "&scope=sellingpartnerapi%3A%3Aorders%20sellingpartnerapi%3A%3Areports"
    )


def test_a_link_never_holds_a_space() -> None:
    """A link with a space in it is what a corrupted client_id comes from."""
    assert " " not in link(scopes=("sellingpartnerapi::orders", "sellingpartnerapi::reports"))


@pytest.mark.parametrize(
    ("region", "marketplace", "central", "host"),
    [
        ("NA", None, "seller", "sellercentral.amazon.com"),
        ("EU", None, "seller", "sellercentral-europe.amazon.com"),
        ("FE", None, "seller", "sellercentral.amazon.co.jp"),
        ("NA", "MX", "seller", "sellercentral.amazon.com.mx"),
        ("EU", "GB", "seller", "sellercentral-europe.amazon.com"),
        ("EU", "uk", "vendor", "vendorcentral.amazon.co.uk"),
        ("EU", "IN", "seller", "sellercentral.amazon.in"),
        ("FE", "A39IBJ37TRP1C6", "seller", "sellercentral.amazon.com.au"),
        ("NA", None, "vendor", "vendorcentral.amazon.com"),
        ("FE", "JP", "vendor", "vendorcentral.amazon.co.jp"),
    ],
)
def test_the_consent_page_is_the_marketplaces_or_the_regions(
    region: str, marketplace: str | None, central: str, host: str
) -> None:
    """A marketplace has a page of its own; without one the region's default serves."""
    site = find_marketplace(marketplace) if marketplace else None
    assert consent_host(region, site, central) == host


@pytest.mark.parametrize(
    ("region", "host"),
    [("NA", "www.amazon.com"), ("EU", "eu.account.amazon.com"), ("FE", "apac.account.amazon.com")],
)
def test_an_ads_link_is_a_plain_oauth_request_at_the_regions_host(region: str, host: str) -> None:
    """RFC 6749, section 4.1.1, with the one scope that the Ads API has."""
    client = AdsClient("amzn1.application-oa2-client.1", Secret("secret"))
    parts = urlsplit(
        account_link(AmazonSession().address, region, client, redirect_uri=CALLBACK, state=STATE)
    )
    assert (parts.netloc, parts.path) == (host, "/ap/oa")
    assert parse_qs(parts.query) == {
        "client_id": ["amzn1.application-oa2-client.1"],
        "scope": ["advertising::campaign_management"],
        "response_type": ["code"],
        "redirect_uri": [CALLBACK],
        "state": ["s" * 43],
    }


def test_a_stand_in_takes_the_place_of_every_host() -> None:
    """With AMAZON_ORIGIN consent links lead there too."""
    address = AmazonSession("http://127.0.0.1:9").address
    assert address("www.amazon.com", "/ap/oa") == "http://127.0.0.1:9/www.amazon.com/ap/oa"
