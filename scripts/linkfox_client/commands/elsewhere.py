"""What an empty list keeps quiet about: another gateway of this machine may have the stores."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linkfox_client.errors import ClientError

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

SECONDS = (1.0, 2.0)


def notes(gateway: "Gateway", path: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what to tell beside an empty list of `path` from the gateway on this machine.

    How many another gateway of this machine has is told where that one runs. Nothing is started.
    """
    used = gateway.settings.local
    if used is None:
        return []
    from linkfox_client.local import beside

    return [
        f"This gateway has none{_how_many(other, path, environ)}: {beside.described(other)} is set up on "
        f"this machine, too. {beside.way_to(environ, other)}"
        for other in beside.others(environ, used.data_dir)
    ]


def _how_many(data_dir: Path, path: str, environ: Mapping[str, str]) -> str:
    """Return how many entries the list of `path` has on the gateway on `data_dir`; empty where not known."""
    from linkfox_client.gateway import client, settings
    from linkfox_client.local import gateway_folder, local_gateway

    running = gateway_folder.probe(data_dir)
    if running is None:
        return ""
    try:
        pair = settings.of_local(local_gateway.of_running(running, data_dir))
        with client.Gateway(pair, environ=environ, timeouts=SECONDS) as other:
            total = other.post(path, {"limit": 1, "offset": 0}).get("total")
    except ClientError:  # it is not the one that was asked
        return ""
    return f", and another one has {total}" if isinstance(total, int) else ""
