"""How the databases look things up: what comes often, or holds a lock, scans no table."""

import pytest
from sqlalchemy import text

from gateway.vault.vault import Vault

# What a removal does to the tables that name a grant.
OF_A_REMOVAL = [
    "DELETE FROM handed_out WHERE grant_id = 1",
    "DELETE FROM profiles WHERE grant_id = 1",
    "UPDATE attempts SET grant_id = NULL WHERE grant_id = 1",
]


@pytest.mark.parametrize("statement", OF_A_REMOVAL)
def test_a_removal_scans_no_table(vault: Vault, statement: str) -> None:
    """It holds the one write lock of SQLite, and row locks of PostgreSQL."""
    with vault.database.writing() as connection:
        if vault.database.is_sqlite:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
            assert "SCAN" not in str(plan)
            assert "INDEX" in str(plan)
        else:
            # Of an empty table it would read the only page there is.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = connection.execute(text(f"EXPLAIN {statement}")).all()
            assert "Seq Scan" not in str(plan)
            assert "Index" in str(plan)
