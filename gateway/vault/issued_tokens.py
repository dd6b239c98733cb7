"""Which access tokens were issued to a user: kept as HMACs, so that a copy of the database names no token.

A token is recorded when it is stored for its grant, in that transaction, so that reading it costs
nothing; one from before a refresh still counts until it expires. The HMAC's key is a secret of the vault,
sealed beside its other facts, so that a change of the master key forgets no token.
"""

import hashlib
import hmac
import secrets
from functools import cache

from sqlalchemy import Connection, Insert, Integer, bindparam, delete, insert, select, update

from gateway.model import Tokens
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.database.tables import handed_out, vault_facts
from gateway.vault.database.upsert import upsert
from gateway.vault.grant_rows import GRANT_AND_TOKEN_COLUMNS, grant_and_tokens_from
from gateway.vault.keys.held_keys import Keys
from gateway.vault.keys.sealing import Sealer

FACT = "handed_out_key"
PURGED_AT_ONCE = 200
# Where fewer had expired, it is looked again after so many seconds: to look costs more than to record.
PURGE_PAUSE = 10
_PLACE = ("vault_facts", FACT, "value")


@cache  # as each refresh needs it: making a statement costs about as much as sending it
def _record_statement(dialect: str) -> Insert:
    """Return the statement that records a token, or a later end of one that Amazon issued again."""
    key = [handed_out.c.token_hmac, handed_out.c.grant_id]
    return upsert(dialect, handed_out, key, lambda recorded: {"expires_at": recorded.expires_at})


_EXPIRED = (
    select(handed_out.c.token_hmac)
    .where(handed_out.c.expires_at <= bindparam("now"))
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_FORGET = delete(handed_out).where(handed_out.c.token_hmac.in_(_EXPIRED))


class IssuedTokens:
    """The tokens that were issued and have not expired."""

    def __init__(self, clock: Clock, key: Secret) -> None:
        self._clock = clock
        self._key = bytes.fromhex(key.reveal())
        self._purged_at = 0

    def record(self, connection: Connection, grant_id: int, tokens: Tokens) -> None:
        """Record a grant's access token, in the transaction that stores it; forget some expired ones."""
        now = int(self._clock.now())
        if self.purge_is_due():
            forgotten = connection.execute(_FORGET, {"now": now, "most": PURGED_AT_ONCE}).rowcount
            self._purged_at = 0 if forgotten == PURGED_AT_ONCE else now
        row = {
            "token_hmac": self.hmac(tokens.access_token),
            "grant_id": grant_id,
            "expires_at": tokens.expires_at,
        }
        connection.execute(_record_statement(connection.dialect.name), row)

    def is_recorded(self, connection: Connection, grant_id: int, tokens: Tokens) -> bool:
        """Tell whether a grant's access token is on record, and so its tokens have been stored before."""
        which = (handed_out.c.token_hmac == self.hmac(tokens.access_token), handed_out.c.grant_id == grant_id)
        return connection.execute(select(handed_out.c.grant_id).where(*which)).first() is not None

    def purge_is_due(self) -> bool:
        """Tell whether `record` would forget expired tokens now."""
        return not self._purged_at <= int(self._clock.now()) < self._purged_at + PURGE_PAUSE

    def hmac(self, access_token: Secret) -> str:
        """Return what a token is recorded as."""
        text = access_token.reveal().encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, hashlib.sha256).hex()


def token_print_key(connection: Connection, sealer: Sealer) -> Secret | None:
    """Return the key of the vault's HMACs, or None where the vault is older than they are."""
    sealed = connection.execute(select(vault_facts.c.value).where(vault_facts.c.name == FACT)).scalar()
    return None if sealed is None else sealer.open(bytes.fromhex(sealed), *_PLACE)


def make_token_print_key(connection: Connection, sealer: Sealer) -> Secret:
    """Give the vault a key for its HMACs."""
    key = Secret(secrets.token_hex(32))
    connection.execute(insert(vault_facts).values(name=FACT, value=sealer.seal(key, *_PLACE).hex()))
    return key


def derived_key(token_print_key: Secret, purpose: str) -> Secret:
    """Return a further key of the vault, made of that of its HMACs, for one purpose: 128 hexadecimal digits.

    As that one, it outlives a change of the master key, and every process on the database has it.
    """
    text = f"linkfox|v1|{purpose}".encode()
    return Secret(hmac.digest(bytes.fromhex(token_print_key.reveal()), text, hashlib.sha512).hex())


def reseal_token_print_key(connection: Connection, keys: Keys, sealer: Sealer) -> None:
    """Seal the key of the vault's HMACs with the master key that `sealer` has."""
    which = vault_facts.c.name == FACT
    sealed = connection.execute(select(vault_facts.c.value).where(which)).scalar_one()
    again = sealer.seal(keys.open(bytes.fromhex(sealed), *_PLACE), *_PLACE)
    connection.execute(update(vault_facts).where(which).values(value=again.hex()))


def record_existing(connection: Connection, sealer: Sealer, issued: IssuedTokens) -> None:
    """Record the tokens that the vault held before it kept account of them."""
    for row in connection.execute(select(*GRANT_AND_TOKEN_COLUMNS)).all():
        grant, tokens = grant_and_tokens_from(sealer, row)
        issued.record(connection, grant.id, tokens)
