"""The machine that the scripts run on: Python, its packages, the keyring, the clipboard, the cache folder."""

import importlib.metadata
import importlib.util
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

from linkfox_client import NEWEST_PYTHON, PYTHONS, paths
from linkfox_client.cli import clipboard
from linkfox_client.cli.runtime import SETUP_HINT
from linkfox_client.commands.diagnosis.finding import Finding, Patient, ok, warning
from linkfox_client.config import default_folders
from linkfox_client.keys import keyring
from linkfox_client.private_files import UnsafePlace, replace_private
from linkfox_client.secrets.secret import Secret

NEEDED = {"requests": "requests", "dotenv": "python-dotenv"}
USEFUL = {"keyring": "keyring", "pyperclip": "pyperclip"}
FIND_CLIPBOARD = "import sys, pyperclip; sys.exit(not pyperclip.determine_clipboard()[0])"


def version(patient: Patient) -> Finding:
    """Tell which version of the skill this is."""
    return ok("version", paths.version())


def python(patient: Patient) -> Finding:
    """Look at the interpreter, and whether it is the bundle's own."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    own = os.path.realpath(sys.prefix) == os.path.realpath(paths.BUNDLE / ".venv")
    detail = f"{version}, {'in .venv' if own else sys.executable}, {sys.platform}"
    if sys.version_info[:2] > NEWEST_PYTHON:
        return warning("Python", f"{detail}; not tried with this version", f"Use Python {PYTHONS}.")
    return ok("Python", detail)


def packages(patient: Patient) -> Finding:
    """Look for the packages that the scripts import."""
    missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        return Finding("packages", "failed", f"missing: {', '.join(missing)}", SETUP_HINT, "not_set_up")
    found = {**NEEDED, **USEFUL}
    lacking = [name for module, name in USEFUL.items() if importlib.util.find_spec(module) is None]
    installed = [name for name in found.values() if name not in lacking]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in installed)
    if lacking:
        return warning("packages", f"{versions}; missing: {', '.join(lacking)}", SETUP_HINT)
    return ok("packages", versions)


def keyring_tool(patient: Patient) -> Finding:
    """Tell whether the OS keyring keeps a made-up secret, gives it back, and lets it go."""
    name, value = f"doctor {secrets.token_hex(8)}", Secret(secrets.token_urlsafe(32))
    try:
        keyring.write(name, value)
        keyring.delete(name)
    except keyring.KeyringUnavailable as problem:
        return warning(
            "keyring",
            str(problem),
            "Unlock or install one; without it set LINKFOX_AGENT_API_KEY, or use "
            "`python3 scripts/login.py --insecure-file`.",
        )
    return ok("keyring", "wrote, read and deleted an entry")


def clipboard_tool(patient: Patient) -> Finding:
    """Tell whether there is a clipboard to put links on. It is not written: the user's content stays."""
    remedy = "None is needed: take links from ~/.cache/linkfox/last_authorize_url.txt."
    if not clipboard.may_have_clipboard(patient.environ):
        return warning("clipboard", "no desktop, so no clipboard", remedy)
    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-P", "-c", FIND_CLIPBOARD],
        env=dict(patient.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=5,
        check=False,
    )
    if done.returncode:
        return warning("clipboard", "no program that reaches it", f"Install xclip or wl-clipboard. {remedy}")
    return ok("clipboard", "there is one")


def cache_folder(patient: Patient) -> Finding:
    """Tell whether consent links can be written to the file that people paste from."""
    remedy = "Make ~/.cache/linkfox writable for you alone; until then take links from the document."
    try:
        folder = paths.cache_folder()
        path = folder / f"doctor-{secrets.token_hex(8)}"
        replace_private(path, b"")
        path.unlink()
    except (OSError, UnsafePlace, RuntimeError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        return warning("cache folder", f"~/.cache/linkfox cannot be written: {reason}", remedy)
    return ok("cache folder", f"{folder} can be written")


def private_settings(patient: Patient) -> Iterator[Finding]:
    """Tell whether `.env` files with a key are the user's alone."""
    for folder in default_folders():
        path = folder / ".env"
        if os.name != "nt" and path.is_file() and path.stat().st_mode & 0o077:
            yield warning(
                "settings file", f"{path} can be read by others", "chmod 600 it: it may hold an API key."
            )
