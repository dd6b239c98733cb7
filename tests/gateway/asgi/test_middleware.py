"""What every request passes through: host, key, size, headers, and the envelope of whatever went wrong."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, MutableMapping
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.asgi import error_answers
from gateway.asgi.host_check import HostCheck
from gateway.asgi.request_context import RequestContexts
from gateway.errors import Problem
from gateway.monitoring.logs import formatter
from gateway.settings.applications import AdsClient
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.version import version
from tests.support.gateway_server import PATIENCE, Gateway, check_envelope, http, running_gateway


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "user@localhost",
        "localhost/x",
        "",
        "169.254.1.1",
    ],
)
def test_a_foreign_host_is_refused(gateway: Gateway, host: str) -> None:
    """A name that somebody else's DNS points here gets nothing, and the hint names the setting."""
    for path in ("/", "/metrics", "/nothing", "/spApi/oauth/callback?state=x", "/healthz/", "/?p=/healthz"):
        answer = gateway.get(path, headers={"Host": host})
        assert answer.status_code == 403
        told = check_envelope(answer)
        assert told["reason"] == "host_not_allowed"
        assert "GATEWAY_ALLOWED_HOSTS" in told["hint"]
    assert gateway.post("/spApi/storeTokens", {}, Host=host).status_code == 403


def test_the_probes_answer_to_any_host(gateway: Gateway) -> None:
    """A kubelet asks by the container's address, a balancer by its own name; neither is an operator.

    Nor who writes a user before a loopback name: what a Host header holds beside the name is no name.
    """
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=409)
    assert "attention" in gateway.get("/readyz").json()
    names = ("gateway:8765", "linkfox.default.svc.cluster.local", "evil.example", "user@localhost")
    for host in ("10.244.1.7:8765", "[fd00::7]:8765", *names):
        assert gateway.get("/healthz", headers={"Host": host}).json()["status"] == "ok"
        ready = gateway.get("/readyz", headers={"Host": host})
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert "attention" not in ready.json()
        for other in ("/metrics", "/", "/openapi.json"):
            assert gateway.get(other, headers={"Host": host}).status_code == 403


def test_a_monitor_may_ask_by_head(gateway: Gateway) -> None:
    """It gets what GET gets, but for the body; what does something, or costs something, is not asked so."""
    with http() as session:
        for path in ("/healthz", "/readyz"):
            answer = session.head(gateway.url + path, timeout=PATIENCE)
            assert (answer.status_code, answer.content) == (200, b"")
            assert int(answer.headers["Content-Length"]) == len(gateway.get(path).content)
            assert session.post(gateway.url + path, timeout=PATIENCE).status_code == 405
        for path in ("/metrics", "/spApi/oauth/callback", "/spApi/storeTokens"):
            assert session.head(gateway.url + path, timeout=PATIENCE).status_code == 405


def test_allowed_hosts_are_answered(amazon: Any, tmp_path: Any) -> None:
    """With any port and in any case; by such a name nobody is an operator without a key."""
    hosts = ("gateway", "*.cluster.local", "10.244.1.7", "fd00::7")
    with running_gateway(amazon, tmp_path, allowed_hosts=hosts) as gateway:
        for host in ("gateway:8765", "Gateway", "linkfox.default.cluster.local", "linkfox.cluster.local.:1"):
            assert gateway.post("/spApi/authorizedStores", Host=host).status_code == 200
        for host in ("10.244.1.7:8765", "[fd00::7]:8765", "[FD00:0:0::7]"):
            scraper = {"Host": host, "Authorization": gateway.keys["owner"]}
            assert gateway.get("/metrics", headers=scraper).status_code == 200
            assert gateway.get("/metrics", headers={"Host": host}).status_code == 401
        for host in ("cluster.local", "evilcluster.local", "gateway.evil.example", "10.244.1.8", "fd00::7"):
            assert gateway.post("/spApi/authorizedStores", Host=host).status_code == 403


@pytest.mark.parametrize(
    ("own", "host", "answered"),
    [
        ("10.244.1.7", "10.244.1.7:8765", True),
        ("fd00::7", "[fd00::7]:8765", True),
        ("10.244.1.7", "10.244.1.8:8765", False),
        ("10.244.1.7", "10.244.1.7.evil.example", False),
    ],
)
def test_the_number_that_it_was_called_by_is_answered(own: str, host: str, answered: bool) -> None:
    """A container's, which a Prometheus finds by DNS: no name of somebody else's leads there."""
    called: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(scope)

    scope = {
        "type": "http",
        "path": "/metrics",
        "headers": [(b"host", host.encode())],
        "server": (own, 8765),
    }
    check = RequestContexts(HostCheck(app, Settings(data_dir=Path("/data"))), outside=never_called)
    if answered:
        asyncio.run(_awaited(check(scope, never_called, never_called)))
        assert called == [scope]
    else:
        with pytest.raises(Problem, match="host name that this gateway does not answer to"):
            check(scope, never_called, never_called)


