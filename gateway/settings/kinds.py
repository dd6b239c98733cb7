"""The kinds of values that a variable may hold.

Each kind is called with the values and a variable's name, and returns None where the variable is not set. It
raises SettingsError, without the value, where the text is not of its kind.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from gateway.settings.values import SettingsError, Values

LogFormat = Literal["text", "json"]

LONGEST_IDENTIFIER = 200
# What Amazon's identifiers and client secrets begin with, so that one in another's place is recognized.
SHAPES = {
    "amzn1.sp.solution.": "an application id",
    "amzn1.sellerapps.app.": "an application id",
    "amzn1.application-oa2-client.": "a client id",
    "amzn1.oa2-cs.": "a client secret",
}
PATH_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)+/?|/", re.ASCII)


# The beginning of a Service's address, as Kubernetes writes it into the environment.
SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://", re.ASCII)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number from `least` to `most`; `unit` is what one of them is worth in the setting."""

    least: int
    most: int
    unit: int = 1

    def __call__(self, values: Values, name: str) -> int | None:
        """Return the number in the setting's own unit: seconds or bytes, where it is one of these."""
        text = values.text(name)
        if text is None:
            return None
        if not (
            text.isascii() and text.isdigit() and len(text) <= 9 and self.least <= int(text) <= self.most
        ):
            raise SettingsError(
                f"{name} is not a whole number from {self.least} to {self.most}", "Correct it."
            )
        return int(text) * self.unit


class Port(WholeNumber):
    """A port to listen on, 0 for a free one.

    For a Service that is called `gateway` Kubernetes sets GATEWAY_PORT to an address such as
    `tcp://10.0.0.1:8765` (kubernetes.io: accessing the Service). That is nobody's setting, so it counts as
    none.
    """

    def __call__(self, values: Values, name: str) -> int | None:
        """Return the port."""
        if SERVICE_ADDRESS.match(values.text(name) or ""):
            return None
        return WholeNumber.__call__(self, values, name)


port = Port(0, 65535)


def host(values: Values, name: str) -> str | None:
    """Return an address or a name to listen on."""
    text = values.text(name)
    # Some systems take * for an address of theirs.
    if text is not None and (" " in text or "/" in text or "*" in text):
        raise SettingsError(
            f"{name} is no address to listen on; expected one such as 127.0.0.1 or 0.0.0.0, without a port",
            "Correct it; the port is GATEWAY_PORT.",
        )
    return text


def flag(values: Values, name: str) -> bool | None:
    """Return true or false."""
    text = values.text(name)
    if text is None:
        return None
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{name} is neither true nor false", "Set it to one of the two.")


def log_format(values: Values, name: str) -> LogFormat | None:
    """Return how log lines are written."""
    text = values.text(name)
    match text and text.lower():
        case None:
            return None
        case "json":
            return "json"
        case "text":
            return "text"
    raise SettingsError(f"{name} is neither text nor json", "Set it to one of the two.")


def path_prefixes(values: Values, name: str) -> tuple[str, ...] | None:
    """Return beginnings of paths, which are separated by commas or spaces."""
    text = values.text(name)
    if text is None:
        return None
    given = tuple(text.replace(",", " ").split())
    wrong = next((prefix for prefix in given if not PATH_PREFIX.fullmatch(prefix)), None)
    if wrong is not None or not given:
        raise SettingsError(
            f"{name} holds something that no path begins with; expected /orders,/reports/2021-06-30",
            "Correct it, or leave it unset.",
        )
    return given


def day(values: Values, name: str) -> date | None:
    """Return a day, which is written as 2025-12-31."""
    text = values.text(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise SettingsError(f"{name} is no day; expected YYYY-MM-DD", "Correct it.") from None


def absolute_path(values: Values, name: str) -> Path | None:
    """Return a path that does not depend on where the process was started."""
    text = values.text(name)
    if text is None:
        return None
    path = Path(text)
    if not path.is_absolute():
        raise SettingsError(f"{name} is a relative path; expected an absolute one", "Write it out in full.")
    return path


def application_id(values: Values, name: str) -> str | None:
    """Return the id of an SP-API application, which consent links carry.

    With a client id in its place Amazon's consent page shows MD1000 (references/authorization-flow.md).
    """
    return _identifier(
        values,
        name,
        "an application id",
        "Copy the application id: `amzn1.sp.solution.…` (older ones `amzn1.sellerapps.app.…`), beside the "
        "application's name in the developer console.",
    )


def client_id(values: Values, name: str) -> str | None:
    """Return the id of a Login with Amazon client, which goes with a client secret."""
    return _identifier(
        values,
        name,
        "a client id",
        "Copy the client id: `amzn1.application-oa2-client.…`, under LWA credentials of the application, or "
        "in the security profile under Login with Amazon.",
    )


def _identifier(values: Values, name: str, wanted: str, where: str) -> str | None:
    text = values.text(name)
    if text is None:
        return None
    if len(text) > LONGEST_IDENTIFIER or not text.isascii() or " " in text:
        raise SettingsError(
            f"{name} is not an identifier of Amazon's; expected {wanted} of at most {LONGEST_IDENTIFIER} "
            "characters without spaces",
            where,
        )
    found = next((kind for start, kind in SHAPES.items() if text.startswith(start)), wanted)
    if found != wanted:
        raise SettingsError(f"{name} holds {found}; expected {wanted}", where)
    return text
