"""What Amazon told of each store's sites, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "store_sites",
        sa.Column(
            "grant_id",
            sa.BigInteger,
            sa.ForeignKey("grants.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("sites", sa.Text, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
    )
