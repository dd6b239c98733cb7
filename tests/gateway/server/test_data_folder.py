"""The data folder's lock and the address beside it, which clients believe while the lock is held."""

import os
import stat
from pathlib import Path

import pytest

from gateway.errors import OperatorError
from gateway.server.data_folder import DataFolder


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("before", [None, 0o755, 0o750])
def test_the_folder_is_its_owners_alone(tmp_path: Path, before: int | None) -> None:
    """Also one that was there and that others could look into, whatever the umask."""
    path = tmp_path / "data"
    if before is not None:
        path.mkdir()
        path.chmod(before)
    umask = os.umask(0)
    try:
        DataFolder.prepare(path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder in which a killed gateway has left its address."""
    made = DataFolder.prepare(tmp_path / "data 家")
    made.announce({"url": "http://127.0.0.1:9", "pid": 1})
    return made


def test_whoever_takes_the_lock_takes_back_the_address_of_a_killed_gateway(folder: DataFolder) -> None:
    """Long before it can announce its own: the old port may be anybody's by now."""
    folder.lock()
    assert folder.running() is None
    folder.announce({"url": "http://127.0.0.1:8", "pid": 2})
    assert folder.running() == {"url": "http://127.0.0.1:8", "pid": 2}
    folder.unlock()
    assert folder.running() is None


def test_whoever_does_not_get_the_lock_leaves_the_address_alone(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the running gateway's, and stands in the refusal."""
    monkeypatch.setattr("gateway.server.data_folder.LOCK_SECONDS", 0.0)
    folder.lock()
    running = {"url": "http://127.0.0.1:8", "pid": 2}
    folder.announce(running)
    with pytest.raises(OperatorError, match="process 2 at"):
        DataFolder(folder.path).lock()
    assert folder.running() == running
    folder.unlock()
