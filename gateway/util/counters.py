"""What a process counts of what it does, in Prometheus's form. No label names a user, a store or a grant.

Where several workers serve, each keeps its counters in files of its own (prometheus-client's multiprocess
mode), which whoever is asked adds up.
"""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

_REQUESTS = Counter("linkfox_requests", "Requests answered.", ["route", "status"], registry=REGISTRY)
_REQUEST_SECONDS = Histogram(
    "linkfox_request_seconds",
    "How long answers took.",
    ["route"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
    registry=REGISTRY,
)
_REFRESHES = Counter(
    "linkfox_refreshes", "Refreshes asked of Amazon.", ["flow", "outcome"], registry=REGISTRY
)
_LEASE_WAITS = Histogram(
    "linkfox_lease_wait_seconds",
    "How long callers waited for another process's refresh.",
    buckets=(0.1, 0.5, 2, 10, 60),
    registry=REGISTRY,
)
_REFRESHED_AHEAD = Counter(
    "linkfox_refreshed_ahead", "Grants that the refresher took care of.", ["outcome"], registry=REGISTRY
)
_CALLS_PACED = Counter(
    "linkfox_calls_paced",
    "Calls of the SP-API that are spaced by Amazon's rates.",
    ["outcome"],
    registry=REGISTRY,
)
_NOTICES = Counter("linkfox_notices", "Notices sent to the webhook.", ["outcome"], registry=REGISTRY)
_ROUNDS_FAILED = Counter(
    "linkfox_rounds_failed", "Rounds of the gateway's own work that failed.", ["job"], registry=REGISTRY
)
_CONNECTIONS_ENDED = Counter(
    "linkfox_connections_ended",
    "Connections that the gateway ended before there was a whole request.",
    ["reason"],
    registry=REGISTRY,
)


@cache
def _of_route(route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a metric by its labels costs more than counting. There are only so many routes and statuses."""
    return _REQUESTS.labels(route, str(status)), _REQUEST_SECONDS.labels(route)


@cache
def _of_outcome(outcome: str) -> Counter:
    """Likewise, of the calls that are spaced."""
    return _CALLS_PACED.labels(outcome)


def request_answered(route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is a pattern of this application, never a path that somebody typed."""
    count, duration = _of_route(route, status)
    count.inc()
    duration.observe(seconds)


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


def round_failed(job: str) -> None:
    """Count a round of the gateway's own work that failed. `job`: its name in `jobs/schedule.py`."""
    _ROUNDS_FAILED.labels(job).inc()


def connection_ended(reason: str) -> None:
    """Count a connection that was ended. `reason`: `idle`, `not_read`, or a row of references/errors.json."""
    _CONNECTIONS_ENDED.labels(reason).inc()
