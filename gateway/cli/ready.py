"""Whether the gateway on a data folder takes traffic: what a container's health check runs."""

import argparse
import http.client
import json
import os
import ssl
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import OperatorError
from gateway.server.data_folder import DataFolder
from gateway.settings.loading import load_settings

SECONDS = 5.0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return what `/readyz` says of a gateway that is ready. Raise OperatorError for any other."""
    settings = load_settings(os.environ, sandbox=options.sandbox, data_dir=options.data_dir)
    running = DataFolder(settings.data_dir).running()
    if running is None:
        raise OperatorError(
            f"no gateway serves from the data folder {settings.data_dir}",
            "It may be starting, and waiting for its database: read its log.",
        )
    url = str(running["url"])
    try:
        status, told = _ask(url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperatorError(
            f"the gateway at {url} does not answer ({type(error).__name__})", "Read its log."
        ) from None
    if status != http.HTTPStatus.OK:
        reasons = ", ".join(map(str, told.get("reasons") or ["it does not say why"]))
        raise OperatorError(
            f"the gateway at {url} is not ready: {reasons}",
            "references/operations.md tells what each reason of /readyz means.",
        )
    return {"ok": True, "ready": True, "url": url, "checks": told.get("checks")}


def _ask(url: str) -> tuple[int, dict[str, Any]]:
    """Return the status and the document of `/readyz`. Raise OSError, HTTPException, ValueError."""
    address = urlsplit(url)
    host, port = str(address.hostname), address.port
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    if address.scheme == "https":
        # The certificate is of the name that callers use; nothing secret goes to this machine's own address.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        told = json.loads(answer.read())
    finally:
        connection.close()
    if not isinstance(told, dict):
        raise ValueError("not a document of ours")
    return answer.status, told
