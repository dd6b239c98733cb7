"""A program of python-amazon-sp-api's asynchronous clients. `WAY`: adapter, door or proxy."""

import asyncio
import sys
from functools import partial
from os import environ
from typing import Any

import steps
from sp_api.asyncio.api import Orders, Reports, Sellers
from sp_api.asyncio.auth import AccessTokenClient
from sp_api.base import Marketplaces, ReportType

WAY = sys.argv[1]
SELLER, REGION = environ["SELLER"], environ["REGION"]
HOST = "gateway.example"
LOOP = asyncio.new_event_loop()


async def straight(operation: Any, *args: Any, **more: Any) -> Any:
    """Call an operation as the library is used without an adapter."""
    return await operation(*args, **more)


make: Any
call: Any = straight
if WAY == "adapter":
    from python_amazon_sp_api import AsyncGatewayTokens

    tokens = AsyncGatewayTokens(SELLER, REGION)
    make, call = tokens.client, tokens.call
else:
    AccessTokenClient.host = HOST
    handle = f"store:{SELLER}:{REGION}"
    if WAY == "proxy":
        Marketplaces.US.endpoint = f"https://{HOST}/spapi/na"
        handle = f"proxy:{handle}"
    credentials = {"refresh_token": handle, "lwa_app_id": "-", "lwa_client_secret": environ["KEY"]}

    async def make(kind: Any, **settings: Any) -> Any:
        """Make a client of the library's, as it is used without an adapter."""
        return kind(credentials=credentials, **settings)


async def client(kind: Any) -> Any:
    """Make a client of the library's."""
    return await make(kind, marketplace=Marketplaces.US)


async def listed() -> list[str]:
    """List the store's sites."""
    async with await client(Sellers) as sellers:
        found = (await call(sellers.get_marketplace_participation)).payload
    return [each["marketplace"]["countryCode"] for each in found]


async def read() -> str:
    """List orders, and read the first."""
    async with await client(Orders) as orders:
        found = (await call(orders.get_orders, CreatedAfter="2026-01-01T00:00:00Z")).payload["Orders"]
        return str((await call(orders.get_order, found[0]["AmazonOrderId"])).payload["AmazonOrderId"])


async def report() -> str:
    """Have a report made and download it."""
    async with await client(Reports) as reports:
        made = await call(reports.create_report, reportType=ReportType.GET_MERCHANT_LISTINGS_ALL_DATA)
        document = None
        while document is None:
            document = (await call(reports.get_report, made.payload["reportId"])).payload.get(
                "reportDocumentId"
            )
        return str((await call(reports.get_report_document, document, download=True)).payload["document"])


async def twenty() -> list[list[str]]:
    """List the sites in twenty tasks at once."""
    return list(await asyncio.gather(*(listed() for _ in range(20))))


async def shown() -> str:
    """Return what a debugger would show of the adapter."""
    return f"{tokens!r} {tokens.settings!r}"


steps.serve(
    {
        step.__name__: partial(lambda step: LOOP.run_until_complete(step()), step)
        for step in (listed, read, report, twenty, shown)
    }
)
