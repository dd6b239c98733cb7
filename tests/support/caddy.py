"""The real Caddy with the Caddyfile of `deploy/compose`, on ports of its own and with its own authority."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.support.deploy_tools import DEPLOY, installed
from tests.support.house import PATIENCE, clean_environment, until

CADDYFILE = DEPLOY / "compose" / "Caddyfile"
NAME = "gateway.example.test"


@dataclass(frozen=True)
class Caddy:
    """A running Caddy. `public_url`: what browsers call. `plain_port`: http's."""

    public_url: str
    port: int
    plain_port: int
    authority: Path
    log: Path

    def browser(self, comes_from: str = "127.0.0.1") -> urllib3.HTTPSConnectionPool:
        """Return connections to it from an address of this machine; its authority alone is trusted."""
        return urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            self.port,
            ca_certs=str(self.authority),
            server_hostname=NAME,
            assert_hostname=NAME,
            source_address=(comes_from, 0),
            headers={"Host": f"{NAME}:{self.port}"},
            retries=False,
        )


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@contextmanager
def running_caddy(folder: Path, port: int, plain_port: int, upstream: int) -> Iterator[Caddy]:
    """Run Caddy in front of a port of this machine; the folder is its home."""
    public_url = f"https://{NAME}:{port}"
    told = {
        "GATEWAY_PUBLIC_URL": public_url,
        "CADDY_TLS": "tls internal",
        "CADDY_HTTP_PORT": str(plain_port),
        "UPSTREAM_NAME": "127.0.0.1",
        "UPSTREAM_PORT": str(upstream),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    log = folder / "caddy.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [installed("caddy", "caddy"), "run", "--config", str(CADDYFILE)],
            cwd=folder,
            env=clean_environment(folder, **told),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    try:
        authority = folder / "data/caddy/pki/authorities/local/root.crt"
        certificate = folder / f"data/caddy/certificates/local/{NAME}/{NAME}.json"
        until(lambda: certificate.exists() or process.poll() is not None, "Caddy has its certificate")
        assert process.poll() is None, log.read_text()
        yield Caddy(public_url, port, plain_port, authority, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def logged(caddy: Caddy) -> list[dict[str, object]]:
    """Return what Caddy logged, a document a line."""
    lines = caddy.log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
