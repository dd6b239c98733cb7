"""Which attempt an authorization code belongs to, so that whoever saw one cannot use it for another."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("code_sha256", sa.Text, primary_key=True),
        sa.Column(
            "attempt_id",
            sa.Text,
            sa.ForeignKey("attempts.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
    )
