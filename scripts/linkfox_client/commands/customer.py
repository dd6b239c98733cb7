"""Flags for a customer whom a web application sends through; what only one's own gateway takes."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import ClientError, bad_arguments

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

FLAGS = ("--return-url", "--external-id", "--replace")
LONGEST_RETURN_URL = 2048
# What the answer of authorizeUrl repeats, by the flag that asked for it.
REPEATED = {"returnUrl": "--return-url", "externalId": "--external-id"}
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


def check(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Make sure that a link is for the customer that it was asked for.

    An older gateway leaves fields alone that it does not know. Raise ClientError.
    """
    missing = [flag for name, flag in REPEATED.items() if name in asked and answer.get(name) is None]
    if missing:
        raise ClientError(
            "gateway_failed",
            "This gateway knows no customers of a web application: it is older than these scripts",
            f"Update the gateway and start it again, or leave {' and '.join(missing)} out. The link that it "
            "made is not handed over.",
        )
