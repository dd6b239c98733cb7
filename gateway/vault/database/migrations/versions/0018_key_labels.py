"""What an API key is called by its user, such as the program that has it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("label", sa.Text))
