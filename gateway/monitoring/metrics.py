"""The metrics as Prometheus reads them: what the processes count and are, and what stands in the database.

Of several workers, whichever is asked adds up what all have counted (see `metrics_folder`). What stands in
the database is read once in a while by whoever is asked, and is the same from each.
"""

import os
import platform
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.monitoring.metrics_folder import VARIABLE
from gateway.monitoring.overview import Overview, State
from gateway.monitoring.processes import ProcessesCollector
from gateway.util.counters import FLOWS, REGISTRY
from gateway.util.version import version

# What is kept of a grant; that its application is suspended is known of the application.
KEPT_STATUSES = ("authorized", "needs_reauthorization")


class Metrics:
    """All metrics of one gateway. `database`: of which kind it is."""

    def __init__(self, overview: Overview, database: str) -> None:
        self._overview = overview
        self._build = {
            "version": version(),
            "python": platform.python_version(),
            "database": database,
        }

    def exposition(self) -> bytes:
        """Return all metrics as text; this may read the database, so it belongs into a thread."""
        folder = os.environ.get(VARIABLE)
        registry = CollectorRegistry()
        registry.register(_BuildCollector(self._build))
        registry.register(_DatabaseCollector(self._overview.state()))
        registry.register(ProcessesCollector(Path(folder) if folder else None))
        if folder:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(REGISTRY) + generate_latest(registry)


class _BuildCollector(Collector):
    """What runs."""

    def __init__(self, build: Mapping[str, str]) -> None:
        self._build = build

    def collect(self) -> Iterable[Metric]:
        """Return it as labels, as is usual for what never changes."""
        info = GaugeMetricFamily("linkfox_build_info", "What runs: always 1.", labels=list(self._build))
        info.add_metric(list(self._build.values()), 1)
        yield info


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
        yield _gauge_by(
            "against",
            "linkfox_clock_offset_seconds",
            "By how much this machine's clock is ahead of another one.",
            state.clock_offsets,
        )
        grants = GaugeMetricFamily("linkfox_grants", "Authorizations.", labels=["flow", "status"])
        for key in sorted({*product(FLOWS, KEPT_STATUSES), *state.grants}):
            grants.add_metric(key, state.grants.get(key, 0))
        yield grants
        if state.replica_lag is not None:
            yield _gauge(
                "linkfox_read_replica_lag_seconds",
                "How old, at most, is what the read replica holds.",
                state.replica_lag,
            )
        if state.backup_age is not None:
            yield _gauge(
                "linkfox_backup_age_seconds",
                "Time since the newest backup that the gateway made by itself.",
                state.backup_age,
            )
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
        yield _gauge_by(
            "flow",
            "linkfox_application_suspended",
            "Whether Amazon refuses the application.",
            {flow: 0 if reason is None else 1 for flow, reason in state.applications.items()},
        )
        yield _gauge_by(
            "flow",
            "linkfox_client_secret_age_days",
            "Age of the client secret; Amazon ends it at 180.",
            state.secret_ages,
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _gauge_by(label: str, name: str, text: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    """Return a gauge that has a value for each of what a label says."""
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for each, value in sorted(values.items()):
        gauge.add_metric([each], value)
    return gauge
