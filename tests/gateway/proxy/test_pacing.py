"""Calls of one store and operation are spaced by Amazon's rate and burst, from outside.

The stand-in counts as Amazon does. Its clock is stepped, and what the gateway has counted is made older by as
much: so no test waits.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select, text

from gateway.applications.shares import Shares
from gateway.errors import Problem
from gateway.proxy import pacing, service
from gateway.proxy.bearers import Bearer
from gateway.proxy.pacing import Pacing, Patience
from gateway.proxy.request import ProxyRequest
from gateway.proxy.targets import Path as SentPath
from gateway.proxy.waiting_line import Place, WaitingLine
from gateway.util.secret import Secret
from gateway.vault.call_buckets import LONGEST_MARGIN, CallBuckets
from gateway.vault.database.tables import call_buckets
from gateway.vault.errors import Unwritable
from tests.support.addresses import Answered, call_address
from tests.support.calling import PARTICIPATIONS, SELLER, SP_HOST, US, forwarded, store_call
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import until
from tests.support.postgresql import as_setting

PROXY = "/spApi/developerProxy"
# 0.0167 a second, 20 at once.
ORDERS = "/orders/v0/orders"
QUERY = f"MarketplaceIds={US}&CreatedAfter=2026-01-01T00%3A00%3A00Z"
BURST = 20
INTERVAL = 59.88
# 0.5 a second, 30 at once.
ITEMS = "/orders/v0/orders/902-0000001-0000001/orderItems"


@pytest.fixture
def gateway(gateway: Gateway, amazon: Amazon) -> Gateway:
    """A gateway with a store, and a ledger that begins after its authorization."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})
    return gateway


def ask(
    gateway: Gateway, deadline: str | bytes | None = None, path: str = ORDERS, **fields: Any
) -> requests.Response:
    """Ask through the developer proxy."""
    headers: dict[str, Any] = {} if deadline is None else {"X-Deadline": deadline}
    return gateway.post(PROXY, store_call(path=path, queryString=QUERY, **fields), **headers)


def ask_at_address(gateway: Gateway, deadline: str | None = None) -> Answered:
    """Ask at the address that is shaped like Amazon's."""
    headers = {"Authorization": gateway.keys["owner"], "X-Store": SELLER}
    if deadline is not None:
        headers["X-Deadline"] = deadline
    return call_address(gateway, f"/spapi/na{ORDERS}?{QUERY}", headers=headers)


def use_up(gateway: Gateway) -> None:
    """Make as many calls as Amazon takes at once."""
    for _ in range(BURST):
        answer = ask(gateway)
        assert answer.json()["httpStatus"] == 200, answer.text


def pass_time(gateway: Gateway, seconds: float) -> None:
    """Let time pass, for Amazon and for what the gateway counts."""
    gateway.amazon.control("clock", {"advance": seconds})
    with gateway.vault.database.writing() as connection:
        connection.execute(
            text("UPDATE call_buckets SET begun_ms = begun_ms - :ms, full_ms = full_ms - :ms"),
            {"ms": int(seconds * 1000)},
        )


def counted(gateway: Gateway) -> dict[str, int]:
    """What is counted of each bucket, in milliseconds that it takes to be full again."""
    with gateway.vault.database.reading() as connection:
        rows = connection.execute(select(call_buckets)).all()
    return {row.bucket: row.full_ms - row.begun_ms for row in rows}


def test_what_amazon_would_refuse_is_told_at_once_and_not_sent(gateway: Gateway, amazon: Amazon) -> None:
    """In both shapes, with the seconds until its turn: whoever comes then is served, and nobody sooner."""
    use_up(gateway)
    refused = ask(gateway)
    assert refused.status_code == 429
    told = refused.json()
    assert (told["reason"], told["code"], told["retryable"]) == ("amazon_throttled", "throttled", True)
    assert told["retryAfter"] == int(refused.headers["Retry-After"])
    assert 0 < told["retryAfter"] <= INTERVAL + 2
    assert "ordersV0.getOrders" in told["errmsg"]
    assert "nothing was sent" in told["errmsg"]
    at_address = ask_at_address(gateway)
    assert (at_address.status, at_address.headers["x-gateway-reason"]) == (429, "amazon_throttled")
    assert at_address.error["code"] == "QuotaExceeded"
    assert 0 < int(at_address.headers["retry-after"]) <= told["retryAfter"]
    assert len(forwarded(amazon)) == BURST
    pass_time(gateway, told["retryAfter"])
    assert ask_at_address(gateway, "0").status == 200
    assert ask(gateway, "0").status_code == 429
    assert {call["status"] for call in forwarded(amazon)} == {200}


