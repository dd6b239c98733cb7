"""Access tokens that were made for one purpose, beside those of the authorizations."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "purpose_tokens",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("grant_id", sa.BigInteger, sa.ForeignKey("grants.id", ondelete="CASCADE")),
        sa.Column("token_sealed", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_ms", sa.BigInteger),
    )
    op.create_index("ix_purpose_tokens_grant_id", "purpose_tokens", ["grant_id"])
    op.create_index("ix_purpose_tokens_expires_at", "purpose_tokens", ["expires_at"])