async def _awaited(answer: Awaitable[None]) -> None:
    await answer


async def never_called(*_: Any) -> Any:
    """Neither a body is read nor an answer written by the check."""
    raise AssertionError


def test_what_is_not_http_gets_the_envelope_too(gateway: Gateway) -> None:
    """Marked as a sandbox's, as every answer is."""
    where = urlsplit(gateway.url)
    with socket.create_connection((str(where.hostname), where.port), 30) as raw:
        raw.sendall(b"hello there\r\n\r\n")
        with HTTPResponse(raw) as answer:
            answer.begin()
            told = json.loads(answer.read())
    assert answer.status == 400
    assert (told["errcode"], told["reason"], told["sandbox"]) == (1002, "bad_parameter", True)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "localhost.", "127.9.9.9", "[::1]:1"])
def test_loopback_names_are_answered(gateway: Gateway, host: str) -> None:
    """With any port, since a tunnel may change it."""
    assert gateway.post("/spApi/authorizedStores", Host=host).status_code == 200
    told = gateway.get("/healthz", headers={"Host": host}).json()
    assert told == {"status": "ok", "version": version(), "sandbox": True}


def test_the_public_name_and_the_registered_callbacks_are_answered(amazon: Any, tmp_path: Any) -> None:
    """Those are the names that browsers reach it by."""
    with running_gateway(
        amazon,
        tmp_path,
        given_public_url="https://gateway.example:8443",
        ads=AdsClient("ads", Secret("x"), registered_redirect_uri="https://Rooted.example./cb"),
    ) as gateway:
        for host in ("gateway.example", "gateway.example.:8443", "rooted.example", "Rooted.example."):
            assert gateway.get("/docs", headers={"Host": host}).status_code == 200
        assert gateway.get("/docs", headers={"Host": "other.example"}).status_code == 403
        link = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizeUrl"]
        assert "redirect_uri=https%3A%2F%2Fgateway.example%3A8443%2FspApi%2Foauth%2Fcallback" in link


@pytest.mark.parametrize(
    "key", ["", "Bearer", "lfx_local_" + "x" * 43, "lfx_local_short", "x" * 5000, "Basic abc"]
)
@pytest.mark.parametrize("path", ["/spApi/authorizedStores", "/spApi/storeTokens", "/amazonAds/profiles"])
def test_a_key_that_is_none_is_401_before_anything_else(gateway: Gateway, path: str, key: str) -> None:
    """Also where the body is wrong: who has no key learns nothing else."""
    for body in ({}, {"sellerId": 7, "region": "XX"}):
        refused = gateway.bad(path, body, status=401, user=key)
        assert (refused["errcode"], refused["reason"]) == (401, "unauthorized")


def test_a_leading_bearer_is_accepted(gateway: Gateway) -> None:
    """In any case."""
    for scheme in ("Bearer", "bearer"):
        key = f"{scheme} {gateway.keys['owner']}"
        assert gateway.post("/spApi/authorizedStores", {}, user=key).status_code == 200


def test_a_key_does_only_what_its_rights_allow(gateway: Gateway) -> None:
    """A key for tokens cannot begin an authorization, and one for managing gets no tokens."""
    gateway.authorize_store()
    for right in ("tokens", "manage", "proxy"):
        gateway.keys[right] = gateway.vault.users.issue_key("owner", (right,))[1].reveal()
    wanted = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
    allowed = {
        right: {
            path
            for path, body in (
                ("/spApi/storeTokens", wanted),
                ("/spApi/refreshToken", wanted),
                ("/spApi/authorizeUrl", {"sellerName": "Store"}),
                ("/spApi/authorizedStores", {}),
            )
            if gateway.post(path, body, user=right).status_code == 200
        }
        for right in ("tokens", "manage", "proxy")
    }
    assert allowed == {
        "tokens": {"/spApi/storeTokens", "/spApi/refreshToken", "/spApi/authorizedStores"},
        "manage": {"/spApi/authorizeUrl", "/spApi/authorizedStores"},
        "proxy": set(),
    }
    refused = gateway.bad("/spApi/storeTokens", wanted, status=403, user="manage")
    assert (refused["reason"], refused["errcode"]) == ("key_lacks_right", 1005)
    assert refused["neededRights"] == ["tokens"]
    assert "tokens" in refused["errmsg"]


