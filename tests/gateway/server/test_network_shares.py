"""Two gateways on one SQLite over a network share, where a lock may hold on each machine for itself."""

import ctypes
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.errors import OperatorError
from gateway.server.network_shares import network_share
from gateway.server.share_claim import BEAT_SECONDS, BEATS_WATCHED, FILE, ShareClaim
from tests.gateway.server.test_serve import boxed, get, stop
from tests.support import on_a_share

KINDS = ["nfs4", "cifs", "9p", "virtiofs", "fuse.sshfs", "fuse.rclone"]


def mounted(folder: Path, *mounts: tuple[str, Path]) -> Path:
    """A list of mounts as Linux has it: a disk, and what is mounted further up."""
    lines = ["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
    for kind, point in mounts:
        escaped = str(point).replace(" ", "\\040")
        lines.append(f"30 22 0:50 / {escaped} rw,relatime shared:9 master:2 - {kind} server:/export rw")
    path = folder / "mountinfo"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.skipif(os.name == "nt", reason="Windows is asked in another way")
class TestWhatIsOne:
    """Which file systems several machines may share."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_share_is_told_by_its_kind(self, tmp_path: Path, kind: str) -> None:
        """Whatever its folder is called, and however deep the data folder lies in it."""
        point = tmp_path / "on the share 盘"
        folder = point / "linkfox" / "gateway"
        folder.mkdir(parents=True)
        assert network_share(folder, mounted(tmp_path, (kind, point))) == kind

    @pytest.mark.parametrize("kind", ["ext4", "xfs", "tmpfs", "overlay", "fuseblk"])
    def test_a_disk_of_this_machine_is_none(self, tmp_path: Path, kind: str) -> None:
        """One that is mounted on a folder of a share, neither."""
        mounts = mounted(tmp_path, ("nfs", tmp_path.parent), (kind, tmp_path))
        assert network_share(tmp_path, mounts) is None

    def test_a_link_leads_to_where_it_leads(self, tmp_path: Path) -> None:
        """The folder that is meant is looked at, not the way to it."""
        (tmp_path / "share").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "share")
        mounts = mounted(tmp_path, ("nfs4", tmp_path / "share"))
        assert network_share(tmp_path / "link", mounts) == "nfs4"

    def test_where_it_cannot_be_told_it_is_none(self, tmp_path: Path) -> None:
        """As on a system without such a list."""
        assert network_share(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(("kind", "told"), [(4, "a network drive"), (3, None)])
def test_windows_knows_its_network_drives(monkeypatch: pytest.MonkeyPatch, kind: int, told: str) -> None:
    """By the letter that they are mounted under."""
    kernel = SimpleNamespace(GetDriveTypeW=lambda root: kind if root == "Z:\\" else 0)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr("gateway.server.network_shares.os", SimpleNamespace(name="nt"))
    folder = SimpleNamespace(resolve=lambda: SimpleNamespace(anchor="Z:\\"))
    assert network_share(folder) == told  # type: ignore[arg-type]
    folder = SimpleNamespace(resolve=lambda: SimpleNamespace(anchor="\\\\server\\share\\"))
    assert network_share(folder) == "a network path"  # type: ignore[arg-type]


class Machine:
    """A gateway of one machine. `meanwhile`: what others do for each time that it waits."""

    def __init__(self, folder: Path, host: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.ended = False
        self.waited = 0.0
        self._meanwhile = meanwhile
        self.claim = ShareClaim(folder, pause=self._pause, host=host, end=self._end)

    def _pause(self, seconds: float) -> None:
        self.waited += seconds
        for _ in range(round(seconds / BEAT_SECONDS)):
            self._meanwhile()

    def _end(self) -> None:
        self.ended = True


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims are renewed when the test says so."""
    monkeypatch.setattr(ShareClaim, "_go_on", lambda _: None)


@pytest.mark.usefixtures("no_threads")
def test_a_second_machine_is_refused_while_the_first_serves(tmp_path: Path) -> None:
    """It is named with its process, and told what to do; the first goes on."""
    first = Machine(tmp_path, "alpha")
    first.claim.take()
    second = Machine(tmp_path, "beta", first.claim.beat)
    with pytest.raises(OperatorError, match="of the machine alpha") as refused:
        second.claim.take()
    second.claim.release()
    assert f"process {os.getpid()}" in refused.value.message
    assert "PostgreSQL" in refused.value.hint
    assert json.loads((tmp_path / FILE).read_text())["host"] == "alpha"
    first.claim.beat()
    assert not first.ended


@pytest.mark.usefixtures("no_threads")
def test_one_that_was_killed_is_waited_for_and_then_replaced(tmp_path: Path) -> None:
    """Its claim stands there and does not change; after a stop in order nobody waits so long."""
    Machine(tmp_path, "alpha").claim.take()
    second = Machine(tmp_path, "beta")
    second.claim.take()
    assert second.waited == (BEATS_WATCHED + 2) * BEAT_SECONDS
    second.claim.release()
    assert not (tmp_path / FILE).exists()
    third = Machine(tmp_path, "alpha")
    third.claim.take()
    assert third.waited == 2 * BEAT_SECONDS


@pytest.mark.usefixtures("no_threads")
def test_of_two_that_start_at_once_one_serves(tmp_path: Path) -> None:
    """Both saw an empty folder; who wrote last stays."""
    late = Machine(tmp_path, "beta")
    started: list[bool] = []

    def start_the_other() -> None:
        if not started:
            started.append(True)
            late.claim.take()

    with pytest.raises(OperatorError, match="of the machine beta"):
        Machine(tmp_path, "alpha", start_the_other).claim.take()
    assert json.loads((tmp_path / FILE).read_text())["host"] == "beta"


@pytest.mark.usefixtures("no_threads")
def test_whoever_serves_is_not_put_out_by_a_start(tmp_path: Path) -> None:
    """One that found the folder empty, such as in the moment of a beat, gives way."""
    first = Machine(tmp_path, "alpha")
    first.claim.take()
    (tmp_path / FILE).unlink()
    with pytest.raises(OperatorError, match="of the machine alpha"):
        Machine(tmp_path, "beta", first.claim.beat).claim.take()
    assert not first.ended


@pytest.mark.usefixtures("no_threads")
def test_one_that_was_frozen_ends_when_it_finds_its_place_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other one goes on, and its claim stays when the first has ended."""
    first, second = Machine(tmp_path, "alpha"), Machine(tmp_path, "beta")
    first.claim.take()
    second.claim.take()
    for _ in range(2):
        first.claim.beat()
        second.claim.beat()
    first.claim.release()
    assert (first.ended, second.ended) == (True, False)
    assert "data_folder_lost host=beta" in caplog.text
    assert json.loads((tmp_path / FILE).read_text())["host"] == "beta"


def test_two_processes_whose_locks_do_not_meet(tmp_path: Path) -> None:
    """The second start ends in words, and the first gateway serves on; it leaves no claim behind."""
    with boxed(tmp_path) as box:
        box.driver = Path(on_a_share.__file__)
        first, ready = box.serve()
        assert "data_folder_on_share" in box.errors()
        assert "kind=nfs4" in box.errors()
        code, error = box.fail("serve", "--port", "0")
        assert code == 6
        assert f"process {first.pid} of the machine" in error["message"]
        assert get(ready["url"]).startswith(f"{first.pid} ")
        assert stop(first) == 0
        assert not (box.data / FILE).exists()
