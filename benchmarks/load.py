"""Load on a server: client processes with one kept-alive connection each, raw sockets, bounded by count."""

import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CLIENTS = 4


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
    """Take one answer off the connection. Raises AssertionError where it is no success."""
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:200]
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
            pipe.send(False)
            process.join()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _rate(rounds: Iterable[Round]) -> int:
    return round(statistics.median(each.rate for each in rounds))


def beside(a: Clients, b: Clients, rounds: int) -> dict[str, Any]:
    """Run A and B in turn, after one uncounted round each; answer rates and latencies as ratios of A to B."""
    a.round()
    b.round()
    measured = [(a.round(), b.round()) for _ in range(rounds)]
    a_times = [each for one, _ in measured for each in one.milliseconds]
    b_times = [each for _, other in measured for each in other.milliseconds]
    shares = [one.rate / other.rate for one, other in measured]
    return {
        "requests a second": [_rate(one for one, _ in measured), _rate(other for _, other in measured)],
        "rate, share of the other": round(statistics.median(shares), 3),
        "rate, least and greatest share": [round(min(shares), 3), round(max(shares), 3)],
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
