"""A vault with many stores, written in one go: authorizing 100,000 one by one would take minutes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from gateway.model import Tokens
from gateway.util.api_key import new_api_key
from gateway.util.clock import SystemClock
from gateway.util.private_files import replace_private
from gateway.util.secret import Secret
from gateway.vault.authorizations import FIRST_ID
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import sealed_tokens
from gateway.vault.vault import Vault, open_vault
from tests.support.gateway_server import Amazon, settings_for

LIFE = 24 * 3600
CHUNK = 5000


def seller(number: int) -> str:
    """A seller id."""
    return f"A{number:012d}X"


def open_seeded(
    amazon: Amazon,
    data: Path,
    stores: int,
    *,
    life: int = LIFE,
    refreshed: int = 0,
    tokens_of: Callable[[int], Tokens] | None = None,
    **changes: Any,
) -> Vault:
    """Return an open vault with so many stores of the user `owner`; tokens as long as Amazon's.

    Their tokens live for `life` seconds and were refreshed so many seconds ago; `tokens_of` a store's number
    gives others. `changes`: other settings.
    """
    data.mkdir(parents=True, mode=0o700, exist_ok=True)
    clock = SystemClock()
    vault = open_vault(settings_for(amazon, data, **changes), clock)
    owner = new_api_key()
    vault.users.begin(owner)
    # A gateway makes none where there are users.
    replace_private(data / "owner.key", owner.reveal().encode())
    with vault.database.reading() as connection:
        user_id = connection.exec_driver_sql("SELECT id FROM users WHERE name = 'owner'").scalar_one()
    now = int(clock.now())

    def made_up(_number: int) -> Tokens:
        text = os.urandom(170).hex()
        return Tokens(Secret(f"Atza|{text}"), Secret(f"Atzr|{text}"), "bearer", now + life)

    for first in range(0, stores, CHUNK):
        with vault.database.writing() as connection:
            sealer = vault.keys.in_force(connection)
            rows = []
            for number in range(first, min(first + CHUNK, stores)):
                tokens = (tokens_of or made_up)(number)
                rows.append(
                    {
                        "id": FIRST_ID + number,
                        "user_id": user_id,
                        "flow": "spapi",
                        "region": "NA",
                        "seller_id": seller(number),
                        "name": f"Store {number}",
                        "app_id": amazon.spapi["appId"],
                        "status": "authorized",
                        "status_at": now,
                        "refreshed_at": now - refreshed,
                        "authorized_at": now,
                        "created_at": now,
                        "requested_scopes": "[]",
                        **sealed_tokens(sealer, FIRST_ID + number, tokens),
                    }
                )
            connection.execute(insert(grants), rows)
    return vault


def closed_with_key(vault: Vault) -> str:
    """Close a vault and return a new API key of the user `owner` in it, as for gateways in other folders."""
    key = vault.users.issue_key("owner")[1].reveal()
    vault.close()
    return key
