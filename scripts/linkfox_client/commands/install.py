"""What install_skill.py does: the skill, and its aliases where they are wanted, into a folder of skills."""

import os
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.local import gateway_program
from linkfox_client.paths import BUNDLE
from linkfox_client.skill import installation, packaging

HOSTS = {"claude": ".claude", "cursor": ".cursor", "openclaw": ".openclaw"}
KEPT = (
    "Files under `kept` are yours or were changed by you, and were left as they are; rename one to get ours."
)


def install(options: SimpleNamespace, bundle: Path = BUNDLE) -> dict[str, Any]:
    """Install, update or remove, or with `dry_run` only tell; return the document's fields.

    Everything is planned before anything is changed. Raise ClientError.
    """
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
