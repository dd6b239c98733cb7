"""Token buckets of Amazon's operations."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "call_buckets",
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("full_ms", sa.BigInteger, nullable=False),
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
