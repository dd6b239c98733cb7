"""What the gateway on this machine says of itself: whether it is ready, and what to look after."""

import json
from typing import Any

from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.gateway.client import Gateway
from linkfox_client.local.local_gateway import LocalGateway

SECONDS = (5.0, 10.0)  # to connect, and to wait for an answer


def readiness(local: LocalGateway) -> dict[str, Any]:
    """Return `ready`, `checks` and `attention`, as `/readyz` answers them; else `notes` that say why not."""
    try:
        # On loopback it would tell without a key; on another address of this machine it would not.
        with Gateway(settings.of_local(local), timeouts=SECONDS) as gateway:
            document = json.loads(gateway.get("/readyz").body)
    except ClientError as failure:
        return {"notes": [f"{failure.message}. {failure.hint}"]}
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("checks"), dict):
        return {"notes": [f"What answers at {local.url} does not say whether it is ready."]}
    found = {"ready": document.get("status") == "ready", "checks": document["checks"]}
    return found | ({"attention": document["attention"]} if document.get("attention") else {})
