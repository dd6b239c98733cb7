"""Where the bundle and the things in it are, of a clone and of an installed skill alike."""

from pathlib import Path

BUNDLE = Path(__file__).resolve().parents[2]
REFERENCES = BUNDLE / "references"
