"""The metrics as Prometheus reads them: what the processes count, and what stands in the database.

Of several workers, whichever is asked adds up what all have counted (see `metrics_folder`). What stands in
the database is read once in a while by whoever is asked, and is the same from each.
"""

import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.monitoring.metrics_folder import VARIABLE
from gateway.monitoring.overview import Overview, State
from gateway.util.counters import REGISTRY


def exposition(overview: Overview) -> bytes:
    """Return all metrics as text; this may read the database, so it belongs into a thread."""
    registry = CollectorRegistry()
    registry.register(_DatabaseCollector(overview.state()))
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
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
        writable = 1 if state.cannot_write is None else 0
        yield _gauge("linkfox_database_writable", "Whether the database takes writes.", writable)
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
        yield _gauge(
            "linkfox_master_key_seals",
            "Values that the master key has sealed; a new one is advised from half of 2^32 on.",
            state.seals,
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
