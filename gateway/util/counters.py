"""What a process counts of what it does, in Prometheus's form. No label names a user, a store or a grant.

Every series whose labels are known beforehand stands at 0 from the start, so that a rate sees the first
event, too (Prometheus, "Instrumentation": avoid missing metrics). Where several workers serve, each keeps its
counters in files of its own (prometheus-client's multiprocess mode), which whoever is asked adds up.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

# When each series began: as many lines again, which no worker of several can tell.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
FLOWS = ("spapi", "ads")
# How Amazon answered: the class of the status, 429 apart.
STATUS_CLASSES = ("2xx", "3xx", "4xx", "429", "5xx")
# No whole answer in time; an answer that is larger than the gateway takes.
UNANSWERED, UNUSABLE = "unavailable", "unusable"
# Of what is not among Amazon's published operations.
OTHER = "other"
# Why an authorization did not come about: rows of references/errors.json.
ENDS = {
    "denied": ("access_denied", "not_confirmed"),
    "expired": ("expired",),
    "failed": (
        "app_changed",
        "app_credentials",
        "app_not_configured",
        "code_missing",
        "code_refused",
        "connected_elsewhere",
        "consent_failed",
        "exchange_failed",
        "interrupted",
        "removed_meanwhile",
        "scope_refused",
        "seller_missing",
        "wrong_seller",
    ),
}
# In this order; then one of ENDS, or `authorized`.
STAGES = ("begun", "returned", "confirmed", "exchanged", "authorized")


class AmazonCall(Enum):
    """What the gateway asks of Amazon: of which API, and for what."""

    REFRESH = ("login", "refresh")
    EXCHANGE = ("login", "exchange")
    APPLICATION_TOKEN = ("login", "application_token")
    STORE_CHECK = ("spapi", "check")
    PROFILES = ("ads", "profiles")
    PROXIED_SPAPI = ("spapi", "proxied")
    PROXIED_ADS = ("ads", "proxied")


def _counter(name: str, text: str, **labels: Sequence[str]) -> Counter:
    """Make a counter; of labels whose values are all known here each series stands at 0."""
    counter = Counter(name, text, list(labels), registry=REGISTRY)
    if labels and all(labels.values()):
        for values in product(*labels.values()):
            counter.labels(*values)
    return counter


_REQUESTS = _counter("linkfox_requests", "Requests answered.", route=(), status=())
_REQUEST_SECONDS = Histogram(
    "linkfox_request_seconds",
    "How long answers took.",
    ["route"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
    registry=REGISTRY,
)
_AMAZON_SECONDS = Histogram(
    "linkfox_amazon_seconds",
    "How long Amazon took to answer, by what it was asked and how it answered.",
    ["api", "call", "outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
_PROXIED = _counter(
    "linkfox_proxied",
    "Calls that were passed on to Amazon, by how it answered.",
    flow=(),
    family=(),
    status_class=(),
)
_AUTHORIZATIONS = _counter(
    "linkfox_authorizations", "Authorizations that came to a stage.", flow=(), stage=(), reason=()
)
_REFRESHES = _counter(
    "linkfox_refreshes",
    "Refreshes asked of Amazon.",
    flow=FLOWS,
    outcome=(
        "ok",
        "invalid_grant",
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "invalid_request",
        "throttled",
        "unavailable",
        "unusable",
    ),
)
_LEASE_WAITS = Histogram(
    "linkfox_lease_wait_seconds",
    "How long callers waited for another process's refresh.",
    buckets=(0.1, 0.5, 2, 10, 60),
    registry=REGISTRY,
)
_REFRESHED_AHEAD = _counter(
    "linkfox_refreshed_ahead",
    "Grants that the refresher took care of.",
    outcome=(
        "ok",
        "somebody_else",
        "store_revoked",
        "grant_of_another_client",
        "suspended_app",
        "refusal_in_doubt",
        "tokens_damaged",
        "amazon_throttled",
        "amazon_failed",
        "vault_unavailable",
        "internal",
    ),
)
_CALLS_PACED = _counter(
    "linkfox_calls_paced",
    "Calls of the SP-API that are spaced by Amazon's rates.",
    outcome=("at_once", "waited", "refused"),
)
_NOTICES = _counter(
    "linkfox_notices", "Notices sent to the webhook.", outcome=("delivered", "failed", "given_up")
)
_ROUNDS_FAILED = _counter("linkfox_rounds_failed", "Rounds of the gateway's own work that failed.", job=())
_CONNECTIONS_ENDED = _counter(
    "linkfox_connections_ended",
    "Connections that the gateway ended before there was a whole request.",
    reason=(
        "idle",
        "not_read",
        "gateway_busy",
        "request_timeout",
        "headers_too_large",
        "body_too_large",
        "bad_parameter",
    ),
)
for _call in AmazonCall:
    for _outcome in (*STATUS_CLASSES, UNANSWERED, UNUSABLE):
        _AMAZON_SECONDS.labels(*_call.value, _outcome)
for _flow in FLOWS:
    for _stage in STAGES:
        _AUTHORIZATIONS.labels(_flow, _stage, "")
    for _stage, _reasons in ENDS.items():
        for _reason in (*_reasons, OTHER):
            _AUTHORIZATIONS.labels(_flow, _stage, _reason)


@cache
def _of_route(route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a metric by its labels costs more than counting. There are only so many routes and statuses."""
    return _REQUESTS.labels(route, str(status)), _REQUEST_SECONDS.labels(route)


