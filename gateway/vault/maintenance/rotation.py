"""Changing the master key while the gateway serves, to be taken up again wherever it was stopped.

The new key is kept first, then announced in the vault (see keys.py), so that everything is sealed with it
from then on; then what is older is sealed again, a batch at a time, by compare-and-swap; then the vault opens
with the new key only. Each of these steps can be repeated.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, func, or_, select, update

from gateway.model import Grant
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database.migration import require_own_version
from gateway.vault.database.tables import grants, vault_facts
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.issued_tokens import reseal_token_print_key
from gateway.vault.keys.facts import CHECK_PLACE, KEY_CHECK, Facts, NextKey, Source
from gateway.vault.keys.held_keys import seal_next_key
from gateway.vault.keys.master_key import find_master_key, store_master_key
from gateway.vault.keys.sealing import KEY_LENGTH, PREFIX_LENGTH, MasterKey, Sealer, prefix_of
from gateway.vault.purpose_tokens import forget_sealed_by_others
from gateway.vault.vault import Vault

BATCH = 100
# Every process that serves looks every second whether the key changes.
LEARNING_SECONDS = 3.0
TRUNCATE_TRIES = 10
_KEPT_BY_THE_OPERATOR: tuple[Source, ...] = ("environment", "file")


@dataclass(frozen=True, slots=True)
class Rotated:
    """How a change ended.

    `place` is where the new key is, in words; `resumed`: it had begun earlier; `damaged`: what has to be
    authorized again, since its tokens did not open.
    """

    old_key_id: str
    new_key_id: str
    place: str
    resealed: int
    resumed: bool
    damaged: list[Grant]


def rotate_master_key(
    vault: Vault,
    settings: Settings,
    given: MasterKey | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> Rotated:
    """Change the master key to a new one, or go on with a change that was interrupted. Raise VaultError.

    `given` is the new key where the operator keeps the key (GATEWAY_MASTER_KEY, GATEWAY_MASTER_KEY_FILE);
    elsewhere one is made and kept where the old one is.
    """
    with vault.database.reading() as connection:
        require_own_version(connection, "a change of the key")
    facts = _facts(vault)
    resumed = facts.next_key is not None
    if not resumed:
        facts = _begin(vault, settings, facts, given)
    next_key = facts.next_key
    assert next_key is not None, "it was announced"
    if given is not None and given.id != next_key.id:
        raise VaultError(
            f"the vault is being changed to the master key {next_key.id}, and the one given is {given.id}",
            "Give that key, or none: the vault knows it until the change is complete.",
            "bad_arguments",
        )
    sleep(LEARNING_SECONDS)
    damaged: list[Grant] = []
    resealed = _reseal(vault, damaged)
    while not _complete(vault, next_key):
        resealed += _reseal(vault, damaged)
    for _ in range(TRUNCATE_TRIES):
        if vault.database.truncate_log():
            break
    if next_key.source in _KEPT_BY_THE_OPERATOR:
        place = "where you keep it: start the gateway with it from now on"
    else:
        place = find_master_key(settings, facts.vault_id, next_key.source, next_key.id).place
    return Rotated(facts.master_key_id, next_key.id, place, resealed, resumed, damaged)


def _facts(vault: Vault) -> Facts:
    with vault.database.reading() as connection:
        facts = Facts.read(connection)
    assert facts is not None, "an open vault has facts"
    return facts


def _begin(vault: Vault, settings: Settings, facts: Facts, given: MasterKey | None) -> Facts:
    """Keep a new key and announce it."""
    source = vault.master_key.source
    if source in _KEPT_BY_THE_OPERATOR:
        if given is None:
            raise VaultError(
                f"the master key comes from {vault.master_key.place}, which only you can change",
                "Make a new key and name its file with --new-key-file; see references/self-hosting.md.",
                "bad_arguments",
            )
        key, source = given, "file"
    elif given is not None:
        raise VaultError(
            f"{vault.master_key.place} holds the master key, and will hold the new one, too",
            "Leave --new-key-file out.",
            "bad_arguments",
        )
    else:
        key = MasterKey(os.urandom(KEY_LENGTH))
        store_master_key(settings, facts.vault_id, source, key)
    if key.id == facts.master_key_id:
        raise VaultError(f"the new master key equals the old ({key.id})", "Make a new one.", "bad_arguments")
    with vault.database.writing() as connection:
        _wait_for_writers(connection)
        current = Facts.read(connection)
        assert current is not None
        if current.next_key is None:
            sealed = seal_next_key(vault.keys.in_force(connection), key)
            Facts.announce(connection, NextKey(key.id, source, sealed))
            vault.audit.record(
                connection, "master_key_change_begun", subject=f"{current.master_key_id} to {key.id}"
            )
    return _facts(vault)


def _wait_for_writers(connection: Connection) -> None:
    """Lock what every writer of tokens looks at: see `Keys.in_force`."""
    lock = select(vault_facts.c.value).where(vault_facts.c.name == "master_key_id")
    connection.execute(lock.with_for_update())


def _reseal(vault: Vault, damaged: list[Grant]) -> int:
    """Seal again what an older key sealed, and return how many grants that were.

    A grant whose tokens do not open is marked, and added to `damaged`.
    """
    count, last = 0, 0
    while True:
        rows = _older(vault, last)
        if not rows:
            return count
        with vault.database.writing() as connection:
            sealer = vault.keys.in_force(connection)
            for row in rows:
                resealed, broken = _resealed(vault, sealer, row)
                unchanged = [grants.c[name] == getattr(row, name) for name in ("id", *resealed)]
                if not connection.execute(update(grants).where(*unchanged).values(resealed)).rowcount:
                    continue  # others have written it since, with the key in force
                if broken:
                    damaged.append(vault.grants.mark_damaged(connection, row.id))
                else:
                    count += 1
        last = rows[-1].id


def _older(vault: Vault, after: int) -> Sequence[Any]:
    """Return a batch of grants that an older key sealed, by their ids: those that follow the id `after`."""
    with vault.database.reading() as connection:
        facts = Facts.read(connection)
        assert facts is not None
        return connection.execute(
            select(grants.c.id, grants.c.access_token_sealed, grants.c.refresh_token_sealed)
            .where(grants.c.id > after, _sealed_by_another_than(facts.key_in_force))
            .order_by(grants.c.id)
            .limit(BATCH)
        ).all()


def _resealed(vault: Vault, sealer: Sealer, row: Any) -> tuple[dict[str, bytes], bool]:
    """Return a grant's sealed columns, sealed with the key in force, and whether one of them is lost.

    In the place of a token that does not open stands an empty one, else its old key would be wanted for good.
    """
    resealed, broken = {}, False
    for token in ("access_token", "refresh_token"):
        column = f"{token}_sealed"
        try:
            resealed[column] = _again(vault, sealer, getattr(row, column), row.id, token)
        except SealBroken:
            resealed[column] = sealer.seal(Secret(""), "grants", row.id, token)
            broken = True
    return resealed, broken


def _again(vault: Vault, sealer: Sealer, sealed: bytes, grant_id: int, column: str) -> bytes:
    return sealer.seal(vault.keys.open(sealed, "grants", grant_id, column), "grants", grant_id, column)


def _sealed_by_another_than(key_id: str) -> ColumnElement[bool]:
    prefix = prefix_of(key_id)
    return or_(
        *(
            func.substr(column, 1, PREFIX_LENGTH, type_=LargeBinary) != prefix
            for column in (grants.c.access_token_sealed, grants.c.refresh_token_sealed)
        )
    )


def _complete(vault: Vault, next_key: NextKey) -> bool:
    """Make the new key the only one; False where something is still sealed with another."""
    with vault.database.writing() as connection:
        _wait_for_writers(connection)
        facts = Facts.read(connection)
        assert facts is not None
        if facts.master_key_id == next_key.id:
            return True  # another process went on with it as well
        left = select(grants.c.id).where(_sealed_by_another_than(next_key.id)).limit(1)
        if connection.execute(left).first() is not None:
            return False
        sealer = vault.keys.in_force(connection)
        reseal_token_print_key(connection, vault.keys, sealer)
        forget_sealed_by_others(connection, sealer)
        handover = None
        if next_key.source in _KEPT_BY_THE_OPERATOR:
            handover = vault.keys.handover(facts.master_key_id, next_key.sealed)
        Facts.complete(connection, next_key, sealer.seal(KEY_CHECK, *CHECK_PLACE), handover)
        vault.audit.record(
            connection, "master_key_changed", subject=f"{facts.master_key_id} to {next_key.id}"
        )
    return True
