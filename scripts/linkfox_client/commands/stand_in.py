"""Stand-in tokens: what a program shows at the gateway's own addresses, in place of a token of Amazon's.

They are asked for as Login with Amazon's are, with the API key as the client's secret and a handle as the
refresh token, and are worth nothing anywhere else.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from linkfox_client.commands.tokens import expiry
from linkfox_client.errors import ClientError
from linkfox_client.gateway import lwa_refusals, remedies
from linkfox_client.gateway.calls import whole_number

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

WITHOUT = "run the command without --proxy: it then gets a token of Amazon's and calls Amazon itself."
HOSTED = f"The hosted gateway has no addresses that stand for Amazon's: {WITHOUT}"
OLDER = f"Update the gateway and start it again, or {WITHOUT}"


def fetch(
    gateway: "Gateway",
    handle: str,
    which: Mapping[str, Any],
    *,
    clock: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Return a stand-in token as `accessToken`, with `expiresIn` and `expiresAt`.

    `handle` says to the gateway whom the token is for, `which` says it in the fields of its other calls; the
    hints of a failure are filled with these. `clock`: seconds since 1970. Raise ClientError.
    """
    asked_at = clock()
    asked = {
        "grant_type": "refresh_token",
        "client_id": "with_token.py",
        "client_secret": gateway.settings.key.reveal(),
        "refresh_token": handle,
    }
    try:
        answer = gateway.post(lwa_refusals.PATH, asked)
    except ClientError as failure:
        if failure.reason == "unknown_path":
            failure.message = "This gateway hands out no stand-in tokens: it is older than these scripts"
            failure.hint = OLDER
        else:
            flow = "/spApi/" if "sellerId" in which else "/amazonAds/"
            remedies.fill(failure, flow, which)
        raise
    life = {"expiresIn": whole_number(answer.get("expires_in"))}
    ends = expiry(life, asked_at)
    if not ends:
        raise ClientError(
            "gateway_failed",
            "The gateway does not say how long its token lives",
            "Check that LINKFOX_TOOL_GATEWAY is the gateway you mean.",
        )
    return {"accessToken": answer["access_token"], **life, **ends}
