"""Storing tokens that Amazon gives only once: tried again before they are given up."""

import logging
from collections.abc import Callable

from gateway.model import Grant
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError

STORE_TRIES = 3

log = logging.getLogger(__name__)


async def stored(threads: Threads, store: Callable[[], Grant], what: str) -> Grant | None:
    """Return the grant that `store` keeps; None where the vault cannot be written. `what` is for the log."""
    for left in reversed(range(STORE_TRIES)):
        try:
            return await threads.vault(store)
        except VaultError as error:
            log.error("not_stored what=%s error=%r tries_left=%d", what, error.message, left)
    return None
