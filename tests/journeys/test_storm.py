"""Many callers, several processes, one refresh: by workers on SQLite and by gateways on one PostgreSQL."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway_process import FRESH, WANTED, Place, Process, a_place, authorize
from tests.support.gateway_server import Amazon
from tests.support.house import until
from tests.support.postgresql import PostgreSQL
from tests.support.storm import ask_all

CALLERS = 200

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture(scope="module")
def places(
    amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL
) -> Iterator[tuple[Place, Place]]:
    """Two places for gateways on one PostgreSQL."""
    url, home = postgresql.migrated_database(), tmp_path_factory.mktemp("places")
    with (
        a_place(amazon_process, home / "one", GATEWAY_DATABASE_URL=url) as first,
        a_place(amazon_process, home / "two", GATEWAY_DATABASE_URL=url) as second,
    ):
        yield first, second


@pytest.fixture
def two(amazon: Amazon, places: tuple[Place, Place]) -> tuple[Process, Process]:
    """Two gateway processes, each with a data folder of its own, on one PostgreSQL; one user has a store."""
    one, other = (place.running() for place in places)
    authorize(amazon, one)
    return one, Process(other.process, other.url, one.key)


def check_storm(amazon: Amazon, answers: list[tuple[int, Any]]) -> None:
    """Everybody got the same new token, and Amazon was asked once."""
    assert Counter(status for status, _ in answers) == {200: len(answers)}
    assert len({document["accessToken"] for _, document in answers}) == 1
    assert all(3500 < document["expiresIn"] <= 3600 for _, document in answers)
    assert len(amazon.refreshes()) == 1


def test_a_storm_over_four_workers_is_one_refresh(amazon: Amazon, place: Place) -> None:
    """Whichever worker a caller comes to, Amazon is asked once, slow as it may be."""
    gateway = place.start("--workers", "4")
    authorize(amazon, gateway)
    amazon.fault({"delayMs": 300}, grantType="refresh_token")
    check_storm(amazon, asyncio.run(ask_all([gateway], "/spApi/storeTokens", FRESH, CALLERS)))


def test_a_storm_over_two_gateways_is_one_refresh(amazon: Amazon, two: tuple[Process, Process]) -> None:
    """The same for processes that share nothing but the database."""
    one, other = two
    amazon.fault({"delayMs": 300}, grantType="refresh_token")
    check_storm(amazon, asyncio.run(ask_all([one, other], "/spApi/storeTokens", FRESH, CALLERS)))


@posix_only
def test_a_killed_holder_costs_the_others_a_bounded_wait(
    amazon: Amazon, two: tuple[Process, Process]
) -> None:
    """Its lease ends, and the next one asks again."""
    one, other = two
    amazon.fault({"hold": "holder"}, grantType="refresh_token")
    with ThreadPoolExecutor(2) as pool:
        lost = pool.submit(one.post, "/spApi/refreshToken", WANTED)
        amazon.until_held("holder")
        waiting = pool.submit(other.good, "/spApi/storeTokens", FRESH)
        one.kill()
        assert lost.exception() is not None
        assert 3500 < waiting.result()["expiresIn"] <= 3600
    amazon.release("holder")
    assert len(amazon.refreshes()) == 2


@posix_only
def test_a_paused_holder_never_overwrites_a_newer_token(amazon: Amazon, two: tuple[Process, Process]) -> None:
    """It wakes up with an answer of Amazon's in its hands, which is older than what is stored by then."""
    one, other = two
    amazon.fault({"hold": "holder", "holdAt": "after"}, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        paused = pool.submit(one.good, "/spApi/refreshToken", WANTED)
        amazon.until_held("holder")
        one.signal(signal.SIGSTOP)
        newer = other.good("/spApi/storeTokens", FRESH)
        amazon.release("holder")
        one.signal(signal.SIGCONT)
        told = paused.result()
    assert told["accessToken"] == newer["accessToken"]
    for gateway in (one, other):
        assert gateway.good("/spApi/storeTokens", WANTED)["accessToken"] == newer["accessToken"]
    assert [call["outcome"] for call in amazon.refreshes()] == ["ok", "ok"]


@posix_only
def test_a_killed_worker_is_replaced_and_its_refresh_made_by_another(amazon: Amazon, place: Place) -> None:
    """The gateway goes on; callers of the other workers get their token."""
    gateway = place.start("--workers", "2")
    authorize(amazon, gateway)
    amazon.fault({"hold": "holder"}, grantType="refresh_token")
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the workers")
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(gateway.post, "/spApi/refreshToken", WANTED)
        amazon.until_held("holder")
        for pid in children.read_text().split():  # which of them holds the lease cannot be told from outside
            os.kill(int(pid), signal.SIGKILL)
        assert lost.exception() is not None
    amazon.release("holder")

    def served() -> bool:
        try:
            status, document = gateway.post("/spApi/storeTokens", FRESH)
        except OSError:
            return False
        return status == 200 and document["expiresIn"] > 3000

    until(served, "another worker refreshes")
