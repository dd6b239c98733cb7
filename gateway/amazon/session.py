"""The one way out to Amazon: a pooled session with timeouts, a total deadline and a cap on the answer.

No redirect is followed, no cookie kept, no `.netrc` read. Exceptions of requests carry addresses and bodies,
so none of them leaves this module.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn

import requests
import urllib3
from requests.adapters import HTTPAdapter

from gateway.amazon.failures import AmazonFailure

USER_AGENT = "linkfox-amazon-auth/0.1 (Language=Python)"
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
    Times are seconds. `connections`: how many are kept to one host.
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
    ) -> None:
        self._origin = origin
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout or connect_timeout + read_timeout
        self._largest_answer = largest_answer
        self._connections = connections
        self._monotonic = monotonic
        self._pooled = self._new_session()

    def close(self) -> None:
        """Close the pooled connections."""
        self._pooled.close()

    def address(self, host: str, path: str) -> str:
        """Return where `https://HOST/PATH` is to be asked; also how consent links are made."""
        return f"{self._origin}/{host}{path}" if self._origin else f"https://{host}{path}"

    def request(
        self,
        method: str,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        fresh_connection: bool = False,
    ) -> AmazonAnswer:
        """Make one call and return the answer, whatever its status.

        `fresh_connection`: for what must not be sent twice, so that no connection that went stale in the
        pool can lose it. Raises AmazonFailure: `unavailable` (no whole answer in time), `unusable` (too big).
        """
        session = self._new_session() if fresh_connection else self._pooled
        try:
            with _failures(host):
                return self._ask(session, method, self.address(host, path), headers or {}, form)
        finally:
            if fresh_connection:
                session.close()

    @contextmanager
    def exchange(
        self,
        method: str,
        host: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        read_timeout: float,
    ) -> Iterator[requests.Response]:
        """Send one request, its `target` (path and query) as it is given, and hand out the unread answer.

        What goes wrong while the answer is read inside the `with` is an AmazonFailure, too.
        """
        request = requests.Request(method, self.address(host, "/"), headers=dict(headers), data=body)
        prepared = self._pooled.prepare_request(request)
        # requests would decode and reorder what somebody has checked in exactly this form.
        prepared.url = self.address(host, target)
        options = self._pooled.merge_environment_settings(prepared.url, {}, True, None, None)
        with (
            _failures(host),
            self._pooled.send(
                prepared, timeout=(self._connect_timeout, read_timeout), allow_redirects=False, **options
            ) as response,
        ):
            yield response

    def _ask(
        self,
        session: requests.Session,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
    ) -> AmazonAnswer:
        deadline = self._monotonic() + self._total_timeout
        with session.request(
            method,
            url,
            headers=dict(headers),
            data=form,
            timeout=(self._connect_timeout, self._read_timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > self._largest_answer:
                    raise AmazonFailure("unusable", "Amazon's answer is larger than the gateway takes")
                if self._monotonic() > deadline:
                    raise AmazonFailure("unavailable", "Amazon did not finish its answer in time")
            names = {name.lower(): value for name, value in response.headers.items()}
            return AmazonAnswer(response.status_code, names, bytes(body))

    def _new_session(self) -> requests.Session:
        session = _Session()
        session.trust_env = self._origin is None  # a proxy from the environment would catch loopback
        session.auth = _keep_headers  # with an auth of its own, requests does not look into .netrc
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = USER_AGENT
        session.headers["Accept"] = "application/json"
        session.headers["Accept-Encoding"] = "gzip"
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=self._connections, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


class _Session(requests.Session):
    """A session for which no answer is a redirect: requests would read the body of one, however long."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Return that there is nothing to follow."""


@contextmanager
def _failures(host: str) -> Iterator[None]:
    """Turn what requests and urllib3 raise into an AmazonFailure that names the host and nothing else."""
    try:
        yield
    except requests.ConnectTimeout:
        what = "did not accept a connection in time"
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        what = "did not answer in time"
    except requests.exceptions.SSLError:
        what = "could not be reached over a trusted TLS connection"
    except requests.ConnectionError:
        what = "could not be reached, or broke the connection off"
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        what = "broke its answer off"
    else:
        return
    raise AmazonFailure("unavailable", f"{host} {what}") from None


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
