"""Traces, over OTLP as a collector gets them: what is a part of what, and nothing that is private."""

import json
import logging
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.monitoring import traces
from gateway.monitoring.logs import formatter
from gateway.util import tracing
from tests.support.gateway_process import a_place
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.house import PATIENCE, until
from tests.support.markdown import ROOT, section

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry's packages are not installed")

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SELLER = "A1SANDBOXNA001"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """A collector on loopback. `bodies`: what was sent to it; `headers`: of each request."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        taken = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.headers.append({"path": self.path, **dict(self.headers.items())})
                taken.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def spans(self) -> list[Any]:
        """Return all spans that came, and the names of their services."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, which the environment of gateways names."""
    collector = Collector()
    monkeypatch.setenv(ENDPOINT, collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20canary-of-the-collector")
    yield collector
    collector.close()


def attributes(span: Any) -> dict[str, str | int]:
    """Return what is told of a span."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_what_becomes_of_a_request_is_a_part_of_its_callers_trace(
    amazon: Amazon, tmp_path: Path, collector: Collector
) -> None:
    """The request, its refresh, and what Amazon was asked for it; sent at the process's end at the latest."""
    with running_gateway(amazon, tmp_path) as gateway:
        gateway.authorize_store()
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        answer = gateway.post("/spApi/refreshToken", {"sellerId": SELLER}, **headers)
    spans = {span.name: span for span in collector.spans() if span.trace_id.hex() == TRACE}
    request, refresh, asked = (
        spans[name] for name in ("POST /spApi/refreshToken", "refresh", "amazon login refresh")
    )
    assert request.parent_span_id.hex() == CALLER
    assert request.span_id.hex() == answer.headers["X-Request-Id"]
    assert refresh.parent_span_id == request.span_id
    assert asked.parent_span_id == refresh.span_id
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/spApi/refreshToken",
        "http.response.status_code": 200,
    }
    assert attributes(refresh) == {"linkfox.flow": "spapi"}
    told = attributes(asked)
    assert told.pop("aws.request_id")
    assert told == {
        "http.request.method": "POST",
        "server.address": "api.amazon.com",
        "http.response.status_code": 200,
        "linkfox.api": "login",
        "linkfox.call": "refresh",
        "linkfox.outcome": "2xx",
    }
    table = section(ROOT / "references" / "operations.md", "Traces")
    explained = set(re.findall(r"`((?:http|linkfox|server|aws|error)\.[a-z_.]+)`", table))
    assert explained == {name for span in collector.spans() for name in attributes(span)} | {"error.type"}
    assert {each["path"] for each in collector.headers} == {"/v1/traces"}
    assert collector.headers[0]["authorization"] == "Basic canary-of-the-collector"


def test_an_exchange_is_a_part_of_the_callback(
    amazon: Amazon,
    tmp_path: Path,
    collector: Collector,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the browser may be gone by then. A request without a caller's trace begins that of the log."""
    monkeypatch.setattr(caplog.handler, "formatter", formatter("json"))
    with caplog.at_level(logging.INFO), running_gateway(amazon, tmp_path) as gateway:
        gateway.authorize_account()
    spans = collector.spans()
    (callback,) = [span for span in spans if span.name == "GET /amazonAds/oauth/callback"]
    parts = {span.name for span in spans if span.trace_id == callback.trace_id}
    assert {"exchange", "amazon login exchange", "amazon ads profiles"} <= parts
    assert not callback.parent_span_id
    lines = map(json.loads, caplog.text.splitlines())
    (line,) = [each for each in lines if each.get("route") == "/amazonAds/oauth/callback"]
    assert (line["traceId"], line["requestId"]) == (callback.trace_id.hex(), callback.span_id.hex())


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the signals of POSIX")
def test_a_reload_leaves_tracing_as_it_is(amazon: Amazon, tmp_path: Path, collector: Collector) -> None:
    """The process is traced, whichever application answers: it is begun once, and ends with the process."""
    with a_place(amazon, tmp_path / "place", **{ENDPOINT: collector.url}) as place:
        gateway = place.start()
        gateway.signal(signal.SIGHUP)
        until(lambda: "settings_reloaded" in place.log.read_text(), "the settings are read anew", 30)
        requests.get(
            f"{gateway.url}/healthz", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"}, timeout=PATIENCE
        )
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE) == 0
        assert place.log.read_text().count("tracing_on") == 1
    assert [span.name for span in collector.spans() if span.trace_id.hex() == TRACE] == ["GET /healthz"]


def test_nothing_secret_and_nothing_that_somebody_typed_is_sent(
    amazon: Amazon, tmp_path: Path, collector: Collector
) -> None:
    """No token, key, code, state, query, path, seller or name; also of what fails."""
    with running_gateway(amazon, tmp_path) as gateway:
        begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "我的店铺 canary"})
        back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
        gateway.open(back)
        tokens = gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})
        call = {"sellerId": SELLER, "region": "NA", "method": "GET", "queryString": "canary=query"}
        gateway.post("/spApi/developerProxy", {**call, "path": "/orders/v0/orders/canary-order"})
        gateway.get("/canary-path?canary=too")
        gateway.amazon.fault({"answer": "tokenEndpoint.refreshTokenRefused"}, grantType="refresh_token")
        gateway.bad("/spApi/refreshToken", {"sellerId": SELLER}, status=409)
        key = gateway.keys["owner"]
    sent = b"".join(collector.bodies)
    assert b"amazon spapi proxied" in sent
    secrets = [tokens["accessToken"], tokens["refreshToken"], key, begun["authorizationId"]]
    secrets += [value for part in back.partition("?")[2].split("&") if (value := part.partition("=")[2])]
    for secret in [*secrets, "canary", SELLER, "我的店铺"]:
        assert secret.encode() not in sent


def lacking(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let the packages be missing."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    return {ENDPOINT: "http://127.0.0.1:4318"}


def of_grpc(_monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Want a protocol that is not spoken."""
    return {ENDPOINT: "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}


def of_no_queue(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let no span wait, which OpenTelemetry's SDK refuses."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    return {ENDPOINT: "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lacking, "pip install --require-hashes -r requirements-tracing.txt"),
        (of_grpc, "Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        (of_no_queue, "Look at the OTEL_ variables"),
    ],
)
def test_what_stands_against_traces_is_said_in_a_line(
    broken: Callable[[pytest.MonkeyPatch], dict[str, str]],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the gateway goes on without."""
    with caplog.at_level(logging.WARNING):
        traces.start(broken(monkeypatch))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("tracing_off ")
    assert said in line
    assert not tracing.is_on()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318"},
    ],
)
def test_it_is_off_unless_it_is_wanted(environment: dict[str, str]) -> None:
    """As the specification of OpenTelemetry's variables has it."""
    assert not traces.is_wanted(environment)


def test_it_is_on_where_an_exporter_is_named() -> None:
    """To where the specification has it by default."""
    assert traces.is_wanted({"OTEL_TRACES_EXPORTER": "otlp"})


def test_a_gateway_that_is_not_traced_imports_nothing_of_it() -> None:
    """Nothing is paid for by those who do not want it."""
    program = (
        "import os, sys; sys.path.insert(0, '.'); import gateway.app; from gateway.monitoring import traces;"
        "traces.start({}); print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
