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
from gateway.util import keyring
from gateway.util.secret import Secret

LogFormat = Literal["text", "json"]

LONGEST_IDENTIFIER = 200
LONGEST_SECRET = 4096
# What Amazon's identifiers and client secrets begin with, so that one in another's place is recognized.
SHAPES = {
    "amzn1.sp.solution.": "an application id",
    "amzn1.sellerapps.app.": "an application id",
    "amzn1.application-oa2-client.": "a client id",
    "amzn1.oa2-cs.": "a client secret",
}
PATH_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)+/?|/", re.ASCII)


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


def secret_file(values: Values, name: str) -> Path | None:
    """Return the absolute path of a file that holds a secret and that nobody else can write."""
    path = absolute_path(values, name)
    if path is not None:
        values.look_at(path)
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


def secret(values: Values, name: str) -> Secret | None:
    """Return a secret that stands in the variable itself."""
    text = values.text(name)
    if text is None:
        return None
    if len(text) > LONGEST_SECRET:
        raise SettingsError(f"{name} is longer than {LONGEST_SECRET} characters", "Copy the secret again.")
    return Secret(text)


def file_variable(name: str) -> str:
    """Return the variable that names the file with the secret of the variable `name`."""
    return f"{name}_FILE"


def client_secret(values: Values, name: str) -> Secret:
    """Return a client secret from its variable, the file that its `_FILE` names, or the keyring."""
    given = secret(values, name) or _secret_file(values, file_variable(name)) or values.secret_store(name)
    if given is None:
        raise SettingsError(
            f"{name} is not set, and its client id is",
            f"Set {name} or {file_variable(name)}, or put it into the OS keyring ({keyring.SERVICE}, "
            f"{name}).",
        )
    return given


def _secret_file(values: Values, name: str) -> Secret | None:
    path = secret_file(values, name)
    if path is None:
        return None
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST_SECRET + 1).strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"{name} names a file that cannot be read ({path}); expected a text file with the secret",
            "Correct the path or the file's permissions.",
        ) from None
    if not text or len(text) > LONGEST_SECRET or not text.isprintable():
        raise SettingsError(f"{name}: {path} holds no secret; expected one line of text", "Write it again.")
    return Secret(text)
