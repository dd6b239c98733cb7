"""Opening the vault: version, kind and key are checked before anything is read or written with it."""

import secrets
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection

from gateway.settings.settings import Settings
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.applications import Applications
from gateway.vault.attempts import Attempts
from gateway.vault.audit import Audit
from gateway.vault.authorizations import Authorizations
from gateway.vault.call_buckets import CallBuckets
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.migration import (
    current_version,
    needs_upgrade,
    require_current,
    take_migration_lock,
)
from gateway.vault.database.row_reader import RowReader, row_reader, row_writer
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.forced_refreshes import ForcedRefreshes
from gateway.vault.foreign_grants import ForeignGrants
from gateway.vault.grant_lists import GrantLists
from gateway.vault.grants import Grants
from gateway.vault.issued_tokens import (
    IssuedTokens,
    derived_key,
    make_token_print_key,
    record_existing,
    token_print_key,
)
from gateway.vault.keys.facts import CHECK_PLACE, KEY_CHECK, Facts, VaultKind
from gateway.vault.keys.held_keys import Keys, held_keys
from gateway.vault.keys.master_key import FoundKey, find_master_key, master_key_for_new_vault
from gateway.vault.keys.sealing import MasterKey, Sealer
from gateway.vault.leases import Leases
from gateway.vault.maintenance.updating import bring_up_to_date
from gateway.vault.outbox import Outbox
from gateway.vault.profiles import Profiles
from gateway.vault.purpose_tokens import PurposeTokens
from gateway.vault.refresh_queue import RefreshQueue
from gateway.vault.refused_calls import RefusedCalls
from gateway.vault.sessions import Sessions
from gateway.vault.store_sites import SitesOfStores
from gateway.vault.token_reader import TokenReader
from gateway.vault.unread_profiles import Unread
from gateway.vault.usage import Usage
from gateway.vault.users import Users

if TYPE_CHECKING:  # PostgreSQL's dialect, which who uses SQLite does not load
    from gateway.vault.postgresql_leases import PostgresqlLeases

DATABASE_FILE = "vault.db"


@dataclass(frozen=True, slots=True)
class Vault:
    """The open vault: its repositories, its facts, and where its master key was found (`master_key`).

    `stand_in_key`: what stand-in tokens are made with (see `derived_key`).
    """

    users: Users
    attempts: Attempts
    authorizations: Authorizations
    grants: Grants
    lists: GrantLists
    store_sites: SitesOfStores
    leases: Leases
    postgresql_leases: "PostgresqlLeases | None"
    foreign_grants: ForeignGrants
    forced_refreshes: ForcedRefreshes
    profiles: Profiles
    unread_profiles: Unread
    purpose_tokens: PurposeTokens
    sessions: Sessions
    applications: Applications
    refused_calls: RefusedCalls
    call_buckets: CallBuckets
    issued_tokens: IssuedTokens
    stand_in_key: Secret
    reader: TokenReader
    audit: Audit
    outbox: Outbox
    refresh_queue: RefreshQueue
    keys: Keys
    facts: Facts
    master_key: FoundKey
    database: Database = field(repr=False)
    rows: RowReader = field(repr=False)
    changed_rows: RowReader = field(repr=False)
    usage: Usage = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def key_opens(self) -> bool:
        """Tell whether the database answers with something that the master key opens. Raise VaultError."""
        with self.database.reading() as connection:
            facts = Facts.read(connection)
        try:
            return facts is not None and self.keys.open(facts.key_check, *CHECK_PLACE) == KEY_CHECK
        except SealBroken:
            return False

    def close(self) -> None:
        """Write what was recorded and close all connections, whatever goes wrong with one of these steps."""
        with ExitStack() as steps:  # the last one comes first
            steps.callback(self.database.close)
            steps.callback(self.rows.close)
            steps.callback(self.changed_rows.close)
            steps.callback(self.audit.close)
            steps.callback(self.usage.close)
            steps.callback(self.keys.close)


