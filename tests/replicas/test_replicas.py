"""What holds for one gateway holds for several: one refresh, no lost tokens, whoever is killed or stopped."""

import re
import signal
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.consent import consent
from tests.support.gateway_server import Amazon
from tests.support.house import House, until
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import (
    PGBOUNCER,
    SELLER,
    Replica,
    Replicas,
    authorize,
    come_back,
    ended,
    replicas,
    running_pgbouncer,
)

STORE = {"sellerId": SELLER, "region": "NA"}
FRESH = {**STORE, "minTtl": 600}


# One address for all, as behind a load balancer: an attempt belongs to the address that it was made for.
SHARED = {"GATEWAY_PUBLIC_URL": "http://localhost:9"}


@pytest.fixture(scope="module")
def directly(
    postgresql: PostgreSQL, amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replicas]:
    """Gateways on a database, which the tests share: each finds those that its predecessors left running."""
    home = tmp_path_factory.mktemp("direct")
    with replicas(home, postgresql.database(), amazon_process, **SHARED) as together:
        yield together


@pytest.fixture(scope="module")
def pooled(
    postgresql: PostgreSQL, amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replicas]:
    """The same through a PgBouncer that pools transactions."""
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer on PATH; on Debian: apt-get install pgbouncer")
    home = tmp_path_factory.mktemp("pgbouncer")
    with (
        running_pgbouncer(postgresql.database()) as address,
        replicas(home, address, amazon_process, **SHARED) as together,
    ):
        yield together


@pytest.fixture
def direct(directly: Replicas, amazon: Amazon) -> Iterator[Replicas]:
    """Gateways without a store beside a stand-in that is as it was when it started."""
    yield directly
    directly.forget_grants()


@pytest.fixture(params=["direct", "pgbouncer"])
def together(request: pytest.FixtureRequest, amazon: Amazon) -> Iterator[Replicas]:
    """The same, and once more through a PgBouncer."""
    room = request.getfixturevalue({"direct": "directly", "pgbouncer": "pooled"}[request.param])
    yield room
    room.forget_grants()


def start(together: Replicas, count: int) -> tuple[list[Replica], str]:
    """Return so many replicas; a key of the owner's, which all of them take, comes with them."""
    found = together.running(count)
    return found, found[0].key()


def test_a_database_has_one_owner_key_however_many_folders_come(
    postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path
) -> None:
    """Two at once on a new database make one; a later folder makes none, and is told how to get one."""
    keys = "SELECT count(*) FROM api_keys"
    with replicas(tmp_path, postgresql.migrated_database(), amazon, **SHARED) as together:
        first = together.running(2)
        key = first[0].key()
        assert [one.status("/spApi/authorizedStores", {}, key) for one in first] == [200, 200]
        later = together.add()
        assert together.select(keys) == [(1,)]
        kept = later.data / "owner.key"
        assert not kept.exists()
        command = f"add-user owner --key-file {kept}"
        assert command in later.log()
        environment = {**later.environment, "GATEWAY_DATA_DIR": str(later.data)}
        house = House(tmp_path, later.data, environment=environment)
        refused = house.script("authorized_stores.py")
        assert (refused.code, refused.error["code"]) == (3, "not_set_up")
        assert command in refused.error["hint"]
        house.good("local_gateway.py", *command.split())
        assert house.good("authorized_stores.py")["total"] == 0
        assert together.select(keys) == [(2,)]


def expire(amazon: Amazon) -> None:
    """Let tokens be handed out with so little life that everybody wants a new one."""
    amazon.control("settings", {"accessTokenSeconds": 60})


def storm(replicas: list[Replica], key: str, callers: int, body: dict[str, Any] = FRESH) -> list[Any]:
    """Let so many callers ask at once, spread over the replicas; return what they were answered."""
    barrier = threading.Barrier(callers)

    def ask(number: int) -> Any:
        barrier.wait()
        return replicas[number % len(replicas)].post("/spApi/storeTokens", body, key)

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(ask, range(callers)))


def test_a_storm_over_two_replicas_is_one_refresh(together: Replicas) -> None:
    """Whoever asks which replica, Amazon is asked once, and all get the same token."""
    check_storm(together, 2)


def test_a_storm_over_four_replicas_is_one_refresh(direct: Replicas) -> None:
    """The same with twice as many."""
    check_storm(direct, 4)


def check_storm(together: Replicas, count: int) -> None:
    """Let everybody want a new token for one store at once."""
    found, key = start(together, count)
    expire(together.amazon)
    authorize(found[0], key)
    together.amazon.control("settings", {"accessTokenSeconds": 3600})
    together.amazon.fault({"delayMs": 300}, times=None, grantType="refresh_token")
    answers = storm(found, key, 40)
    assert len({answer["accessToken"] for answer in answers}) == 1
    assert all(answer["expiresIn"] > 600 for answer in answers)
    assert len(together.amazon.refreshes()) == 1


