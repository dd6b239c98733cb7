"""Browser sessions: of somebody who showed an API key, until they sign out, time is up or the key is revoked.

A session's id is 256 random bits; the database has its SHA-256, as of an API key.
"""

import hashlib
import re
import secrets

from sqlalchemy import delete, insert, select

from gateway.model import Caller
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database
from gateway.vault.database.holds import is_over, lasts
from gateway.vault.database.tables import api_keys, sessions, users
from gateway.vault.users import caller_from

# Seconds. On loopback it is shorter: a browser sends its cookie to each port of the host, so to whatever
# else serves there (RFC 6265 section 8.5).
LIFETIME = 12 * 3600
LOOPBACK_LIFETIME = 3600
SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Sessions:
    """Who is signed in with a browser, known to every process that shares the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, caller: Caller, lifetime: int = LIFETIME) -> Secret:
        """Begin a session of a caller whose key was just checked; return its id. Ended ones are deleted.

        `lifetime`: seconds, at most LIFETIME.
        """
        session = Secret(secrets.token_urlsafe(32))
        now = int(self._clock.now())
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(is_over(sessions.c.expires_at, LIFETIME, now)))
            connection.execute(
                insert(sessions).values(
                    session_sha256=_digest(session.reveal()),
                    key_id=caller.key_id,
                    created_at=now,
                    expires_at=now + lifetime,
                )
            )
        return session

    def caller(self, presented: str) -> Caller | None:
        """Return who a session belongs to; None where it is unknown or over, or its key was revoked."""
        if not SESSION_ID.fullmatch(presented):
            return None
        query = (
            select(users.c.id, users.c.name, api_keys.c.id, api_keys.c.rights, api_keys.c.label)
            .join(api_keys, api_keys.c.id == sessions.c.key_id)
            .join(users, users.c.id == api_keys.c.user_id)
            .where(
                sessions.c.session_sha256 == _digest(presented),
                lasts(sessions.c.expires_at, LIFETIME, int(self._clock.now())),
                api_keys.c.revoked_at.is_(None),
            )
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else caller_from(row)

    def end(self, presented: str) -> None:
        """End a session: the browser's copy of its id is worth nothing from now on."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.session_sha256 == _digest(presented)))


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()
