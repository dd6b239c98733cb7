"""How the owner's applications stand with Amazon, and which site and consent page a store belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "applications",
        sa.Column("flow", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("suspended_reason", sa.Text),
        sa.Column("cooling_kind", sa.Text),
        sa.Column("pause_until_ms", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("secret_print", sa.Text, nullable=False),
    )
    op.add_column("attempts", sa.Column("central", sa.Text))
    op.add_column("grants", sa.Column("marketplace", sa.Text))
    op.add_column("grants", sa.Column("central", sa.Text))