def test_a_state_works_once_whichever_replica_gets_it(together: Replicas) -> None:
    """The callback that comes to two replicas at once is exchanged by one of them."""
    found, key = start(together, 2)
    link = found[0].post("/spApi/authorizeUrl", {"sellerName": "S", "region": "NA"}, key)
    callback = together.amazon.consent(link["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    barrier = threading.Barrier(2)

    def arrive(replica: Replica) -> None:
        barrier.wait()
        come_back(replica, callback)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(arrive, found))
    # A callback answers before its exchange is through where Amazon takes its time.
    until(lambda: found[1].post("/spApi/authorizedStores", {}, key)["total"] == 1, "the store is there")
    assert len(together.amazon.calls(grantType="authorization_code")) == 1


def test_a_replica_that_is_killed_in_a_refresh_holds_nobody_up(direct: Replicas) -> None:
    """SIGKILL while Amazon is asked: after its lease, another replica refreshes, and nothing is lost."""
    (first, second), key = start(direct, 2)
    expire(direct.amazon)
    authorize(first, key)
    direct.amazon.control("settings", {"accessTokenSeconds": 3600})
    direct.amazon.fault({"hold": "killed", "holdAt": "after"}, grantType="refresh_token")
    with ThreadPoolExecutor(2) as pool:
        dying = pool.submit(first.status, "/spApi/storeTokens", FRESH, key)
        direct.amazon.until_held("killed")
        first.stop(signal.SIGKILL)
        direct.amazon.release("killed")
        assert dying.result() == 0
        end_leases(direct.database_url)
        answer = pool.submit(second.post, "/spApi/storeTokens", FRESH, key).result()
    assert answer["expiresIn"] > 600
    assert len(direct.amazon.refreshes()) == 2


def test_a_kill_under_load_fails_no_call_at_the_others(direct: Replicas) -> None:
    """One of two is killed while both are asked without a pause; the other answers all, and refreshes."""
    (dying, living), key = start(direct, 2)
    authorize(dying, key)
    told: dict[str, Counter[int]] = {dying.url: Counter(), living.url: Counter()}
    over = threading.Event()

    def keep_asking(replica: Replica) -> None:
        while not over.is_set():
            told[replica.url][replica.status("/spApi/storeTokens", STORE, key)] += 1

    with ThreadPoolExecutor(6) as pool:
        for number in range(6):
            pool.submit(keep_asking, (dying, living)[number % 2])
        try:
            until(lambda: min(each[200] for each in told.values()) > 20, "both answer")
            dying.stop(signal.SIGKILL)
            answered = told[living.url][200]
            until(lambda: told[living.url][200] > answered + 50, "the other one goes on")
            again = living.post("/spApi/refreshToken", STORE, key)
        finally:
            over.set()
    assert again["accessToken"]
    assert set(told[living.url]) == {200}


def end_leases(database_url: str) -> None:
    """Let the time of every lease have passed."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE grants SET lease_expires_ms = 0")


def test_a_start_leaves_the_others_work_alone(direct: Replicas) -> None:
    """A replica that starts does not take an exchange of another's for one that was interrupted."""
    (first,), key = start(direct, 1)
    link = first.post("/spApi/authorizeUrl", {"sellerName": "S", "region": "NA"}, key)
    direct.amazon.fault({"hold": "exchange"}, grantType="authorization_code")
    callback = consent(link["authorizeUrl"], selling_partner_id=SELLER)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come_back, first, callback)
        direct.amazon.until_held("exchange")
        direct.add()
        direct.amazon.release("exchange")
        coming.result()
    assert ended(first, key, link["authorizationId"])["state"] == "authorized"


def test_replicas_live_through_a_restart_of_the_database(together: Replicas, postgresql: PostgreSQL) -> None:
    """While it is down, calls are told to come again and /readyz says no; then all goes on by itself.

    Whoever calls all the time is never told anything else.
    """
    found, key = start(together, 2)
    authorize(found[0], key)
    told: Counter[int] = Counter()
    over = threading.Event()

    def keep_asking(replica: Replica) -> None:
        while not over.is_set():
            told[replica.status("/spApi/storeTokens", STORE, key)] += 1

    load = [threading.Thread(target=keep_asking, args=(replica,), daemon=True) for replica in found]
    for thread in load:
        thread.start()
    until(lambda: told[200] > 20, "calls are answered")
    postgresql.stop()
    try:
        for replica in found:
            with pytest.raises(urllib.error.HTTPError) as refused:
                replica.post("/spApi/storeTokens", STORE, key)
            with refused.value as answer:
                assert answer.code == 503
                assert b'"reason":"vault_unavailable"' in answer.read()
            assert replica.status("/readyz") == 503
            assert replica.status("/healthz") == 200
        until(lambda: told[503] > 0, "the callers are told so too")
    finally:
        postgresql.start()
    for replica in found:
        until(lambda replica=replica: replica.status("/readyz") == 200, "it is ready again")
        assert replica.post("/spApi/storeTokens", STORE, key)["sellerId"] == SELLER
    over.set()
    for thread in load:
        thread.join()
    assert set(told) == {200, 503}


