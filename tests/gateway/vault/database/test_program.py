"""Which program the database is, for the start line."""

import re
import sqlite3

from sqlalchemy import text

from gateway.vault.vault import Vault


def test_it_tells_its_version(vault: Vault) -> None:
    """In numbers, as the program itself does."""
    if vault.database.is_sqlite:
        told = sqlite3.sqlite_version
    else:
        with vault.database.reading() as connection:
            told = str(connection.execute(text("SHOW server_version")).scalar_one())
    assert re.match(r"\d+\.\d+", vault.database.program)
    assert told.startswith(vault.database.program)