def test_a_call_waits_for_its_turn_as_long_as_it_may(amazon: Amazon, tmp_path: Path) -> None:
    """No longer than it must; then it is sent, and Amazon takes it."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.to_thread(pass_time, gateway, seconds)

    with running_gateway(amazon, tmp_path, sleep=sleep) as gateway:
        gateway.authorize_store()
        amazon.control("ledger/reset", {})
        use_up(gateway)
        assert ask(gateway, "30").status_code == 429
        assert waits == []
        assert ask(gateway, "100").json()["httpStatus"] == 200
        assert ask_at_address(gateway, "100.5").status == 200
    assert all(0 < wait <= INTERVAL + LONGEST_MARGIN / 1000 for wait in waits)
    assert len(waits) == 2
    assert {call["status"] for call in forwarded(amazon)} == {200}


@pytest.mark.parametrize("deadline", ["", "soon", "-1", "1e3", "nan", "inf", "٣", "1,5", "0x10", "5 6"])
def test_a_deadline_that_is_no_number_is_refused_in_words(gateway: Gateway, deadline: str) -> None:
    """Before anything is sent, in both shapes."""
    told = ask(gateway, deadline.encode())
    assert told.status_code == 400
    assert told.json()["reason"] == "bad_parameter"
    assert "X-Deadline" in told.json()["errmsg"]
    if deadline.isascii():
        assert ask_at_address(gateway, deadline).status == 400
    assert forwarded(gateway.amazon) == []


def test_a_longer_deadline_than_there_is_counts_as_the_longest(gateway: Gateway) -> None:
    """A call is not held for hours."""
    use_up(gateway)
    with gateway.vault.database.writing() as connection:
        connection.execute(text("UPDATE call_buckets SET full_ms = full_ms + 280000"))
    told = ask(gateway, "86400").json()
    assert told["retryAfter"] > 300
    assert "300 s" in told["errmsg"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_gateways_on_one_database_share_what_amazon_takes(
    amazon: Amazon, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """A crowd of calls at two of them: exactly the burst is sent, and Amazon refuses none."""
    changes = {}
    if kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        changes["database_url"] = as_setting(server.migrated_database())
    with (
        running_gateway(amazon, tmp_path, **changes) as one,
        running_gateway(amazon, tmp_path, **changes) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        one.authorize_store()
        amazon.control("ledger/reset", {})
        answers = list(pool.map(lambda n: ask((one, other)[n % 2], "0"), range(2 * BURST)))
    assert [answer.status_code for answer in answers].count(200) == BURST
    assert [call["status"] for call in forwarded(amazon)] == [200] * BURST


def test_nothing_else_of_the_store_or_of_others_waits(gateway: Gateway) -> None:
    """Amazon counts by operation, seller and region."""
    gateway.authorize_store("A1SANDBOXNA002")
    gateway.authorize_store("A1SANDBOXEU001", "EU")
    use_up(gateway)
    assert ask(gateway, "0").status_code == 429
    assert ask(gateway, "0", ITEMS).status_code == 200
    assert ask(gateway, "0", sellerId="A1SANDBOXNA002").status_code == 200
    assert ask(gateway, "0", sellerId="A1SANDBOXEU001", region="EU").status_code == 200


def test_users_who_have_the_same_store_share_what_amazon_takes(gateway: Gateway) -> None:
    """Amazon does not know the gateway's users."""
    gateway.add_user("eve")
    gateway.authorize_store(user="eve")
    use_up(gateway)
    headers = {"X-Deadline": "0"}
    body = store_call(path=ORDERS, queryString=QUERY)
    assert gateway.post(PROXY, body, user="eve", **headers).status_code == 429


