"""What a client library takes for the internet: Amazon's hosts, and a gateway by a name, all behind TLS.

An unmodified library insists on https and on Amazon's names. It gets here by the variables that it reads
itself (`Internet.environment`): a proxy on loopback that leads every CONNECT to one server, and the authority
that has signed that server's certificates.
"""

import contextlib
import http.client
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.elsewhere import Authority, proxy_to
from tests.support.house import PATIENCE

GATEWAY = "gateway.example"  # by which name the gateway is reached
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding"}


@dataclass
class Internet:
    """`amazon`: the stand-in's address, `gateway`: the gateway's; both may be changed at any time.

    `plain`: the gateway's address without TLS, which stays when that is started again at another port.
    `answered`: the hosts that were asked, each with what it answered.
    """

    amazon: str
    gateway: str
    proxy: str
    authority: Path
    port: int
    plain: str = ""
    answered: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs get here: of Python's libraries, of node and of OpenSSL."""
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.proxy)
        return proxies | dict.fromkeys(names, str(self.authority)) | {"TLS_PORT": str(self.port)}

    def address(self, host: str, target: str) -> str:
        """Return where a request for a host really goes."""
        return f"{self.gateway}{target}" if host == GATEWAY else f"{self.amazon}/{host}{target}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    internet: Internet

    def __init__(self, authority: Authority, *, tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._tls = tls
        self._authority, self._contexts, self._lock = authority, dict[str, ssl.SSLContext](), threading.Lock()
        self._default = authority.server_context(GATEWAY)
        self._default.sni_callback = self._choose

    def _choose(self, connection: Any, host: str | None, _: ssl.SSLContext) -> None:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host or ""] = self._authority.server_context(host or GATEWAY)
        connection.context = self._contexts[host or ""]
        connection.asked_host = host

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS first, in the connection's own thread."""
        if not self._tls:
            super().finish_request(request, client_address)
            return
        with self._default.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client says what it met."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _pass_on(self) -> None:
        """Send the request on as a proxy in front of a server does, and answer what comes back.

        Where nobody listens the connection is closed without an answer.
        """
        host = getattr(self.connection, "asked_host", GATEWAY)  # set in `_choose`
        address = urlsplit(self.server.internet.address(host, self.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
        if host != GATEWAY:
            headers["host"] = address.netloc
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            target = address._replace(scheme="", netloc="").geturl()
            connection.request(self.command, target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        self.server.internet.answered.append((host, content))
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length", "server", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextlib.contextmanager
def internet(folder: Path, amazon: str, gateway: str) -> Iterator[Internet]:
    """An Internet whose certificates are kept in `folder`."""
    authority = Authority(folder)
    with (
        _serving(_Server(authority, tls=True)) as server,
        _serving(_Server(authority, tls=False)) as plain,
        proxy_to(server.server_address[1]) as proxy,
    ):
        port = server.server_address[1]
        made = Internet(amazon, gateway, proxy.url, authority.file, port)
        made.plain = f"http://127.0.0.1:{plain.server_address[1]}"
        server.internet = plain.internet = made
        yield made


@contextlib.contextmanager
def _serving(server: _Server) -> Iterator[_Server]:
    with server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
