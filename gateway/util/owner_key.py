"""The API key of the user `owner`: a file in the data folder, for the scripts of this machine."""

from pathlib import Path

from gateway.util.secret import Secret

FILE = "owner.key"


def read(data_dir: Path) -> Secret | None:
    """Return the owner's API key, or None where there is none that can be read."""
    try:
        return Secret((data_dir / FILE).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        return None
