"""Whom a web application sends through: where they return to, and the application's own id of each.

Attempts whose links ended before now are over, so that nobody is notified of them afterwards.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
rewrites = ("attempts",)


def upgrade() -> None:
    op.add_column("attempts", sa.Column("return_url", sa.Text))
    op.add_column("attempts", sa.Column("external_id", sa.Text))
    op.add_column("attempts", sa.Column("replaces", sa.Boolean))
    op.add_column("grants", sa.Column("external_id", sa.Text))
    over = sa.text(
        "UPDATE attempts SET phase = 'expired', reason = 'expired', ended_at = expires_at "
        "WHERE phase = 'pending' AND expires_at <= :now"
    )
    op.get_bind().execute(over, {"now": int(time.time())})
