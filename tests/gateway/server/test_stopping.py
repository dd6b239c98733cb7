"""How a gateway ends: it says so, serves on while it drains, and gives up what hangs at Amazon."""

import http.client
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.server import gateway_server
from tests.support.gateway_process import FRESH, WANTED, Place, Process, a_place, authorize
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.house import PATIENCE, until

SITES = "/sellers/v1/marketplaceParticipations"
CALL = {"sellerId": WANTED["sellerId"], "region": "NA", "method": "GET", "path": SITES}


def ask(
    connection: http.client.HTTPConnection, path: str, key: str = "", body: Any = None
) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    """Ask on a connection; return the answer and its document."""
    method = "GET" if body is None else "POST"
    connection.request(method, path, None if body is None else json.dumps(body), {"Authorization": key})
    answer = connection.getresponse()
    return answer, json.loads(answer.read())


def connected(url: str) -> http.client.HTTPConnection:
    """Return a connection to a gateway."""
    address = urlsplit(url)
    return http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="the signals of POSIX")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_gateway_drains_and_then_gives_up(amazon: Amazon, tmp_path: Path, workers: int) -> None:
    """It is not ready at once, serves all the same, and a second signal ends it, whatever Amazon is at.

    The drain would last longer than any test.
    """
    amazon.control("reset", {})
    with a_place(amazon, tmp_path / "place", GATEWAY_DRAIN_SECONDS="300") as place:
        gateway = place.start("--workers", str(workers))
        authorize(amazon, gateway)
        _drained(place, gateway, workers)
        amazon.fault({"hold": "hangs"}, path="/sellers/v1/*")
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(gateway.post, "/spApi/developerProxy", CALL)
            amazon.until_held("hangs")
            gateway.signal(signal.SIGTERM)
            status, told = hanging.result(PATIENCE)
            assert (status, told["reason"], told["retryable"]) == (503, "gateway_stopping", True)
            assert told["retryAfter"] > 0
            assert gateway.process.wait(PATIENCE) == 0
        amazon.release("hangs")
        assert "Traceback" not in place.log.read_text()


def _drained(place: Place, gateway: Process, workers: int) -> None:
    """Tell a gateway to end, and look at what it answers while it drains."""
    with closing(connected(gateway.url)) as kept:
        assert ask(kept, "/readyz")[0].status == 200
        gateway.signal(signal.SIGTERM)
        until(lambda: place.log.read_text().count(" stopping ") == workers, "all have begun to stop")
        answer, told = ask(kept, "/readyz")
        assert (answer.status, told["reasons"]) == (503, ["stopping"])
        assert answer.getheader("Connection") == "close"
        answer, told = ask(kept, "/spApi/storeTokens", gateway.key, WANTED)
        assert (answer.status, answer.getheader("Connection")) == (200, "close")


def test_what_hangs_is_given_up_at_the_grace(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers are told to come again, and a refresh that was broken off keeps nobody from the next."""
    amazon.control("reset", {})
    with running_gateway(amazon, tmp_path) as gateway:
        gateway.authorize_store()
        amazon.fault({"hold": "api"}, path="/sellers/v1/*")
        amazon.fault({"hold": "token"}, grantType="refresh_token")
        monkeypatch.setattr(gateway_server, "GRACE_SECONDS", 0.2)
        with ThreadPoolExecutor(2) as pool:
            key = gateway.keys["owner"]
            asked = [
                pool.submit(ask, connected(gateway.url), path, key, body)
                for path, body in (("/spApi/developerProxy", CALL), ("/spApi/refreshToken", WANTED))
            ]
            amazon.until_held("api")
            amazon.until_held("token")
            gateway.stop()
            answers = [one.result(PATIENCE) for one in asked]
        assert [told["reason"] for _, told in answers] == ["gateway_stopping"] * 2
        assert all(answer.getheader("Retry-After") for answer, _ in answers)
    for name in ("api", "token"):
        amazon.release(name)
    with running_gateway(amazon, tmp_path) as again:
        again.end_pauses()
        assert again.good("/spApi/refreshToken", FRESH)["accessToken"]
