"""A gateway that is elsewhere: behind TLS with an authority of one's own, reached through a proxy."""

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.fake_gateway import FakeGateway, fake_gateway


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


@contextlib.contextmanager
def tls_gateway(context: ssl.SSLContext) -> Iterator[FakeGateway]:
    """A gateway behind TLS."""
    with fake_gateway(context) as gateway:
        gateway.answers["*"] = (200, {"stores": [], "total": 0})
        yield gateway
