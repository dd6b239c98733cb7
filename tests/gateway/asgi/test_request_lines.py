"""What the log has of a request: its own line, and all lines of the work that it begins."""

import json
import logging
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from gateway.monitoring.logs import formatter
from tests.support.calling import SELLER, call_store
from tests.support.gateway_server import Amazon, Gateway
from tests.support.house import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
LISTS = "/spApi/authorizedStores"


class Log:
    """The lines of a gateway in JSON form."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def of(self, request_id: str) -> list[dict[str, Any]]:
        """The lines of one request, as soon as its own, the last, is there."""

        def lines() -> list[dict[str, Any]]:
            every = map(json.loads, self._caplog.text.splitlines())
            ours = (line for line in every if line["logger"].startswith("gateway."))
            return [line for line in ours if line.get("requestId") == request_id]

        until(lambda: any(line["event"] == "request" for line in lines()), "the request is logged")
        return lines()

    def after(self, answer: requests.Response) -> list[dict[str, Any]]:
        """The lines of the request that was answered so."""
        return self.of(answer.headers["X-Request-Id"])


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """The log from here on."""
    monkeypatch.setattr(caplog.handler, "formatter", formatter("json"))
    with caplog.at_level(logging.INFO):
        yield Log(caplog)


def test_the_line_of_a_request_says_who_asked_from_where(gateway: Gateway, log: Log) -> None:
    """The user and the key that was shown, by its id; numbers are numbers."""
    (line,) = log.after(gateway.post(LISTS))
    known = gateway.vault.users.authenticate(gateway.keys["owner"])
    assert known is not None
    assert isinstance(line["seconds"], float)
    assert 0 <= line["seconds"] < 60
    wanted = {
        "level": "INFO",
        "event": "request",
        "method": "POST",
        "route": LISTS,
        "status": 200,
        "user": "owner",
        "keyId": known.key_id,
        "address": "127.0.0.1",
    }
    assert {name: line.get(name) for name in wanted} == wanted


def test_who_is_not_known_has_no_key(gateway: Gateway, log: Log) -> None:
    """A probe's line has no user either; that of a key that nobody has says so."""
    (probe,) = log.after(gateway.get("/healthz"))
    assert not {"user", "keyId"} & probe.keys()
    (stranger,) = log.after(gateway.post(LISTS, user="lfx_local_nobody"))
    assert (stranger["user"], stranger["status"], "keyId" in stranger) == ("(unknown key)", 401, False)


def test_all_lines_of_a_request_are_of_the_trace_that_it_names(
    gateway: Gateway, amazon: Amazon, log: Log
) -> None:
    """Those of threads and of the refresh that it waits for, too, and what Amazon was asked meanwhile."""
    gateway.authorize_store()
    amazon.control("revoke", {"sellerId": SELLER})
    named = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=b"}
    answer = gateway.post("/spApi/refreshToken", {"sellerId": SELLER}, **named)
    lines = log.after(answer)
    assert {line["traceId"] for line in lines} == {TRACE}
    assert {line["event"] for line in lines} >= {"request", "refresh_failed", "amazon_called"}
    asked = [line for line in lines if line["event"] == "amazon_called"]
    assert {(line["api"], line["call"], line["outcome"], line["status"]) for line in asked} == {
        ("login", "refresh", "4xx", 400)
    }
    assert all(line["seconds"] >= 0 for line in asked)
    assert not [name for name in answer.headers if name.lower().startswith("trace")]


def test_a_call_through_the_proxy_can_be_found_at_amazon(
    gateway: Gateway, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """By the id that Amazon gave it, which is in the log beside the trace."""
    gateway.authorize_store()
    caplog.clear()
    document = call_store(gateway)
    (proxied,) = [line for line in map(json.loads, caplog.text.splitlines()) if line["event"] == "proxied"]
    lines = {line["event"]: line for line in log.of(proxied["requestId"])}
    assert lines["amazon_called"]["amazonRequestId"] == document["requestId"]
    wanted = {"application": "spapi", "family": "sellers", "method": "GET", "status": 200}
    assert {name: proxied[name] for name in wanted} == wanted
    assert len({line["traceId"] for line in lines.values()}) == 1


@pytest.mark.parametrize("headers", [{}, {"traceparent": "00-nonsense"}])
def test_without_a_trace_one_begins(gateway: Gateway, log: Log, headers: dict[str, str]) -> None:
    """For each request another."""
    lines = [line for _ in range(2) for line in log.after(gateway.post(LISTS, **headers))]
    traces = {line["traceId"] for line in lines}
    assert [len(trace) for trace in traces] == [32, 32]


def test_of_two_traces_that_are_named_none_is_taken(gateway: Gateway, log: Log) -> None:
    """As the standard has it: nobody knows which of them was meant."""
    connection = HTTPConnection(gateway.url.removeprefix("http://"))
    connection.putrequest("GET", "/healthz")
    for _ in range(2):
        connection.putheader("traceparent", f"00-{TRACE}-{PARENT}-01")
    connection.endheaders()
    told = connection.getresponse().headers["X-Request-Id"]
    connection.close()
    (line,) = log.of(str(told))
    assert line["traceId"] != TRACE
