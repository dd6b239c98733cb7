"""Who consumed the state of an attempt, so that the repeat of a call whose answer was lost knows itself."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("attempts", sa.Column("consumer", sa.Text))
