"""Users and their API keys. A key is shown once, when it is issued; the database has its SHA-256."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from typing import Any, get_args

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.model import Caller, KeyRecord, Right
from gateway.util.api_key import LENGTH, PREFIX, new_api_key
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import api_keys, users
from gateway.vault.usage import Usage

OWNER = "owner"
ALL_RIGHTS: tuple[Right, ...] = get_args(Right)
# What a key may do unless it is said. The others are in no key to which they were not given.
USUAL_RIGHTS: tuple[Right, ...] = ("tokens", "manage", "proxy")
LONGEST_NAME = 100

# Made once, as each call needs it: making a statement costs about as much as sending it.
OF_KEY = (
    select(api_keys.c.user_id, users.c.name, api_keys.c.id, api_keys.c.rights, api_keys.c.label)
    .join(users, users.c.id == api_keys.c.user_id)
    .where(api_keys.c.key_sha256 == bindparam("digest"), api_keys.c.revoked_at.is_(None))
)


class UserExists(Exception):
    """There is a user of that name already."""


class Users:
    """Who may call this gateway."""

    def __init__(self, database: Database, clock: Clock, usage: Usage, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._usage = usage

    def create(self, name: str) -> int:
        """Create a user and return the id. Raise UserExists, and ValueError for a name that is none."""
        _check_name(name, "a user's name")
        try:
            with self._database.writing() as connection:
                return self._create(connection, name)
        except IntegrityError:
            raise UserExists(name) from None

    def is_there(self, name: str) -> bool:
        """Tell whether there is a user of that name."""
        with self._database.reading() as connection:
            return connection.execute(select(users.c.id).where(users.c.name == name)).first() is not None

    def begin(self, key: Secret, label: str | None = None) -> bool:
        """Create the user `owner` with this API key, both or neither. False: there is the user already.

        Of several processes that do it at once one succeeds.
        """
        if self.is_there(OWNER):
            return False
        try:
            with self._database.writing() as connection:
                user_id = self._create(connection, OWNER)
                self._add_key(connection, user_id, OWNER, key, USUAL_RIGHTS, label)
        except IntegrityError:
            return False
        return True

    def issue_key(
        self, user_name: str, rights: Sequence[Right] = USUAL_RIGHTS, label: str | None = None
    ) -> tuple[str, Secret]:
        """Make a new API key for a user; return its public id and the key.

        Raises:
            KeyError: no such user.
            ValueError: a label that is none.
        """
        check_label(label)
        key = new_api_key()
        with self._database.writing() as connection:
            user_id = connection.execute(select(users.c.id).where(users.c.name == user_name)).scalar()
            if user_id is None:
                raise KeyError(user_name)
            return self._add_key(connection, user_id, user_name, key, rights, label), key

    def _create(self, connection: Connection, name: str) -> int:
        row = connection.execute(
            insert(users).values(name=name, created_at=int(self._clock.now())).returning(users.c.id)
        )
        user_id: int = row.scalar_one()
        self._audit.record(connection, "user_added", subject=name)
        return user_id

    def _add_key(
        self,
        connection: Connection,
        user_id: int,
        user_name: str,
        key: Secret,
        rights: Sequence[Right],
        label: str | None,
    ) -> str:
        """Store a key's digest, and return the key's public id."""
        key_id = secrets.token_hex(6)
        connection.execute(
            insert(api_keys).values(
                id=key_id,
                user_id=user_id,
                key_sha256=key_digest(key.reveal()),
                rights=" ".join(rights),
                label=label,
                created_at=int(self._clock.now()),
            )
        )
        self._audit.record(connection, "key_issued", subject=f"{key_id} of {user_name}")
        return key_id

    def list_keys(self) -> list[KeyRecord]:
        """Return all API keys, revoked ones too, by user and age; never the keys themselves."""
        query = (
            select(
                api_keys.c.id,
                users.c.name,
                api_keys.c.rights,
                api_keys.c.created_at,
                api_keys.c.last_used_at,
                api_keys.c.revoked_at,
                api_keys.c.label,
            )
            .join(users, users.c.id == api_keys.c.user_id)
            .order_by(users.c.id, api_keys.c.created_at, api_keys.c.id)
        )
        with self._database.reading() as connection:
            return [
                KeyRecord(key_id, user_name, tuple(rights.split()), *rest)
                for key_id, user_name, rights, *rest in connection.execute(query)
            ]

    def change_key(
        self,
        key_id: str,
        *,
        add: Collection[Right] = (),
        remove: Collection[Right] = (),
        label: str | None = None,
    ) -> KeyRecord | None:
        """Give and take rights, and name an API key, at once for every process; None: there is none.

        `label` None leaves it as it is, an empty one takes it away. Raise ValueError where no right would be
        left, and for a bad label.
        """
        check_label(label or None)
        with self._database.writing() as connection:
            # Locked: another change at the same time would take this one back.
            rights_now = select(api_keys.c.rights).where(api_keys.c.id == key_id).with_for_update()
            had = connection.execute(rights_now).scalar()
            if had is None:
                return None
            rights = [right for right in ALL_RIGHTS if right in {*had.split(), *add} - {*remove}]
            if not rights:
                raise ValueError("a key without any right would be of no use")
            values = {"rights": " ".join(rights)} | ({} if label is None else {"label": label or None})
            connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(values))
            self._audit.record(connection, "key_changed", subject=f"{key_id}: {', '.join(rights)}")
        return self._key(key_id)

    def revoke_key(self, key_id: str) -> KeyRecord | None:
        """Refuse an API key from now on and return it; None where there is none of that id."""
        with self._database.writing() as connection:
            revoked = connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=int(self._clock.now()))
            )
            if revoked.rowcount:
                self._audit.record(connection, "key_revoked", subject=key_id)
        return self._key(key_id)

    def _key(self, key_id: str) -> KeyRecord | None:
        return next((key for key in self.list_keys() if key.id == key_id), None)

    def authenticate(self, presented: str) -> Caller | None:
        """Return who an API key belongs to, or None for one that is unknown, revoked or malformed."""
        digest = presentable_digest(presented)
        if digest is None:
            return None
        with self._database.reading() as connection:
            row = connection.execute(OF_KEY, {"digest": digest}).first()
        if row is None:
            return None
        caller = caller_from(row)
        self._usage.record_use(caller.key_id)
        return caller


def caller_from(row: Sequence[Any]) -> Caller:
    """Make a Caller of the values of OF_KEY's columns, as any database driver returns them."""
    user_id, user_name, key_id, rights, label = row
    return Caller(user_id, user_name, key_id, frozenset(rights.split()), label)


def check_label(label: str | None) -> None:
    """Raise ValueError for what cannot be a key's label."""
    if label is not None:
        _check_name(label, "a key's label")


def _check_name(text: str, what: str) -> None:
    if not text.strip() or text != text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError(f"{what} is 1 to {LONGEST_NAME} printable characters")


def key_digest(key: str) -> str:
    """Return what the database keeps of an API key: 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def presentable_digest(presented: str) -> str | None:
    """Return the digest of what a caller presented, or None for what cannot be a key of this gateway."""
    if len(presented) != LENGTH or not presented.isascii() or not presented.startswith(PREFIX):
        return None
    return key_digest(presented)
