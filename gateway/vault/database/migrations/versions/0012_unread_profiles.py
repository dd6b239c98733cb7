"""Ads accounts whose profiles were not read in each region, to be read again.

An account without any profile counts as one: until now nothing told whether Amazon had answered for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "unread_profiles",
        sa.Column(
            "grant_id",
            sa.BigInteger,
            sa.ForeignKey("grants.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("regions", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("again_at", sa.BigInteger, nullable=False, index=True),
    )
    op.execute(
        "INSERT INTO unread_profiles (grant_id, regions, cause, failures, again_at)"
        " SELECT id, 'NA EU FE', 'not read yet', 0, 0 FROM grants WHERE flow = 'ads'"
        " AND NOT EXISTS (SELECT 1 FROM profiles WHERE profiles.grant_id = grants.id)"
    )
