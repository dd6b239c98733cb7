"""The version of the bundle, from the one file that holds it."""

from functools import cache

from gateway.util.paths import REFERENCES


@cache
def version() -> str:
    """Return the version, as in "0.3.0"."""
    return (REFERENCES / "VERSION").read_text(encoding="utf-8").strip()
