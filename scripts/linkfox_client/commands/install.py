"""What install_skill.py does: the skill into a folder of skills, with its aliases; the server into a host."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client.config import GATEWAY_NAMES, KEY_NAMES, LOCAL_NAMES
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.local import gateway_program
from linkfox_client.paths import BUNDLE
from linkfox_client.skill import installation, mcp_hosts, packaging

HOSTS = {"claude": ".claude", "cursor": ".cursor", "openclaw": ".openclaw"}
KEPT = (
    "Files under `kept` are yours or were changed by you, and were left as they are; rename one to get ours."
)


def install(options: SimpleNamespace, bundle: Path = BUNDLE) -> dict[str, Any]:
    """Install, update or remove, or with `dry_run` only tell; return the document's fields.

    Of the skill everything is planned before anything is changed. Raise ClientError.
    """
    document = _install_skill(options, bundle) if options.into else {}
    if options.mcp is None:
        return document
    served = _skills_folder(options.into) / packaging.NAME if options.into else bundle
    entry = _install_server(options, served)
    notes = [*document.get("notes", []), *entry.get("notes", [])]
    document.pop("next", None)  # the packages are there now
    return document | entry | ({"notes": notes} if notes else {})


def _install_skill(options: SimpleNamespace, bundle: Path) -> dict[str, Any]:
    root = _skills_folder(options.into)
    wanted = {} if options.remove else _wanted(root, bundle, options)
    names = [packaging.NAME, *packaging.ALIASES] if options.remove else list(wanted)
    folders = {name: root / name for name in names}
    if options.remove:
        folders = {name: folder for name, folder in folders.items() if installation.is_installed(folder)}
    else:
        _check_not_itself(root / packaging.NAME, bundle)
    plans = [installation.plan(folder, wanted.get(name, {}), str(bundle)) for name, folder in folders.items()]
    if not options.dry_run:
        for planned in plans:
            installation.carry_out(planned)
    return _document(options, root, plans)


def _skills_folder(into: str) -> Path:
    """Return the folder of skills that `--into` names: that of a host, or a path."""
    host = HOSTS.get(into.lower())
    if host is None:
        root = Path(os.path.abspath(os.path.expanduser(into)))  # noqa: PTH100, PTH111 - links stay
        if root.name == packaging.NAME:
            raise bad_arguments(
                f"--into names the folder of skills, in which {packaging.NAME} is made",
                f"Give {root.parent}.",
            )
        return root
    try:
        return Path.home() / host / "skills"
    except RuntimeError:
        raise bad_arguments("There is no home folder", "Give the folder of skills as a path.") from None


def _wanted(root: Path, bundle: Path, options: SimpleNamespace) -> dict[str, dict[str, bytes]]:
    """Return the files of each folder to be made or brought up to date; aliases that are there are, too."""
    files = packaging.skill_files(bundle, with_gateway=_with_gateway(root, bundle, options))
    if "SKILL.md" not in files:
        raise ClientError(
            "not_set_up", f"{bundle} holds no SKILL.md", "Run the script out of the whole skill."
        )
    version = packaging.version_of(files["SKILL.md"])
    aliases = [
        name for name in packaging.ALIASES if options.with_aliases or installation.is_installed(root / name)
    ]
    return {packaging.NAME: files} | {name: packaging.alias_files(name, version) for name in aliases}


def _with_gateway(root: Path, bundle: Path, options: SimpleNamespace) -> bool:
    """Tell whether the gateway is to be installed: it was asked for, or is there and stays.

    Raise ClientError (`not_set_up`) where this copy of the skill has none to install.
    """
    stays = installation.has(root / packaging.NAME, packaging.GATEWAY)
    if not (options.with_gateway or stays):
        return False
    if (bundle / packaging.GATEWAY).is_file():
        return True
    command = gateway_program.installing(root)
    hint = (
        f"Run `{command}`."
        if command
        else "Run `python3 scripts/install_skill.py` of a copy of the whole project, which holds the gateway."
    )
    if stays:
        hint += " To have no gateway there any more, remove the installation first, with --remove."
    message = "This copy of the skill comes without a gateway" + (
        f", and {root / packaging.NAME} has one" if stays else ""
    )
    raise ClientError("not_set_up", message, hint)


def _check_not_itself(folder: Path, bundle: Path) -> None:
    one, other = Path(os.path.realpath(folder)), Path(os.path.realpath(bundle))
    if one == other or one.is_relative_to(other) or other.is_relative_to(one):
        raise bad_arguments(
            f"{folder} is this copy of the skill itself, or lies in it, or around it",
            "Name another folder with --into, or install from another copy.",
        )


def _document(options: SimpleNamespace, root: Path, plans: list[installation.Plan]) -> dict[str, Any]:
    document: dict[str, Any] = {"into": str(root), "installed": [planned.facts() for planned in plans]}
    if options.remove:
        document["removed"] = document.pop("installed")
    if options.dry_run:
        document["dryRun"] = True
    if any(planned.kept for planned in plans):
        document["notes"] = [KEPT]
    if options.remove:
        left = {str(planned.folder): installation.left_in(planned.folder) for planned in plans}
        return document | (
            {} if options.dry_run else {"left": {key: names for key, names in left.items() if names}}
        )
    folder = root / packaging.NAME
    document["withGateway"] = packaging.GATEWAY in plans[0].wanted
    new_packages = any(path.startswith("requirements") for path in [*plans[0].add, *plans[0].replace])
    if new_packages or not (folder / ".venv").is_dir():
        document["next"] = f"cd {shlex.quote(str(folder))} && python3 scripts/quickstart.py --setup-only"
    return document


def _install_server(
    options: SimpleNamespace, bundle: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Let the host start the server of `bundle`, or not any more; return the fields of the document.

    The packages come first, so that no host is told of a server that cannot start. Raise ClientError.
    """
    host = mcp_hosts.HOSTS[options.mcp]
    try:
        path = host.file(environ, Path.home())
    except RuntimeError:
        raise bad_arguments("There is no home folder", "Set HOME to yours.") from None
    wanted = None if options.remove else mcp_hosts.entry(bundle, may_write=options.write)
    if wanted is not None and not options.dry_run:
        mcp_hosts.ensure_packages(bundle)
    changed = mcp_hosts.change(path, host, wanted, dry_run=options.dry_run)
    told = {"host": host.title, "file": str(path), "name": mcp_hosts.NAME, "changed": changed}
    if wanted is not None:
        told["entry"] = wanted
    notes = []
    if changed and not options.dry_run:
        notes.append(f"Restart {host.title}: one that runs has not read the change.")
    here = [name for name in (*KEY_NAMES, *GATEWAY_NAMES, *LOCAL_NAMES) if environ.get(name)]
    if wanted is not None and here:
        notes.append(
            f"{' and '.join(here)} may not be set where {host.title} starts the server: write what is set "
            "here into ~/.config/linkfox/.env, or store the key with `python3 scripts/login.py`."
        )
    return {"mcp": told, **({"notes": notes} if notes else {})}