def test_what_amazon_refuses_all_the_same_is_passed_on_and_heeded(gateway: Gateway, amazon: Amazon) -> None:
    """Another program has used up the store's calls: the next one is not even sent."""
    amazon.fault({"answer": "spApi.throttled"}, host=SP_HOST)
    assert ask(gateway).json()["httpStatus"] == 429
    assert ask(gateway, "5").status_code == 429
    assert len(forwarded(amazon)) == 1


def test_another_rate_that_amazon_names_is_heeded(gateway: Gateway, amazon: Amazon) -> None:
    """Until it names the published one again; what cannot be meant is not."""
    for told in ("0.02", "0", "nan", "much"):
        headers = {"x-amzn-RateLimit-Limit": told, "Content-Type": "application/json"}
        amazon.fault({"status": 200, "headers": headers, "body": "{}"}, host=SP_HOST)
        ask(gateway)
    amazon.fault({"answer": "spApi.throttled"}, host=SP_HOST)
    ask(gateway)
    told_then = ask(gateway, "0").json()
    assert "0.02 times a second" in told_then["errmsg"]
    assert told_then["retryAfter"] <= 51
    pass_time(gateway, 51)
    assert ask(gateway).json()["rateLimit"] == 0.0167
    amazon.fault({"answer": "spApi.throttled"}, host=SP_HOST)
    ask(gateway)
    assert "0.0167 times a second" in ask(gateway, "0").json()["errmsg"]


def test_without_pacing_amazon_refuses(amazon: Amazon, tmp_path: Path) -> None:
    """Each call is sent as it comes."""
    with running_gateway(amazon, tmp_path, proxy_pacing=False) as gateway:
        gateway.authorize_store()
        amazon.control("ledger/reset", {})
        use_up(gateway)
        assert ask(gateway).json()["httpStatus"] == 429
        assert counted(gateway) == {}


def test_the_gateways_own_looks_at_a_store_count(gateway: Gateway) -> None:
    """As Amazon counts them: after the first look of the authorization fourteen more may follow at once."""
    (mine,) = (name for name in counted(gateway) if SELLER in name)
    assert mine.startswith("sellers.getMarketplaceParticipations NA")
    answers = [ask(gateway, "0", PARTICIPATIONS).status_code for _ in range(15)]
    assert answers == [200] * 14 + [429]


def test_what_has_no_published_rate_is_not_spaced(gateway: Gateway) -> None:
    """An unpublished path, and the Ads API."""
    before = counted(gateway)
    for path in ("/orders/v9/orders", "/orders/v0/orders/"):
        ask(gateway, "0", path)
    assert len(counted(gateway)) == len(before) + 1
    gateway.authorize_account()
    profiles = gateway.good("/amazonAds/profiles")["profiles"]
    body = {"region": "NA", "profileId": profiles[0]["profileId"], "path": "/v2/profiles", "method": "GET"}
    assert gateway.post("/amazonAds/developerProxy", body).status_code == 200
    assert len(counted(gateway)) == len(before) + 1


@pytest.mark.parametrize("deadline", ["0", "100"])
def test_who_would_wait_for_nothing_is_told_why_and_takes_no_turn(gateway: Gateway, deadline: str) -> None:
    """Where the application is suspended, or the store's authorization has ended."""
    use_up(gateway)
    before = counted(gateway)
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "secretExpired": True})
    assert ask(gateway, path=ITEMS).json()["reason"] == "suspended_app"
    assert ask(gateway, deadline).json()["reason"] == "suspended_app"
    with gateway.vault.database.writing() as connection:
        connection.execute(text("UPDATE grants SET status = 'needs_reauthorization'"))
    assert ask(gateway, deadline).json()["reason"] == "store_revoked"
    (orders,) = (name for name in before if "getOrders" in name)
    assert counted(gateway)[orders] == before[orders]


