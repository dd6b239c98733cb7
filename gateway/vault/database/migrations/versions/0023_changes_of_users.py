"""How often what a user's lists show has changed: by it a read replica is known to have the last change."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("users", sa.Column("changes", sa.BigInteger, nullable=False, server_default=sa.text("0")))
