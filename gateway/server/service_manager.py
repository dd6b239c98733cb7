"""What a service manager is told of the gateway: systemd's sd_notify(3), for units of `Type=notify`."""

import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(state: str, environ: Mapping[str, str]) -> None:
    """Tell the service manager a state, such as `READY=1`; nobody is told where none has asked.

    It asks by NOTIFY_SOCKET: the path of a socket, or with `@` first the name of an abstract one.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talking:
        talking.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
