"""The links to Amazon's consent pages (references/amazon.md: the website workflow, and Amazon Ads)."""

from collections.abc import Callable, Sequence
from urllib.parse import quote, urlencode

from gateway.amazon.marketplaces import Marketplace
from gateway.authorization.scopes import ADS_SCOPE
from gateway.model import Central, Region
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.util.secret import Secret

# Turns a host and a path of Amazon's into the address to use (`AmazonSession.address`).
Address = Callable[[str, str], str]

CONSENT_PATH = "/apps/authorize/consent"

# Without a marketplace. There is no one Vendor Central for Europe, so the default there is Britain's.
DEFAULT_HOSTS: dict[Central, dict[Region, str]] = {
    "seller": {
        "NA": "sellercentral.amazon.com",
        "EU": "sellercentral-europe.amazon.com",
        "FE": "sellercentral.amazon.co.jp",
    },
    "vendor": {
        "NA": "vendorcentral.amazon.com",
        "EU": "vendorcentral.amazon.co.uk",
        "FE": "vendorcentral.amazon.co.jp",
    },
}
ADS_HOSTS: dict[Region, str] = {
    "NA": "www.amazon.com",
    "EU": "eu.account.amazon.com",
    "FE": "apac.account.amazon.com",
}


def consent_host(region: Region, marketplace: Marketplace | None, central: Central) -> str:
    """Return the Seller or Vendor Central that a marketplace, or else the region, signs in at."""
    if marketplace is None:
        return DEFAULT_HOSTS[central][region]
    return marketplace.seller_central if central == "seller" else marketplace.vendor_central


def account_host(region: Region) -> str:
    """Return where an advertiser of a region signs in."""
    return ADS_HOSTS[region]


def store_link(
    address: Address,
    host: str,
    app: SellingPartnerApplication,
    *,
    redirect_uri: str,
    state: Secret,
    scopes: Sequence[str] = (),
) -> str:
    """Return the consent link for a store. `version=beta` is what a draft application needs (else MD1000)."""
    query = {"application_id": app.app_id, "state": state.reveal(), "redirect_uri": redirect_uri}
    if app.draft:
        query["version"] = "beta"
    if scopes:
        query["scope"] = " ".join(scopes)
    return f"{address(host, CONSENT_PATH)}?{urlencode(query, quote_via=quote, safe='')}"


def account_link(
    address: Address, region: Region, client: AdsClient, *, redirect_uri: str, state: Secret
) -> str:
    """Return the consent link for an ads account."""
    query = {
        "client_id": client.client_id,
        "scope": ADS_SCOPE,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state.reveal(),
    }
    return f"{address(account_host(region), '/ap/oa')}?{urlencode(query, quote_via=quote, safe='')}"
