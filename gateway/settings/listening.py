"""Where the gateway listens, with how many processes, and with which certificate."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

from gateway.settings import kinds, secret_kinds
from gateway.settings.kinds import WholeNumber
from gateway.settings.variables import Variable

DEFAULT_PORT = 8765


@dataclass(frozen=True, slots=True)
class Listening:
    """What the flags of `serve` say for one start, the settings say for each."""

    host: Annotated[
        str,
        Variable("GATEWAY_HOST", kinds.host, "address to listen on; `--host` goes before it", restart=True),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Variable(
            "GATEWAY_PORT",
            kinds.port,
            "port to listen on, 0 for a free one; `--port` goes before it",
            restart=True,
        ),
    ] = DEFAULT_PORT
    workers: Annotated[
        int,
        Variable(
            "GATEWAY_WORKERS",
            WholeNumber(1, 64),
            "how many processes serve; `--workers` goes before it",
            restart=True,
        ),
    ] = 1
    tls_cert: Annotated[
        Path | None,
        Variable(
            "GATEWAY_TLS_CERT_FILE",
            kinds.absolute_path,
            "certificate chain (PEM), to speak https; `--tls-cert` goes before it",
            "plain http",
            restart=True,
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        Variable(
            "GATEWAY_TLS_KEY_FILE",
            secret_kinds.secret_file,
            "its private key (PEM); `--tls-key` goes before it",
            restart=True,
        ),
    ] = None

    def with_flags(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        workers: int | None = None,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
    ) -> Self:
        """Return these settings with what the command line said in its place; None: it said nothing."""
        given: dict[str, Any] = {
            "host": host,
            "port": port,
            "workers": workers,
            "tls_cert": tls_cert,
            "tls_key": tls_key,
        }
        return replace(self, **{name: value for name, value in given.items() if value is not None})
