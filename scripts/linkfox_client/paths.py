"""Where the bundle and the things in it are, of a clone and of an installed skill alike."""

import json
import os
from pathlib import Path

BUNDLE = Path(__file__).resolve().parents[2]
REFERENCES = BUNDLE / "references"
MANIFEST = "installed-files.json"
"""What install_skill.py notes in a folder that it installs: each file, and where they came from."""


def version() -> str:
    """Return the version of the bundle, as in "0.3.0"."""
    return (REFERENCES / "VERSION").read_text(encoding="utf-8").strip()


def installed_from() -> Path | None:
    """Return the folder out of which this copy of the skill was installed, which may be gone.

    None where install_skill.py did not make this copy, or did not note it.
    """
    try:
        origin = json.loads((BUNDLE / MANIFEST).read_text(encoding="utf-8"))["from"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Path(origin) if isinstance(origin, str) else None


def python_of(venv: Path) -> Path:
    """Return the interpreter inside the virtual environment `venv` (which need not exist)."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def settings_folder() -> Path:
    """Return where a person's own settings and key files are. Raise RuntimeError where there is no home."""
    return Path.home() / ".config" / "linkfox"


def data_folder() -> Path:
    """Return where local gateways keep their data. Raise RuntimeError where there is no home."""
    return Path.home() / ".local" / "share" / "linkfox"


def cache_folder() -> Path:
    """Return where consent links are left to be pasted from. Raise RuntimeError where there is no home."""
    return Path.home() / ".cache" / "linkfox"
