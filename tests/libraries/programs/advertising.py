"""A program of python-amazon-ad-api's. `WAY`: adapter, door (a token of Amazon's), or proxy (none)."""

import sys
from concurrent.futures import ThreadPoolExecutor
from os import environ
from typing import Any

import steps
from ad_api.api import Profiles, Reports, sponsored_products
from ad_api.auth import AccessTokenClient
from ad_api.base import Marketplaces

WAY = sys.argv[1]
HOST = "gateway.example"
COLUMNS = ["date", "campaignId", "impressions"]
WANTED = {"adProduct": "SPONSORED_PRODUCTS", "groupBy": ["campaign"], "columns": COLUMNS}
WANTED |= {"reportTypeId": "spCampaigns", "timeUnit": "DAILY", "format": "GZIP_JSON"}
DAYS = {"startDate": "2026-06-01", "endDate": "2026-06-02"}


def straight(operation: Any, *args: Any, **more: Any) -> Any:
    """Call an operation as the library is used without an adapter."""
    return operation(*args, **more)


call: Any = straight
of_account: Any = straight
if WAY == "adapter":
    from python_amazon_ad_api import GatewayTokens

    tokens = GatewayTokens(environ["PROFILE"])
    tokens_of_account = GatewayTokens(auth_record_id=environ["ACCOUNT"])
    call, of_account = tokens.call, tokens_of_account.call

    def client(kind: Any) -> Any:
        """Make a client of the library's."""
        return (tokens_of_account if kind is Profiles else tokens).client(kind, marketplace=Marketplaces.US)

else:
    AccessTokenClient.host = HOST
    if WAY == "proxy":
        Marketplaces.US.endpoint = f"https://{HOST}/ads/na"

    def client(kind: Any) -> Any:
        """Make a client of the library's."""
        handle = f"{'proxy:' if WAY == 'proxy' else ''}profile:{environ['PROFILE']}"
        credentials = {
            "refresh_token": handle,
            "client_id": environ["CLIENT_ID"],
            "client_secret": environ["KEY"],
            "profile_id": environ["PROFILE"],
        }
        return kind(credentials=credentials, marketplace=Marketplaces.US)


def listed() -> list[str]:
    """List the account's profiles by their sites."""
    return [each["countryCode"] for each in of_account(client(Profiles).list_profiles).payload]


def read() -> int:
    """Read the profile's campaigns."""
    found = call(client(sponsored_products.CampaignsV3).list_campaigns, body="{}").payload
    return len(found["campaigns"])


def report() -> int:
    """Have a report made and download it; answer how many rows it has."""
    reports = client(Reports)
    number = call(reports.post_report, body={**DAYS, "configuration": WANTED}).payload["reportId"]
    address = None
    while address is None:
        address = call(reports.get_report, number).payload["url"]
    return len(reports.download_report(url=address, format="data").payload)


def twenty() -> list[int]:
    """Read the campaigns in twenty threads at once."""
    with ThreadPoolExecutor(20) as threads:
        return list(threads.map(lambda _: read(), range(20)))


def shown() -> str:
    """Return what a debugger would show of the adapter."""
    return repr(tokens)


steps.serve({step.__name__: step for step in (listed, read, report, twenty, shown)})
