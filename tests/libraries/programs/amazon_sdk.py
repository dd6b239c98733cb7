"""A program of amzn-sp-api's, Amazon's own SDK. `WAY`: adapter, door (a token of Amazon's), proxy (none)."""

import gzip
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import environ
from typing import Any
from urllib.request import urlopen

import spapi
import steps
from spapi.api.orders_v0.orders_v0_api import OrdersV0Api
from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
from spapi.api.sellers_v1.sellers_api import SellersApi

WAY = sys.argv[1]
SELLER, REGION = environ["SELLER"], environ["REGION"]
GATEWAY = environ["DOOR"]  # this SDK takes neither the proxy nor the authority from its environment
US = "ATVPDKIKX0DER"
# The SDK waits 14 seconds in all before it tells of a refusal.
time.sleep = lambda seconds: None


def straight(operation: Any, *args: Any, **more: Any) -> Any:
    """Call an operation as the library is used without an adapter."""
    return operation(*args, **more)


call: Any = straight
if WAY == "adapter":
    from amzn_sp_api import GatewayTokens

    tokens = GatewayTokens(SELLER, REGION)
    call = tokens.call

    @cache
    def client() -> Any:
        """Make what the SDK's classes are made with."""
        return tokens.api_client()

else:

    @cache
    def client() -> Any:
        """Make what the SDK's classes are made with."""
        handle = f"store:{SELLER}:{REGION}"
        endpoint = environ["AMAZON"]
        if WAY == "proxy":
            handle, endpoint = f"proxy:{handle}", f"{GATEWAY}/spapi/na"
        config = spapi.SPAPIConfig("-", environ["KEY"], handle, region=REGION)
        return spapi.SPAPIClient(config, f"{GATEWAY}/auth/o2/token", endpoint).api_client


def listed() -> list[str]:
    """List the store's sites."""
    found = call(SellersApi(client()).get_marketplace_participations).payload
    return [each.marketplace.country_code for each in found]


def read() -> str:
    """List orders, and read the first."""
    orders = OrdersV0Api(client())
    found = call(orders.get_orders, [US], created_after="2026-01-01T00:00:00Z").payload.orders
    return str(call(orders.get_order, found[0].amazon_order_id).payload.amazon_order_id)


def report() -> str:
    """Have a report made and download it."""
    reports = ReportsApi(client())
    wanted = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [US]}
    number = call(reports.create_report, wanted).report_id
    document = None
    while document is None:
        document = call(reports.get_report, number).report_document_id
    with urlopen(call(reports.get_report_document, document).url) as answer:
        return gzip.decompress(answer.read()).decode()


def twenty() -> list[list[str]]:
    """List the sites in twenty threads at once."""
    with ThreadPoolExecutor(20) as threads:
        return list(threads.map(lambda _: listed(), range(20)))


def shown() -> str:
    """Return what a debugger would show of the adapter."""
    return repr(tokens)


steps.serve({step.__name__: step for step in (listed, read, report, twenty, shown)})
