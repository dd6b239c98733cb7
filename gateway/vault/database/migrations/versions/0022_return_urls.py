"""Where a web application had the customer of a store or account sent back to, last."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("grants", sa.Column("return_url", sa.Text))
