"""How many values each master key has sealed; and indexes by which a removal finds what goes with a grant."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    # What is known of those before it was counted: two for each time that a grant's tokens were written.
    op.execute(
        "INSERT INTO seals (key_id, count) SELECT value, (SELECT CAST(coalesce(sum(token_version + 1), 0) * 2"
        " AS BIGINT) FROM grants) FROM vault_facts WHERE name = 'master_key_id'"
    )
    op.create_index("ix_handed_out_grant_id", "handed_out", ["grant_id"])
    op.create_index("ix_attempts_grant_id", "attempts", ["grant_id"])
