"""The connections to a gateway: certificates, whole answers by a deadline, a local gateway's proof on each.

The key of the gateway on this machine goes only to a process that proves, on the very connection, that it is
this gateway (`local/local_proof.py`). Whoever took the port of one that ended gets a random number.
"""

import contextlib
import functools
import http.client
import io
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from http.client import HTTPConnection as StandardConnection
from http.client import HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from linkfox_client.errors import ClientError

if TYPE_CHECKING:
    from linkfox_client.local.local_gateway import LocalGateway

# The first of these that is set names the file, or folder, of the certificate authorities to trust.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
LARGEST_PROOF = 4096
PROOF_SECONDS = 10.0


class Deadline(threading.local):
    """The moment by which an answer has to be complete: of each thread its own, as its calls are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.at = float("inf")

    def seconds(self, most: float | None) -> float | None:
        """Return how long the next bytes may take, at most `most`. Raise TimeoutError once it is over."""
        left = self.at - self._clock()
        if left <= 0:
            raise TimeoutError("the answer was not complete in time")
        return most if left == float("inf") else min(left, most if most is not None else left)


class GatewayAdapter(HTTPAdapter):
    """What a session reaches one gateway by. `local`: the gateway on this machine that it has to be."""

    def __init__(self, deadline: Deadline, local: "LocalGateway | None", connections: int) -> None:
        """`connections`: how many are kept open for further calls."""
        self._deadline = deadline
        self._local = local
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        """Have every connection made by this module."""
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, *arguments: Any, **more: Any) -> PoolManager:
        """Return what connects through a proxy, by connections of this module, too."""
        manager: PoolManager = super().proxy_manager_for(*arguments, **more)
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def _pools(self) -> dict[str, type[HTTPConnectionPool]]:
        plain = functools.partial(_Connection, deadline=self._deadline, local=self._local)
        secure = functools.partial(_SecureConnection, deadline=self._deadline, local=self._local)

        class Plain(HTTPConnectionPool):
            ConnectionCls = staticmethod(plain)  # type: ignore[assignment]

        class Secure(HTTPSConnectionPool):
            ConnectionCls = staticmethod(secure)  # type: ignore[assignment]

        return {"http": Plain, "https": Secure}


class _Bounded(io.RawIOBase):
    """What comes on a socket, each piece of it before the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._longest = sock.gettimeout()
        self._deadline = deadline

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has come. Raise TimeoutError at the deadline."""
        self._sock.settimeout(self._deadline.seconds(self._longest))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _BoundedSocket:
    """What http.client reads an answer from: all "100 Continue" before it, its head and its body."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the file that http.client asks a socket for."""
        return io.BufferedReader(_Bounded(self._sock, self._deadline), 65536)


class _Connection(HTTPConnection):
    """A connection whose answers are bounded, and which has a local gateway prove itself before its first."""

    def __init__(
        self, *arguments: Any, deadline: Deadline, local: "LocalGateway | None", **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._deadline = deadline
        self._local = local

    def response_class(self, sock: socket.socket, **more: Any) -> HTTPResponse:  # type: ignore[override]
        """Return the answer that http.client is about to read."""
        return HTTPResponse(_BoundedSocket(sock, self._deadline), **more)  # type: ignore[arg-type]

    def connect(self) -> None:
        """Connect. Raise ClientError where the other end is not the local gateway that it has to be."""
        super().connect()
        if self._local is None:
            return
        try:
            self._demand_proof(self._local)
        except BaseException:
            self.close()
            raise

    def _demand_proof(self, local: "LocalGateway") -> None:
        """Ask the other end of this connection for its proof, and raise ClientError unless it is right."""
        from linkfox_client.local.local_gateway import not_proved
        from linkfox_client.local.local_proof import NONCE_BYTES, PATH, proof_of

        nonce = os.urandom(NONCE_BYTES).hex()
        # Beside the request that waits for this connection: http.client makes one request at a time.
        asking = StandardConnection(self.host, self.port)
        asking.response_class = self.response_class  # type: ignore[assignment]
        asking.auto_open, asking.sock = 0, self.sock
        self.sock.settimeout(PROOF_SECONDS)
        try:
            address, port = self.sock.getpeername()[:2]
            asking.request("GET", f"{PATH}?nonce={nonce}")
            with contextlib.closing(asking.getresponse()) as answer:
                content = answer.read(LARGEST_PROOF)
                goes_on = answer.isclosed() and asking.sock is not None  # read whole, and still connected
        except (OSError, http.client.HTTPException):
            raise not_proved(local, answered=False) from None
        expected = proof_of(local.key.reveal(), nonce, address, port).encode()
        if not goes_on or not compare_digest(_proof_in(content), expected):
            raise not_proved(local, answered=True)
        self.sock.settimeout(self.timeout)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


def _proof_in(content: bytes) -> bytes:
    """Return the proof in an answer; an empty one where there is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return b""
    proof = document.get("proof") if isinstance(document, dict) else None
    return proof.encode("utf-8", "replace") if isinstance(proof, str) else b""


def authorities(environ: Mapping[str, str]) -> str | None:
    """Return the certificate authorities to trust, where the environment names some.

    Raise ClientError (`not_set_up`) where they are not there: every call would fail, and not say why.
    """
    variable = next((name for name in CA_VARIABLES if environ.get(name)), None)
    if variable is None:
        return None
    if not Path(environ[variable]).exists():
        raise ClientError(
            "not_set_up",
            f"{variable} names a file that is not there, so no certificate can be checked",
            f"Set {variable} to the file of your certificate authority, or unset it.",
        )
    return environ[variable]


def verify_message(error: SSLError) -> str:
    """Return what OpenSSL did not like about a certificate; empty where it is not told."""
    cause: Any = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    cause = cause.args[0] if getattr(cause, "args", ()) else None
    message = getattr(cause, "verify_message", "")
    return message if isinstance(message, str) else ""
