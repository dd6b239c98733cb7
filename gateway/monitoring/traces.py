"""Traces as an option: OpenTelemetry's spans of requests, refreshes and calls to Amazon, by OTLP over HTTP.

It is on where OpenTelemetry's own variables say where to send spans, and its packages are there, which are a
list of their own (requirements-tracing.txt). All else is read by its SDK from such variables: headers,
certificates, sampling, the service's name.
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import logging
import random
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gateway.util import events, tracing
from gateway.util.trace_context import TraceContext
from gateway.util.tracing import Attributes, Kind, Span
from gateway.util.version import version

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
SERVICE = "linkfox-gateway"
INSTALL = f"Install them: {sys.executable} -m pip install --require-hashes -r requirements-tracing.txt"
# In seconds. So long the process waits at its end for spans to be sent.
STOP_SECONDS = 3.0


def start(environ: Mapping[str, str]) -> None:
    """Trace this process from now on, to its end, where the environment wants it.

    What stands against it is logged, and it goes on. It may be called again.
    """
    if tracing.is_on() or not is_wanted(environ):
        return
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), PROTOCOL)
    if protocol != PROTOCOL:
        hint = f"Set {PROTOCOLS[1]}={PROTOCOL}, and the address at which the collector takes that."
        events.warning(log, "tracing_off", reason="protocol_unknown", hint=hint)
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        events.warning(log, "tracing_off", reason="packages_missing", hint=INSTALL)
        return
    # Its own lines quote what the collector answered; what an operator needs, `_Telling` says.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    try:
        tracer = OpenTelemetryTracer(OTLPSpanExporter(), environ)
    except Exception as error:  # such as a certificate that is not there
        hint = "Look at the OTEL_ variables: OpenTelemetry's SDK cannot use one."
        events.warning(log, "tracing_off", reason="variable_refused", hint=hint, type=type(error).__name__)
        return
    tracing.use(tracer)
    events.info(log, "tracing_on")


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment says where to send spans."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return exporter == "otlp" if exporter else any(environ.get(name) for name in ENDPOINTS)


class OpenTelemetryTracer:
    """Makes OpenTelemetry's spans, and sends them in batches from a thread of its own."""

    def __init__(self, exporter: Any, environ: Mapping[str, str]) -> None:
        """`exporter`: OpenTelemetry's, that sends them. `environ`: may name the service."""
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        names: dict[str, Any] = {"service.version": version()}
        if not environ.get("OTEL_SERVICE_NAME"):
            names["service.name"] = SERVICE
        self._api = trace
        self._ids = _Ids()
        ids: Any = self._ids
        self._provider = TracerProvider(
            resource=Resource.create(names), id_generator=ids, shutdown_on_exit=False
        )
        telling: Any = _Telling(exporter)
        self._provider.add_span_processor(BatchSpanProcessor(telling))
        self._tracer = self._provider.get_tracer(SERVICE, version())

    @contextmanager
    def span(
        self, name: str, attributes: Attributes, kind: Kind, trace: TraceContext | None
    ) -> Iterator[Span]:
        """As `tracing.span`. Of an exception its type is kept, never its text."""
        api = self._api
        with self._ids.of(trace):
            begun = self._tracer.start_span(
                name, self._caller_of(trace), kind=api.SpanKind[kind.upper()], attributes=attributes
            )
        one = _Span(begun, api.StatusCode.ERROR)
        with api.use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield one
            except BaseException as error:
                one.fail(type(error).__name__)
                raise

    def _caller_of(self, trace: TraceContext | None) -> Any:
        """Return the context of a request's caller; None: what is under way here."""
        if trace is None or trace.parent_id is None:
            return None
        api = self._api
        caller = api.SpanContext(
            int(trace.trace_id, 16),
            int(trace.parent_id, 16),
            is_remote=True,
            trace_flags=api.TraceFlags(trace.flags),
        )
        return api.set_span_in_context(api.NonRecordingSpan(caller))

    def stop(self) -> None:
        """Send what is left; whoever does not take it in time is not waited for."""
        ending = threading.Thread(target=self._provider.shutdown, name="spans-end", daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)


class _Ids:
    """Gives the span of a request the ids that the log tells of it, and all others new ones."""

    def __init__(self) -> None:
        self._of: ContextVar[TraceContext | None] = ContextVar("of", default=None)

    @contextmanager
    def of(self, trace: TraceContext | None) -> Iterator[None]:
        """Let the span that begins inside the `with` be a request's."""
        token = self._of.set(trace)
        try:
            yield
        finally:
            self._of.reset(token)

    def generate_span_id(self) -> int:
        """Return the id of the span that begins."""
        trace = self._of.get()
        return random.getrandbits(64) or 1 if trace is None else int(trace.span_id, 16)

    def generate_trace_id(self) -> int:
        """Return the id of the trace that begins."""
        trace = self._of.get()
        return random.getrandbits(128) or 1 if trace is None else int(trace.trace_id, 16)

    def is_trace_id_random(self) -> bool:
        """Tell that they are random, as samplers by their share want it."""
        return True


class _Span:
    """A span of OpenTelemetry's."""

    def __init__(self, begun: Any, error: Any) -> None:
        self._begun = begun
        self._error = error

    def set(self, attributes: Attributes) -> None:
        self._begun.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._begun.update_name(name)

    def fail(self, reason: str) -> None:
        self._begun.set_attribute("error.type", reason)
        self._begun.set_status(self._error)


class _Telling:
    """An exporter of OpenTelemetry's, and a line in the log where nobody takes its spans."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[Any]) -> Any:
        """Send spans."""
        result = self._exporter.export(spans)
        if result.name != "SUCCESS":
            events.warning(log, "spans_not_sent", spans=len(spans))
        return result

    def shutdown(self) -> None:
        """End, also in the middle of sending."""
        self._exporter.shutdown()
