"""The MCP server among its hosts: its packages, and where and in which form each host keeps its servers.

Claude Code: https://code.claude.com/docs/en/mcp. Claude Desktop: https://modelcontextprotocol.io/docs/develop.
Cursor: https://cursor.com/docs/context/mcp. Codex: https://developers.openai.com/codex/mcp.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from linkfox_client import venv
from linkfox_client.cli import output
from linkfox_client.errors import ClientError
from linkfox_client.paths import BUNDLE, python_of
from linkfox_client.skill import entry_files, json_entry, toml_entry

NAME = "linkfox-amazon-auth"
REQUIREMENTS = "requirements-mcp.txt"


class Host(NamedTuple):
    """A host. `parent`: what holds the servers in its file; `form`: the module that edits such files."""

    title: str
    file: Callable[[Mapping[str, str], Path], Path]
    parent: str
    form: Any


def _claude(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("CLAUDE_CONFIG_DIR") or home) / ".claude.json"


def _claude_desktop(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        settings = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        settings = home / ("Library/Application Support" if sys.platform == "darwin" else ".config")
    return settings / "Claude" / "claude_desktop_config.json"


def _cursor(_environ: Mapping[str, str], home: Path) -> Path:
    return home / ".cursor" / "mcp.json"


def _codex(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("CODEX_HOME") or home / ".codex") / "config.toml"


HOSTS = {
    "claude": Host("Claude Code", _claude, "mcpServers", json_entry),
    "claude-desktop": Host("Claude Desktop", _claude_desktop, "mcpServers", json_entry),
    "cursor": Host("Cursor", _cursor, "mcpServers", json_entry),
    "codex": Host("Codex", _codex, "mcp_servers", toml_entry),
}


def ensure_packages(bundle: Path = BUNDLE) -> Path:
    """Install what the server needs into the bundle's `.venv`; return that. Raise ClientError."""
    try:
        python = venv.ensure(REQUIREMENTS, bundle=bundle, notify=output.notify)
    except venv.SetupError as problem:
        raise ClientError("not_set_up", str(problem), problem.hint) from None
    return python.parents[1]


def missing_package(error: ModuleNotFoundError) -> ClientError:
    """Return the failure of a Python without them; the hint is right in whatever folder it is read."""
    command = f"python3 {BUNDLE / 'scripts' / 'mcp_server.py'} --setup-only"
    return ClientError("not_set_up", f"The Python package {error.name} is not installed", f"Run `{command}`.")


def entry(bundle: Path, *, may_write: bool) -> dict[str, Any]:
    """Return how a host starts the server of a bundle, by absolute paths: a host may have another PATH."""
    words = [str(bundle / "scripts" / "mcp_server.py"), *(["--write"] if may_write else [])]
    return {"command": str(python_of(bundle / ".venv")), "args": words}


def change(path: Path, host: Host, wanted: dict[str, Any] | None, *, dry_run: bool) -> bool:
    """Put the entry `wanted` into a host's file, or take ours out (None); tell whether that changed it.

    With `dry_run` only tell. Raise ClientError (`not_set_up`) where the file cannot be edited; it is as it
    was then.
    """
    try:
        former = entry_files.read(path)
        if wanted is None:
            text = None if former is None else host.form.take_out(former, host.parent, NAME)
        else:
            text = host.form.put_in(former, host.parent, NAME, wanted)
            _check(text, host, wanted)
        if text != former and not dry_run:
            entry_files.replace(path, former, text)
    except entry_files.Unreadable as problem:
        raise ClientError(
            "not_set_up", f"{path} was left as it is: {problem}", _by_hand(host, wanted)
        ) from None
    except OSError as problem:
        message = f"{path} cannot be changed: {problem.strerror}"
        raise ClientError("not_set_up", message, _by_hand(host, wanted)) from None
    return bool(text != former)


def _check(text: str, host: Host, wanted: dict[str, Any]) -> None:
    """Raise Unreadable where the text that is about to be written does not hold the entry."""
    found = host.form.entry_in(text, host.parent, NAME)
    if not isinstance(found, dict) or not found.items() >= wanted.items():
        raise entry_files.Unreadable("it could not be changed safely")


def _by_hand(host: Host, wanted: dict[str, Any] | None) -> str:
    if wanted is None:
        return f"Take {host.parent}.{NAME} out of it yourself."
    text = host.form.put_in(None, host.parent, NAME, wanted).strip().replace("\n", "; ")
    return f"Correct the file, or let {host.title} start the server in its own way: {text}"
