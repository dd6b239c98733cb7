"""Where the bundle is that this gateway runs from, and the data files that it shares with the scripts."""

from pathlib import Path

BUNDLE = Path(__file__).resolve().parents[2]
REFERENCES = BUNDLE / "references"
PROGRAM = BUNDLE / "gateway" / "__main__.py"
