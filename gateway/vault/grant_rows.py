"""How a row of `grants` becomes records: the one place that knows the order of its columns."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import case

from gateway.model import Grant, Tokens
from gateway.vault.database.tables import grants
from gateway.vault.keys.held_keys import Keys
from gateway.vault.keys.sealing import Sealer

GRANT_COLUMNS = [grants.c[name] for name in Grant._fields]
# What a Grant does not tell of its tokens.
SEALED_COLUMNS = [grants.c.access_token_sealed, grants.c.refresh_token_sealed, grants.c.token_type]
# Both, for a row that is read at one moment.
GRANT_AND_TOKEN_COLUMNS = [*GRANT_COLUMNS, *SEALED_COLUMNS]
# Each grant is refreshed up to so many seconds earlier than others that expire with it; its id is random.
REFRESH_JITTER = 256
HEALTHIEST_FIRST = (
    case((grants.c.status == "authorized", 0), else_=1),
    grants.c.authorized_at.desc(),
    grants.c.id.desc(),
)


def grant_from(values: Sequence[Any]) -> Grant:
    """Make a Grant of the values of GRANT_COLUMNS, as any database driver returns them."""
    fields = list(values)
    for place, read in _READ_OTHERWISE:
        fields[place] = read(fields[place])
    return Grant._make(fields)


def tokens_of(grant: Grant, keys: Keys | Sealer, values: Sequence[Any]) -> Tokens:
    """Unseal the values of SEALED_COLUMNS from a grant's row. Raise SealBroken."""
    access_token, refresh_token, token_type = values
    return Tokens(
        keys.open(access_token, "grants", grant.id, "access_token"),
        keys.open(refresh_token, "grants", grant.id, "refresh_token"),
        token_type,
        grant.access_expires_at,
        grant.granted_scopes,
    )


def grant_and_tokens_from(keys: Keys | Sealer, values: Sequence[Any]) -> tuple[Grant, Tokens]:
    """Make records of the values of GRANT_AND_TOKEN_COLUMNS. Raise SealBroken."""
    width = len(GRANT_COLUMNS)
    grant = grant_from(values[:width])
    return grant, tokens_of(grant, keys, values[width:])


def sealed_tokens(sealer: Sealer, grant_id: int, tokens: Tokens) -> dict[str, Any]:
    """Return the columns that hold a grant's tokens."""
    return {
        "access_token_sealed": sealer.seal(tokens.access_token, "grants", grant_id, "access_token"),
        "refresh_token_sealed": sealer.seal(tokens.refresh_token, "grants", grant_id, "refresh_token"),
        "token_type": tokens.token_type,
        "access_expires_at": tokens.expires_at,
        "refresh_from": tokens.expires_at - grant_id % REFRESH_JITTER,
    }


def scopes_from(text: str | None) -> tuple[str, ...] | None:
    """Read a JSON list of scopes; None stays None: Amazon did not say."""
    if text is None or text == "[]":
        return None if text is None else ()
    return tuple(json.loads(text))


def scopes_text(scopes: Sequence[str] | None) -> str | None:
    """Write scopes as a JSON list; None stays None."""
    return None if scopes is None else json.dumps(list(scopes))


def _truth_from(value: bool | int | None) -> bool | None:
    """Read a truth value, which SQLite keeps as a number."""
    return None if value is None else bool(value)


# The fields of a Grant that are not what stands in their column.
_READERS: dict[str, Callable[[Any], Any]] = {
    "requested_scopes": lambda text: scopes_from(text) or (),
    "granted_scopes": scopes_from,
    "verified": _truth_from,
}
_READ_OTHERWISE = [(Grant._fields.index(name), read) for name, read in _READERS.items()]
