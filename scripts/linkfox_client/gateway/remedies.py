"""What to do about a failure, as a command that can be typed, with what the failed call knows filled in."""

from collections.abc import Mapping
from typing import Any

from linkfox_client.errors import ClientError, typed

# The fields of a call that name a store or account, with the flags by which it is authorized again.
STORE_FLAGS = {"sellerId": "--seller-id", "region": "--region"}
ACCOUNT_FLAGS = {"authRecordId": "--auth-record-id"}


def with_what_is_known(failure: ClientError, path: str, body: Mapping[str, Any], *, hosted: bool) -> str:
    """Return the hint for a failure of the call of `path` with `body`."""
    if failure.code != "needs_reauthorization" or not hosted:
        return failure.hint
    if path.startswith("/spApi/"):
        command = _command("authorize_url.py", STORE_FLAGS, body)
        return (
            f"Ask the user for the site (US, DE, JP …), then run {command} with that site as "
            "--marketplace; do not guess it from the region."
        )
    command = _command("ads_authorize_url.py", ACCOUNT_FLAGS, body)
    if "authRecordId" in body:
        return f"Authorize it again: {command}."
    return f"Authorize it again: {command} with its --auth-record-id, as ads_authorized_stores.py lists it."


def _command(script: str, flags: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """Return the call of a script with those of the flags whose fields the failed call had."""
    known = ((flag, body[field]) for field, flag in flags.items() if field in body)
    return typed(script, *(word for pair in known for word in pair))
