"""Which attempt and browser an authorization code belongs to, so that whoever else saw one cannot use it."""

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
        sa.Column("browser_sha256", sa.Text),
    )