def test_a_pgbouncer_that_lets_callers_wait_keeps_nobody(
    postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path
) -> None:
    """It would for two minutes, and here for an hour: they are told 503 all the same, and served after."""
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer on PATH; on Debian: apt-get install pgbouncer")
    address = postgresql.database()
    with (
        running_pgbouncer(address, query_wait_timeout=3600) as pooled,
        replicas(tmp_path, pooled, amazon) as together,
    ):
        replica = together.add()
        key = replica.key()
        authorize(replica, key)
        postgresql.stop()
        try:
            with ThreadPoolExecutor(12) as pool:
                asked = [pool.submit(replica.status, "/spApi/storeTokens", STORE, key) for _ in range(12)]
            assert {answer.result() for answer in asked} == {503}
            assert replica.status("/readyz") == 503
        finally:
            postgresql.start()
        until(lambda: replica.status("/readyz") == 200, "it is ready again")
        assert replica.post("/spApi/storeTokens", STORE, key)["sellerId"] == SELLER


def test_a_stop_finishes_what_is_in_flight(direct: Replicas) -> None:
    """SIGTERM during a refresh: its caller is answered, and the token is stored."""
    (first, second), key = start(direct, 2)
    authorize(first, key)
    direct.amazon.fault({"hold": "slow"}, grantType="refresh_token")
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(first.post, "/spApi/refreshToken", STORE, key)
        direct.amazon.until_held("slow")
        stopped = pool.submit(first.stop)
        until(lambda: first.status("/healthz") == 0, "it takes no more requests")
        direct.amazon.release("slow")
        answer = asked.result()
        stopped.result()
    assert second.post("/spApi/storeTokens", STORE, key)["accessToken"] == answer["accessToken"]


def test_refreshers_of_all_replicas_make_one_call_for_each_store(direct: Replicas) -> None:
    """Tokens that are due are refreshed by the replicas' own refreshers, each once, one of them killed."""
    (first,), key = start(direct, 1)
    sellers = [f"A1REFRESH{number:05d}" for number in range(12)]
    direct.amazon.control(
        "sellers", [{"sellerId": seller, "name": seller, "region": "NA"} for seller in sellers]
    )
    for seller in sellers:
        authorize(first, key, seller)
    make_due(direct.database_url)
    busy = {"GATEWAY_REFRESH_RATE": "50", "GATEWAY_REFRESH_CONCURRENCY": "4"}
    with ThreadPoolExecutor(2) as pool:
        refreshing = list(pool.map(lambda _: direct.add(**busy), range(2)))
    until(lambda: len(direct.amazon.refreshes()) >= len(sellers), "all stores are refreshed")
    for replica in refreshing:
        replica.stop()
    calls = Counter(call["sellerId"] for call in direct.amazon.refreshes())
    assert calls == dict.fromkeys(sellers, 1)


def make_due(database_url: str) -> None:
    """Let every token be an hour older than it is."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE grants SET access_expires_at = access_expires_at - 3600, "
            "refresh_from = refresh_from - 3600, refreshed_at = refreshed_at - 3600"
        )


def test_several_workers_tell_the_sum_of_their_metrics(direct: Replicas) -> None:
    """Whichever worker is asked, all requests are counted; and each process has its own memory.

    What has not happened yet is told as 0.
    """
    replica = direct.add("--workers", "2")
    text = call_text(replica.url + "/metrics")
    for unseen in (
        'linkfox_requests_total{route="/spApi/authorizedStores",status="500"}',
        'linkfox_proxied_total{family="orders",flow="spapi",status_class="429"}',
        'linkfox_amazon_seconds_count{api="login",call="refresh",outcome="unavailable"}',
        'linkfox_authorizations_total{flow="ads",reason="code_refused",stage="failed"}',
        'linkfox_refreshes_total{flow="spapi",outcome="invalid_client"}',
        'linkfox_rounds_failed_total{job="attempts"}',
    ):
        assert f"{unseen} 0.0" in text
    assert 'linkfox_build_info{database="postgresql"' in text
    if Path("/proc/self/stat").exists():
        # Two workers and what supervises them.
        assert len(set(re.findall(r'process_resident_memory_bytes\{pid="(\d+)"\}', text))) == 3
    key = replica.key()
    for _ in range(30):
        replica.post("/spApi/authorizedStores", {}, key)

    def counted() -> bool:
        text = call_text(replica.url + "/metrics")
        return 'linkfox_requests_total{route="/spApi/authorizedStores",status="200"} 30.0' in text

    until(counted, "all thirty are counted")


def call_text(url: str) -> str:
    """GET a text."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        return answer.read().decode()
