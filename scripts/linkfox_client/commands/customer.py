"""Flags for a customer whom a web application sends through; what only one's own gateway takes."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import bad_arguments

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

FLAGS = ("--return-url", "--external-id", "--replace")
LONGEST_RETURN_URL = 2048
NOT_HOSTED = (
    "The hosted gateway sends nobody back and keeps no externalId: leave out --return-url, --external-id and "
    "--replace, or set LINKFOX_TOOL_GATEWAY to your own gateway (references/self-hosting.md)."
)


def declare(arguments: Arguments) -> None:
    """Declare the flags."""
    arguments.text(
        "--return-url",
        "where the browser goes in the end: of an origin in GATEWAY_RETURN_ORIGINS (own gateway)",
        most=LONGEST_RETURN_URL,
        metavar="URL",
    )
    arguments.text("--external-id", "your own id of the customer whose it is (own gateway)", metavar="ID")
    arguments.switch("--replace", "take over what is kept for another --external-id (own gateway)")
    arguments.excludes("--authorization-id", *FLAGS)


def fields(gateway: "Gateway", options: SimpleNamespace) -> dict[str, Any]:
    """Return the fields of `authorizeUrl` that say it. Raise ClientError on the hosted gateway."""
    given = {
        "returnUrl": options.return_url,
        "externalId": options.external_id,
        "replace": options.replace or None,
    }
    found = {name: value for name, value in given.items() if value is not None}
    if found and gateway.is_hosted:
        raise bad_arguments("These flags are for one's own gateway only, not for the hosted one", NOT_HOSTED)
    return found
