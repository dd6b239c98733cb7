"""Where the gateway's own files are: in a bundle, or installed among other packages."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
PROGRAM = PACKAGE / "__main__.py"
# The wheel has the files of `references/` in a folder of the distribution's name (pyproject.toml).
_INSTALLED = PACKAGE.parent / "linkfox_amazon_auth"
IS_INSTALLED = _INSTALLED.is_dir()
# The folder that holds a bundle, with its `.env`; an installed package has none.
BUNDLE = None if IS_INSTALLED else PACKAGE.parent
REFERENCES = (BUNDLE or _INSTALLED) / "references"