class Waiting:
    """A pause that ends when the test says so."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = False

    async def sleep(self, _seconds: float) -> None:
        """Wait for the test."""
        self.begun.set()
        while not self.ended:
            await asyncio.sleep(0.005)


@pytest.fixture
def waiting() -> Waiting:
    """What the calls of `patient` wait in."""
    return Waiting()


@pytest.fixture
def patient(
    amazon: Amazon, tmp_path: Path, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """A gateway with one place for each user, and a store of which Amazon takes no more calls."""
    monkeypatch.setattr(service, "Shares", lambda _most: Shares(1, longest_wait=0.0))
    with running_gateway(amazon, tmp_path, sleep=waiting.sleep) as gateway:
        gateway.authorize_store()
        use_up(gateway)
        amazon.control("ledger/reset", {})
        yield gateway
        waiting.ended = True


def test_who_waits_is_told_when_the_gateway_stops(amazon: Amazon, tmp_path: Path, waiting: Waiting) -> None:
    """At once, so that a restart does not take as long as they would wait; each gives its turn back."""
    with running_gateway(amazon, tmp_path, sleep=waiting.sleep) as gateway:
        gateway.authorize_store()
        use_up(gateway)
        amazon.control("ledger/reset", {})
        before = counted(gateway)
        line = begin(gateway)
        assert waiting.begun.wait(30)
    with line, HTTPResponse(line) as answer:
        answer.begin()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        told = json.loads(answer.read())
    assert (told["reason"], told["retryable"]) == ("gateway_stopping", True)
    assert forwarded(amazon) == []
    with running_gateway(amazon, tmp_path) as again:
        assert counted(again) == before


def begin(gateway: Gateway, deadline: int = 250) -> socket.socket:
    """Send a call that waits for its turn."""
    body = json.dumps(store_call(path=ORDERS, queryString=QUERY)).encode()
    line = socket.create_connection(gateway.url.removeprefix("http://").split(":"))
    line.sendall(
        f"POST {PROXY} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {gateway.keys['owner']}\r\n"
        f"X-Deadline: {deadline}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return line


def test_who_waits_holds_no_place(patient: Gateway, waiting: Waiting) -> None:
    """Of the one that its user has, others make use meanwhile."""
    with begin(patient) as line:
        assert waiting.begun.wait(30)
        assert ask(patient, "0", ITEMS).status_code == 200
        waiting.ended = True
        assert line.recv(15).startswith(b"HTTP/1.1 200")


def test_one_user_s_calls_that_wait_are_bounded(
    patient: Gateway, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold connections and bodies; one too many takes no turn, and what need not wait is not meant."""
    monkeypatch.setattr(pacing, "MOST_WAITING", 1)
    with begin(patient):
        assert waiting.begun.wait(30)
        before = counted(patient)
        refused = ask(patient, "250")
        assert (refused.status_code, refused.json()["reason"]) == (429, "amazon_throttled")
        assert "1 calls of this user wait" in refused.json()["errmsg"]
        assert int(refused.headers["Retry-After"]) >= 1
        assert counted(patient) == before
        assert ask(patient, "250", ITEMS).status_code == 200
        waiting.ended = True


def test_who_goes_away_while_it_waits_gives_its_turn_back(patient: Gateway, waiting: Waiting) -> None:
    """And is not sent."""
    before = counted(patient)
    with begin(patient):
        assert waiting.begun.wait(30)
        assert counted(patient) != before
    until(lambda: counted(patient) == before, "the turn is given back")
    waiting.ended = True
    assert forwarded(patient.amazon) == []


def taken(gateway: Gateway, before: dict[str, int]) -> int:
    """How many turns are reserved for a list of orders, beyond those of `before`."""
    (orders,) = (name for name in before if "getOrders" in name)
    return round((counted(gateway)[orders] - before[orders]) / 1000 / INTERVAL)


def begin_one_by_one(gateway: Gateway, calls: int, before: dict[str, int]) -> list[socket.socket]:
    """Send calls of which each waits for a turn after those that are there."""
    lines = []
    first = taken(gateway, before) + 1
    for position in range(first, first + calls):
        lines.append(begin(gateway))
        until(lambda expected=position: taken(gateway, before) == expected, "the call waits")
    return lines


