"""The files that operators name: whole or not there at all, also where the command is killed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.vault.errors import VaultError
from gateway.vault.maintenance.audit_export import export_before
from gateway.vault.maintenance.backup import back_up
from gateway.vault.vault import Vault


def exported(vault: Vault, path: Path) -> None:
    """Move the audit into a file."""
    export_before(vault, 2**40, path)


def backed_up(vault: Vault, path: Path) -> None:
    """Copy the vault into a file."""
    back_up(vault, path)


@pytest.mark.parametrize("make", [exported, backed_up])
def test_a_file_has_its_name_once_it_is_whole(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Vault, Path], None]
) -> None:
    """What a kill leaves before is never taken for it, nor in the way of the next one."""
    folder = tmp_path / "own"
    folder.mkdir()
    path = folder / "备份"
    wait = os.fsync
    seen: list[bool] = []

    def look(descriptor: int) -> None:
        seen.append(path.exists())
        wait(descriptor)

    with monkeypatch.context() as looking:
        looking.setattr(os, "fsync", look)
        make(vault, path)
    assert seen
    assert not any(seen)
    assert [each.name for each in folder.iterdir()] == [path.name]
    content = path.read_bytes()
    with pytest.raises(VaultError, match="exists already"):
        make(vault, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("make", [exported, backed_up])
def test_no_file_is_overwritten_that_came_meanwhile(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Vault, Path], None]
) -> None:
    """Nor is anything left of the second; on file systems without hard links, too."""
    wait = os.fsync
    for number, linking in enumerate([Path.hardlink_to, _unable]):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "copy"

        def come(descriptor: int, path: Path = path) -> None:
            path.write_bytes(b"another")
            wait(descriptor)

        with monkeypatch.context() as changed:
            changed.setattr(os, "fsync", come)
            changed.setattr(Path, "hardlink_to", linking)
            with pytest.raises(VaultError, match="exists already"):
                make(vault, path)
        assert [each.read_bytes() for each in folder.iterdir()] == [b"another"]
        path.unlink()
        with monkeypatch.context() as changed:
            changed.setattr(Path, "hardlink_to", linking)
            make(vault, path)
        assert [each.name for each in folder.iterdir()] == ["copy"]


def _unable(_path: Path, _target: Path) -> None:
    raise PermissionError(1, "Operation not permitted")
