"""Through a proxy, behind a private certificate authority, and the words for what is wrong with either."""

import contextlib
import datetime
import ipaddress
import json
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.scripts.conftest import Run
from tests.support.fake_gateway import NOBODYS_PORT, FakeGateway, fake_gateway

HOST = "gateway.example"
LIST = ("authorized_stores.py",)


@dataclass
class Authority:
    """A certificate authority of one's own: its certificate's file, and those that it signs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: x509.Name = field(
        default_factory=lambda: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of ours")])
    )

    def __post_init__(self) -> None:
        self.file = self.folder / "authority 证书.pem"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            self._builder(self.name, self.key, days=2)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, name: x509.Name, key: Any, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        end = now + datetime.timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, end) - datetime.timedelta(days=1))
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )

    def server_context(self, host: str, days: int = 1) -> ssl.SSLContext:
        """What a server for `host` needs, with a certificate that ends in `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        with contextlib.suppress(ValueError):
            names = [x509.IPAddress(ipaddress.ip_address(host))]
        certificate = (
            self._builder(x509.Name([]), key, days)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self.folder / f"{host.replace(':', '_')}-{days}.pem"
        file.write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@dataclass
class Proxy:
    """A proxy that leads every CONNECT to one server; `asked` are the first lines that it was sent."""

    url: str
    asked: list[str] = field(default_factory=list)
    refusal: bytes = b""


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A Proxy that leads to this port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError), client.makefile("rb") as reader:
                proxy.asked.append(reader.readline().decode().strip())
                while reader.readline().strip():
                    pass
                if proxy.refusal:
                    client.sendall(proxy.refusal)
                    return
                with socket.create_connection(("127.0.0.1", port)) as server:
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    _pass_on(client, server)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until one side has no more."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            part = ready.recv(65536)
            if not part:
                return
            (other if ready is one else one).sendall(part)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for the module."""
    return Authority(tmp_path_factory.mktemp("authority"))


@contextlib.contextmanager
def tls_gateway(context: ssl.SSLContext) -> Iterator[FakeGateway]:
    """A gateway behind TLS."""
    with fake_gateway(context) as gateway:
        gateway.answers["*"] = (200, {"stores": [], "total": 0})
        yield gateway


@pytest.fixture
def elsewhere(authority: Authority) -> Iterator[tuple[FakeGateway, Proxy]]:
    """A gateway that is reached as https://gateway.example, through a proxy only."""
    with (
        tls_gateway(authority.server_context(HOST)) as gateway,
        proxy_to(int(gateway.url.rpartition(":")[2])) as proxy,
    ):
        yield gateway, proxy


def named(proxy: Proxy, authority: Authority | None, **more: str) -> dict[str, str]:
    """The variables of somebody who calls https://gateway.example through this proxy."""
    trusted = {"REQUESTS_CA_BUNDLE": str(authority.file)} if authority else {}
    return {"LINKFOX_TOOL_GATEWAY": f"https://{HOST}", "HTTPS_PROXY": proxy.url, **trusted, **more}


# The proxy


def test_a_gateway_elsewhere_is_called_through_the_proxy(
    elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """By CONNECT, so the proxy sees neither key nor body."""
    gateway, proxy = elsewhere
    done = run(*LIST, **named(proxy, authority))
    assert done.code == 0, done.stdout
    assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT {HOST}:443"]
    assert len(gateway.calls) == 1


def test_the_proxy_is_passed_by_for_loopback(
    elsewhere: tuple[FakeGateway, Proxy], gateway: FakeGateway, run: Run
) -> None:
    """Whatever it is called, and also where nobody wrote NO_PROXY."""
    _, proxy = elsewhere
    gateway.answers["*"] = (200, {"stores": []})
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"), proxy.url)
    for host in ("127.0.0.1", "localhost"):
        url = gateway.url.replace("127.0.0.1", host)
        assert run(*LIST, LINKFOX_TOOL_GATEWAY=url, **proxies).code == 0
    assert proxy.asked == []


@pytest.mark.parametrize("trouble", ["nobody there", "refused", "login wanted", "no address", "socks"])
def test_a_proxy_that_is_in_the_way_is_named(
    trouble: str, elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """Exit 6 with the variables to look at, and nothing of a password in them."""
    gateway, proxy = elsewhere
    refusals = {"refused": b"403 Forbidden", "login wanted": b"407 Proxy Authentication Required"}
    if trouble in refusals:
        proxy.refusal = b"HTTP/1.1 " + refusals[trouble] + b"\r\nContent-Length: 0\r\n\r\n"
    urls = {
        "nobody there": f"http://user:hunter2@127.0.0.1:{NOBODYS_PORT}",
        "no address": "http://user:hunter2@:99999999",
        "socks": "socks5://user:hunter2@127.0.0.1:1080",
    }
    done = run(*LIST, **named(proxy, authority, HTTPS_PROXY=urls.get(trouble, proxy.url)))
    assert (done.code, done.error["code"]) == (6, "gateway_failed"), done.stdout
    assert "HTTPS_PROXY" in done.error["hint"]
    assert "proxy" in done.error["message"]
    assert "hunter2" not in done.stdout + done.stderr
    assert gateway.calls == []


# The certificate authority


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_is_trusted_where_it_is_named(
    variable: str, elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """By any of the three variables, elsewhere as well as for loopback."""
    gateway, proxy = elsewhere
    trusted = {variable: str(authority.file)}
    assert run(*LIST, **named(proxy, None, **trusted)).code == 0
    with tls_gateway(authority.server_context("127.0.0.1")) as local:
        assert run(*LIST, LINKFOX_TOOL_GATEWAY=local.url, **trusted).code == 0
    assert len(gateway.calls) == 1


@pytest.mark.parametrize(
    ("host", "days", "trusted", "why"),
    [
        (HOST, 1, False, "issuer certificate"),
        ("other.example", 1, True, "Hostname mismatch"),
        (HOST, -1, True, "expired"),
    ],
)
def test_a_certificate_that_is_not_good_is_told_with_its_fault(
    host: str, days: int, trusted: bool, why: str, authority: Authority, run: Run
) -> None:
    """Nobody trusts its authority, it is another host's, or it has ended: nothing is sent."""
    with (
        tls_gateway(authority.server_context(host, days)) as gateway,
        proxy_to(int(gateway.url.rpartition(":")[2])) as proxy,
    ):
        done = run(*LIST, **named(proxy, authority if trusted else None))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert why in done.error["message"]
    assert "REQUESTS_CA_BUNDLE" in done.error["hint"]
    assert gateway.calls == []


def test_an_authority_that_is_not_there_is_told_before_anything_is_sent(
    elsewhere: tuple[FakeGateway, Proxy], run: Run, tmp_path: Path
) -> None:
    """Exit 3 for a file that is missing; for one that holds none, the certificate's failure."""
    _, proxy = elsewhere
    done = run(*LIST, **named(proxy, None, SSL_CERT_FILE=str(tmp_path / "gone.pem")))
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "SSL_CERT_FILE" in done.error["message"] + done.error["hint"]
    (tmp_path / "empty.pem").write_text("no certificate")
    done = run(*LIST, **named(proxy, None, REQUESTS_CA_BUNDLE=str(tmp_path / "empty.pem")))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert "certificate" in done.error["message"]


def test_plain_http_on_loopback_needs_no_authority(gateway: FakeGateway, run: Run) -> None:
    """A variable that leads nowhere is no reason to fail there."""
    gateway.answers["*"] = (200, {"stores": []})
    assert run(*LIST, REQUESTS_CA_BUNDLE="/nowhere.pem", SSL_CERT_FILE="/nowhere.pem").code == 0


def test_a_gateway_that_does_not_speak_tls_is_told(gateway: FakeGateway, run: Run) -> None:
    """The address says https, and plain http answers."""
    done = run(*LIST, LINKFOX_TOOL_GATEWAY=gateway.url.replace("http:", "https:"))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert json.dumps(done.document)
