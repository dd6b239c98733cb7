"""Load on a server: client processes with one kept-alive connection each, raw sockets, bounded by count."""

import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CLIENTS = 4
Processor = Callable[[], float]


@dataclass(frozen=True)
class Round:
    """One round of load: requests a second over all clients, and each request's milliseconds."""

    rate: float
    milliseconds: list[float]


def request_bytes(path: str, body: Any, key: str) -> bytes:
    """Return a whole HTTP/1.1 request."""
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: {key}"]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


def _answer(connection: socket.socket) -> None:
    """Take one answer off the connection. Raise AssertionError where it is no success."""
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:200] + rest
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    while len(rest) < length:
        rest += connection.recv(65536)


def _client(url: str, requests: Sequence[bytes], count: int, pipe: Any, number: int) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while pipe.recv():
            times = []
            for turn in range(count):
                started = time.perf_counter()
                connection.sendall(requests[(number * 7919 + turn * 104729) % len(requests)])
                _answer(connection)
                times.append((time.perf_counter() - started) * 1000)
            pipe.send(times)


class Clients:
    """Client processes that send `requests`, each `count` of them a round."""

    def __init__(self, url: str, requests: Sequence[bytes], count: int, clients: int = CLIENTS) -> None:
        self._pipes = []
        self._processes = []
        for number in range(clients):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=_client, args=(url, requests, count, theirs, number))
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def round(self) -> Round:
        """Send one round and wait for its end."""
        started = time.perf_counter()
        for pipe in self._pipes:
            pipe.send(True)
        times = [each for pipe in self._pipes for each in pipe.recv()]
        return Round(len(times) / (time.perf_counter() - started), times)

    def close(self) -> None:
        """End the clients."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with suppress(OSError):  # one that met a failure has ended by itself
                pipe.send(False)
            process.join()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def processor_seconds(pid: int) -> float:
    """Return the processor seconds that one process has used (Linux). Raise OSError where it has ended."""
    # The number of its clock, as clock_getcpuclockid(3) makes it: /proc tells hundredths of a second only.
    return time.clock_gettime(~pid << 3 | 2)


def processor_of(pid: int) -> Processor:
    """Return what tells the processor seconds of a process and its children (Linux)."""

    def used() -> float:
        return sum(processor_seconds(each) for each in family(pid))

    return used


def family(pid: int) -> list[int]:
    """Return a process's id and those of its children and theirs (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def _rate(rounds: Iterable[Round]) -> int:
    return round(statistics.median(each.rate for each in rounds))


def beside(a: Clients, b: Clients, rounds: int, processor: tuple[Processor, Processor]) -> dict[str, Any]:
    """Run A and B in turn, after one uncounted round each; answer rates and latencies as ratios of A to B.

    `processor` tells the processor seconds that A's and B's server have used: what other programs on the
    machine take does not show in them.
    """
    a.round()
    b.round()
    used = [0.0, 0.0]
    measured: list[tuple[Round, Round]] = []
    for _ in range(rounds):
        pair = []
        for side, clients in enumerate((a, b)):
            before = processor[side]()
            pair.append(clients.round())
            used[side] += processor[side]() - before
        measured.append((pair[0], pair[1]))
    a_times = [each for one, _ in measured for each in one.milliseconds]
    b_times = [each for _, other in measured for each in other.milliseconds]
    shares = [one.rate / other.rate for one, other in measured]
    return {
        "requests a second": [_rate(one for one, _ in measured), _rate(other for _, other in measured)],
        "rate, share of the other": round(statistics.median(shares), 3),
        "rate, least and greatest share": [round(min(shares), 3), round(max(shares), 3)],
        "processor microseconds a request": [round(seconds * 1e6 / len(a_times)) for seconds in used],
        "the other's processor time, share of this one's": round(used[1] / used[0], 3),
        **{
            f"{name} in ms, and ratio": [
                round(percentile(a_times, share), 3),
                round(percentile(b_times, share), 3),
                round(percentile(a_times, share) / percentile(b_times, share), 2),
            ]
            for name, share in (("p50", 0.5), ("p99", 0.99))
        },
        "rounds": rounds,
        "requests each": len(a_times),
    }
