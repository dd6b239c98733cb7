"""Removing what a user authorized or imported, with its tokens."""

import logging
from collections.abc import Callable

from gateway.amazon.marketplaces import find_marketplace
from gateway.authorization.consent_links import consent_host
from gateway.errors import Problem
from gateway.model import Grant
from gateway.util import events
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

# Where a login sees and ends what it has authorized through Login with Amazon, as each ads consent is
# (https://videocentral.amazon.com/support/token-revocation).
ADS_APPS = "https://www.amazon.com/ap/adam"

log = logging.getLogger(__name__)


async def remove_for_good(vault: Vault, threads: Threads, remove: Callable[[], Grant | None]) -> Grant:
    """Remove a grant by `remove`, leave nothing of its tokens behind, and return what it was.

    Raises:
        Problem: `not_found` where `remove` found none.
    """
    removed = await threads.writes(remove)
    if removed is None:
        raise Problem("not_found")
    try:
        # Else the tokens would stay readable in the write-ahead log for a while.
        await threads.writes(vault.database.truncate_log)
    except VaultError as error:
        events.warning(log, "log_not_truncated", error=error.message)
    return removed


def left_at_amazon(removed: Grant) -> str:
    """Return the sentence that says what a removal here leaves at Amazon, and where a person ends that."""
    if removed.flow == "ads":
        return (
            "Amazon keeps the authorization until the login that gave it ends it: "
            f"{ADS_APPS}, or the same page of that login's own Amazon site."
        )
    if removed.central == "vendor":
        return "Amazon keeps the authorization until it is ended there: Vendor Central, Manage Your Apps."
    host = consent_host(removed.region, find_marketplace(removed.marketplace or ""), "seller")
    return (
        "Amazon keeps the authorization until it is ended there: Seller Central, Manage Your Apps, "
        f"https://{host}/apps/manage."
    )
