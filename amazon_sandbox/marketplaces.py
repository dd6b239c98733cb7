"""Sites and regions, read from references/marketplaces.json, and the hosts that serve each region."""

import json
from typing import Any
from urllib.parse import urlsplit

from amazon_sandbox.references import REFERENCES

MARKETPLACES: list[dict[str, Any]] = json.loads((REFERENCES / "marketplaces.json").read_text("utf-8"))
REGIONS = ("NA", "EU", "FE")

# references/amazon.md: "Amazon Ads", "Login with Amazon: the token endpoint", "SP-API calls".
ADS_CONSENT_HOSTS = {"www.amazon.com": "NA", "eu.account.amazon.com": "EU", "apac.account.amazon.com": "FE"}
TOKEN_HOSTS = ("api.amazon.com", "api.amazon.co.uk", "api.amazon.co.jp")
ADS_API_HOSTS = {
    "advertising-api.amazon.com": "NA",
    "advertising-api-eu.amazon.com": "EU",
    "advertising-api-fe.amazon.com": "FE",
}
# Where report documents are downloaded from [seen].
REPORT_HOSTS = {
    "tortuga-prod-na.s3-external-1.amazonaws.com": "NA",
    "tortuga-prod-eu.s3-eu-west-1.amazonaws.com": "EU",
    "tortuga-prod-fe.s3-us-west-2.amazonaws.com": "FE",
}
# The same of the Ads API's reports; the last is made as the others are.
ADS_REPORT_HOSTS = {
    "offline-report-storage-us-east-1-prod.s3.amazonaws.com": "NA",
    "offline-report-storage-eu-west-1-prod.s3.eu-west-1.amazonaws.com": "EU",
    "offline-report-storage-us-west-2-prod.s3.us-west-2.amazonaws.com": "FE",
}
SELLING_PARTNER_HOSTS = {f"sellingpartnerapi-{region.lower()}.amazon.com": region for region in REGIONS}

_BY_ADS_COUNTRY = {site["adsCountryCode"]: site for site in MARKETPLACES}
_LANGUAGES = {
    "BR": "pt_BR", "MX": "es_MX", "ES": "es_ES", "FR": "fr_FR", "BE": "fr_BE", "NL": "nl_NL", "DE": "de_DE",
    "IT": "it_IT", "SE": "sv_SE", "PL": "pl_PL", "EG": "ar_AE", "TR": "tr_TR", "SA": "ar_AE", "JP": "ja_JP",
    "UK": "en_GB", "CA": "en_CA", "AU": "en_AU", "IN": "en_IN",
}  # fmt: skip


def consent_hosts() -> dict[str, tuple[str, str]]:
    """Return {host: (region, "seller" or "vendor")} for every Seller and Vendor Central."""
    hosts: dict[str, tuple[str, str]] = {}
    for site in MARKETPLACES:
        hosts[urlsplit(site["sellerCentralUrl"]).netloc] = (site["region"], "seller")
        hosts[urlsplit(site["vendorCentralUrl"]).netloc] = (site["region"], "vendor")
    return hosts


def site_for_ads(country_code: str) -> dict[str, Any] | None:
    """Return the site that Amazon Ads calls `country_code` (Britain is UK), None where there is none."""
    return _BY_ADS_COUNTRY.get(country_code)


def sites_of(region: str) -> list[dict[str, Any]]:
    """Return the sites of a region, in the file's order."""
    return [site for site in MARKETPLACES if site["region"] == region]


def site_name(site: dict[str, Any]) -> str:
    """Return what Amazon calls a site, such as `Amazon.co.uk`."""
    own_host = urlsplit(site["sellerCentralUrl"]).netloc
    if own_host.startswith("sellercentral-europe."):  # shared by several sites, Vendor Central's is not
        own_host = urlsplit(site["vendorCentralUrl"]).netloc
    return f"Amazon.{own_host.partition('.amazon.')[2]}"


def participation(site: dict[str, Any], store_name: str, participating: bool) -> dict[str, Any]:
    """Return one element of the Sellers API's `payload` for a site."""
    return {
        "marketplace": {
            "id": site["marketplaceId"],
            "countryCode": site["isoCountryCode"],
            "name": site_name(site),
            "defaultCurrencyCode": site["currency"],
            "defaultLanguageCode": _LANGUAGES.get(site["countryCode"], "en_US"),
            "domainName": f"www.{site_name(site).lower()}",
        },
        "storeName": store_name,
        "participation": {"isParticipating": participating, "hasSuspendedListings": False},
    }
