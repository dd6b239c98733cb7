"""Which redirect addresses an app may use, and how an answer is added to one."""

from collections.abc import Collection
from urllib.parse import urlencode, urlsplit, urlunsplit

from amazon_sandbox.loopback import is_loopback_url


def is_registered(address: str, registered: list[str] | None, callbacks: Collection[str] = ()) -> bool:
    """Tell whether an app may be answered at `address`.

    `registered` None stands for any loopback address, and the `callbacks` that the stand-in was started with.
    """
    if registered is None:
        return is_loopback_url(address) or address in callbacks
    return address in registered


def with_parameters(address: str, parameters: dict[str, str]) -> str:
    """Return the address with these parameters added to its query."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
