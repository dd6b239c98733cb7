"""What the operating system knows of the gateway's processes: the standard metrics `process_…`.

Prometheus's client libraries tell them of the process that is scraped. Here each process of the gateway has
a line of its own, with its `pid`: of several workers whichever is asked tells all of them, and the process
that supervises them. There are none where there is no `/proc`.
"""

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from prometheus_client import ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

PROC = Path("/proc")


class ProcessesCollector(Collector):
    """The processes of one gateway. `folder`: where several workers keep their counters; None for one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Return memory, processor time, descriptors and start of each process, by `pid`."""
        families: dict[str, Metric] = {}
        for pid in self._pids():
            for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                family = families.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for sample in metric.samples:
                    family.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        return families.values()

    def _pids(self) -> Iterator[int]:
        own = os.getpid()
        if self._folder is None:
            yield own
            return
        supervisor = os.getppid()
        yield supervisor
        # Their files are named after them; those of workers that are gone stay.
        workers = {int(file.stem.rpartition("_")[2]) for file in self._folder.glob("counter_*.db")}
        yield from sorted(pid for pid in workers if pid == own or _parent_of(pid) == supervisor)


def _parent_of(pid: int) -> int | None:
    """Return the process that started one; None where it is gone, or nothing is told of it."""
    try:
        # The name, in parentheses, may hold anything (proc_pid_stat(5)).
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
