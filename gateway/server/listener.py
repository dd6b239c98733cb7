"""The socket that the gateway listens on, bound before anything else is started."""

import errno
import os
import socket
from socket import AI_PASSIVE, SOCK_STREAM, getaddrinfo

from gateway.errors import OperatorError
from gateway.server.port_holder import port_holder
from gateway.util.loopback import EVERY_ADDRESS, LOOPBACK_NAMES, LOOPBACK_V4, LOOPBACK_V6

BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; `port` 0 takes a free one. Raise OperatorError, naming the port and what to do."""
    try:
        family, kind, protocol, _, address = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError):
        raise OperatorError(
            f"{host} is no address of this machine (--host, or GATEWAY_HOST)",
            "Use 127.0.0.1, or an address that `ip addr` shows.",
            "bad_arguments",
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined]
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Only a second listener is refused: two that have merely bound may share the port on Linux.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from None
    return listener


def _refused(error: OSError, host: str, port: int) -> OperatorError:
    if error.errno == errno.EADDRINUSE:
        return OperatorError(
            f"port {port} of {host} is taken by {port_holder(port) or 'another program'}",
            "Stop that program, or choose another port with --port or GATEWAY_PORT (0 takes a free one).",
            reason="port_taken",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return OperatorError(
            f"{host} is no address of this machine (--host, or GATEWAY_HOST)",
            "Use 127.0.0.1, or an address that `ip addr` shows.",
            "bad_arguments",
        )
    return OperatorError(
        f"port {port} of {host} cannot be listened on ({error.strerror})",
        "Choose another one with --port or GATEWAY_PORT; ports below 1024 are for the administrator.",
    )


def addresses(listener: socket.socket, host: str, scheme: str) -> tuple[str, str]:
    """Return where programs on this machine reach the listener, and the origin for browsers.

    Programs get the address itself, which needs no name lookup; browsers `localhost`, which Amazon accepts as
    a redirect address over plain http.
    """
    port = listener.getsockname()[1]
    bound = listener.getsockname()[0]
    if bound in EVERY_ADDRESS:
        bound = LOOPBACK_V4 if bound == "0.0.0.0" else LOOPBACK_V6  # noqa: S104 - as above
    literal = f"[{bound}]" if ":" in bound else bound
    name = "localhost" if bound in LOOPBACK_NAMES else host
    return f"{scheme}://{literal}:{port}", f"{scheme}://{name}:{port}"
