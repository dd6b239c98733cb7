"""The data folder of a gateway on this machine: where it is, whose it is, and what it tells of its gateway.

A gateway runs while a process holds `gateway.lock` in its data folder; `gateway.json` beside it tells where
it listens. Its owner's key is handed out only meanwhile: a port that was left can be taken by anybody.
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from linkfox_client import config, paths
from linkfox_client.errors import ClientError
from linkfox_client.local.process_lock import is_held
from linkfox_client.private_files import NotPrivate, is_private_folder, read_private
from linkfox_client.secrets.secret import Secret

WAIT = "GATEWAY_DATABASE_WAIT_SECONDS"
SANDBOX = "gateway-sandbox"  # the default folder's name of a sandbox; that of a real gateway is "gateway"
_LONGEST_KEY = 4096


class Flag(NamedTuple):
    """A flag of `serve`: what it is called in `serve.json`, and the setting that says the same."""

    name: str
    remembered_as: str
    setting: str


# Those of one line go together: a certificate is of no use with the key of another one.
FLAGS = (
    (Flag("--host", "host", "GATEWAY_HOST"),),
    (Flag("--port", "port", "GATEWAY_PORT"),),
    (Flag("--workers", "workers", "GATEWAY_WORKERS"),),
    (
        Flag("--tls-cert", "tlsCert", "GATEWAY_TLS_CERT_FILE"),
        Flag("--tls-key", "tlsKey", "GATEWAY_TLS_KEY_FILE"),
    ),
)


class Running(NamedTuple):
    """A gateway that takes requests, as its `gateway.json` tells."""

    url: str
    pid: int
    sandbox: bool
    sandbox_url: str | None = None
    version: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the fields for a document."""
        optional = {"sandboxUrl": self.sandbox_url, "version": self.version}
        facts = {"url": self.url, "sandbox": self.sandbox, "pid": self.pid}
        return facts | {name: value for name, value in optional.items() if value}


def data_folder(settings: Mapping[str, str], *, sandbox: bool) -> Path:
    """Return the data folder of a gateway that is named: `GATEWAY_DATA_DIR`, else the default of its kind.

    `settings`: what `read_settings` answered. Raise ClientError (`not_set_up`) where the variable is no
    absolute path.
    """
    given = settings.get("GATEWAY_DATA_DIR")
    if given:
        if not Path(given).is_absolute():
            raise ClientError(
                "not_set_up",
                "GATEWAY_DATA_DIR is not an absolute path",
                "Write the path out in full, from the root.",
            )
        return Path(given)
    try:
        share = paths.data_folder()
    except RuntimeError:
        raise ClientError(
            "not_set_up",
            "This user has no home folder, where a local gateway would keep its data",
            "Set HOME, or name a folder for the gateway with GATEWAY_DATA_DIR.",
        ) from None
    # Whatever stands in for Amazon makes a sandbox of the gateway, so it lives with the sandboxes.
    return share / (SANDBOX if sandbox or settings.get("AMAZON_ORIGIN") else "gateway")


def locate(settings: Mapping[str, str]) -> Path | None:
    """Return the data folder of the gateway that was set up here, the real one first; None without any."""
    return next(set_up(settings), None)


def set_up(settings: Mapping[str, str]) -> Iterator[Path]:
    """Return the data folders of the gateways that were set up here, the real one first."""
    if settings.get("GATEWAY_DATA_DIR") or _has_home():
        folders = dict.fromkeys(data_folder(settings, sandbox=sandbox) for sandbox in (False, True))
        yield from filter(is_set_up, folders)


def _has_home() -> bool:
    try:
        Path.home()
    except RuntimeError:  # in a container, a user id that nobody entered anywhere
        return False
    return True


def is_set_up(data_dir: Path) -> bool:
    """Tell whether a gateway was started in `data_dir` at least once, or is being started."""
    known = any((data_dir / name).is_file() for name in ("owner.key", "serve.json"))
    return known or is_held(data_dir / "gateway.lock")


def is_sandbox(data_dir: Path) -> bool:
    """Tell whether the gateway of `data_dir` is a sandbox: it was last started as one, or lives with them."""
    kept_with_them = data_dir.name == SANDBOX and data_dir.parent.name == "linkfox"
    return kept_with_them or read_json(data_dir / "serve.json").get("sandbox") is True


