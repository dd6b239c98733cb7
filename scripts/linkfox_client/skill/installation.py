"""One installed folder: what would change in it, and changing it, nothing but what was installed touched.

A manifest in the folder names every file with its hash. It is written before the first file, so that an
interrupted run is done again; a file that is not in it, or that was changed since, is the user's.
"""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.paths import MANIFEST
from linkfox_client.skill.packaging import digest
from linkfox_client.venv import RECORD

ENVIRONMENT = ".venv"
MOST_NAMED = 20


@dataclass
class Plan:
    """What is to be done in `folder`, as paths relative to it. `kept`: the user's, left as they are."""

    folder: Path
    wanted: dict[str, bytes]
    known: dict[str, list[str]]
    origin: str = ""
    """The folder that the files come from, which the manifest notes."""
    add: list[str] = field(default_factory=list)
    replace: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unchanged: int = 0
    removes_environment: bool = False
    """Whether the environment goes as well that the installed copy's own set-up made."""

    def facts(self) -> dict[str, Any]:
        """Return the fields for the document."""
        lists = {"add": self.add, "replace": self.replace, "remove": self.remove, "kept": self.kept}
        named = {name: _named(paths) for name, paths in lists.items()}
        if self.removes_environment:
            named["remove"].append(ENVIRONMENT + "/")
        return {"folder": str(self.folder), **named, "unchanged": self.unchanged}


def _named(paths: list[str]) -> list[str]:
    """Return the paths, those of a folder with many of them in one line.

    Agents' harnesses cut long output.
    """
    by_top: dict[str, list[str]] = {}
    for path in paths:
        by_top.setdefault(path.partition("/")[0], []).append(path)
    named = []
    for top, group in by_top.items():
        named += group if len(group) <= MOST_NAMED else [f"{top}/ ({len(group)} files)"]
    return named


def plan(folder: Path, wanted: dict[str, bytes], origin: str = "") -> Plan:
    """Return what brings `folder` to hold the files `wanted` (none: to remove them). Nothing is changed.

    `origin` is the folder that they come from. Raise ClientError (`bad_arguments`) where the folder was not
    made by an installation.
    """
    known = _manifest(folder)
    made = Plan(folder, wanted, known, origin)
    for path, content in wanted.items():
        there = _content(folder, path)
        if there == content:
            made.unchanged += 1
        elif there is None and not os.path.lexists(folder / path) and _is_inside(folder, path):
            made.add.append(path)
        elif there is not None and digest(there) in known.get(path, []):
            made.replace.append(path)
        else:
            made.kept.append(path)
    for path in known.keys() - wanted.keys():
        there = _content(folder, path)
        if there is not None:
            (made.remove if digest(there) in known[path] else made.kept).append(path)
    made.remove.sort()
    made.kept.sort()
    environment = folder / ENVIRONMENT
    made.removes_environment = (
        bool(known) and not wanted and not environment.is_symlink() and (environment / RECORD).is_file()
    )
    return made


def is_installed(folder: Path) -> bool:
    """Tell whether an installation made `folder`."""
    return (folder / MANIFEST).is_file() and not folder.is_symlink()


def has(folder: Path, path: str) -> bool:
    """Tell whether an installation made `folder` and put a file at `path` there.

    Raise ClientError as `plan` does.
    """
    return path in _manifest(folder)


def carry_out(planned: Plan) -> None:
    """Do what was planned. Raise ClientError (`not_set_up`) where the folder cannot be written."""
    folder = planned.folder
    try:
        if planned.wanted:
            folder.mkdir(parents=True, exist_ok=True)
            _write_manifest(planned, complete=False)
            for path in [*planned.add, *planned.replace]:
                _write(folder / path, planned.wanted[path])
        for path in planned.remove:
            _remove(folder, path)
        if planned.removes_environment:
            # Windows keeps a program that runs, as this one may out of there: what is left is told.
            shutil.rmtree(folder / ENVIRONMENT, ignore_errors=os.name == "nt")
        if planned.wanted:
            _write_manifest(planned, complete=True)
        else:
            (folder / MANIFEST).unlink(missing_ok=True)
            _remove_if_empty(folder)
    except OSError as problem:
        raise ClientError(
            "not_set_up",
            f"{problem.filename or folder} cannot be written: {problem.strerror}",
            "Give yourself write permission there and run the same command again: it goes on where it was.",
        ) from None


def left_in(folder: Path) -> list[str]:
    """Return what is still in a folder after everything installed was removed: the user's own."""
    return sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []


def _manifest(folder: Path) -> dict[str, list[str]]:
    """Return the hashes that each file may have that was installed.

    None for a folder that is missing or empty.
    """
    if folder.is_symlink():
        raise _not_ours(folder, "is a link")
    if not folder.exists():
        return {}
    if not folder.is_dir():
        raise _not_ours(folder, "is no folder")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {str(path): [str(known) for known in hashes] for path, hashes in manifest["files"].items()}
    except FileNotFoundError:
        if any(child.name != _draft(folder / MANIFEST).name for child in folder.iterdir()):
            raise _not_ours(folder, "was not made by install_skill.py") from None
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _not_ours(folder, f"has a {MANIFEST} that cannot be read") from None
    return {path: hashes for path, hashes in files.items() if _is_inside(folder, path)}


def _is_inside(folder: Path, path: str) -> bool:
    """Tell whether a path stays in `folder`, also by way of the folders that are there now."""
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path or ":" in path:
        return False
    parents = [folder.joinpath(*parts[:count]) for count in range(1, len(parts))]
    return not any(parent.is_symlink() or parent.is_file() for parent in parents)


def _content(folder: Path, path: str) -> bytes | None:
    """Return a file's content; None where there is no regular file of the folder's own."""
    file = folder / path
    if not _is_inside(folder, path) or file.is_symlink() or not file.is_file():
        return None
    try:
        return file.read_bytes()
    except OSError:
        return b""  # not what was installed, whatever it is


def _write_manifest(planned: Plan, *, complete: bool) -> None:
    """Write the hashes that files may have.

    Before the work that is every hash in between, after it only what is there now.
    """
    left = {} if complete else {path: planned.known[path] for path in planned.remove}
    files: dict[str, list[str]] = dict(left)
    for path, content in planned.wanted.items():
        older = planned.known.get(path, []) if not complete or path in planned.kept else []
        files[path] = sorted({digest(content), *older})
    # A file of the user's at a path of ours stays the user's.
    for path in planned.kept:
        if path in planned.known:
            files[path] = planned.known[path]
        else:
            files.pop(path, None)
    document = {
        "about": "Made by install_skill.py; it updates and removes these files.",
        "from": planned.origin,
        "files": files,
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    _write(planned.folder / MANIFEST, text.encode())


def _write(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step: whole, or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    """Return the path of a manifest's draft, which is always the same.

    So the next run overwrites what an interrupted one left.
    """
    return path.with_name(f".{path.name}.new")


def _remove(folder: Path, path: str) -> None:
    """Remove a file, what Python compiled of it, and the folders that this leaves empty."""
    file = folder / path
    file.unlink(missing_ok=True)
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.cpython-*.pyc"):
        compiled.unlink(missing_ok=True)
    _remove_if_empty(file.parent / "__pycache__")
    parent = file.parent
    while parent != folder:
        _remove_if_empty(parent)
        parent = parent.parent


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _not_ours(folder: Path, why: str) -> ClientError:
    return bad_arguments(
        f"{folder} {why}, so it is left alone", "Move it away, or name another skills folder with --into."
    )
