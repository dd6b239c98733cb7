"""A gateway that is killed at the worst moments loses nothing: a refresh is possible again, an exchange ends.

Each moment is reached from outside, by what the stand-in Amazon holds back and by a lock on the database.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway_process import (
    SELLER,
    WANTED,
    Place,
    Process,
    a_place,
    authorize,
    callback_of,
    ended,
    open_path,
)
from tests.support.gateway_server import Amazon
from tests.support.house import until
from tests.support.vaults import forget_forced_refreshes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills by signal")

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "3"))
MOMENTS = ("the answer is on its way", "before the commit")


@pytest.fixture(scope="module")
def place(amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place for gateways that are killed."""
    # Its callbacks stay where they were, whatever port the next one gets.
    home = tmp_path_factory.mktemp("crashes") / "place"
    with a_place(amazon_process, home, GATEWAY_PUBLIC_URL="http://localhost:8765") as opened:
        yield opened


@pytest.fixture
def gateway(amazon: Amazon, place: Place) -> Process:
    """A gateway with a store: the one that was started after the last kill, if there was any."""
    gateway = place.running()
    authorize(amazon, gateway)
    return gateway


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Keep everybody else from writing."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def kill_at(place: Place, gateway: Process, moment: str, grant_type: str, ask: Any) -> None:
    """Have `ask` bring the gateway to a moment of its call to Amazon, and kill it there."""
    amazon = place.amazon
    before = len(amazon.calls(grantType=grant_type))
    processed = "after" if moment == "the answer is on its way" else "before"
    amazon.fault({"hold": "crash", "holdAt": processed}, grantType=grant_type)
    with ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as stack:
        lost = pool.submit(ask)
        amazon.until_held("crash")
        if moment == "before the commit":
            stack.enter_context(locked(place.database))
            amazon.release("crash")
            until(
                lambda: amazon.calls(grantType=grant_type)[before]["outcome"] == "ok",
                "Amazon has answered",
            )
        gateway.kill()
        assert lost.exception() is not None
    amazon.control("faults/clear", {})


def check_whole(place: Place) -> None:
    """The database is in order."""
    with contextlib.closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def leases(place: Place) -> int:
    """How many grants somebody has the right to refresh."""
    with contextlib.closing(sqlite3.connect(place.database)) as connection:
        query = "SELECT count(*) FROM grants WHERE lease_owner IS NOT NULL"
        return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize("moment", ["Amazon has not looked at it", *MOMENTS])
def test_a_refresh_is_possible_again_at_once(
    amazon: Amazon, place: Place, gateway: Process, moment: str
) -> None:
    """Killed and started again and again, the store keeps its refresh token and gets a new access token."""
    for _ in range(ROUNDS):
        forget_forced_refreshes(place.database)
        before = gateway.good("/spApi/storeTokens", WANTED)
        asked = len(amazon.refreshes())
        kill_at(
            place,
            gateway,
            moment,
            "refresh_token",
            partial(gateway.post, "/spApi/refreshToken", WANTED),
        )
        check_whole(place)
        gateway = place.start()
        assert leases(place) == 0
        kept = gateway.good("/spApi/storeTokens", WANTED)
        assert (kept["accessToken"], kept["refreshToken"]) == (before["accessToken"], before["refreshToken"])
        after = gateway.good("/spApi/refreshToken", WANTED)
        assert after["accessToken"] != before["accessToken"]
        assert after["refreshToken"] == before["refreshToken"]
        assert len(amazon.refreshes()) == asked + 2


def test_a_refresh_that_was_not_sent_is_not_noticed(amazon: Amazon, place: Place, gateway: Process) -> None:
    """Killed while it waits for its lease, it has asked nothing of Amazon."""
    for _ in range(ROUNDS):
        forget_forced_refreshes(place.database)
        asked = len(amazon.refreshes())
        with ThreadPoolExecutor(1) as pool, locked(place.database):
            lost = pool.submit(gateway.post, "/spApi/refreshToken", WANTED)
            gateway.good("/spApi/storeTokens", WANTED)
            gateway.kill()
            assert lost.exception() is not None
        assert len(amazon.refreshes()) == asked
        gateway = place.start()
        gateway.good("/spApi/refreshToken", WANTED)


