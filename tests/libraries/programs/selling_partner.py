"""A program of python-amazon-sp-api's. `WAY`: adapter, door (a token of Amazon's), or proxy (none)."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import environ
from typing import Any

import steps
from sp_api.api import Orders, Reports, Sellers
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces, ReportType

WAY = sys.argv[1]
SELLER, REGION = environ["SELLER"], environ["REGION"]
HOST = "gateway.example"


def straight(operation: Any, *args: Any, **more: Any) -> Any:
    """Call an operation as the library is used without an adapter."""
    return operation(*args, **more)


make: Any
call: Any = straight
if WAY == "adapter":
    from python_amazon_sp_api import GatewayTokens

    tokens = GatewayTokens(SELLER, REGION)
    make, call = tokens.client, tokens.call
else:
    AccessTokenClient.host = HOST
    handle = f"store:{SELLER}:{REGION}"
    if WAY == "proxy":
        Marketplaces.US.endpoint = f"https://{HOST}/spapi/na"
        handle = f"proxy:{handle}"
    credentials = {"refresh_token": handle, "lwa_app_id": "-", "lwa_client_secret": environ["KEY"]}
    make = partial(straight, credentials=credentials)


def client(kind: Any) -> Any:
    """Make a client of the library's."""
    return make(kind, marketplace=Marketplaces.US)


def listed() -> list[str]:
    """List the store's sites."""
    found = call(client(Sellers).get_marketplace_participation).payload
    return [each["marketplace"]["countryCode"] for each in found]


def read() -> str:
    """List orders, and read the first."""
    orders = client(Orders)
    listed = call(orders.get_orders, CreatedAfter="2026-01-01T00:00:00Z").payload["Orders"]
    read = call(orders.get_order, listed[0]["AmazonOrderId"]).payload
    return str(read["AmazonOrderId"])


def report() -> str:
    """Have a report made and download it."""
    reports = client(Reports)
    made = call(reports.create_report, reportType=ReportType.GET_MERCHANT_LISTINGS_ALL_DATA).payload
    document = None
    while document is None:
        document = call(reports.get_report, made["reportId"]).payload.get("reportDocumentId")
    return str(call(reports.get_report_document, document, download=True).payload["document"])


def twenty() -> list[list[str]]:
    """List the sites in twenty threads at once."""
    with ThreadPoolExecutor(20) as threads:
        return list(threads.map(lambda _: listed(), range(20)))


def shown() -> str:
    """Return what a debugger would show of the adapter."""
    return f"{tokens!r} {tokens.settings!r}"


steps.serve({step.__name__: step for step in (listed, read, report, twenty, shown)})
