"""What only one's own gateway does with an authorization: complete it, remove it, rename it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli import output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import bad_arguments
from linkfox_client.secrets import secret_input

if TYPE_CHECKING:
    from linkfox_client.commands.choice import Choice
    from linkfox_client.commands.waiting import Flow
    from linkfox_client.gateway.client import Gateway

OWN_GATEWAY = "Set LINKFOX_TOOL_GATEWAY to your own gateway; see references/self-hosting.md."
# The hosted gateway has calls for unbinding, too, at addresses that are not known here.
REMOVAL_ELSEWHERE = {
    "/spApi/removeStore": (
        "The user can unbind the store where they manage it at LinkFox (https://agent.linkfox.com/), and end "
        "the authorization at Amazon: Seller Central, Manage Your Apps "
        "(https://sellercentral.amazon.com/apps/manage, or the same page of their own site)."
    ),
    "/amazonAds/removeAccount": (
        "The user can unbind the ads account where they manage it at LinkFox (https://agent.linkfox.com/), "
        "and end the consent at Amazon: in their Amazon account, under Login with Amazon."
    ),
}
RENAMING_ELSEWHERE = (
    "The hosted gateway takes a name only with a consent: to change it, authorize the store or account again "
    "under the new name, with `python3 scripts/authorize_url.py` or `python3 scripts/ads_authorize_url.py`."
)
PIPE_ADDRESS = "Pipe in the address that the browser ended on, whole and on one line."


def declare_removal(arguments: Arguments) -> None:
    """Declare `--yes`, without which nothing is removed."""
    arguments.switch("--yes", "remove it, tokens included; only a new consent or import brings it back")
    arguments.guard("--yes")
    arguments.check(_check_yes)


def declare_new_name(arguments: Arguments) -> None:
    """Declare `--new-name`, which only the user knows."""
    arguments.label(
        "--new-name",
        "the name that it is to have in the lists",
        required=True,
        mistaken=("--name", "--seller-name", "--account-name"),
    )


def complete(gateway: "Gateway", flow: "Flow") -> dict[str, Any]:
    """Complete an authorization by the address on standard input; answer how it ended. Raise ClientError."""
    from linkfox_client.commands import waiting

    refuse_hosted(gateway)
    address = secret_input.from_standard_input("The callback address", PIPE_ADDRESS)
    output.secrets.remember(address)
    status = gateway.post(f"{flow.path}/completeAuthorization", {"callbackUrl": address})
    return waiting.settled(status, {"authorizationId": status.get("authorizationId")}, flow)


def remove(gateway: "Gateway", path: str, choose: Callable[[], "Choice"]) -> dict[str, Any]:
    """Remove the one of the caller's own that `choose` returns; return that it is gone. Raise ClientError."""
    refuse_hosted(gateway, REMOVAL_ELSEWHERE[path])
    chosen = choose()
    return chosen.named() | gateway.post(path, chosen.which) | chosen.which


def rename(
    gateway: "Gateway", path: str, choose: Callable[[], "Choice"], name: dict[str, str]
) -> dict[str, Any]:
    """Give the one of the caller's own that `choose` returns another name; return how it is kept.

    `name`: the new one, under the gateway's word for it. Raise ClientError.
    """
    refuse_hosted(gateway, RENAMING_ELSEWHERE)
    chosen = choose()
    return chosen.which | gateway.post(path, chosen.which | name)


def refuse_hosted(gateway: "Gateway", instead: str = OWN_GATEWAY) -> None:
    """Raise ClientError where the gateway is the hosted one. `instead`: what its user can do, a hint."""
    if gateway.is_hosted:
        raise bad_arguments("This is for one's own gateway only, not for the hosted one", instead)


def _check_yes(options: SimpleNamespace) -> None:
    if not options.yes:
        raise bad_arguments("Missing: --yes", "Ask the user whether to remove it; then add --yes.")