def test_an_unknown_path_and_a_wrong_method_have_the_envelope(gateway: Gateway) -> None:
    """A path with a slash too many is not redirected with the key."""
    for path in ("/nothing", "/spApi/storeTokens/", "/openapi.yaml", "//spApi/storeTokens"):
        answer = gateway.post(path, {})
        assert (answer.status_code, check_envelope(answer)["reason"]) == (404, "unknown_path")
    answer = gateway.get("/spApi/storeTokens")
    assert (answer.status_code, check_envelope(answer)["reason"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"
    assert gateway.post("/healthz").status_code == 405


def test_a_body_that_is_too_large_is_413(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it says its length beforehand or comes in pieces; nothing waits for more of what has ended."""
    monkeypatch.setattr(error_answers, "TAKING_SECONDS", 3600)
    large = b" " * (gateway.settings.largest_body + 1)
    url, headers = gateway.url + "/spApi/storeTokens", {"Authorization": gateway.keys["owner"]}
    for data in (large, iter([large[:1000], large[1000:]])):
        with http() as session:
            answer = session.post(url, data=data, headers=headers, timeout=PATIENCE)
        assert (answer.status_code, check_envelope(answer)["reason"]) == (413, "body_too_large")


def test_every_answer_is_kept_out_of_caches_and_frames(gateway: Gateway) -> None:
    """JSON, pages, redirects and errors alike."""
    answers = [
        gateway.get("/healthz"),
        gateway.get("/nothing"),
        gateway.get("/spApi/oauth/callback"),
        gateway.get("/oauth/result?problem=expired"),
        gateway.post("/spApi/authorizedStores", {}),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert len(answer.headers["X-Request-Id"]) == 16


def test_what_was_not_expected_is_500_without_its_message(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message and the values of an exception may hold secrets: neither is answered or logged."""

    async def fail(_presented: str) -> None:
        raise RuntimeError("Atzr|a-refresh-token-in-a-message")

    monkeypatch.setattr(gateway.vault.reader, "caller", fail)
    monkeypatch.setattr(caplog.handler, "formatter", formatter())
    with caplog.at_level(logging.INFO):
        refused = gateway.bad("/spApi/authorizedStores", {}, status=500)
    assert refused["reason"] == "internal"
    assert "Atzr" not in str(refused)
    assert "Atzr" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert refused["requestId"] in caplog.text


def test_the_log_names_the_route_and_never_the_query(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes and states are in query strings; whatever is typed after a slash may be a secret too."""
    monkeypatch.setattr(caplog.handler, "formatter", formatter())
    with caplog.at_level(logging.INFO):
        gateway.authorize_store()
        gateway.get("/spApi/oauth/callback?state=the-state&spapi_oauth_code=the-code")
        gateway.get("/oauth/result/something-secret")
        gateway.get("/lfx_local_a_key_in_a_path")
    assert "route=/spApi/oauth/callback status=303" in caplog.text
    gateway_log = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("gateway")
    )
    assert len(gateway_log) > 500
    for secret in (
        "the-state",
        "the-code",
        "something-secret",
        "lfx_local_",
        "Atza|",
        "Atzr|",
        gateway.keys["owner"],
    ):
        assert secret not in gateway_log


def test_what_the_server_s_end_cuts_short_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """In the envelope, as what passes, where the server would answer 500 in words of its own."""
    sent: list[MutableMapping[str, Any]] = []

    async def canceled(*_: Any) -> None:
        raise asyncio.CancelledError

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    answers = error_answers.ErrorAnswers(canceled, sandbox=False, page=no_page, shapes={})
    scope = {"type": "http", "method": "POST", "path": "/spApi/storeTokens", "headers": []}

    async def request() -> None:  # here, so that its id is in no later test's log
        await RequestContexts(answers, outside=canceled)(scope, canceled, send)

    asyncio.run(request())
    start, body = sent
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"5")
    assert json.loads(body["body"])["reason"] == "gateway_stopping"
    assert caplog.records == []


def no_page(*_: Any) -> Response:
    """Make no page: nobody asks for one."""
    raise AssertionError
