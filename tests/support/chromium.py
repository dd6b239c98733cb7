"""Finds the Chromium that the browser tests drive: Debian's, or whatever else is on the PATH."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL = "install one: apt-get install chromium (Debian, Ubuntu), or Google Chrome"
MISSING = f"no Chromium on the PATH; {INSTALL}"
# Set by `tests/run.py --browser`: then a browser that does not come is a failure.
REQUIRED = "LINKFOX_TESTS_NEED_BROWSER"


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def is_required() -> bool:
    """Tell whether the tests were asked for a browser."""
    return bool(os.environ.get(REQUIRED))
