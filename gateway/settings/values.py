"""The raw text of the variables: from the environment and the `.env` files; the first that sets one wins."""

import io
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.errors import OperatorError
from gateway.util.file_modes import exposure
from gateway.util.secret import Secret

SecretStore = Callable[[str], Secret | None]


class SettingsError(OperatorError):
    """A setting that cannot be used: what is wrong and was expected (`message`), what to do (`hint`)."""

    code = "not_set_up"


class Values:
    """What the variables hold. `secret_store` is asked, by variable name, for a secret that none holds."""

    def __init__(
        self, environ: Mapping[str, str], env_files: Sequence[Path], secret_store: SecretStore
    ) -> None:
        self.secret_store = secret_store
        # Files with secrets that others can read.
        self.readable_files: list[Path] = []
        self._places: list[Mapping[str, str | None]] = [environ]
        for path in env_files:
            if _is_there(path):
                self.look_at(path)
                self._places.append(_in_file(path))

    def look_at(self, path: Path) -> None:
        """Look who may use a file that holds a secret. Raise SettingsError where others can write it.

        Whoever writes it decides what the gateway goes by.
        """
        try:
            found = exposure(path)
        except OSError:  # whoever reads it says why it cannot
            return
        if found == "writable":
            raise SettingsError(
                f"{path} can be written by others, and holds what the gateway goes by",
                f"Look who has changed it, then: chmod 600 {path}",
            )
        if found == "readable":
            self.readable_files.append(path)

    def holds(self, name: str) -> bool:
        """Return whether a variable is set; an empty value counts as not set."""
        return self._raw(name) is not None

    def names(self, beginnings: tuple[str, ...]) -> frozenset[str]:
        """Return the names of all variables that are set and begin like this."""
        found = {name for place in self._places for name in place if name.startswith(beginnings)}
        return frozenset(name for name in found if self.holds(name))

    def text(self, name: str) -> str | None:
        """Return the text of a variable, or None. Raise SettingsError where it is not plain."""
        value = self._raw(name)
        if value is not None and not value.isprintable():
            raise SettingsError(
                f"{name} holds control characters; expected one line of plain text", "Set it again."
            )
        return value

    def _raw(self, name: str) -> str | None:
        for place in self._places:
            value = (place.get(name) or "").strip()
            if value:
                return value
        return None


def _is_there(path: Path) -> bool:
    """Tell whether a file is there. Raise SettingsError where that cannot be found out.

    So it is with the home of another user, which `su` leaves in HOME.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be looked at ({error.strerror})",
            "Let the gateway's user read it, or set HOME to a folder of its own.",
        ) from None


def _in_file(path: Path) -> dict[str, str | None]:
    """Return what a `.env` sets. Raise SettingsError where a line of it says nothing.

    Who wrote it meant something by that, or it is half of a file that is just being written.
    """
    from dotenv.parser import parse_stream

    try:
        lines = list(parse_stream(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"{path} cannot be read as UTF-8 text; expected lines NAME=value", "Mend or remove the file."
        ) from None
    for line in lines:
        if line.error:
            raise SettingsError(
                f"{path}: line {line.original.line} is no NAME=value",
                "Correct it, with a quote behind a value that begins with one, or begin it with #.",
            )
    return {line.key: line.value for line in lines if line.key is not None}