def command(data_dir: Path, word: str, flags: Sequence[str] = ()) -> str:
    """Return the command line of local_gateway.py that does `word` with the gateway on `data_dir`."""
    kind = ["--sandbox"] if is_sandbox(data_dir) and "--sandbox" not in flags else []
    return f"python3 scripts/local_gateway.py {shlex.join([word, *kind, *flags])}"


def probe(data_dir: Path) -> Running | None:
    """Return the gateway that takes requests on `data_dir`, or None where none does (yet)."""
    if not is_held(data_dir / "gateway.lock"):
        return None
    recorded = read_json(data_dir / "gateway.json")
    url, pid = recorded.get("url"), recorded.get("pid")
    # A killed gateway leaves its file behind, and until the next one has removed it the lock is held again.
    if not isinstance(url, str) or not isinstance(pid, int) or not _is_alive(pid):
        return None
    sandbox_url, version = recorded.get("sandboxUrl"), recorded.get("version")
    return Running(
        url=url,
        pid=pid,
        sandbox=recorded.get("sandbox") is True,
        sandbox_url=sandbox_url if isinstance(sandbox_url, str) else None,
        version=version if isinstance(version, str) else None,
    )


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of this module, `environ` over the `.env` files.

    Raise ClientError for a bad file.
    """
    flags = (flag.setting for names in FLAGS for flag in names)
    return config.read(environ, (*config.LOCAL_NAMES, WAIT, *flags))


def owner_key(data_dir: Path) -> Secret:
    """Return the API key of the user `owner`, from a file that nobody else can read. Raise ClientError."""
    path = data_dir / "owner.key"
    try:
        return Secret(read_private(path, _LONGEST_KEY).strip())
    except NotPrivate as problem:
        raise ClientError(
            "not_set_up",
            str(problem),
            f"Revoke that key, remove the file, and make a new one: `{_making_a_key(data_dir)}`.",
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ClientError(
            "not_set_up",
            f"The owner's key {path} cannot be read: {getattr(problem, 'strerror', None) or 'not text'}",
            "A start makes one only where the database has no users yet. Make another one: "
            f"`{_making_a_key(data_dir)}`.",
        ) from None


def _making_a_key(data_dir: Path) -> str:
    return command(data_dir, "add-user", ["owner", "--key-file", str(data_dir / "owner.key")])


def check_private(data_dir: Path) -> None:
    """Raise ClientError unless `data_dir` is ours alone: others could pose as the gateway there."""
    if not is_private_folder(data_dir):
        raise ClientError(
            "not_set_up",
            f"The data folder {data_dir} is a link, belongs to somebody else, or is open to others",
            "Make it a folder of your own with `chmod 700`, or name another one with GATEWAY_DATA_DIR.",
        )


def remembered_flags(data_dir: Path, settings: Mapping[str, str]) -> list[str]:
    """Return the flags of the last `start` or `serve` on this folder, out of its `serve.json`.

    `settings`: what `read_settings` answered. What one of them says now goes before what was said once.
    """
    recorded = read_json(data_dir / "serve.json")
    flags = ["--sandbox"] if recorded.get("sandbox") is True else []
    for names in FLAGS:
        if not any(settings.get(flag.setting) for flag in names):
            for flag in names:
                if isinstance(recorded.get(flag.remembered_as), str | int):
                    flags += [flag.name, str(recorded[flag.remembered_as])]
    return flags


def remembered_port(data_dir: Path, settings: Mapping[str, str]) -> list[str]:
    """Return `--port` with the port of the last `start` or `serve` on this folder; nothing without one."""
    flags = remembered_flags(data_dir, settings)
    return flags[flags.index("--port") :][:2] if "--port" in flags else []


def remembered_program(data_dir: Path) -> tuple[str, str] | None:
    """Return the interpreter and the program of the gateway that ran last on this folder, from `serve.json`.

    None where it tells none, one of the two is gone, or others could have written it.
    """
    recorded = read_json(data_dir / "serve.json").get("program") if is_private_folder(data_dir) else None
    if not isinstance(recorded, list) or len(recorded) != 2:
        return None
    python, program = recorded
    if not all(isinstance(path, str) and Path(path).is_absolute() for path in recorded):
        return None
    return (python, program) if Path(python).is_file() and Path(program).is_file() else None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; an empty one where there is none to be had."""
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # there os.kill ends the process, whatever the signal
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: the gateway of this folder is ours
        return False
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Tell whether a process is over, though its parent has not asked for its exit code.

    In a container there is often nobody who does.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1]
    except OSError:  # no such file system, or the process went meanwhile, which the next look finds
        return False
    return state in ([b"Z"], [b"X"])