@cache
def _of_outcome(outcome: str) -> Counter:
    """Likewise, of the calls that are spaced."""
    return _CALLS_PACED.labels(outcome)


@cache
def _of_call(call: AmazonCall, outcome: str) -> Histogram:
    """Likewise, of Amazon's answers."""
    return _AMAZON_SECONDS.labels(*call.value, outcome)


def route_known(route: str, statuses: Iterable[int]) -> None:
    """Let a route's counters stand at 0. `statuses`: those that it is described with."""
    for status in statuses:
        _of_route(route, status)


def request_answered(route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is a pattern of this application, never a path that somebody typed."""
    count, duration = _of_route(route, status)
    count.inc()
    duration.observe(seconds)


def status_class(status: int) -> str:
    """Return the class of an HTTP status, 429 apart."""
    return "429" if status == 429 else f"{min(max(status // 100, 2), 5)}xx"


def amazon_answered(call: AmazonCall, outcome: str, seconds: float) -> None:
    """Count a call to Amazon. `outcome`: a class of statuses, `unavailable` or `unusable`."""
    _of_call(call, outcome).observe(seconds)


def families_known(flow: str, families: Iterable[str]) -> None:
    """Let the counters of proxied calls stand at 0, of each family of a flow's operations, and of others."""
    for labels in product((flow,), (*families, OTHER), (*STATUS_CLASSES, UNANSWERED)):
        _PROXIED.labels(*labels)


def call_proxied(flow: str, family: str, status: int | None) -> None:
    """Count a call that was passed on to Amazon. `status`: Amazon's; None where no answer came."""
    _PROXIED.labels(flow, family, UNANSWERED if status is None else status_class(status)).inc()


def authorization_came_to(flow: str, stage: str) -> None:
    """Count an authorization that came to one of STAGES."""
    _AUTHORIZATIONS.labels(flow, stage, "").inc()


def authorization_ended(flow: str, end: str, reason: str) -> None:
    """Count an authorization that ended without one. `end`: one of ENDS; `reason`: as the attempt has it."""
    _AUTHORIZATIONS.labels(flow, end, reason if reason in ENDS[end] else OTHER).inc()


def refresh_asked(flow: str, outcome: str) -> None:
    """Count a refresh that was asked of Amazon. `outcome`: `ok`, or the kind of failure."""
    _REFRESHES.labels(flow, outcome).inc()


def lease_waited_for(seconds: float) -> None:
    """Count a caller that has waited for another process's refresh."""
    _LEASE_WAITS.observe(seconds)


def refreshed_ahead(outcome: str) -> None:
    """Count a grant that the refresher took care of. `outcome`: how that ended."""
    _REFRESHED_AHEAD.labels(outcome).inc()


def call_paced(outcome: str) -> None:
    """Count a call of the SP-API with a published rate. `outcome`: `at_once`, `waited` or `refused`."""
    _of_outcome(outcome).inc()


def notice_sent(outcome: str) -> None:
    """Count a notice to the webhook. `outcome`: how that ended."""
    _NOTICES.labels(outcome).inc()


def job_known(job: str) -> None:
    """Let the counter of a job's failed rounds stand at 0. `job`: its name in `jobs/schedule.py`."""
    _ROUNDS_FAILED.labels(job)


def round_failed(job: str) -> None:
    """Count a round of the gateway's own work that failed. `job`: its name in `jobs/schedule.py`."""
    _ROUNDS_FAILED.labels(job).inc()


def connection_ended(reason: str) -> None:
    """Count a connection that was ended. `reason`: `idle`, `not_read`, or a row of references/errors.json."""
    _CONNECTIONS_ENDED.labels(reason).inc()
