"""The first tables: facts, users, keys, attempts, grants, profiles."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "vault_facts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("key_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("state_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("app_id", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("marketplace", sa.Text),
        sa.Column("requested_scopes", sa.Text, nullable=False),
        sa.Column("expected_seller_id", sa.Text),
        sa.Column("expected_record_id", sa.BigInteger),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("grant_id", sa.BigInteger),
        sa.Column("profile_sync", sa.Text),
        sa.Column("verification", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("consumed_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("seller_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("app_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_reason", sa.Text),
        sa.Column("status_at", sa.BigInteger, nullable=False),
        sa.Column("access_token_sealed", sa.LargeBinary, nullable=False),
        sa.Column("refresh_token_sealed", sa.LargeBinary, nullable=False),
        sa.Column("token_type", sa.Text, nullable=False),
        sa.Column("access_expires_at", sa.BigInteger, nullable=False),
        sa.Column("refreshed_at", sa.BigInteger, nullable=False),
        sa.Column("authorized_at", sa.BigInteger, nullable=False),
        sa.Column("authorization_expires_at", sa.BigInteger),
        sa.Column("requested_scopes", sa.Text, nullable=False),
        sa.Column("granted_scopes", sa.Text),
        sa.Column("verified", sa.Boolean),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("lease_expires_ms", sa.BigInteger),
        sa.Column("token_version", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_index(
        "one_grant_per_store",
        "grants",
        ["user_id", "seller_id", "region"],
        unique=True,
        sqlite_where=sa.text("flow = 'spapi'"),
        postgresql_where=sa.text("flow = 'spapi'"),
    )
    op.create_index(
        "one_grant_per_account",
        "grants",
        ["user_id", "name"],
        unique=True,
        sqlite_where=sa.text("flow = 'ads'"),
        postgresql_where=sa.text("flow = 'ads'"),
    )
    op.create_table(
        "profiles",
        sa.Column(
            "grant_id", sa.BigInteger, sa.ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("profile_id", sa.BigInteger, primary_key=True, autoincrement=False, index=True),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("country_code", sa.Text, nullable=False),
        sa.Column("currency_code", sa.Text),
        sa.Column("daily_budget", sa.Float),
        sa.Column("timezone", sa.Text),
        sa.Column("account_info_id", sa.Text),
        sa.Column("account_info_type", sa.Text),
        sa.Column("account_info_name", sa.Text),
        sa.Column("marketplace_id", sa.Text),
        sa.Column("synced_at", sa.BigInteger, nullable=False),
    )
