"""One user's slow calls leave room for everybody else's."""

import asyncio
import base64
import contextlib
import gzip
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.applications.shares import Shares
from gateway.errors import Problem
from gateway.proxy import service
from gateway.server import write_watch
from gateway.util.threads import PROXY_THREADS
from tests.support.calling import SELLER, SP_HOST, call_store, forwarded, store_call
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import until

PROXY = "/spApi/developerProxy"
OTHER = "A1SANDBOXNA002"
# More than the networks of this machine keep of an answer.
LARGE = 24_000_000
SHARE = PROXY_THREADS // 2


@pytest.fixture
def unpaced(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that sends calls as they come."""
    with running_gateway(amazon, tmp_path, proxy_pacing=False) as gateway:
        yield gateway


def test_a_user_s_slow_calls_do_not_hold_up_another_s(unpaced: Gateway, amazon: Amazon) -> None:
    """Of more calls than the gateway has threads, half as many are under way, and the other user's pass."""
    gateway = unpaced
    gateway.authorize_store()
    gateway.add_user("eve")
    gateway.authorize_store(OTHER, user="eve")
    amazon.control("settings", {"participationsQuota": None})
    amazon.control("ledger/reset", {})
    amazon.fault({"hold": "slow"}, times=None, sellerId=OTHER, host=SP_HOST)

    def slow(_number: int) -> int:
        return gateway.post(PROXY, store_call(sellerId=OTHER), user="eve").status_code

    def held() -> int:
        return amazon.control("holds")["holds"].get("slow", 0)

    with ThreadPoolExecutor(PROXY_THREADS + 8) as pool:
        under_way = [pool.submit(slow, number) for number in range(PROXY_THREADS + 8)]
        until(lambda: held() == SHARE, "the user's share is under way")
        for _ in range(3):
            assert call_store(gateway, sellerId=SELLER)["httpStatus"] == 200
        assert held() == SHARE
        amazon.control("faults/clear", {})
        amazon.release("slow")
        statuses = [one.result() for one in under_way]
    # Whoever had to wait got its turn; on a slow machine some have waited for too long, and are told so.
    assert statuses.count(200) >= SHARE
    assert set(statuses) <= {200, 429}
    assert len(forwarded(amazon)) == statuses.count(200) + 3


def begin_and_not_read(gateway: Gateway) -> socket.socket:
    """Make a call with a large answer, and read nothing of it but its first byte."""
    body = json.dumps(store_call()).encode()
    line = socket.create_connection(gateway.url.removeprefix("http://").split(":"))
    line.sendall(
        f"POST {PROXY} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {gateway.keys['owner']}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    assert line.recv(1) == b"H"
    return line


@pytest.fixture
def narrow(amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A gateway with one place for each user, where nobody waits for one, and large answers of Amazon's."""
    monkeypatch.setattr(service, "Shares", lambda _most: Shares(1, longest_wait=0.0))
    with running_gateway(amazon, tmp_path) as gateway:
        gateway.add_user("eve")
        gateway.authorize_store()
        gateway.authorize_store(OTHER, user="eve")
        packed = base64.b64encode(gzip.compress(bytes(LARGE))).decode()
        do = {"status": 200, "headers": {"Content-Encoding": "gzip"}, "bodyBase64": packed}
        amazon.fault(do, host=SP_HOST)
        yield gateway


def is_served(gateway: Gateway) -> bool:
    """Whether the owner's next call finds a place."""
    return gateway.post(PROXY, store_call()).status_code == 200


def test_an_answer_that_is_not_read_takes_a_place_until_its_caller_is_gone(narrow: Gateway) -> None:
    """Else one user's unread answers fill the memory. Others have places of their own."""
    with begin_and_not_read(narrow):
        assert narrow.bad(PROXY, store_call(), status=429)["reason"] == "amazon_throttled"
        assert call_store(narrow, user="eve", sellerId=OTHER)["httpStatus"] == 200
    until(lambda: is_served(narrow), "the place is free again")


def test_who_takes_nothing_of_an_answer_is_given_up(narrow: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is ended, and the place is free."""
    monkeypatch.setattr(write_watch, "STALLED_SECONDS", 0.05)
    with begin_and_not_read(narrow) as line:
        until(lambda: is_served(narrow), "the place is free again")
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(1_000_000):
                taken += len(piece)
        assert taken < LARGE


def test_who_waits_for_too_long_is_told_when_to_come_again() -> None:
    """With a reason that callers know; another user has a place at once, and a free place is given."""

    async def story() -> None:
        shares = Shares(2, longest_wait=0.01)
        async with shares.place_for(1), shares.place_for(1):
            with pytest.raises(Problem) as told:
                async with shares.place_for(1):
                    raise AssertionError("there was a third place")
            assert (told.value.reason, told.value.row.http_status) == ("amazon_throttled", 429)
            assert told.value.extra["retryAfter"] == int(told.value.headers["Retry-After"]) > 0
            async with shares.place_for(2):
                pass
        async with shares.place_for(1), shares.place_for(1):
            pass

    asyncio.run(story())


def test_waiting_calls_go_in_order_and_nothing_is_kept_of_users_who_do_not_call() -> None:
    """Also after a call that failed."""
    went: list[int] = []

    async def story() -> None:
        shares = Shares(1, longest_wait=60)
        begun = asyncio.Event()
        go_on = asyncio.Event()

        async def call(number: int) -> None:
            async with shares.place_for(7):
                went.append(number)
                begun.set()
                await go_on.wait()
                if number == 1:
                    raise ValueError

        calls = [asyncio.create_task(call(0))]
        await begun.wait()
        calls += [asyncio.create_task(call(number)) for number in (1, 2, 3)]
        await asyncio.sleep(0)  # each of them comes to its place in the queue
        assert went == [0]
        go_on.set()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [type(None), ValueError, type(None), type(None)]
        assert shares._shares == {}

    asyncio.run(story())
    assert went == [0, 1, 2, 3]