def open_vault(settings: Settings, clock: Clock, *, migrating: bool = True) -> Vault:
    """Open the vault of these settings, making or migrating it where needed. Raise VaultError.

    The data folder must exist. An existing vault is refused, and left as it is, if it was written by a newer
    version, is of the other kind, or its key is missing or wrong; not `migrating`, also if it is older.
    """
    place = (settings.database_url, settings.data_dir / DATABASE_FILE)
    database = open_database(*place)
    try:
        with database.reading() as connection:
            opened = existing_vault(connection, settings)
            version = current_version(connection)
        if opened is not None and not migrating:
            require_current(version)
        if opened is None or needs_upgrade(version):
            # Another process's steps are waited for, and ours may take their time.
            with closing(open_database(*place, patient=True)) as patient, patient.writing() as connection:
                take_migration_lock(connection)
                # That one may have been first.
                opened = existing_vault(connection, settings)
                if needs_upgrade(current_version(connection)):
                    bring_up_to_date(connection, patient, clock)
                opened = opened or _new(connection, settings, int(clock.now()))
                _keep_account_of_tokens(connection, opened[2], clock)
        facts, found, sealer = opened
        with database.reading() as connection:
            token_key = token_print_key(connection, sealer)
        assert token_key is not None, "a vault of the newest version has one"
        if settings.database_read_url is not None:
            from gateway.vault.database.read_replica import (
                open_replica,  # which few have
            )

            database.replica = open_replica(database, settings.database_read_url, settings.read_staleness)
    except BaseException:
        database.close()
        raise
    usage = Usage(database, clock)
    audit = Audit(database, clock)
    outbox = Outbox(database, clock, open=settings.webhook is not None)
    issued_tokens = IssuedTokens(clock, token_key)

    def find(facts: Facts) -> MasterKey:
        return find_master_key(settings, facts.vault_id, facts.master_key_source, facts.master_key_id).key

    rows = row_reader(database)
    # On connections of its own: a statement that waits for a lock is not to keep tokens from being read.
    changed_rows = row_writer(database)
    keys = Keys(database, held_keys(facts, found.key), find, clock)
    return Vault(
        users=Users(database, clock, usage, audit),
        attempts=Attempts(database, clock, audit, outbox),
        authorizations=Authorizations(database, clock, keys, issued_tokens, audit, outbox),
        grants=Grants(database, clock, keys, audit, outbox),
        lists=GrantLists(database),
        store_sites=SitesOfStores(database, clock),
        leases=Leases(database, clock, keys, issued_tokens, outbox),
        postgresql_leases=_postgresql_leases(database, changed_rows, clock, keys, issued_tokens),
        foreign_grants=ForeignGrants(database, clock, audit, outbox),
        forced_refreshes=ForcedRefreshes(database),
        profiles=Profiles(database, clock),
        unread_profiles=Unread(database, clock),
        purpose_tokens=PurposeTokens(database, clock, keys),
        sessions=Sessions(database, clock),
        applications=Applications(database, rows, audit, outbox),
        refused_calls=RefusedCalls(database, rows, audit, outbox),
        call_buckets=CallBuckets(database, changed_rows),
        issued_tokens=issued_tokens,
        stand_in_key=derived_key(token_key, "stand-in tokens"),
        reader=TokenReader(rows, keys, usage, issued_tokens, clock),
        audit=audit,
        outbox=outbox,
        refresh_queue=RefreshQueue(database, clock, outbox),
        keys=keys,
        facts=facts,
        master_key=found,
        database=database,
        rows=rows,
        changed_rows=changed_rows,
        usage=usage,
    )


def _postgresql_leases(
    database: Database, rows: RowReader, clock: Clock, keys: Keys, issued_tokens: IssuedTokens
) -> "PostgresqlLeases | None":
    """Return what refreshes without threads; None on SQLite, whose writes wait for the disk."""
    if database.is_sqlite:
        return None
    from gateway.vault.postgresql_leases import PostgresqlLeases

    return PostgresqlLeases(rows, clock, keys, issued_tokens)


def existing_vault(connection: Connection, settings: Settings) -> tuple[Facts, FoundKey, Sealer] | None:
    """Check an existing vault against the settings; None where there is none yet. Changes nothing.

    Raise VaultError where it is of the other kind or of a newer version, or its key is missing or wrong.
    """
    if current_version(connection) is None:
        return None
    facts = Facts.read(connection)
    if facts is None:
        return None
    kind = _kind(settings)
    if facts.kind != kind:
        raise VaultError(
            f"this is a {facts.kind} vault, and the gateway was started as a {kind} one",
            "Use another data folder (GATEWAY_DATA_DIR), or start it "
            + ("with --sandbox." if facts.kind == "sandbox" else "without --sandbox and AMAZON_ORIGIN."),
            "not_set_up",
        )
    found = find_master_key(settings, facts.vault_id, facts.master_key_source, facts.master_key_id)
    sealer = Sealer(held_keys(facts, found.key))
    if sealer.open(facts.key_check, *CHECK_PLACE) != KEY_CHECK:
        raise SealBroken("the vault's known text is another one", "Restore the database from a backup.")
    return facts, found, sealer


def _kind(settings: Settings) -> VaultKind:
    return "sandbox" if settings.sandbox else "real"


def _new(connection: Connection, settings: Settings, now: int) -> tuple[Facts, FoundKey, Sealer]:
    vault_id = secrets.token_hex(8)
    found = master_key_for_new_vault(settings, vault_id)
    sealer = Sealer([found.key])
    check = sealer.seal(KEY_CHECK, *CHECK_PLACE)
    facts = Facts(vault_id, _kind(settings), now, found.source, found.key.id, check)
    facts.write(connection)
    return facts, found, sealer


def _keep_account_of_tokens(connection: Connection, sealer: Sealer, clock: Clock) -> None:
    """Give a vault what it proves issued tokens with, where it is new or older than that."""
    if token_print_key(connection, sealer) is None:
        issued_tokens = IssuedTokens(clock, make_token_print_key(connection, sealer))
        record_existing(connection, sealer, issued_tokens)
