"""What the gateway counts, in Prometheus's form. No label names a user, a store or a grant.

Counters are a process's own. Where several workers serve, each keeps them in files of its own in the data
folder (prometheus-client's multiprocess mode), and whichever is asked adds them up; what stands in the
database is read once in a while by whoever is asked, and is the same from each.
"""

import os
from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.monitoring.metrics_folder import VARIABLE
from gateway.monitoring.overview import Overview, State

REGISTRY = CollectorRegistry()

REQUESTS = Counter("linkfox_requests", "Requests answered.", ["route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "linkfox_request_seconds",
    "How long answers took.",
    ["route"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
    registry=REGISTRY,
)
REFRESHES = Counter("linkfox_refreshes", "Refreshes asked of Amazon.", ["flow", "outcome"], registry=REGISTRY)
LEASE_WAITS = Histogram(
    "linkfox_lease_wait_seconds",
    "How long callers waited for another process's refresh.",
    buckets=(0.1, 0.5, 2, 10, 60),
    registry=REGISTRY,
)
REFRESHED_AHEAD = Counter(
    "linkfox_refreshed_ahead", "Grants that the refresher took care of.", ["outcome"], registry=REGISTRY
)
NOTICES = Counter("linkfox_notices", "Notices sent to the webhook.", ["outcome"], registry=REGISTRY)


@cache
def _request_metrics(route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a metric by its labels costs more than counting. There are only so many routes and statuses."""
    return REQUESTS.labels(route, str(status)), REQUEST_SECONDS.labels(route)


def request_answered(route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is a pattern of this application, never a path that somebody typed."""
    count, duration = _request_metrics(route, status)
    count.inc()
    duration.observe(seconds)


def exposition(overview: Overview) -> bytes:
    """Return all metrics as text; this may read the database, so it belongs into a thread."""
    registry = CollectorRegistry()
    registry.register(_DatabaseCollector(overview.state()))
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(REGISTRY) + generate_latest(registry)


class _DatabaseCollector(Collector):
    """What stands in the database, as gauges."""

    def __init__(self, state: State | None) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Return the gauges; where the database does not answer, only that."""
        state = self._state
        yield _gauge("linkfox_database_up", "Whether the database answers.", 0 if state is None else 1)
        if state is None:
            return
        grants = GaugeMetricFamily("linkfox_grants", "Authorizations.", labels=["flow", "status"])
        for (flow, status), count in sorted(state.grants.items()):
            grants.add_metric([flow, status], count)
        yield grants
        yield _gauge(
            "linkfox_oldest_token_age_seconds",
            "Time since the refresh that lies back longest, of grants that work.",
            state.oldest_token_age,
        )
        yield _gauge(
            "linkfox_refresher_lag_seconds",
            "How long the grant that should have been refreshed first has been waiting.",
            state.refresher_lag,
        )
        yield _gauge("linkfox_outbox_waiting", "Notices not delivered yet.", state.notices_waiting)
        yield _gauge("linkfox_authorizations_ending", "Authorizations that end within 30 days.", state.ending)
        suspended = GaugeMetricFamily(
            "linkfox_application_suspended", "Whether Amazon refuses the application.", labels=["flow"]
        )
        for flow, reason in sorted(state.applications.items()):
            suspended.add_metric([flow], 0 if reason is None else 1)
        yield suspended
        ages = GaugeMetricFamily(
            "linkfox_client_secret_age_days",
            "Age of the client secret; Amazon ends it at 180.",
            labels=["flow"],
        )
        for flow, days in sorted(state.secret_ages.items()):
            ages.add_metric([flow], days)
        yield ages


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
