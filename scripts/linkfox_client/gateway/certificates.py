"""Which certificate authorities a gateway's certificate may come from, and what was wrong with one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from linkfox_client.errors import ClientError

# The first of these that is set names the file, or folder, of the certificate authorities to trust.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def authorities(environ: Mapping[str, str]) -> str | None:
    """Return the certificate authorities to trust, where the environment names some.

    Raise ClientError (`not_set_up`) where they are not there: every call would fail, and not say why.
    """
    variable = next((name for name in CA_VARIABLES if environ.get(name)), None)
    if variable is None:
        return None
    if not Path(environ[variable]).exists():
        raise ClientError(
            "not_set_up",
            f"{variable} names a file that is not there, so no certificate can be checked",
            f"Set {variable} to the file of your certificate authority, or unset it.",
        )
    return environ[variable]


def verify_message(error: requests.exceptions.SSLError) -> str:
    """Return what OpenSSL did not like about a certificate; empty where it is not told."""
    cause: Any = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    cause = cause.args[0] if getattr(cause, "args", ()) else None
    message = getattr(cause, "verify_message", "")
    return message if isinstance(message, str) else ""
