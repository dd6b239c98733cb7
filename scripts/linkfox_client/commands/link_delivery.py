"""Handing a consent link to the person who opens it, whole.

A link of 270 characters copied off a terminal or out of a chat comes back with spaces in its `client_id`, and
Amazon then answers 400. So it goes to the clipboard and to a file, and people are told to paste from there.
Beside the file of the newest link each has one of its own, since two may be open at once.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
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
NEWEST = "last_authorize_url.txt"
OWN = "authorize_url_{}.txt"
KEPT_SECONDS = 3600.0  # a link is good for 15 minutes; what is older than this is removed
# Another browser, or another network than usual, lets Amazon connect stores of different owners.
WHERE = "the browser in which this store is normally run (such as Ziniao/紫鸟), else an incognito window"
NOT_IN_CLIPBOARD = (
    "The link is not in the clipboard. A person at this machine takes it from `linkFile` (--open opens it at "
    "once); for one elsewhere write a Markdown link, [Open Amazon](authorizeUrl), with authorizeUrl whole."
)
NOT_OPENED = "No browser of the person's could be opened from here: the link has to be opened where they sit."

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


@dataclass(frozen=True)
class LinkDelivery:
    """Where a link can be pasted from.

    `file` always holds the newest link, `own_file` this one; either is None where it could not be written.
    """

    clipboard: bool
    file: Path | None
    own_file: Path | None = None
    notes: tuple[str, ...] = ()
    is_far: bool = False
    """True over SSH: the file is not on the machine that the person sits at."""

    def facts(self) -> dict[str, Any]:
        """Return the fields for the document; `linkFile` is the file to name to the person."""
        facts: dict[str, Any] = {"clipboard": self.clipboard, "file": str(self.file) if self.file else None}
        link_file = self.own_file or self.file
        if link_file is not None:
            facts["linkFile"] = str(link_file)
        notes = [*self.notes]
        if link_file is not None and not self.clipboard:
            notes.append(NOT_IN_CLIPBOARD)
        return facts | ({"notes": notes} if notes else {})

    def advice(self) -> str:
        """Return what to tell the person, on standard error."""
        places = ["the clipboard (Ctrl+V)"] if self.clipboard else []
        link_file = self.own_file or self.file
        places += [str(link_file)] if link_file else []
        if not places:
            return (
                "Neither clipboard nor file could take the link: copy `authorizeUrl` out of the document, "
                f"whole and without spaces, into {WHERE}."
            )
        advice = (
            f"Paste the link from {' or from '.join(places)}, never from the screen (a copied line break "
            f"breaks it), into the address bar of {WHERE}."
        )
        if self.own_file is not None:
            advice += f" {self.file} holds whichever link is the newest."
        if self.is_far and self.file is not None:
            advice += " You are here over SSH: fetch that file to your own machine, with scp for instance."
        return advice


def deliver(
    url: str,
    environ: Mapping[str, str],
    *,
    authorization_id: object = None,
    timeout: float = 3.0,
    now: float | None = None,
) -> LinkDelivery:
    """Put a checked link on the clipboard and into the files that people paste from.

    The command goes on without either: a read-only home is told in `notes`, not raised.
    `authorization_id` names the link's own file; the hosted gateway tells none. `timeout`: seconds that the
    clipboard may take. `now`: seconds since the epoch, for the files that are too old.
    """
    far = clipboard.is_over_ssh(environ)
    path, own = None, None
    try:
        path = cache_folder() / NEWEST
        replace_private(path, url.encode())
        _remove_old(path.parent, time.time() if now is None else now)
        if isinstance(authorization_id, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,100}", authorization_id):
            own = path.with_name(OWN.format(authorization_id))
            replace_private(own, url.encode())
    except (OSError, UnsafePlace, RuntimeError) as problem:  # RuntimeError: there is no home at all
        reason = getattr(problem, "strerror", None) or str(problem)
        note = f"The link could not be written to {own or path or 'a file'}: {reason}."
        copied = clipboard.copy(url, environ, timeout=timeout)
        return LinkDelivery(copied, path if own else None, notes=(note,), is_far=far)
    return LinkDelivery(clipboard.copy(url, environ, timeout=timeout), path, own, is_far=far)


def _remove_old(folder: Path, now: float) -> None:
    """Remove the files of links that were over long ago; whoever else has removed one was quicker."""
    for path in folder.glob(OWN.format("*")):
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime < now - KEPT_SECONDS:
                path.unlink()


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
