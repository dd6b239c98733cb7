"""Handing a consent link to the person who opens it, whole.

A link of 270 characters copied off a terminal or out of a chat comes back with spaces in its `client_id`, and
Amazon then answers 400. So it goes to the clipboard and to a file, and people are told to paste from there.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from linkfox_client.amazon.consent_link import is_amazon
from linkfox_client.cli import clipboard
from linkfox_client.config import is_loopback
from linkfox_client.paths import cache_folder
from linkfox_client.private_files import UnsafePlace, replace_private

TEXT_BROWSERS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
NOT_OPENED = "No browser of the person's could be opened from here: the link has to be opened where they sit."

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


@dataclass(frozen=True)
class LinkDelivery:
    """Where a link can be pasted from. `file` is None where none could be written; `notes` say why."""

    clipboard: bool
    file: Path | None
    notes: tuple[str, ...] = ()
    is_far: bool = False
    """True over SSH: the file is not on the machine that the person sits at."""

    def facts(self) -> dict[str, Any]:
        """Return the fields for the document."""
        facts: dict[str, Any] = {"clipboard": self.clipboard, "file": str(self.file) if self.file else None}
        return facts | ({"notes": list(self.notes)} if self.notes else {})

    def advice(self) -> str:
        """Return what to tell the person, on standard error."""
        places = ["the clipboard (Ctrl+V)"] if self.clipboard else []
        places += [str(self.file)] if self.file else []
        if not places:
            return (
                "Neither clipboard nor file could take the link: copy `authorizeUrl` out of the document "
                "into a browser, whole and without spaces, best in an incognito window."
            )
        advice = (
            f"Paste the link into the browser's address bar from {' or from '.join(places)}, "
            "never from the screen: a copied line break breaks it. An incognito window is best."
        )
        if self.is_far and self.file is not None:
            advice += " You are here over SSH: fetch that file to your own machine, with scp for instance."
        return advice


def deliver(url: str, environ: Mapping[str, str], *, timeout: float = 3.0) -> LinkDelivery:
    """Put a checked link on the clipboard and into the file that people paste from.

    The command goes on without either: a read-only home is told in `notes`, not raised.
    `timeout`: seconds that the clipboard may take.
    """
    far = clipboard.is_over_ssh(environ)
    path = None
    try:
        path = cache_folder() / "last_authorize_url.txt"
        replace_private(path, url.encode())
    except (OSError, UnsafePlace, RuntimeError) as problem:  # RuntimeError: there is no home at all
        reason = getattr(problem, "strerror", None) or str(problem)
        note = f"The link could not be written to {path or 'a file'}: {reason}."
        return LinkDelivery(clipboard.copy(url, environ, timeout=timeout), None, (note,), far)
    return LinkDelivery(clipboard.copy(url, environ, timeout=timeout), path, (), far)


def open_in_browser(url: str, environ: Mapping[str, str], *, sandbox: bool) -> bool:
    """Open a checked link in the person's browser, if it leads to Amazon; say whether that worked.

    With `sandbox` also one to this machine: a sandbox of this machine sent it.
    In a process of its own with no standard streams: browsers write there, and text browsers would stay.
    """
    if not is_amazon(url) and not (sandbox and is_loopback(urlsplit(url).hostname or "")):
        return False
    if not _has_browser(environ):
        return False
    # Without a terminal webbrowser leaves the text browsers aside, which could only hang there unseen.
    chosen = {name: value for name, value in environ.items() if name not in ("TERM", "BROWSER")}
    if _named_browsers(environ):
        chosen["BROWSER"] = os.pathsep.join(_named_browsers(environ))
    opener = subprocess.Popen(  # noqa: S603 - our own interpreter and words, and a link that was checked
        [sys.executable, "-P", "-c", _OPEN, url],
        env=chosen,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return opener.wait(timeout=5) == 0
    except subprocess.TimeoutExpired:  # a browser that stays in the foreground has opened the link
        opener.returncode = 0  # it is left running on purpose: no warning about that
        return True


def _has_browser(environ: Mapping[str, str]) -> bool:
    """Tell whether a browser can show a page to the person.

    Who sits at the other end of an SSH connection is reached only by a display that is passed on, or by a
    program named in BROWSER, as editors set one.
    """
    if _named_browsers(environ) or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return True
    return sys.platform in ("win32", "darwin") and not clipboard.is_over_ssh(environ)


def _named_browsers(environ: Mapping[str, str]) -> list[str]:
    """Return the programs that BROWSER names, without those that show pages in a terminal."""
    named = [command.strip() for command in environ.get("BROWSER", "").split(os.pathsep)]
    return [command for command in named if command and Path(command.split()[0]).name not in TEXT_BROWSERS]
