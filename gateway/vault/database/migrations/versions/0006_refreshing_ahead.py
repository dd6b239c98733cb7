"""Refreshing ahead of expiry: what is due, claimed and warned of; and the notices that are to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
rewrites = ("grants",)


def upgrade() -> None:
    op.add_column("grants", sa.Column("refresh_from", sa.BigInteger))
    op.add_column("grants", sa.Column("refresh_claimed_ms", sa.BigInteger))
    op.add_column("grants", sa.Column("ending_told", sa.BigInteger))
    # As grant_rows.py reckons it: the ids' lowest bits spread what expires together.
    op.execute("UPDATE grants SET refresh_from = access_expires_at - (id & 255)")
    op.create_index(
        "grants_by_refresh",
        "grants",
        ["refresh_from"],
        sqlite_where=sa.text("status = 'authorized'"),
        postgresql_where=sa.text("status = 'authorized'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("tries", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("next_try_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_ms", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("delivered", sa.Boolean),
    )
    op.create_index(
        "outbox_open",
        "outbox",
        ["next_try_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
