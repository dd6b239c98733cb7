"""Stand-in tokens: read by every process on the vault, for their hour, and by nobody else."""

import base64
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model import Caller, Grant
from gateway.settings.settings import Settings
from gateway.tokens.stand_in_tokens import LIFETIME, LONGEST, StandIn, StandInTokens
from gateway.util.secret import Secret
from gateway.vault.keys.sealing import MasterKey
from gateway.vault.maintenance.rotation import rotate_master_key
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import MASTER_KEY, lay_tables, store


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that stands still unless a test steps it."""
    return SteppingClock()


@pytest.fixture
def opened(clock: SteppingClock, tmp_path: Path) -> Callable[..., Vault]:
    """What opens the vault of a folder, as another process may."""

    def open_one(name: str, master_key: Secret = MASTER_KEY) -> Vault:
        return open_vault(settings_of(tmp_path / name, master_key), clock)

    return open_one


def settings_of(folder: Path, master_key: Secret = MASTER_KEY) -> Settings:
    """The settings of a gateway on the vault of this folder."""
    folder.mkdir(exist_ok=True)
    lay_tables(folder)
    return Settings(data_dir=folder, sandbox=True, master_key=master_key)


def made(vault: Vault, clock: SteppingClock) -> tuple[StandInTokens, Caller, Grant]:
    """What makes the tokens of a vault, and for whom and what."""
    user = vault.users.create("ann")
    caller = vault.users.authenticate(vault.users.issue_key("ann")[1].reveal())
    assert caller is not None
    return StandInTokens(vault.stand_in_key, clock), caller, store(vault, user)


def test_one_says_for_what_it_was_made(opened: Callable[..., Vault], clock: SteppingClock) -> None:
    """It begins as they all do, may stand in a header, and tells nothing to who has no vault."""
    with opened("one") as vault:
        tokens, caller, grant = made(vault, clock)
        ends = int(clock.now()) + LIFETIME
        stores, profiles = tokens.issue(caller, grant), tokens.issue(caller, grant, 2**63 - 1)
        assert tokens.read(stores) == StandIn(caller.key_id, grant.id, None, ends)
        assert tokens.read(profiles) == StandIn(caller.key_id, grant.id, 2**63 - 1, ends)
        text = stores.reveal()
    assert text.startswith("lfxp_")
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    assert len(text) <= LONGEST
    assert caller.key_id not in text
    assert text not in f"{stores} {stores!r}"


def test_it_ends_after_its_hour(opened: Callable[..., Vault], clock: SteppingClock) -> None:
    """One that a clock ahead of this one has made is none before it could have been made."""
    with opened("one") as vault:
        tokens, caller, grant = made(vault, clock)
        token = tokens.issue(caller, grant)
        clock.step(LIFETIME - 1)
        assert tokens.read(token) is not None
        clock.step(1)
        assert tokens.read(token) is None
        clock.step(-LIFETIME - 61)
        assert tokens.read(token) is None


def test_no_other_text_is_one(opened: Callable[..., Vault], clock: SteppingClock) -> None:
    """Whatever a single character of it becomes, and whatever else somebody presents."""
    with opened("one") as vault:
        tokens, caller, grant = made(vault, clock)
        token = tokens.issue(caller, grant).reveal()
        for place in range(len(token)):
            for character in "A-_z" + chr(ord(token[place]) + 1):
                altered = token[:place] + character + token[place + 1 :]
                assert altered == token or tokens.read(Secret(altered)) is None, place
        for other in (
            "",
            "lfxp_",
            "lfxp_" + 70 * "A",
            token.removeprefix("lfxp_"),
            token[:-1],
            f"{token}=",
            f"{token}A",
            f" {token}",
            f"{token}\n",
            "lfxp_" + 70 * "ä",
            "lfxp_" + 10_000 * "A",
            "lfxp_\ud800",
            "Atza|IwEBIexample",
            "lfx_local_" + 43 * "a",
        ):
            assert tokens.read(Secret(other)) is None


def test_another_vault_knows_none(opened: Callable[..., Vault], clock: SteppingClock) -> None:
    """Though it has the same master key."""
    with opened("one") as vault, opened("two") as other:
        tokens, caller, grant = made(vault, clock)
        others, _, _ = made(other, clock)
        assert others.read(tokens.issue(caller, grant)) is None


def test_a_further_process_knows_it_also_after_a_change_of_the_master_key(
    opened: Callable[..., Vault], clock: SteppingClock, tmp_path: Path
) -> None:
    """One that was opened before, and one that is opened afterwards with the new key alone."""
    new = MasterKey(b"n" * 32)
    with opened("one") as vault, opened("one") as replica:
        tokens, caller, grant = made(vault, clock)
        token = tokens.issue(caller, grant)
        rotate_master_key(vault, settings_of(tmp_path / "one"), new, sleep=lambda _: None)
        assert StandInTokens(replica.stand_in_key, clock).read(token) == tokens.read(token) is not None
    with opened("one", Secret(base64.b64encode(new.reveal()).decode())) as vault:
        assert StandInTokens(vault.stand_in_key, clock).read(token) is not None
