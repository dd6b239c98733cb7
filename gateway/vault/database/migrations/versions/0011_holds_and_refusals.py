"""Refreshes: due also where nobody knows when the tokens end, bounded where forced, and doubted refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    op.create_index(
        "grants_by_last_refresh",
        "grants",
        ["refreshed_at"],
        sqlite_where=sa.text("status = 'authorized'"),
        postgresql_where=sa.text("status = 'authorized'"),
    )
    op.add_column(
        "grants", sa.Column("authorized_version", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    )
    op.add_column("grants", sa.Column("refusals_doubted_ms", sa.BigInteger))
    op.add_column("users", sa.Column("forced_refreshes_ms", sa.BigInteger))
