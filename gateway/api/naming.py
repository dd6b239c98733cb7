"""The names that users give their stores and ads accounts: another one, and who else has it."""

from gateway.asgi.calls import ApiCall
from gateway.errors import Problem
from gateway.model import Grant, Kept
from gateway.vault.grants import NameTaken


async def renamed_grant(call: ApiCall, grant: Grant, name: str, field: str) -> Kept:
    """Give a store or account of the caller's another name. `field`: the request's, which has that name.

    Raises:
        Problem: `bad_parameter` where another of the caller's ads accounts has the name; `not_found` where
            this one was removed meanwhile.
    """
    services = call.services
    rename = services.vault.grants.rename
    try:
        renamed = await services.threads.writes(rename, call.caller.user_id, grant.id, name)
    except NameTaken:
        raise Problem("bad_parameter", f"{field}: another of your ads accounts has this name") from None
    if renamed is None:
        raise Problem("not_found")
    return renamed


async def others_named(call: ApiCall, grant: Grant) -> int:
    """Return how many other stores, or other ads accounts, of the caller's have the name of this one."""
    services = call.services
    return await services.threads.vault(services.vault.grants.others_named, grant)
