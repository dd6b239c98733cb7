"""What only one's own gateway does with an authorization: complete it, remove it."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli import output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import bad_arguments
from linkfox_client.secrets import secret_input

if TYPE_CHECKING:
    from linkfox_client.commands.waiting import Flow
    from linkfox_client.gateway.client import Gateway

PIPE_ADDRESS = "Pipe in the address that the browser ended on, whole and on one line."


def declare_removal(arguments: Arguments) -> None:
    """Declare `--yes`, without which nothing is removed."""
    arguments.switch("--yes", "remove it, tokens included; only a new consent or import brings it back")
    arguments.guard("--yes")
    arguments.check(_check_yes)


def complete(gateway: "Gateway", flow: "Flow") -> dict[str, Any]:
    """Complete an authorization by the address on standard input; answer how it ended. Raise ClientError."""
    from linkfox_client.commands import waiting

    refuse_hosted(gateway)
    address = secret_input.from_standard_input("The callback address", PIPE_ADDRESS)
    output.secrets.remember(address)
    status = gateway.post(f"{flow.path}/completeAuthorization", {"callbackUrl": address})
    return waiting.settled(status, {"authorizationId": status.get("authorizationId")})


def remove(gateway: "Gateway", path: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Remove one of the caller's own; return that it is gone. Raise ClientError."""
    refuse_hosted(gateway)
    return gateway.post(path, fields) | fields


def refuse_hosted(gateway: "Gateway") -> None:
    """Raise ClientError where the gateway is the hosted one."""
    if gateway.is_hosted:
        raise bad_arguments(
            "Only one's own gateway can do this, not the hosted one",
            "Set LINKFOX_TOOL_GATEWAY to your own gateway; see references/self-hosting.md.",
        )


def _check_yes(options: SimpleNamespace) -> None:
    if not options.yes:
        raise bad_arguments("Missing: --yes", "Ask the user whether to remove it; then add --yes.")
