"""Figures, as ratios measured side by side in one run. No test depends on them."""

import sys
from pathlib import Path

# The scripts' own package lies in scripts/, where a script finds it and `python -m benchmarks.…` does not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
