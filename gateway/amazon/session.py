"""The one way out to Amazon: a pooled session with timeouts, a total deadline and a cap on the answer.

No redirect is followed, no cookie kept, no `.netrc` read. requests says by which proxy a host is reached,
once for each; the calls go to urllib3 itself, since what requests does for each of them costs more than the
call. Exceptions of either carry addresses and bodies, so none of them leaves this module.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode
from weakref import WeakSet

import requests
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as AnswerTimeoutError

from gateway.amazon.deadline import Deadline
from gateway.amazon.failures import AmazonFailure
from gateway.amazon.observed import Observation, observed
from gateway.amazon.pools import Pools
from gateway.util.certificates import NoCertificates
from gateway.util.clock_check import COMPARE_SECONDS, ClockCheck
from gateway.util.counters import AmazonCall
from gateway.util.version import version

USER_AGENT = f"linkfox-amazon-auth/{version()} (Language=Python)"
HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}
CHUNK = 64 * 1024
LONGEST_RETRY_AFTER = 3600


@dataclass(frozen=True, slots=True)
class AmazonAnswer:
    """What came back: `headers` with lower-case names, `body` free of transfer and content codings."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; an AmazonFailure of kind `unusable` where it is none."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise AmazonFailure("unusable", f"Amazon answered {self.status} without usable JSON") from None

    @property
    def retry_after(self) -> int | None:
        """The seconds of a `Retry-After` header, where there is one that makes sense."""
        return retry_after_of(self.headers)


def retry_after_of(headers: Mapping[str, str]) -> int | None:
    """Return the seconds of `retry-after` among lower-case headers, None for a date or nonsense."""
    value = headers.get("retry-after", "").strip()
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return None
    return min(int(value), LONGEST_RETRY_AFTER)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class AmazonSession:
    """A session toward Amazon, safe to use from several threads.

    `origin`: what stands in for all of Amazon (`https://HOST/PATH` becomes `{origin}/HOST/PATH`), or None.
    Times are seconds. `connections`: how many are kept to one host. `clocks` is told what time Amazon has.
    `total_timeout` covers one call from its start to the last byte of the answer.
    """

    def __init__(
        self,
        origin: str | None = None,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        total_timeout: float | None = None,
        largest_answer: int = 8 * 1024 * 1024,
        connections: int = 32,
        monotonic: Callable[[], float] = time.monotonic,
        clocks: ClockCheck | None = None,
    ) -> None:
        self.clocks = clocks or ClockCheck()
        self._compared_at = -COMPARE_SECONDS
        self._origin = origin
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout or connect_timeout + read_timeout
        self._largest_answer = largest_answer
        self._connections = connections
        self._monotonic = monotonic
        self._pools = self._new_pools()
        self._lock = threading.Lock()
        self._under_way: WeakSet[Deadline] = WeakSet()
        self._is_cut = False

    def close(self) -> None:
        """Close the pooled connections."""
        self._pools.close()

    def cut(self) -> None:
        """Break off every call that is under way, and ask nothing any more.

        Their callers get an AmazonFailure `unavailable`, as where Amazon breaks a connection off.
        """
        with self._lock:
            self._is_cut = True
            under_way = list(self._under_way)
        for deadline in under_way:
            deadline.cut()

    def address(self, host: str, path: str) -> str:
        """Return where `https://HOST/PATH` is to be asked; also how consent links are made."""
        return f"{self._origin}/{host}{path}" if self._origin else f"https://{host}{path}"

    def request(
        self,
        method: str,
        host: str,
        path: str,
        *,
        call: AmazonCall,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        fresh_connection: bool = False,
    ) -> AmazonAnswer:
        """Make one call and return the answer, whatever its status.

        `call`: what it is counted as. `fresh_connection`: for what must not be sent twice, so that no
        connection that went stale in the pool can lose it. Raise AmazonFailure: `unavailable` (no whole
        answer in time), `unusable` (too big).
        """
        sent = dict(headers or {})
        body = None
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        deadline = self._begin(host, self._total_timeout)
        pools = self._new_pools() if fresh_connection else self._pools
        try:
            with observed(call, method, host, self._monotonic) as seen:
                answer = self._sent(pools, method, host, path, sent, body, self._read_timeout, deadline, seen)
                try:
                    return self._whole(answer)
                finally:
                    answer.close()
        finally:
            if fresh_connection:
                pools.close()

    def open(
        self,
        method: str,
        host: str,
        target: str,
        *,
        call: AmazonCall,
        headers: Mapping[str, str],
        body: bytes | Callable[[Deadline], Iterable[bytes]] | None,
        timeout: float,
    ) -> "OpenAnswer":
        """Send one request, its `target` (path and query) as it is given, and hand out the unread answer.

        `call`: what it is counted as, until its answer begins. `body`: also what makes its pieces, given the
        deadline; `headers` then hold its Content-Length.
        `timeout`: seconds for all of it; those between two reads do not count. Raise AmazonFailure
        `unavailable`, and whatever the pieces of the body raise that is no OSError.
        """
        deadline = self._begin(host, timeout)
        with observed(call, method, host, self._monotonic) as seen:
            return self._sent(self._pools, method, host, target, headers, body, timeout, deadline, seen)

    def _begin(self, host: str, seconds: float) -> Deadline:
        """Return the deadline of a new call."""
        deadline = Deadline(seconds, self._monotonic)
        with self._lock:
            if self._is_cut:
                raise AmazonFailure("unavailable", f"{host} was not called: the gateway is being stopped")
            self._under_way.add(deadline)
        return deadline

    def _sent(
        self,
        pools: Pools,
        method: str,
        host: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Callable[[Deadline], Iterable[bytes]] | None,
        read_timeout: float,
        deadline: Deadline,
        seen: Observation,
    ) -> "OpenAnswer":
        """Send one request. `read_timeout`: the seconds that one read may take."""
        with _failures(host), deadline.counting():
            pool, prefix = pools.of(host)
            try:
                response = pool.urlopen(
                    method,
                    prefix + target,
                    seen.after(body(deadline)) if callable(body) else body,
                    {**HEADERS, **headers},
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=Timeout(connect=self._connect_timeout, read=read_timeout),
                    preload_content=False,
                    decode_content=False,
                )
            except (NewConnectionError, ProtocolError, ProxyError):
                what = "could not be reached, or broke the connection off"
                raise AmazonFailure("unavailable", f"{host} {what}") from None
        answer = OpenAnswer(response, host, deadline)
        seen.answered(answer.status, answer.headers)
        if seen.began - self._compared_at >= COMPARE_SECONDS:
            self._compared_at = seen.began
            self.clocks.compare_header("amazon", answer.headers.get("date"))
        return answer

    def _whole(self, answer: "OpenAnswer") -> AmazonAnswer:
        body = bytearray()
        while chunk := answer.read(CHUNK, decode=True):
            body += chunk
            if len(body) > self._largest_answer:
                raise AmazonFailure("unusable", "Amazon's answer is larger than the gateway takes")
        return AmazonAnswer(answer.status, answer.headers, bytes(body))

    def _new_pools(self) -> Pools:
        return Pools(self.address, self._connections, from_environment=self._origin is None)


