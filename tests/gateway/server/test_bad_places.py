"""Where a gateway cannot start: on a port that is taken, and in a folder without room or right to write."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.server.port_holder import port_holder
from tests.gateway.server.test_serve import DRIVER, boxed
from tests.support.house import GATEWAY, PATIENCE

linux_only = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="there is no /proc here")


@linux_only
def test_who_has_a_port_is_told() -> None:
    """By process and name; of a port that nobody has, and of others' processes, nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        name = Path("/proc/self/comm").read_text().strip()
        assert port_holder(port) == f"process {os.getpid()} ({name})"
        with socket.create_connection(("127.0.0.1", port)):
            pass
    assert port_holder(port) is None


@linux_only
def test_a_taken_port_is_told_with_who_has_it(tmp_path: Path) -> None:
    """Of another gateway with its data folder, so that one knows which of them to stop."""
    with boxed(tmp_path) as box:
        # One that was forked from another interpreter would not have the command line of its own.
        box.warm = False
        process, ready = box.serve("--data-dir", str(tmp_path / "other"))
        box.warm = True
        _, error = box.fail("serve", "--port", ready["url"].rpartition(":")[2])
    assert (error["reason"], error["code"]) == ("port_taken", "gateway_failed")
    told = f"is taken by process {process.pid} (a gateway on the data folder {tmp_path / 'other'})"
    assert told in error["message"]


def mounting(words: str, folder: Path) -> list[str]:
    """What to put before a command that is to see a file system of its own on `folder`; skips without one."""
    script = f'mount -t tmpfs -o {words} none "{folder}" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here: that takes Linux, and root")
    return command


def test_a_backup_without_room_names_its_own_disk(tmp_path: Path) -> None:
    """Which is another one than the vault's, where the operator has thought about it."""
    with boxed(tmp_path) as box:
        box.serve()
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        driver = [sys.executable, "-I", str(DRIVER), "backup", str(folder / "copy.db")]
        command = [*mounting("mode=700,size=64k", folder), *driver]
        ended = subprocess.run(command, env=box.environ(), capture_output=True, timeout=PATIENCE, check=False)
    message = json.loads(ended.stdout)["error"]["message"]
    assert message == f"{folder / 'copy.db'} cannot be written (No space left on device)"
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("mode=700,ro", "not_set_up", "cannot be used (Read-only file system)"),
        ("mode=700,size=64k", "gateway_failed", "the disk of the data folder is full"),
    ],
    ids=["read-only", "no room"],
)
def test_a_folder_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, options: str, code: str, words: str
) -> None:
    """With what to do, and as one document."""
    with boxed(tmp_path) as box:
        box.data.mkdir(0o700)
        command = [*mounting(options, box.data), sys.executable, "-I", str(DRIVER), "serve", "--port", "0"]
        ended = subprocess.run(command, env=box.environ(), capture_output=True, timeout=PATIENCE, check=False)
    error = json.loads(ended.stdout)["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert str(box.data) in error["message"] + error["hint"] or "data folder" in error["message"]
    assert error["hint"]
    assert b"Traceback" not in ended.stderr


def test_a_start_that_cannot_say_where_it_serves_is_told_in_words(tmp_path: Path) -> None:
    """The disk may fill up after the vault was opened. `fail` looks for tracebacks."""
    with boxed(tmp_path) as box:
        (box.data / "serve.json").mkdir(mode=0o700, parents=True)
        box.data.chmod(0o700)
        box.driver = GATEWAY  # whose application has more to end
        _, error = box.fail("serve", "--port", "0")
        assert f"{box.data / 'serve.json'} cannot be written" in error["message"]
