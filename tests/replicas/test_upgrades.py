"""From version 0.2.0 to this one while callers call, and back: several gateways on one PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.util.version import version
from tests.support.earlier import BEFORE_0_3, gateway_of
from tests.support.gateway_server import Amazon
from tests.support.house import House, call_json, until
from tests.support.operating import operate
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import SELLER, Replica, Replicas, authorize, replicas

STORE = {"sellerId": SELLER, "region": "NA"}
OTHER = "A1SANDBOXNA002"
CALLERS = 2


@dataclass
class Balancer:
    """Callers who call by turns whichever gateways are behind it. `answers`: how often which status came."""

    key: str
    behind: list[Replica] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self) -> None:
        """Read a token by whose turn it is. A gateway that is taken out ends what it was asked before."""
        with self._lock:
            self.calls += 1
            replica = self.behind[self.calls % len(self.behind)]
        status = replica.status("/spApi/storeTokens", {**STORE, "minTtl": 600}, self.key)
        with self._lock:
            self.answers[status] += 1

    def put(self, replica: Replica) -> None:
        """Put a gateway behind it, once that is ready."""
        until(lambda: replica.status("/readyz") == 200, "it is ready")
        with self._lock:
            self.behind.append(replica)
        self.wait()

    def take_out(self, replica: Replica) -> None:
        """Take a gateway away, and stop it."""
        with self._lock:
            self.behind.remove(replica)
        assert replica.stop() == 0
        self.wait()

    def wait(self) -> None:
        """Wait until some more calls were answered by what is behind it now."""
        enough = self.answers.total() + 10
        until(lambda: self.answers.total() >= enough, "more calls were answered")


@contextmanager
def under_load(key: str, behind: list[Replica]) -> Iterator[Balancer]:
    """Let callers call until the end of the block; every call has to be answered well."""
    balancer = Balancer(key, behind)
    ended = threading.Event()

    def call() -> None:
        while not ended.is_set():
            balancer.call()

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield balancer
    finally:
        ended.set()
        for caller in callers:
            caller.join()
    assert set(balancer.answers) == {200}, balancer.answers


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of version 0.2.0."""
    return gateway_of(BEFORE_0_3, tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="module")
def room(
    postgresql: PostgreSQL, amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replicas]:
    """Room for gateways on a database without tables."""
    # One address for all, as behind a load balancer.
    settings = {"GATEWAY_PUBLIC_URL": "http://localhost:9"}
    with replicas(tmp_path_factory.mktemp("room"), postgresql.database(), amazon_process, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def pair(room: Replicas, earlier: Path) -> list[Replica]:
    """Two gateways of version 0.2.0."""
    return [room.add(program=earlier) for _ in range(2)]


@pytest.fixture
def old(room: Replicas, pair: list[Replica], amazon: Amazon) -> Iterator[list[Replica]]:
    """The two, which run alone, with a store."""
    for one in pair:
        if one.process is None:
            one.start()
    assert version_of(pair[0]) == "0.2.0"
    authorize(pair[0], pair[0].key())
    yield pair
    for one in room.all:
        if one not in pair:
            one.stop()
    room.forget_grants()


def version_of(replica: Replica) -> str:
    """What a gateway says that it is."""
    return str(call_json(replica.url + "/healthz")["version"])


def token_of(replica: Replica, key: str) -> str:
    """The access token of the store, as this gateway reads it."""
    return str(replica.post("/spApi/storeTokens", STORE, key)["accessToken"])


def test_a_rolling_upgrade_fails_no_call(room: Replicas, old: list[Replica]) -> None:
    """Gateways are replaced one after the other; the new ones go on with all that there is."""
    key = old[0].key()
    with under_load(key, list(old)) as balancer:
        balancer.wait()
        environment = {**old[0].environment, "GATEWAY_DATA_DIR": str(old[0].data)}
        house = House(room.home, old[0].data, environment=environment)
        foretold = operate(house, "upgrade-check").good()
        assert foretold["version"] == version()
        for each in old:
            new = room.add()
            balancer.put(new)
            balancer.take_out(each)
        assert version_of(new) == version()
        before = token_of(new, key)
        assert new.post("/spApi/refreshToken", STORE, key)["accessToken"] != before
    tables = room.select("SELECT version_num FROM tables_version")
    assert tables == [(foretold["database"]["newTables"],)]
    authorize(new, key, OTHER)


def test_a_canary_is_taken_back(room: Replicas, old: list[Replica]) -> None:
    """A new gateway comes and goes; the old ones go on with what it did, and can be started again."""
    key = old[0].key()
    with under_load(key, list(old)) as balancer:
        canary = room.add()
        balancer.put(canary)
        refreshed = canary.post("/spApi/refreshToken", STORE, key)["accessToken"]
        authorize(canary, key, OTHER)
        balancer.take_out(canary)
        assert [token_of(one, key) for one in old] == [refreshed, refreshed]
        balancer.take_out(old[0])
        old[0].start()
        balancer.put(old[0])
        assert version_of(old[0]) == "0.2.0"
        assert old[0].post("/spApi/storeTokens", {"sellerId": OTHER, "region": "NA"}, key)["accessToken"]
