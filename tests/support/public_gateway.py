"""A gateway that browsers reach by a public name, as behind a proxy; here the name leads nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.gateway_server import Amazon, Gateway, running_gateway

PUBLIC = "https://gateway.example.test"
HOST = urlsplit(PUBLIC).netloc
# Where Amazon sends browsers, by the flow of an application.
CALLBACKS = {"spapi": f"{PUBLIC}/spApi/oauth/callback", "ads": f"{PUBLIC}/amazonAds/oauth/callback"}
SELLER = "A1SANDBOXNA001"


@contextmanager
def public_gateway(amazon: Amazon, data_dir: Path, **changes: Any) -> Iterator[Gateway]:
    """A gateway with a public name, whose callbacks are registered at Amazon meanwhile."""
    clients = {"spapi": amazon.spapi["clientId"], "ads": amazon.ads["clientId"]}
    for flow, client in clients.items():
        amazon.control("apps", {"clientId": client, "redirectUris": [CALLBACKS[flow]]})
    try:
        with running_gateway(amazon, data_dir, given_public_url=PUBLIC, **changes) as running:
            yield running
    finally:
        for client in clients.values():
            amazon.control("apps", {"clientId": client, "redirectUris": None})


def came_back(gateway: Gateway, name: str = "My Store", seller: str = SELLER, **more: str) -> tuple[str, str]:
    """Begin and consent; return the attempt's id and the callback, as a proxy passes it on."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": name, **more})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=seller)
    assert back.startswith(PUBLIC)
    return begun["authorizationId"], back.removeprefix(PUBLIC)
