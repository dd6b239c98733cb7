"""What a call through the gateway costs beside the same call straight to the stand-in.

By the developer proxy, and at the gateway's address of Amazon's API with a stand-in token or an API key.

    .venv/bin/python -m benchmarks.proxy_cost

Small and 10 MB bodies in both directions, the gateway's memory, and how long others wait meanwhile. Calls are
counted for pacing as always, and the count is emptied again and again, so that none has to wait.
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import requests

from benchmarks.pairs import compare, seconds
from tests.support.house import House, open_house

HOST = "sellingpartnerapi-na.amazon.com"
PATH = "/shipping/v2/tracking"  # 100 calls at once, more than of any other
SELLER = "A1SANDBOXNA001"
MEGABYTE = 1024 * 1024
LARGE = 10 * MEGABYTE
LOOKS = 200
SMALL_RUNS, LARGE_RUNS = 300, 15
WARM_UP = 20
# So often, in seconds, the count of calls is emptied: before 100 can have been made.
EMPTYING = 0.1


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _memory(house: House) -> dict[str, float]:
    """The gateway's resident memory in MB: now, and at its highest since the last look."""
    assert house.process is not None
    folder = Path(f"/proc/{json.loads((house.data_dir / 'gateway.json').read_text())['pid']}")
    lines = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    (folder / "clear_refs").write_text("5")  # the highest mark begins anew
    return {
        name: round(int(lines[key].split()[0]) / 1024, 1)
        for name, key in (("now", "VmRSS"), ("peak", "VmHWM"))
    }


@contextmanager
def _nobody_waits(house: House) -> Iterator[None]:
    """Let Amazon take any number of calls, as far as the gateway knows."""
    ended = threading.Event()

    def empty() -> None:
        with closing(sqlite3.connect(house.data_dir / "vault.db", timeout=10, isolation_level=None)) as vault:
            while not ended.wait(EMPTYING):
                vault.execute("DELETE FROM call_buckets")

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _answer_with(house: House, body: str) -> None:
    """Let the stand-in answer every call of the benchmark with this body."""
    house.sandbox("faults/clear", {})
    do = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    house.sandbox("faults", [{"match": {"host": HOST, "path": PATH}, "times": None, "do": do}])


def _large_json() -> str:
    row = json.dumps({"asin": "B0SANDBOX1", "title": "Sandkasten ☕", "price": 19.99})
    return "[" + ",".join([row] * (LARGE // (len(row.encode()) + 1))) + "]"


def _waits(house: House, busy: Callable[[], Any]) -> dict[str, float]:
    """How long /healthz takes, alone and while `busy` runs again and again (milliseconds)."""
    session = _session()

    def look() -> float:
        return seconds(lambda: session.get(house.url + "/healthz").content) * 1000

    look()
    alone = [look() for _ in range(LOOKS)]
    stopped = threading.Event()

    def keep_busy() -> None:
        while not stopped.is_set():
            busy()

    thread = threading.Thread(target=keep_busy)
    thread.start()
    beside = [look() for _ in range(LOOKS)]
    stopped.set()
    thread.join()
    return {
        "alone, median": round(statistics.median(alone), 2),
        "beside, median": round(statistics.median(beside), 2),
        "beside, longest": round(max(beside), 2),
    }


def main() -> None:
    """Print the figures as one JSON document."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_house(Path(folder), GATEWAY_PROXY_PACING="true") as house,
        _nobody_waits(house),
    ):
        from linkfox_client.local.sandbox_browser import give_consent

        link = house.post("/spApi/authorizeUrl", {"sellerName": "Benchmark", "region": "NA"})
        give_consent(link["authorizeUrl"], {"selling_partner_id": SELLER})
        token = house.post("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})["accessToken"]
        straight, through = _session(), _session()
        address = f"{house.sandbox_url}/{HOST}{PATH}"
        headers = {"x-amz-access-token": token, "User-Agent": "benchmark"}
        key = {"Authorization": house.api_key()}
        common = {"region": "NA", "path": PATH, "amzAccessToken": token}

        def call_straight(body: bytes | None = None) -> bytes:
            method = "GET" if body is None else "POST"
            return straight.request(method, address, headers=headers, data=body).content

        def call_through(body: str | None = None) -> bytes:
            wanted = (
                {**common, "method": "GET"} if body is None else {**common, "method": "POST", "body": body}
            )
            answer = through.post(house.url + "/spApi/developerProxy", data=json.dumps(wanted), headers=key)
            assert answer.status_code == 200, answer.text[:300]
            return answer.content

        stand_in = through.post(
            house.url + "/auth/o2/token",
            data={
                "grant_type": "refresh_token",
                "client_id": "-",
                "client_secret": house.api_key(),
                "refresh_token": f"proxy:store:{SELLER}:NA",
            },
        ).json()["access_token"]
        shows = {"stand-in token": {"x-amz-access-token": stand_in}, "API key": {**key, "X-Store": SELLER}}

        def at_address(how: str, body: bytes | None = None) -> bytes:
            method = "GET" if body is None else "POST"
            answer = through.request(
                method,
                f"{house.url}/spapi/na{PATH}",
                headers=shows[how] | {"User-Agent": "benchmark"},
                data=body,
            )
            assert answer.status_code == 200, answer.text[:300]
            return answer.content

        figures: dict[str, Any] = {"memory (MB)": {"idle": _memory(house)}}
        _answer_with(house, '{"payload": {}}')
        for how in shows:
            figures[f"small, address by {how} / straight"] = compare(
                partial(at_address, how), call_straight, runs=SMALL_RUNS, warm_up=WARM_UP
            ).rounded()
        figures["small, through / straight"] = compare(
            call_through, call_straight, runs=SMALL_RUNS, warm_up=WARM_UP
        ).rounded()
        without = {**common, "sellerId": SELLER, "method": "GET"}
        del without["amzAccessToken"]

        def call_by_store() -> bytes:
            return through.post(house.url + "/spApi/developerProxy", json=without, headers=key).content

        figures["small, by store / by token"] = compare(
            call_by_store, call_through, runs=SMALL_RUNS
        ).rounded()
        figures["memory (MB)"]["after small ones"] = _memory(house)
        large = _large_json()
        _answer_with(house, large)
        assert json.loads(call_through())["body"] == large
        _memory(house)
        figures["10 MB answer, address / straight"] = compare(
            partial(at_address, "stand-in token"), call_straight, runs=LARGE_RUNS
        ).rounded()
        figures["memory (MB)"]["10 MB answers at the address"] = _memory(house)
        figures["10 MB answer, through / straight"] = compare(
            call_through, call_straight, runs=LARGE_RUNS
        ).rounded()
        figures["memory (MB)"]["10 MB answers"] = _memory(house)
        figures["/healthz beside 10 MB answers (ms)"] = _waits(house, call_through)
        _answer_with(house, "{}")
        sent = large[: LARGE - 2 * MEGABYTE]
        _memory(house)
        figures["8 MB request, address / straight"] = compare(
            lambda: at_address("stand-in token", sent.encode()),
            lambda: call_straight(sent.encode()),
            runs=LARGE_RUNS,
        ).rounded()
        figures["memory (MB)"]["8 MB requests at the address"] = _memory(house)
        figures["8 MB request, through / straight"] = compare(
            lambda: call_through(sent), lambda: call_straight(sent.encode()), runs=LARGE_RUNS
        ).rounded()
        figures["memory (MB)"]["8 MB requests"] = _memory(house)
        figures["/healthz beside 8 MB requests (ms)"] = _waits(house, lambda: call_through(sent))
    json.dump(figures, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
