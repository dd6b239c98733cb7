"""A gateway as a service manager runs it: over TLS, and with a log for machines."""

import json
import ssl
import urllib.request
from pathlib import Path

import pytest

from tests.support.certificates import self_signed
from tests.support.house import PATIENCE, ROOT
from tests.support.replicas import SELLER, Replicas, authorize

EVENTS = json.loads((ROOT / "gateway" / "monitoring" / "events.json").read_text(encoding="utf-8"))["events"]
ON_EVERY_LINE = {"time", "level", "logger", "event"}
OF_SOME = {"requestId", "traceId", "count"}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine, signed by itself, and its key."""
    return self_signed(tmp_path)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_speaks_tls(direct: Replicas, certificate: tuple[Path, Path], workers: str) -> None:
    """With a certificate and its key every connection is TLS, and plain http gets no answer."""
    cert_file, key_file = map(str, certificate)
    replica = direct.add("--tls-cert", cert_file, "--tls-key", key_file, "--workers", workers)
    assert replica.url.startswith("https://")
    trusting = ssl.create_default_context(cafile=cert_file)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )
    request = urllib.request.Request(
        replica.url + "/spApi/authorizedStores", b"{}", {"Authorization": replica.key()}
    )
    with opener.open(request, timeout=PATIENCE) as answer:
        assert json.loads(answer.read())["total"] == 0
    replica.url = replica.url.replace("https://", "http://")
    assert replica.status("/healthz") == 0


def test_a_log_for_machines_has_requests_and_no_secrets(direct: Replicas) -> None:
    """One JSON object a line from the process's every logger; a request's line has the id that was told."""
    replica = direct.add(GATEWAY_LOG_FORMAT="json", GATEWAY_DATABASE_URL="")
    key = replica.key()
    authorize(replica, key)
    told = replica.post("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"}, key)
    direct.amazon.control("revoke", {"sellerId": SELLER})
    assert replica.status("/spApi/refreshToken", {"sellerId": SELLER}, key) == 409
    request = urllib.request.Request(replica.url + "/healthz?code=ANsecretcode&state=secretstate")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        request, timeout=PATIENCE
    ) as answer:
        request_id = answer.headers["X-Request-Id"]
    replica.stop()
    lines = [json.loads(line) for line in replica.log().splitlines()]
    assert all(line.keys() >= ON_EVERY_LINE for line in lines)
    for line in lines:
        fields = EVENTS[line["event"]]["fields"]
        assert {name for name in fields if not name.endswith("?")} <= line.keys(), line
        assert line.keys() <= {name.rstrip("?") for name in fields} | ON_EVERY_LINE | OF_SOME, line
    (health,) = [line for line in lines if line.get("route") == "/healthz"]
    assert (health["event"], health["status"], health["requestId"]) == ("request", 200, request_id)
    refused = [line for line in lines if line["event"].startswith("refresh_failed")]
    assert [line["level"] for line in refused] == ["WARNING"]
    assert {line["logger"].partition(".")[0] for line in lines} >= {"gateway", "uvicorn"}
    for secret in (key, told["accessToken"], told["refreshToken"], "ANsecretcode", "secretstate"):
        assert secret not in replica.log()
