"""Access tokens that the gateway has made for one purpose each, beside those of the authorizations.

Restricted data tokens, each for one method and path of a store, and tokens of the application's own. They are
sealed as the others are, shared by all processes on the vault, gone with their store, and forgotten once they
have ended. A purpose is known by a digest of all that it says, so a token opens for no other one.
"""

from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.authorizations import GrantGone
from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import is_over
from gateway.vault.database.tables import purpose_tokens
from gateway.vault.database.upsert import upsert
from gateway.vault.errors import SealBroken
from gateway.vault.keys.held_keys import Keys
from gateway.vault.keys.sealing import PREFIX_LENGTH, Sealer, prefix_of

# No token is believed to live for longer than so many seconds: as long as an access token of Amazon's.
LONGEST_LIFE = 3600
# For which a process has the making of a token to itself, in milliseconds. Of what is made twice after all,
# the later one is kept, and the other is good as well.
CLAIM = 60_000
_TABLE, _COLUMN = "purpose_tokens", "token"
_FREE = is_over(purpose_tokens.c.claimed_ms, CLAIM)


class PurposeToken(NamedTuple):
    """A token. `expires_at`: epoch seconds."""

    token: Secret
    expires_at: int


class PurposeTokens:
    """The tokens of one vault, by their purpose: 64 hexadecimal digits."""

    def __init__(self, database: Database, clock: Clock, keys: Keys) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    def read(self, purpose: str) -> PurposeToken | None:
        """Return a token that lives; None where there is none, or none that opens any more."""
        query = select(purpose_tokens.c.token_sealed, purpose_tokens.c.expires_at).where(
            purpose_tokens.c.purpose == purpose
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None or row.token_sealed is None:
            return None
        if not 0 < row.expires_at - self._clock.now() <= LONGEST_LIFE:
            return None
        try:
            token = self._keys.open(bytes(row.token_sealed), _TABLE, purpose, _COLUMN)
        except SealBroken:  # another one is made in its place
            return None
        return PurposeToken(token, row.expires_at)

    def claim(self, purpose: str, grant_id: int | None, owner: str) -> bool:
        """Take the making of a token, for CLAIM; False while another process has it.

        `grant_id`: with which it goes; None for one of the application's own. Raise GrantGone.
        """
        claimed = {"claimed_by": owner, "claimed_ms": DatabaseMilliseconds() + CLAIM}
        statement = (
            upsert(
                self._database.dialect.name,
                purpose_tokens,
                [purpose_tokens.c.purpose],
                lambda added: {name: added[name] for name in claimed},
                where=_FREE,
            )
            .values(
                purpose=purpose,
                grant_id=grant_id,
                expires_at=int(self._clock.now()) + LONGEST_LIFE,
                **claimed,
            )
            .returning(purpose_tokens.c.purpose)
        )
        try:
            with self._database.changing() as connection:
                return connection.execute(statement).first() is not None
        except IntegrityError:
            raise GrantGone from None

    def settle_interrupted(self) -> None:
        """Give back the claims of a gateway that was stopped.

        Only for who knows that nobody else works on this database.
        """
        with self._database.writing() as connection:
            connection.execute(update(purpose_tokens).values(claimed_by=None, claimed_ms=None))

    def store(self, purpose: str, owner: str, made: PurposeToken) -> None:
        """Keep a token that was made under a claim, which ends; what has ended is forgotten."""
        now = int(self._clock.now())
        with self._database.writing() as connection:
            sealer = self._keys.in_force(connection)
            ended = is_over(purpose_tokens.c.expires_at, LONGEST_LIFE, now)
            connection.execute(delete(purpose_tokens).where(ended, _FREE))
            connection.execute(
                update(purpose_tokens)
                .where(purpose_tokens.c.purpose == purpose, purpose_tokens.c.claimed_by == owner)
                .values(
                    token_sealed=sealer.seal(made.token, _TABLE, purpose, _COLUMN),
                    expires_at=min(made.expires_at, now + LONGEST_LIFE),
                    claimed_by=None,
                    claimed_ms=None,
                )
            )

    def release(self, purpose: str, owner: str) -> None:
        """Give a claim back under which no token was made; nothing happens if it is another's by now."""
        released = (
            update(purpose_tokens)
            .where(purpose_tokens.c.purpose == purpose, purpose_tokens.c.claimed_by == owner)
            .values(claimed_by=None, claimed_ms=None)
        )
        with self._database.changing() as connection:
            connection.execute(released)


def forget_sealed_by_others(connection: Connection, sealer: Sealer) -> None:
    """Forget what was sealed with another key than the one in force: it is made anew where it is needed."""
    prefix = func.substr(purpose_tokens.c.token_sealed, 1, PREFIX_LENGTH, type_=LargeBinary)
    connection.execute(delete(purpose_tokens).where(prefix != prefix_of(sealer.key_id)))
