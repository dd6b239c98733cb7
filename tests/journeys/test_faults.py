"""A real gateway on a full disk, and beside a lock that is not given back: told, and well afterwards."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway_process import DRIVER, WANTED, Place, Process, a_place, authorize, open_path
from tests.support.gateway_server import Amazon
from tests.support.house import PATIENCE, until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a disk."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    return ballast


def test_a_full_disk_is_told_and_loses_no_rotated_token(
    amazon: Amazon, small_disk: Path, tmp_path: Path
) -> None:
    """Reads go on; the refresh is reported as not stored and kept; with room again it is stored by itself."""
    amazon.control("reset", {})
    with a_place(amazon, tmp_path / "place", GATEWAY_DATA_DIR=str(small_disk / "data")) as place:
        gateway = place.start()
        authorize(amazon, gateway)
        before = gateway.good("/spApi/storeTokens", WANTED)
        amazon.fault({"token": {"rotateRefreshToken": True}, "hold": "full"}, grantType="refresh_token")
        refused = _refresh_when_full(place, gateway, small_disk)
        assert refused[0] in (500, 503), refused
        assert refused[1]["reason"] in ("not_stored", "vault_failed", "vault_unavailable")
        assert gateway.good("/spApi/storeTokens", WANTED)["accessToken"] == before["accessToken"]
        assert open_path(gateway, "/readyz") == 503
        (small_disk / "ballast").unlink()

        def stored() -> bool:
            return gateway.good("/spApi/storeTokens", WANTED)["refreshToken"] != before["refreshToken"]

        until(stored, "the kept answer is stored")
        until(lambda: open_path(gateway, "/readyz") == 200, "it is ready again")
        assert len(amazon.refreshes()) == 1
        assert gateway.good("/spApi/refreshToken", WANTED)["accessToken"]


def _refresh_when_full(place: Place, gateway: Process, disk: Path) -> tuple[int, dict[str, Any]]:
    """Let the disk fill up while Amazon is asked."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(gateway.post, "/spApi/refreshToken", WANTED)
        place.amazon.until_held("full")
        fill(disk)
        place.amazon.release("full")
        return asked.result()


def test_a_gateway_does_not_start_on_a_full_disk(amazon: Amazon, small_disk: Path, tmp_path: Path) -> None:
    """It says why and what to do in its one document."""
    fill(small_disk)
    place = Place(amazon, tmp_path / "place", {"GATEWAY_DATA_DIR": str(small_disk / "data")})
    place.folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), "serve", "--port", "0"],
        env=place.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode in (3, 6)
    assert '"ok": false' in done.stdout
    assert "Traceback" not in done.stderr


def test_a_locked_database_is_told_and_costs_nothing(amazon: Amazon, place: Place) -> None:
    """Reads go on; what has to write says that the database is locked, and works once it is free."""
    gateway = place.start()
    authorize(amazon, gateway)
    with contextlib.closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert gateway.good("/spApi/storeTokens", WANTED)["accessToken"]
        status, refused = gateway.post("/spApi/refreshToken", WANTED)
        assert (status, refused["reason"]) == (503, "vault_unavailable")
        other.execute("ROLLBACK")
    assert amazon.refreshes() == []
    assert gateway.good("/spApi/refreshToken", WANTED)["accessToken"]