def test_of_many_that_go_away_each_gives_its_turn_back(patient: Gateway, waiting: Waiting) -> None:
    """Whoever goes first, and those that stay move up."""
    before = counted(patient)
    lines = begin_one_by_one(patient, 4, before)
    lines[0].close()
    until(lambda: taken(patient, before) == 3, "one turn is given back")
    for line in lines[1:3]:
        line.close()
    until(lambda: taken(patient, before) == 1, "three turns are given back")
    waiting.ended = True
    with lines[3] as line:
        assert line.recv(15).startswith(b"HTTP/1.1 200")
    assert len(forwarded(patient.amazon)) == 1


def test_a_turn_before_another_gateway_s_is_kept_for_the_next_call(
    patient: Gateway, waiting: Waiting, amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be given back; whoever comes to the same gateway need not wait for one after all others."""
    given_back: list[bool] = []
    joined: list[Place | None] = []

    async def give_back(self: CallBuckets, *of: Any) -> bool:
        given_back.append(await original(self, *of))
        return given_back[-1]

    def join_unused(self: WaitingLine, patience: float) -> Place | None:
        joined.append(original_join(self, patience))
        return joined[-1]

    original, original_join = CallBuckets.give_back, WaitingLine.join_unused
    monkeypatch.setattr(CallBuckets, "give_back", give_back)
    monkeypatch.setattr(WaitingLine, "join_unused", join_unused)
    before = counted(patient)
    with running_gateway(amazon, tmp_path, sleep=waiting.sleep) as other:
        (mine,) = begin_one_by_one(patient, 1, before)
        (theirs,) = begin_one_by_one(other, 1, before)
        mine.close()
        until(lambda: given_back == [False], "the call has gone away")
        refused = ask(other, "100")
        assert refused.status_code == 429
        assert refused.json()["retryAfter"] > 2 * INTERVAL
        with begin(patient, 100) as next_one, theirs:
            until(lambda: any(joined), "the call waits")
            waiting.ended = True
            assert next_one.recv(15).startswith(b"HTTP/1.1 200")
            assert theirs.recv(15).startswith(b"HTTP/1.1 200")
        assert taken(patient, before) == 2


def test_a_database_that_cannot_count_keeps_no_call_back(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """That is told once, and once more when it fails again after it could."""

    async def fails(*_: Any) -> Any:
        raise Unwritable("the disk is full", "make room")

    buckets = gateway.vault.call_buckets
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(type(buckets), "take", fails)
            assert {ask(gateway, "0").status_code for _ in range(BURST + 2)} <= {200}
        ask(gateway, "0")
    warnings = [record.message for record in caplog.records if "calls_not_spaced" in record.message]
    assert warnings == ['calls_not_spaced error="the disk is full"'] * 2


def test_grantless_operations_are_counted_for_the_application(gateway: Gateway) -> None:
    """Whoever calls them, in a region."""
    caller = gateway.vault.users.authenticate(gateway.keys["owner"])
    assert caller is not None
    (grant,) = gateway.vault.grants.stores_of(caller.user_id, SELLER)
    path = SentPath("/notifications/v1/destinations", ("notifications", "v1", "destinations"))
    wanted = ProxyRequest("GET", path, "", None, None, "application/json")
    pacing = Pacing(gateway.vault.call_buckets, asyncio.sleep, on=True)

    async def nothing_against() -> None:
        """Let it wait."""

    async def all_that_go() -> None:
        for _ in range(100):  # one a second is refilled, so on a busy machine more go than the burst
            await pacing.turn(wanted, Bearer(grant, "NA"), Patience(0), nothing_against)

    async def story() -> None:
        for token in (None, Secret("another seller's")):
            await pacing.turn(wanted, Bearer(grant, "NA", token), Patience(0), nothing_against)
        with pytest.raises(Problem, match=r"getDestinations .* for the application"):
            await all_that_go()
        await pacing.turn(wanted, Bearer(grant, "EU"), Patience(0), nothing_against)

    asyncio.run(story())
    assert [name for name in counted(gateway) if "Destinations" in name] == [
        "notifications.getDestinations NA the application",
        "notifications.getDestinations EU the application",
    ]