def test_a_rotated_token_that_went_down_with_the_gateway_is_reported(
    amazon: Amazon, place: Place, gateway: Process
) -> None:
    """Nobody has the new one any more: the store is kept, and a link to authorize it again is offered."""
    rotate = {"token": {"rotateRefreshToken": True}, "hold": "crash", "holdAt": "after"}
    amazon.fault(rotate, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(gateway.post, "/spApi/refreshToken", WANTED)
        amazon.until_held("crash")
        gateway.kill()
        assert lost.exception() is not None
    gateway = place.start()
    status, refused = gateway.post("/spApi/refreshToken", WANTED)
    assert (status, refused["reason"]) == (409, "store_revoked")
    assert refused["authorizeUrl"]
    (store,) = gateway.good("/spApi/authorizedStores", {})["stores"]
    assert (store["sellerId"], store["status"]) == (SELLER, "needs_reauthorization")


@pytest.mark.parametrize("moment", ["Amazon has not looked at it", *MOMENTS])
def test_an_interrupted_exchange_ends_and_is_not_repeated(
    amazon: Amazon, place: Place, gateway: Process, moment: str
) -> None:
    """It is told as interrupted, its link is spent, and the store that was there stays as it was."""
    for _ in range(ROUNDS):
        before = gateway.good("/spApi/storeTokens", WANTED)
        attempt_id, path = callback_of(amazon, gateway)
        exchanges = len(amazon.calls(grantType="authorization_code"))
        kill_at(
            place,
            gateway,
            moment,
            "authorization_code",
            partial(follow, gateway, path, attempt_id),
        )
        check_whole(place)
        gateway = place.start()
        told = gateway.good("/spApi/authorizationStatus", {"authorizationId": attempt_id})
        assert (told["state"], told["reason"]) == ("failed", "interrupted")
        assert "new link" in told["hint"]
        assert open_path(gateway, path) == 303
        again = gateway.good("/spApi/authorizationStatus", {"authorizationId": attempt_id})
        assert (again["state"], again["reason"]) == ("failed", "interrupted")
        assert len(amazon.calls(grantType="authorization_code")) == exchanges + 1
        kept = gateway.good("/spApi/storeTokens", WANTED)
        assert (kept["accessToken"], kept["refreshToken"]) == (before["accessToken"], before["refreshToken"])
    authorize(amazon, gateway)
    assert gateway.good("/spApi/storeTokens", WANTED)["refreshToken"] != before["refreshToken"]


def follow(gateway: Process, path: str, attempt_id: str) -> None:
    """Open a callback and follow its attempt until the gateway is gone."""
    open_path(gateway, path)
    while True:
        gateway.good("/spApi/authorizationStatus", {"authorizationId": attempt_id})


def test_a_callback_that_was_not_taken_yet_works_after_the_crash(
    amazon: Amazon, place: Place, gateway: Process
) -> None:
    """Killed before the state was consumed, nothing was sent, and the same callback completes it."""
    attempt_id, path = callback_of(amazon, gateway)
    exchanges = len(amazon.calls(grantType="authorization_code"))
    with ThreadPoolExecutor(1) as pool, locked(place.database):
        lost = pool.submit(open_path, gateway, path)
        gateway.good("/spApi/storeTokens", WANTED)
        gateway.kill()
        assert lost.exception() is not None
    assert len(amazon.calls(grantType="authorization_code")) == exchanges
    gateway = place.start()
    assert open_path(gateway, path) == 303
    assert ended(gateway, attempt_id)["state"] == "authorized"
