"""Whether a gateway takes an API key: one call that changes nothing."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from linkfox_client.errors import ClientError
from linkfox_client.gateway.settings import Settings

SECONDS = (5.0, 10.0)  # to connect, and to wait for an answer


class KeyCheck(NamedTuple):
    """`state`: accepted, refused, or unknown where the gateway did not tell.

    `answer` is the beginning of the list of stores, `failure` what kept the gateway from answering it, `date`
    its clock: "" where it did not say, None where no answer came.
    """

    state: str
    answer: dict[str, Any] | None
    failure: ClientError | None
    date: str | None
    sandbox: bool


def check(chosen: Settings, environ: Mapping[str, str] = os.environ) -> KeyCheck:
    """Ask the gateway for a store that this key may see; the hosted one knows whole lists only."""
    from linkfox_client.gateway.client import Gateway

    with Gateway(chosen, environ=environ, timeouts=SECONDS) as gateway:
        try:
            answer = gateway.post("/spApi/authorizedStores", {} if gateway.is_hosted else {"limit": 1})
        except ClientError as failure:
            return KeyCheck(_state(failure), None, failure, gateway.date, gateway.sandbox)
        return KeyCheck("accepted", answer, None, gateway.date, gateway.sandbox)


def _state(failure: ClientError) -> str:
    # A key without this right, or without credit, is still one that the gateway knows.
    if failure.reason in ("key_lacks_right", "out_of_credit"):
        return "accepted"
    return "refused" if failure.code == "unauthorized" else "unknown"
