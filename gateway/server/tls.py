"""HTTP over TLS, whose connections are counted and timed from their first moment.

The event loop's own way would tell the server of a connection once its TLS is agreed on, for which it waits a
minute, with a descriptor each; and would hold one that is closed for half a minute until its client agrees.
"""

import asyncio
import ssl

import uvicorn

from gateway.errors import Code, OperatorError
from gateway.server.connection_limits import HEAD_SECONDS, RESERVED_DESCRIPTORS
from gateway.server.http_protocol import Protocol
from gateway.settings.listening import Listening

# asyncio takes so many connections before it tells of the first: they have to fit into what is left.
TLS_BACKLOG = RESERVED_DESCRIPTORS // 2
# So many seconds a client has to agree that the connection ends.
GOODBYE_SECONDS = 2.0
NAMES = "--tls-cert and --tls-key, or GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE"


def check_certificate(listening: Listening, code: Code = "not_set_up") -> None:
    """Look whether there is a certificate that can be served with, or none is wanted.

    Raise OperatorError with this code, and without a secret.
    """
    certificate, key = listening.tls_cert, listening.tls_key
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        given, missing = ("key", "certificate") if certificate is None else ("certificate", "key")
        raise OperatorError(
            f"a TLS {given} is given without its {missing}", f"Give both or neither: {NAMES}.", code
        )
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "they do not belong together, or are not in PEM form"
        raise OperatorError(
            f"the TLS certificate and key cannot be used ({reason})",
            f"Name a certificate chain and its unencrypted private key, both PEM: {NAMES}.",
            code,
        ) from None


class TlsConfig(uvicorn.Config):
    """uvicorn's settings, by which the event loop takes plain connections and `TlsProtocol` begins TLS."""

    tls: ssl.SSLContext | None = None

    def load(self) -> None:
        """Read the certificate, and make everything else that the settings name."""
        super().load()
        self.tls, self.ssl = self.ssl, None

    def read_certificate(self) -> None:
        """Read the certificate anew, for the connections that begin from now on. Raise OSError."""
        assert self.tls is not None, "it was read at the start"
        assert self.ssl_certfile is not None, "the settings name a certificate"
        self.tls.load_cert_chain(self.ssl_certfile, self.ssl_keyfile)


class TlsProtocol(Protocol):
    """One connection: of TLS first, which has HEAD_SECONDS, and then of HTTP over it."""

    config: TlsConfig
    # What came over TLS before HTTP had begun; None since then.
    _early: bytearray | None = None
    _agreeing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or end it where there are as many as there may be."""
        transport.pause_reading()
        self._early = bytearray()
        super().connection_made(transport)
        if not transport.is_closing():
            self._agreeing = self.loop.create_task(self._begin())

    async def _begin(self) -> None:
        """Agree on TLS, and go on with HTTP over it."""
        assert self.config.tls is not None, "the settings name a certificate"
        try:
            secure = await self.loop.start_tls(
                self.transport,
                self,
                self.config.tls,
                server_side=True,
                ssl_handshake_timeout=HEAD_SECONDS,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )
        except OSError:  # ssl.SSLError is one: whoever it is does not speak TLS, or not in time
            secure = None
        if secure is None or self.parser is None:
            self.transport.abort()
            self._leave()
            self._stop_looking()
            return
        early, self._early = self._early, None
        self._stop_looking()
        super().connection_made(secure)
        if early and not secure.is_closing():
            super().data_received(bytes(early))

    def data_received(self, data: bytes) -> None:
        """Read one piece of what the client sends over TLS."""
        if self._early is None:
            super().data_received(data)
        else:
            self._early += data

    def _is_free_to_answer(self) -> bool:
        """Tell whether an answer could be sent, which without TLS nobody would understand."""
        return self._early is None and super()._is_free_to_answer()
