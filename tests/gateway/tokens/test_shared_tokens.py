"""Tokens that are made for one purpose: once however many ask, and again when they are of no more use."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Problem
from gateway.settings.settings import Settings
from gateway.tokens.shared_tokens import FRESH_ENOUGH, LONGEST_WAIT, SharedTokens, purpose_of
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.purpose_tokens import PurposeToken
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import MASTER_KEY, lay_tables

PURPOSE = purpose_of("test", 1)


def in_event_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test that awaits."""

    @wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(test(**given))

    return run


@dataclass
class Maker:
    """What makes tokens: each another one, after a turn of the event loop. `fails`: how."""

    clock: SteppingClock
    made: int = 0
    fails: Exception | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> PurposeToken:
        """Make the next one, once it is let."""
        self.made += 1
        if self.fails is not None:
            raise self.fails
        await self.opened.wait()
        return PurposeToken(Secret(f"token {self.made}"), int(self.clock.now()) + 3600)


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that stands still."""
    return SteppingClock()


@pytest.fixture
def vault(tmp_path: Path, clock: SteppingClock) -> Iterator[Vault]:
    """A vault on SQLite."""
    lay_tables(tmp_path)
    with closing(
        open_vault(Settings(data_dir=tmp_path, sandbox=True, master_key=MASTER_KEY), clock)
    ) as opened:
        yield opened


@pytest.fixture
def maker(clock: SteppingClock) -> Maker:
    """One that makes tokens at once."""
    maker = Maker(clock)
    maker.opened.set()
    return maker


@pytest.fixture
def threads() -> Iterator[Threads]:
    """Threads for what waits."""
    threads = Threads(2)
    yield threads
    threads.close()


def process(vault: Vault, clock: SteppingClock, threads: Threads, **more: Any) -> SharedTokens:
    """What each process on the vault has."""
    return SharedTokens(vault.purpose_tokens, clock, threads, **more)


@in_event_loop
async def test_who_asks_together_shares_one(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads
) -> None:
    """In one process and in another, and whoever comes later."""
    one, other = process(vault, clock, threads), process(vault, clock, threads)
    asked = await asyncio.gather(*(each.token(PURPOSE, maker) for each in (one, one, other, other)))
    assert {token.reveal() for token in asked} == {"token 1"}
    assert (await other.token(PURPOSE, maker)).reveal() == "token 1"
    assert maker.made == 1
    assert (await one.token(purpose_of("test", 2), maker)).reveal() == "token 2"


@in_event_loop
async def test_it_is_made_anew_before_its_end(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads
) -> None:
    """With less than a minute left it would end under way."""
    shared = process(vault, clock, threads)
    await shared.token(PURPOSE, maker)
    clock.step(3600 - FRESH_ENOUGH)
    assert (await shared.token(PURPOSE, maker)).reveal() == "token 1"
    clock.step(1)
    assert (await shared.token(PURPOSE, maker)).reveal() == "token 2"


@in_event_loop
async def test_a_refused_one_is_replaced_once(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads
) -> None:
    """However many say that it was refused, and whenever."""
    one, other = process(vault, clock, threads), process(vault, clock, threads)
    first = await one.token(PURPOSE, maker)
    asked = await asyncio.gather(*(each.token(PURPOSE, maker, refused=first) for each in (one, one, other)))
    assert {token.reveal() for token in asked} == {"token 2"}
    assert (await other.token(PURPOSE, maker, refused=first)).reveal() == "token 2"
    assert maker.made == 2


@in_event_loop
async def test_a_failure_is_told_and_the_next_one_may_try(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads
) -> None:
    """Nothing is kept of it, no claim either."""
    shared = process(vault, clock, threads)
    maker.fails = Problem("amazon_throttled", retry_after=7)
    with pytest.raises(Problem, match="fewer calls"):
        await shared.token(PURPOSE, maker)
    maker.fails = None
    assert (await process(vault, clock, threads).token(PURPOSE, maker)).reveal() == "token 2"


@in_event_loop
async def test_a_token_that_cannot_be_kept_is_used(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs another one the next time, and no call."""

    def fail(*_: object) -> None:
        raise VaultError("the disk is full", "Make room.")

    monkeypatch.setattr(type(vault.purpose_tokens), "store", fail)
    shared = process(vault, clock, threads)
    assert (await shared.token(PURPOSE, maker)).reveal() == "token 1"


@in_event_loop
async def test_another_process_is_not_waited_for_forever(
    vault: Vault, clock: SteppingClock, maker: Maker, threads: Threads
) -> None:
    """One that makes nothing has lost its claim by then; here it has it for good."""
    vault.purpose_tokens.claim(PURPOSE, None, "another process")
    passed = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    shared = process(vault, clock, threads, sleep=sleep, monotonic=lambda: passed)
    with pytest.raises(Problem, match="another process"):
        await shared.token(PURPOSE, maker)
    assert LONGEST_WAIT < passed < LONGEST_WAIT + 2
    assert maker.made == 0


@in_event_loop
async def test_a_caller_who_goes_away_leaves_it_to_the_others(
    vault: Vault, clock: SteppingClock, threads: Threads
) -> None:
    """The token is made and kept all the same."""
    maker = Maker(clock)
    shared = process(vault, clock, threads)
    leaving = asyncio.create_task(shared.token(PURPOSE, maker))
    while not maker.made:
        await asyncio.sleep(0)
    leaving.cancel()
    maker.opened.set()
    assert (await shared.token(PURPOSE, maker)).reveal() == "token 1"
    await shared.finish_all()
    assert maker.made == 1
