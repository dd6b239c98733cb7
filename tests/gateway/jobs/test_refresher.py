"""The refresher beside the stand-in Amazon: once per store, in its own time, whoever else is at work."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.amazon.login_with_amazon import LoginWithAmazon
from gateway.amazon.session import AmazonSession
from gateway.errors import Problem
from gateway.jobs.refresher import Refresher
from gateway.settings.settings import Settings
from gateway.tokens.grant_tokens import GrantTokens
from gateway.tokens.service import TokenService
from gateway.util.threads import Threads
from gateway.vault.refresh_queue import MARGIN
from gateway.vault.vault import open_vault
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import until

SELLERS = ("A1SANDBOXNA001", "A1SANDBOXEU001", "A1SANDBOXFE001")


def run_rounds(gateway: Gateway, replicas: int = 1) -> Counter[str]:
    """Let so many replicas refresh, each with a vault and an event loop of its own; add up how it ended."""
    settings = replace(gateway.settings, refresh_rate=500, refresh_concurrency=4)
    outcomes: Counter[str] = Counter()
    barrier = threading.Barrier(replicas)

    def replica() -> None:
        with open_vault(settings, gateway.clock) as vault:
            session = AmazonSession(settings.amazon_origin)
            threads = Threads()
            login = LoginWithAmazon(session, gateway.clock)

            async def work() -> Counter[str]:
                tokens = TokenService(settings, vault, login, gateway.clock, threads)
                return await Refresher(settings, vault.refresh_queue, tokens, threads).round()

            barrier.wait()
            outcomes.update(asyncio.run(work()))
            session.close()

    running = [threading.Thread(target=replica) for _ in range(replicas)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return outcomes


def authorize(gateway: Gateway, count: int) -> None:
    """Authorize so many stores."""
    sellers = [{"sellerId": f"A1REFRESH{n:05d}", "name": f"Store {n}", "region": "NA"} for n in range(count)]
    gateway.amazon.control("sellers", sellers)
    for seller in sellers:
        gateway.authorize_store(seller["sellerId"])


def test_a_due_store_is_refreshed_and_then_left_alone(gateway: Gateway) -> None:
    """One call to Amazon, a token of a whole life, and nothing to do in the next round."""
    gateway.authorize_store()
    gateway.clock.step(3600 - MARGIN)
    assert run_rounds(gateway) == {"ok": 1}
    tokens = gateway.good("/spApi/storeTokens", {"sellerId": "A1SANDBOXNA001", "region": "NA"})
    assert tokens["expiresIn"] == 3600
    assert run_rounds(gateway) == {}
    assert len(gateway.amazon.refreshes()) == 1


def test_replicas_make_one_call_for_each_store(gateway: Gateway) -> None:
    """Three replicas that start at once share twelve stores: twelve calls, each store's own."""
    authorize(gateway, 12)
    gateway.clock.step(3600)
    run_rounds(gateway, replicas=3)
    run_rounds(gateway)
    calls = Counter(call["sellerId"] for call in gateway.amazon.refreshes())
    assert len(calls) == 12
    assert set(calls.values()) == {1}


def test_one_failing_store_does_not_keep_the_others(gateway: Gateway) -> None:
    """A store that Amazon refuses is marked; the rest is refreshed, and nothing is tried twice."""
    authorize(gateway, 3)
    gateway.amazon.control("revoke", {"sellerId": "A1REFRESH00001"})
    gateway.clock.step(3600)
    assert run_rounds(gateway) == {"ok": 2, "store_revoked": 1}
    assert run_rounds(gateway) == {}
    listed = gateway.good("/spApi/authorizedStores")["stores"]
    assert [store["status"] for store in listed] == ["authorized", "needs_reauthorization", "authorized"]


def test_a_gateway_refreshes_without_being_asked(amazon: Amazon, tmp_path: Path) -> None:
    """The running gateway's own refresher renews a store that is due."""
    with running_gateway(amazon, tmp_path, refresh_rate=50) as gateway:
        gateway.authorize_store()
        gateway.clock.step(3600 - MARGIN)
        until(lambda: amazon.refreshes(), "the store is refreshed")


class _Queue:
    """A queue of so many grants."""

    def __init__(self, count: int) -> None:
        self.left = list(range(count))

    def claim(self, most: int, **_: int) -> list[int]:
        claimed, self.left = self.left[:most], self.left[most:]
        return claimed


class _Tokens:
    """Tokens that are refreshed when the test says so."""

    def __init__(self, fresh: Callable[[int], GrantTokens]) -> None:
        self.at_once = self.most_at_once = 0
        self._fresh = fresh

    async def renew_ahead(self, grant_id: int, _min_ttl: int) -> GrantTokens:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return self._fresh(grant_id)


def held(_grant_id: int) -> GrantTokens:
    """What a refresh brings."""
    return GrantTokens(None, None)  # type: ignore[arg-type]


def refresher(
    tmp_path: Path, queue: _Queue, tokens: _Tokens, naps: list[float], rate: int, most: int = 4
) -> Refresher:
    """A refresher whose time passes only while it sleeps."""

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    settings = Settings(data_dir=tmp_path, refresh_rate=rate, refresh_concurrency=most)
    return Refresher(settings, queue, tokens, Threads(), sleep=sleep, monotonic=lambda: sum(naps))  # type: ignore[arg-type]


def test_the_rate_is_kept(tmp_path: Path) -> None:
    """Ten refreshes a second begin a tenth of a second apart."""
    naps: list[float] = []
    work = refresher(tmp_path, _Queue(21), _Tokens(held), naps, rate=10)
    assert asyncio.run(work.round()) == {"ok": 21}
    assert sum(naps) == pytest.approx(2.0)


def test_only_so_many_are_under_way_at_once(tmp_path: Path) -> None:
    """The concurrency is a bound."""
    tokens = _Tokens(held)
    work = refresher(tmp_path, _Queue(50), tokens, [], rate=1000, most=3)
    assert asyncio.run(work.round()) == {"ok": 50}
    assert 1 <= tokens.most_at_once <= 3


def test_one_that_is_stopped_claims_nothing(tmp_path: Path) -> None:
    """At shutdown nothing new is begun."""
    queue = _Queue(5)
    work = refresher(tmp_path, queue, _Tokens(held), [], rate=10)
    work.stop()
    assert asyncio.run(work.round()) == {}
    assert len(queue.left) == 5


def test_what_nobody_foresaw_is_one_grants_trouble(tmp_path: Path) -> None:
    """A failure of any kind is counted by its reason, and the round goes on."""

    def fresh(grant_id: int) -> GrantTokens:
        if grant_id == 1:
            raise Problem("amazon_throttled")
        if grant_id == 2:
            raise RuntimeError
        return held(grant_id)

    work = refresher(tmp_path, _Queue(5), _Tokens(fresh), [], rate=1000)
    assert asyncio.run(work.round()) == {"ok": 3, "amazon_throttled": 1, "internal": 1}
