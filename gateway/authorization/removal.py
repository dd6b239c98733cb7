"""Removing what a user authorized or imported, with its tokens."""

import logging
from collections.abc import Callable

from gateway.errors import Problem
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


async def remove_for_good(vault: Vault, threads: Threads, remove: Callable[[], bool]) -> None:
    """Remove a grant by `remove` and leave nothing of its tokens behind.

    Raises:
        Problem: `not_found` where `remove` found none.
    """
    if not await threads.writes(remove):
        raise Problem("not_found")
    try:
        # Else the tokens would stay readable in the write-ahead log for a while.
        await threads.writes(vault.database.truncate_log)
    except VaultError as error:
        log.warning("log_not_truncated error=%r", error.message)