class OpenAnswer:
    """An answer whose body is still to be read, by one thread at a time. `headers`: names in lower case."""

    def __init__(self, response: BaseHTTPResponse, host: str, deadline: Deadline) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._host = host
        self._deadline = deadline

    def read(self, most: int, *, decode: bool) -> bytes:
        """Return what has come next, `most` bytes of it; nothing at the end.

        `decode`: free of content codings, for every read of an answer alike. Raise AmazonFailure
        `unavailable`: it was broken off, or did not come in time.
        """
        with _failures(self._host), self._deadline.counting():
            return self._response.read1(most, decode_content=decode)

    @property
    def is_over(self) -> bool:
        """Whether all of it was read; not every answer tells that before the read that brings nothing."""
        return self._response.closed

    def would_wait(self, seconds: float) -> bool:
        """Tell whether the next read has to wait for Amazon, after it was waited for so long."""
        return self._deadline.would_wait(seconds)

    def close(self) -> None:
        """Let go of it. One that was read to its end has given its connection back by then."""
        self._response.close()


@contextmanager
def _failures(host: str) -> Iterator[None]:
    """Turn what requests and urllib3 raise into an AmazonFailure that names the host and nothing else."""
    try:
        yield
    except ConnectTimeoutError:
        what = "did not accept a connection in time"
    except (AnswerTimeoutError, TimeoutError):
        what = "did not answer in time"
    except NoCertificates as error:
        what = f"was not called: {error}"
    except SSLError:
        what = "could not be reached over a trusted TLS connection"
    except (requests.RequestException, HTTPError, OSError):
        what = "broke its answer off"
    else:
        return
    raise AmazonFailure("unavailable", f"{host} {what}") from None
