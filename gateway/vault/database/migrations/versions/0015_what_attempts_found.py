"""What an attempt found: whether the store or account was known before, under which name, and who came."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("attempts", sa.Column("known_before", sa.Boolean))
    op.add_column("attempts", sa.Column("previous_name", sa.Text))
    op.add_column("attempts", sa.Column("got_seller_id", sa.Text))
