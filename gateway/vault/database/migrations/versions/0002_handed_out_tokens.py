"""The access tokens that users were handed, as HMACs: what the developer proxy goes by."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "handed_out",
        sa.Column("token_hmac", sa.Text, primary_key=True),
        sa.Column(
            "grant_id", sa.BigInteger, sa.ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    )
