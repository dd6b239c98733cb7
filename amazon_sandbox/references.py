"""Where the tables are that the stand-in reads: in a bundle, or installed among other packages."""

from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[1]
# The wheel has them in a folder of the distribution's name (pyproject.toml).
_INSTALLED = _BESIDE / "linkfox_amazon_auth"
REFERENCES = (_INSTALLED if _INSTALLED.is_dir() else _BESIDE) / "references"
