"""The tables as SQLAlchemy sees them; `migrations/` is what makes them.

Times are whole seconds since 1970 UTC, except the lease's expiry, which is in milliseconds and always
computed by the database's own clock. Columns that end in `_sealed` hold ciphertext (see `sealing.py`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

# A partial index has the same condition on both databases (see `migrations/`). It is told for SQLite only:
# `postgresql_where` would load PostgreSQL's dialect, which who uses SQLite does not need.
metadata = MetaData()

# What this vault is: its id, `sandbox` or `real`, where its master key comes from, the key's id and a
# sealed known text by which a wrong key is noticed before anything is read or written with it.
vault_facts = Table(
    "vault_facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# How many values each master key has sealed, or somewhat more or less (see held_keys.py).
seals = Table(
    "seals",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # Until when the user's forced refreshes count (milliseconds, database clock; see forced_refreshes.py).
    Column("forced_refreshes_ms", BigInteger),
    # Grows with each change of what the user's lists show, on PostgreSQL (see changes.py).
    Column("changes", BigInteger, nullable=False, server_default=text("0")),
)

# An API key is 256 random bits, so its plain SHA-256 is enough: there is nothing to guess.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False, index=True),
    Column("key_sha256", Text, nullable=False, unique=True),
    Column("rights", Text, nullable=False),  # space-separated, as Right of the model spells them
    Column("label", Text),  # what its user calls it, such as the program that has it
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

# One authorization from its link to its end. `phase`: pending, exchanging (the state is consumed and the
# code may have been sent), authorized, denied, failed, expired. A pending one is as good as expired from
# expires_at, and is set so a little later.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False, index=True),
    Column("flow", Text, nullable=False),  # spapi or ads
    Column("state_sha256", Text, nullable=False, unique=True),
    Column("app_id", Text, nullable=False),  # SP-API application id, or the Ads client id
    Column("redirect_uri", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("marketplace", Text),
    Column("central", Text),  # spapi: seller or vendor; null = seller
    Column("requested_scopes", Text, nullable=False),  # JSON list
    Column("expected_seller_id", Text),
    Column("expected_record_id", BigInteger),
    Column("phase", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("grant_id", BigInteger, index=True),
    Column("profile_sync", Text),  # ads: ok, profile_sync_failed or incomplete
    Column("verification", Text),  # spapi: verified, unverified, wrong_region, or why not checked
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("consumed_at", BigInteger),  # when its callback came; the code exchange is under way since
    Column("ended_at", BigInteger),
    Column("consumer", Text),  # a random mark of who consumed the state, by which a repeat knows itself
    Column("known_before", Boolean),  # whether it took the place of tokens that were kept already
    Column("previous_name", Text),  # the name that it has changed; null where that stayed
    Column("got_seller_id", Text),  # spapi: who came back in place of `expected_seller_id`
    Column("return_url", Text),  # where a web application has its customer sent back to
    Column("external_id", Text),  # that application's own id of the customer
    Column("replaces", Boolean),  # whether it may take over what is kept for another external_id
)

# Which attempt an authorization code belongs to: the first whose callback brought it (see attempts.py); and
# which browser, where it waits for a person's word. A code lives for minutes, its row as long as its attempt.
authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_sha256", Text, primary_key=True),
    Column("attempt_id", ForeignKey("attempts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("browser_sha256", Text),  # null: sent at once
)

# What a user holds: one row per (user, seller, region) or per (user, ads account name).
# `id` is the authRecordId: random, made before the insert, never used again, part of the associated data.
grants = Table(
    "grants",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("flow", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("seller_id", Text),
    Column("name", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("marketplace", Text),  # spapi: the site that was named when it was authorized
    Column("central", Text),  # spapi: seller or vendor; null = seller
    Column("status", Text, nullable=False),  # authorized or needs_reauthorization
    Column("status_reason", Text),
    Column("status_at", BigInteger, nullable=False),
    Column("access_token_sealed", LargeBinary, nullable=False),
    Column("refresh_token_sealed", LargeBinary, nullable=False),
    Column("token_type", Text, nullable=False),
    Column("access_expires_at", BigInteger, nullable=False),
    Column("refreshed_at", BigInteger, nullable=False),
    Column("authorized_at", BigInteger, nullable=False),
    Column("authorization_expires_at", BigInteger),
    Column("requested_scopes", Text, nullable=False),  # JSON list
    Column("granted_scopes", Text),  # JSON list; null where Amazon did not say
    Column("verified", Boolean),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("external_id", Text),  # a web application's own id of the customer whose it is
    Column("return_url", Text),  # where that application had the customer sent back to, last
    # The refresh lease: who refreshes, the fencing token that every new lease raises by one,
    # and the expiry (milliseconds, database clock).
    Column("lease_owner", Text),
    Column("lease_fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_expires_ms", BigInteger),
    # A lease that ran out was taken over: until then a refusal by Amazon may be for want of the tokens that
    # its owner has and could not store (milliseconds, database clock).
    Column("refusals_doubted_ms", BigInteger),
    # Raised by one whenever the tokens change; compare-and-swap goes by it.
    Column("token_version", BigInteger, nullable=False, server_default=text("0")),
    # The version that the last authorization made: tokens of a later one were refreshed.
    Column("authorized_version", BigInteger, nullable=False, server_default=text("0")),
    # When it is to be refreshed ahead, apart from the margin: the expiry less a jitter of its own.
    Column("refresh_from", BigInteger),
    # Until when a replica's refresher takes care of the grant (milliseconds, database clock).
    Column("refresh_claimed_ms", BigInteger),
    # The `authorization_expires_at` that a warning was sent for, so that it is sent once.
    Column("ending_told", BigInteger),
    Index(
        "one_grant_per_store",
        "user_id",
        "seller_id",
        "region",
        unique=True,
        sqlite_where=text("flow = 'spapi'"),
    ),
    Index(
        "one_grant_per_account",
        "user_id",
        "name",
        unique=True,
        sqlite_where=text("flow = 'ads'"),
    ),
    Index(
        "grants_by_refresh",
        "refresh_from",
        sqlite_where=text("status = 'authorized'"),
    ),
    Index(
        "grants_by_last_refresh",
        "refreshed_at",
        sqlite_where=text("status = 'authorized'"),
    ),
)

profiles = Table(
    "profiles",
    metadata,
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True),
    Column("profile_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("region", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("currency_code", Text),
    Column("daily_budget", Float),
    Column("timezone", Text),
    Column("account_info_id", Text),
    Column("account_info_type", Text),
    Column("account_info_name", Text),
    Column("marketplace_id", Text),
    Column("synced_at", BigInteger, nullable=False),
)

# What Amazon listed of a store's sites when it was last asked (see store_sites.py).
store_sites = Table(
    "store_sites",
    metadata,
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("sites", Text, nullable=False),  # JSON: a list of lists, each the fields of a Site
    Column("read_at", BigInteger, nullable=False),
)

# Ads accounts whose profiles were not read in each region (see unread_profiles.py). `regions`: by spaces.
unread_profiles = Table(
    "unread_profiles",
    metadata,
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("regions", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("again_at", BigInteger, nullable=False, index=True),
)

# The access tokens that were issued to users, as HMACs (see issued_tokens.py), each until it expires.
# Whose one is follows from its grant.
handed_out = Table(
    "handed_out",
    metadata,
    Column("token_hmac", Text, primary_key=True),
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

# Access tokens that were made for one purpose each (see purpose_tokens.py). `purpose`: a digest of it.
# `claimed_ms`: until when the process `claimed_by` makes it (milliseconds, database clock).
purpose_tokens = Table(
    "purpose_tokens",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), index=True),
    Column("token_sealed", LargeBinary),  # null while the first one is made
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("claimed_by", Text),
    Column("claimed_ms", BigInteger),
)

# Who did what to which store, and how it ended (see audit.py). Triggers of the database refuse to change or
# delete a row. `who` is a user's name, so that a row says it for good.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("key_id", Text),
    Column("action", Text, nullable=False),  # a call's path, or the change that was made
    Column("subject", Text),  # the store, account, attempt, key or address that it was about
    Column("grant_id", BigInteger),
    Column("outcome", Text, nullable=False),  # ok, or the reason of a failure
    Column("request_id", Text),
    Index("audit_of_a_user", "who", "id"),
)

# Who is signed in with a browser (see sessions.py). A session ends with its API key.
sessions = Table(
    "sessions",
    metadata,
    Column("session_sha256", Text, primary_key=True),
    Column("key_id", ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

# How the owner's applications stand with Amazon: one row for each that ever failed (see applications.py).
applications = Table(
    "applications",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("suspended_reason", Text),  # null unless Amazon refuses the application itself
    Column("cooling_kind", Text),  # throttled or unavailable, while Amazon is given a rest
    # Nothing is asked before this time (milliseconds, database clock).
    Column("pause_until_ms", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),  # in a row
    Column("secret_print", Text, nullable=False),  # distinguishes client secrets, and nothing else
)

# Applications whose calls Amazon's APIs refuse (see refused_calls.py): one row for each, as long as they do.
refused_calls = Table(
    "refused_calls",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    # No call is made before this time (milliseconds, database clock).
    Column("pause_until_ms", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),  # in a row
    Column("secret_print", Text, nullable=False),  # of the client secret that they were refused with
)

# What the owner's webhook is to be notified of (see outbox.py), written with the change that it is about.
# `claimed_ms`: until when a replica is sending it (milliseconds, database clock).
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),  # the JSON document that is sent
    Column("tries", BigInteger, nullable=False, server_default=text("0")),
    Column("next_try_at", BigInteger, nullable=False),
    Column("claimed_ms", BigInteger),
    Column("ended_at", BigInteger),  # when it was delivered or given up
    Column("delivered", Boolean),
    Index(
        "outbox_open",
        "next_try_at",
        sqlite_where=text("ended_at IS NULL"),
    ),
)

# How many calls Amazon takes now (see call_buckets.py); on PostgreSQL unlogged, as nobody misses it after a
# crash. Both times are milliseconds of the database's clock.
call_buckets = Table(
    "call_buckets",
    metadata,
    Column("bucket", Text, primary_key=True),  # operation, region and seller
    Column("begun_ms", BigInteger, nullable=False),  # when it was full last
    Column("full_ms", BigInteger, nullable=False),  # when it is full again
)
