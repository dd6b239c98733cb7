"""Many at once: connections, one code, one barrier."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.support.house import until
from tests.support.sandbox_process import SandboxProcess, host_of


def test_two_hundred_parallel_refreshes(sandbox: SandboxProcess) -> None:
    """Each is answered with a token of its own, and the ledger has counted each."""
    token = sandbox.grant()["refreshToken"]
    client = sandbox.ready["spapi"]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": client["clientId"],
        "client_secret": client["clientSecret"],
    }
    together = threading.Barrier(200)

    def refresh() -> str:
        together.wait()
        answer = requests.post(f"{sandbox.url}/api.amazon.com/auth/o2/token", data=form, timeout=30)
        assert answer.status_code == 200
        return answer.json()["access_token"]

    with ThreadPoolExecutor(200) as pool:
        tokens = list(pool.map(lambda _: refresh(), range(200)))
    assert len(set(tokens)) == 200
    assert sandbox.control("ledger/counts")["total"] == 200


def test_one_code_is_exchanged_once_however_many_try(sandbox: SandboxProcess) -> None:
    """Of many exchanges at the same moment exactly one gets tokens."""
    code = sandbox.consent()["spapi_oauth_code"]
    sandbox.control("ledger/reset", {})
    sandbox.fault({"hold": "start"}, times=None)
    with ThreadPoolExecutor(32) as pool:
        tries = [pool.submit(sandbox.exchange, code) for _ in range(32)]
        until(
            lambda: sum(not each.done() for each in tries) == 32 and len(held(sandbox)) > 0,
            "all exchanges are held",
        )
        sandbox.control("release", {})
        statuses = sorted(each.result().status_code for each in tries)
    assert statuses == [200] + [400] * 31


def held(sandbox: SandboxProcess) -> list[str]:
    """Return the names of holds at which all 32 calls stand."""
    return [name for name, waiting in sandbox.control("holds")["holds"].items() if waiting == 32]


def test_a_thousand_connections_at_once(sandbox: SandboxProcess) -> None:
    """All are taken, held together, and answered."""
    address = host_of(sandbox.url)
    sandbox.fault({"hold": "crowd"}, times=None)
    crowd = [http.client.HTTPConnection(*address, timeout=60) for _ in range(1000)]
    for connection in crowd:
        connection.request("GET", "/advertising-api.amazon.com/v2/profiles")
    until(lambda: sandbox.control("holds")["holds"]["crowd"] == 1000, "all calls are held")
    sandbox.control("release", {"hold": "crowd"})
    assert {connection.getresponse().status for connection in crowd} == {401}
    for connection in crowd:
        connection.close()


def test_slowness_is_not_a_queue(sandbox: SandboxProcess) -> None:
    """Calls that are all delayed are under way together, not one after another."""
    sandbox.fault({"delayMs": 500}, times=None)
    connections = [http.client.HTTPConnection(*host_of(sandbox.url), timeout=60) for _ in range(50)]
    for connection in connections:
        connection.request("GET", "/api.amazon.com/auth/o2/token")
    until(lambda: len(sandbox.calls(outcome="pending")) == 50, "all calls are pending")
    for connection in connections:
        assert connection.getresponse().status == 404
        connection.close()
