"""The gateway on this machine: found, started once however many ask, trusted only while it holds its lock."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.errors import ClientError
from linkfox_client.local import gateway_folder, gateway_program, local_gateway, process_lock

from tests.scripts.conftest import OWNER_KEY
from tests.support.house import PATIENCE, SCRIPTS, Finished, clean_environment, run_script, until

# Holds the lock and announces itself, as the gateway does, or misbehaves as its flags tell.
PRETENDER = """
import fcntl, json, os, signal, sys
folder = sys.argv[sys.argv.index("--data-dir") + 1]
told = {"url": "http://127.0.0.1:9", "pid": os.getpid(), "cwd": os.getcwd()}
told["sandbox"] = "--sandbox" in sys.argv
told["wait"] = os.environ["GATEWAY_DATABASE_WAIT_SECONDS"]
if "--host" in sys.argv:
    print(json.dumps({"ok": False, "error": {"code": "bad_arguments", "message": "the port is taken",
                                             "hint": "Name another.", "retryable": False}}))
    sys.exit(2)
if "--workers" in sys.argv:
    sys.exit("no document")
lock = open(os.path.join(folder, "gateway.lock"), "a")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with open(os.path.join(folder, "draft"), "w") as file:
    json.dump(told, file)
name = "unannounced.json" if "--port" in sys.argv else "gateway.json"
os.replace(os.path.join(folder, "draft"), os.path.join(folder, name))
while True:
    signal.pause()
"""


@pytest.fixture
def pretender(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program in the place of the gateway's; what it leaves running is stopped."""
    program = tmp_path / "pretender.py"
    program.write_text(PRETENDER)
    monkeypatch.setattr(gateway_program, "PROGRAM", program)
    yield program
    local_gateway.stop(data_dir)


@contextlib.contextmanager
def held(data_dir: Path, **told: Any) -> Iterator[None]:
    """A process of ours holds the folder's lock, and announced `told`."""
    with process_lock.try_exclusive(data_dir / "gateway.lock") as mine:
        assert mine
        if told:
            (data_dir / "gateway.json").write_text(json.dumps(told))
        yield


def failure(environ: dict[str, str]) -> ClientError:
    """The ClientError of asking for the local gateway."""
    with pytest.raises(ClientError) as caught:
        local_gateway.locate_or_start(environ, patience=5)
    return caught.value


# Where it is


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_the_real_gateway_comes_before_the_sandbox(home: Path) -> None:
    """What was set up counts: nothing, then the sandbox alone, then both."""
    share = home / ".local" / "share" / "linkfox"
    assert gateway_folder.locate({}) is None
    for name in ("gateway-sandbox", "gateway"):
        (share / name).mkdir(parents=True)
        (share / name / "owner.key").touch()
        assert gateway_folder.locate({}) == share / name


def test_a_named_folder_is_the_only_one(home: Path, data_dir: Path) -> None:
    """GATEWAY_DATA_DIR wins, also where nothing was set up in it."""
    empty = home / "empty"
    assert gateway_folder.locate({"GATEWAY_DATA_DIR": str(data_dir)}) == data_dir
    assert gateway_folder.locate({"GATEWAY_DATA_DIR": str(empty)}) is None
    assert local_gateway.locate_or_start({"GATEWAY_DATA_DIR": str(empty)}) is None
    assert not empty.exists()


def test_a_relative_folder_is_refused() -> None:
    """It would be another folder for each working directory."""
    error = failure({"GATEWAY_DATA_DIR": "gateway"})
    assert (error.code, "absolute" in error.message) == ("not_set_up", True)


def test_whatever_stands_in_for_amazon_lives_with_the_sandboxes(home: Path) -> None:
    """AMAZON_ORIGIN implies sandbox."""
    folder = gateway_folder.data_folder({"AMAZON_ORIGIN": "http://127.0.0.1:1"}, sandbox=False)
    assert folder == home / ".local" / "share" / "linkfox" / "gateway-sandbox"


def test_settings_come_from_the_environment_over_the_env_file(home: Path) -> None:
    """The `.env` of the config folder counts, the one of the working directory does not."""
    config = home / ".config" / "linkfox"
    config.mkdir(parents=True)
    (config / ".env").write_text("GATEWAY_DATA_DIR=/from/file\nLINKFOX_AUTOSTART=off\n")
    settings = gateway_folder.read_settings({"GATEWAY_DATA_DIR": "/from/environment"})
    assert settings == {"GATEWAY_DATA_DIR": "/from/environment", "LINKFOX_AUTOSTART": "off"}


# Whether it runs


def test_a_gateway_runs_while_it_holds_the_lock(data_dir: Path) -> None:
    """The announcement alone says nothing, and the lock alone says that it is still starting."""
    told = {
        "url": "http://127.0.0.1:9",
        "pid": os.getpid(),
        "sandbox": True,
        "sandboxUrl": "http://127.0.0.1:8",
    }
    assert gateway_folder.probe(data_dir) is None
    with held(data_dir):
        assert gateway_folder.probe(data_dir) is None
    with held(data_dir, **told):
        running = gateway_folder.probe(data_dir)
        assert running is not None
        assert running.facts() == told
    assert gateway_folder.probe(data_dir) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1, "pid": 1}', '{"url": "http://127.0.0.1:9"}'])
def test_a_broken_announcement_is_none(data_dir: Path, text: str) -> None:
    """Half a file is no address."""
    with held(data_dir):
        (data_dir / "gateway.json").write_text(text)
        assert gateway_folder.probe(data_dir) is None


def test_the_announcement_of_a_killed_gateway_is_not_believed(data_dir: Path) -> None:
    """Its successor holds the lock already, but the address is still the old one, which anybody may have."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with held(data_dir, url="http://127.0.0.1:9", pid=ended.pid, sandbox=False):
        assert gateway_folder.probe(data_dir) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_gateway_that_nobody_buried_is_over_as_well(data_dir: Path) -> None:
    """In a container without an init the process id stays taken; its address is not believed for that."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        until(lambda: gateway_folder._has_ended(ended.pid), "it has ended, and we have not asked how")
        with held(data_dir, url="http://127.0.0.1:9", pid=ended.pid, sandbox=False):
            assert gateway_folder.probe(data_dir) is None


def test_looking_leaves_nothing_behind_and_disturbs_nobody(tmp_path: Path) -> None:
    """A probe makes no file, and several may look at once."""
    lock = tmp_path / "gateway.lock"
    assert process_lock.is_held(lock) is False
    assert not lock.exists()
    with process_lock.try_exclusive(lock) as mine:
        assert mine
        assert process_lock.is_held(lock)
        with process_lock.try_exclusive(lock) as second:
            assert not second
    assert process_lock.is_held(lock) is False


def test_the_lock_works_with_windows_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fcntl the first byte is locked, and a refusal means that it is held."""
    locked: list[tuple[int, int]] = []

    def locking(_descriptor: int, mode: int, count: int) -> None:
        locked.append((mode, count))
        if len(locked) > 1:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(process_lock, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    with process_lock.try_exclusive(tmp_path / "gateway.lock") as mine:
        assert mine
        assert process_lock.is_held(tmp_path / "gateway.lock")
    assert locked == [(2, 1), (2, 1)]


# The key


def test_the_key_comes_with_the_gateway_that_holds_the_lock(data_dir: Path) -> None:
    """Address and key are a pair, and the key prints masked."""
    with held(data_dir, url="http://127.0.0.1:9", pid=os.getpid(), sandbox=True):
        found = local_gateway.locate_or_start({"GATEWAY_DATA_DIR": str(data_dir)})
    assert found is not None
    assert (found.url, found.key.reveal(), found.sandbox) == ("http://127.0.0.1:9", OWNER_KEY, True)
    assert OWNER_KEY not in repr(found)


def test_nobody_else_on_the_port_gets_the_key(data_dir: Path) -> None:
    """Without the lock the old address is worth nothing."""
    (data_dir / "gateway.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": os.getpid()}))
    error = failure({"GATEWAY_DATA_DIR": str(data_dir), "LINKFOX_AUTOSTART": "off"})
    assert (error.code, "local_gateway.py start" in error.hint) == ("not_set_up", True)


@pytest.mark.parametrize("trouble", ["open folder", "linked folder", "open key", "linked key", "binary key"])
def test_what_others_could_have_touched_is_not_trusted(data_dir: Path, trouble: str) -> None:
    """Folder and key have to be ours alone, and no links."""
    key, folder = data_dir / "owner.key", data_dir
    if trouble == "open folder":
        data_dir.chmod(0o755)
    elif trouble == "linked folder":
        folder = data_dir.with_name("link")
        folder.symlink_to(data_dir)
    elif trouble == "open key":
        key.chmod(0o644)
    elif trouble == "linked key":
        key.rename(data_dir / "elsewhere")
        key.symlink_to(data_dir / "elsewhere")
    else:
        key.write_bytes(b"\xff\xfe")
    with held(data_dir, url="http://127.0.0.1:9", pid=os.getpid(), sandbox=True):
        error = failure({"GATEWAY_DATA_DIR": str(folder)})
    assert error.code == "not_set_up"
    assert OWNER_KEY not in error.message + error.hint


def test_without_posix_permissions_the_folder_guards_the_key(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has neither user ids nor modes that mean anything here; a link is refused there, too."""
    (data_dir / "owner.key").chmod(0o644)
    data_dir.chmod(0o755)
    monkeypatch.delattr(os, "getuid")
    gateway_folder.check_private(data_dir)
    assert gateway_folder.owner_key(data_dir).reveal() == OWNER_KEY
    (data_dir.with_name("link")).symlink_to(data_dir)
    with pytest.raises(ClientError):
        gateway_folder.check_private(data_dir.with_name("link"))


def test_on_windows_it_is_detached_by_flags_and_never_probed_by_a_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There, `os.kill` ends a process whatever the signal is, and a session is called otherwise."""
    flags = {"CREATE_NEW_PROCESS_GROUP": 0x200, "CREATE_NO_WINDOW": 0x8000000}
    for name, value in flags.items():
        monkeypatch.setattr(subprocess, name, value, raising=False)
    monkeypatch.setattr(os, "kill", lambda pid, number: pytest.fail("a signal was sent"))
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        assert local_gateway._detached() == {"creationflags": 0x8000200}
        assert gateway_folder._is_alive(os.getpid()) is True
    assert local_gateway._detached() == {"start_new_session": True}


# Starting and stopping


def test_it_is_started_from_its_own_folder_with_the_flags_of_last_time(
    pretender: Path, data_dir: Path
) -> None:
    """serve.json says how; the log is private and the process outlives us."""
    (data_dir / "serve.json").write_text(json.dumps({"sandbox": True, "tlsCert": None}))
    found = local_gateway.locate_or_start({"GATEWAY_DATA_DIR": str(data_dir)})
    assert found is not None
    assert found.sandbox is True
    told = json.loads((data_dir / "gateway.json").read_text())
    assert Path(told["cwd"]) == data_dir
    assert os.getsid(told["pid"]) != os.getsid(0)
    assert (data_dir / "gateway.log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("setting", "told"), [(None, "0"), ("30", "30")])
def test_a_gateway_that_somebody_waits_for_does_not_wait_for_its_database(
    pretender: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None, told: str
) -> None:
    """The caller would be told nothing meanwhile; where the setting says otherwise, that holds."""
    if setting is not None:
        monkeypatch.setenv("GATEWAY_DATABASE_WAIT_SECONDS", setting)
    local_gateway.start(data_dir, [])
    assert json.loads((data_dir / "gateway.json").read_text())["wait"] == told


def test_the_flags_of_last_time() -> None:
    """What was not given, or is no flag, is left out."""
    assert gateway_folder.remembered_flags(Path("/nowhere"), {}) == []


def test_remembered_flags_are_complete(data_dir: Path) -> None:
    """Each of them leads back to its flag."""
    told = {
        "host": "::1",
        "port": 0,
        "workers": 2,
        "sandbox": False,
        "tlsCert": "/c",
        "tlsKey": "/k",
        "other": 1,
    }
    (data_dir / "serve.json").write_text(json.dumps(told))
    flags = ["--host", "::1", "--port", "0", "--workers", "2", "--tls-cert", "/c", "--tls-key", "/k"]
    assert gateway_folder.remembered_flags(data_dir, {}) == flags


def test_a_setting_goes_before_a_flag_of_last_time(data_dir: Path) -> None:
    """Else a port that was given once would outlive the setting; a certificate goes with its key."""
    told = {"host": "::1", "port": 9000, "workers": None, "tlsCert": "/c", "tlsKey": "/k"}
    (data_dir / "serve.json").write_text(json.dumps(told))
    settings = {"GATEWAY_PORT": "9100", "GATEWAY_TLS_KEY_FILE": "/k2"}
    assert gateway_folder.remembered_flags(data_dir, settings) == ["--host", "::1"]
    assert gateway_folder.remembered_port(data_dir, settings) == []
    assert gateway_folder.remembered_port(data_dir, {}) == ["--port", "9000"]


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--host", "x"], "bad_arguments", "the port is taken"),
        (["--workers", "1"], "gateway_failed", "exit code 1"),
    ],
)
def test_a_start_that_fails_says_what_the_gateway_said(
    pretender: Path, data_dir: Path, flags: list[str], code: str, message: str
) -> None:
    """Its own document's error where there is one, the log's place where there is none."""
    with pytest.raises(ClientError) as caught:
        local_gateway.start(data_dir, flags)
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.hint


def test_scripts_that_wait_share_how_a_start_failed(
    pretender: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty at once try it once and all say the same; who asks by name, or later, tries again."""
    (data_dir / "serve.json").write_text(json.dumps({"host": "x"}))
    launched: list[int] = []
    launch = local_gateway._launch

    def counted(*arguments: Any) -> Any:
        launched.append(1)
        return launch(*arguments)

    monkeypatch.setattr(local_gateway, "_launch", counted)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(failure, {"GATEWAY_DATA_DIR": str(data_dir)}) for _ in range(20)]
        failures = [one.result() for one in asked]
    assert {error.message for error in failures} == {"The local gateway did not start: the port is taken"}
    assert {(error.code, error.hint) for error in failures} == {("bad_arguments", "Name another.")}
    assert len(launched) == 1
    assert (data_dir / "start-failed.json").stat().st_mode & 0o077 == 0
    with pytest.raises(ClientError):
        local_gateway.start(data_dir, ["--host", "x"])
    assert len(launched) == 2
    monkeypatch.setattr(local_gateway, "FAILURE_SHARED", -60.0)
    failure({"GATEWAY_DATA_DIR": str(data_dir)})
    assert len(launched) == 3
    local_gateway.start(data_dir, [])
    assert not (data_dir / "start-failed.json").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"at": "now"}', '{"at": 9e99, "error": {"code": "timeout"}}'])
def test_a_broken_word_about_a_failure_is_none(pretender: Path, data_dir: Path, text: str) -> None:
    """The start is tried."""
    (data_dir / "start-failed.json").write_text(text)
    assert local_gateway.start(data_dir, [], shares_failure=True)[1] is True


def test_without_a_home_there_is_no_local_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user id nobody entered anywhere: none is found, and one is not started."""
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert gateway_folder.locate({}) is None
    with pytest.raises(ClientError) as caught:
        gateway_folder.data_folder({}, sandbox=True)
    assert (caught.value.code, "GATEWAY_DATA_DIR" in caught.value.hint) == ("not_set_up", True)


def test_a_start_that_does_not_come_to_an_end_is_given_up(pretender: Path, data_dir: Path) -> None:
    """The process may still be starting, so it is left alone, and the caller may ask again."""
    with pytest.raises(ClientError) as caught:
        local_gateway.start(data_dir, ["--port", "0"], patience=1.0)
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)
    until((data_dir / "unannounced.json").exists, "the slow one runs on")
    (data_dir / "unannounced.json").rename(data_dir / "gateway.json")
    assert local_gateway.start(data_dir, [])[1] is False


def test_threads_that_ask_at_once_get_one_gateway(pretender: Path, data_dir: Path) -> None:
    """One starts it, the others wait for that one."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: local_gateway.start(data_dir, []), range(20)))
    assert len({running.pid for running, _ in answers}) == 1
    assert [started for _, started in answers].count(True) == 1


def test_a_copy_without_a_gateway_says_so(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The skill can be installed without it."""
    monkeypatch.setattr(gateway_program, "PROGRAM", Path("/nowhere/__main__.py"))
    with pytest.raises(ClientError) as caught:
        local_gateway.start(data_dir, [])
    assert caught.value.code == "not_set_up"


# The real one, by its commands


class Place:
    """A home with its own data folder, and the scripts in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data_dir = home / "gateway 数据"
        key_file = home / "master.key"
        key_file.write_text("A" * 43 + "=")
        key_file.chmod(0o600)
        self.environment = clean_environment(
            home, GATEWAY_DATA_DIR=str(self.data_dir), GATEWAY_MASTER_KEY_FILE=str(key_file)
        )

    def script(self, name: str, *words: str, **more: str) -> Finished:
        """Run a script to its end."""
        return run_script(name, *words, environment=self.environment | more, folder=self.home)

    def gateway(self, *words: str, **more: str) -> dict[str, Any]:
        """Run local_gateway.py, which has to succeed, and answer its document."""
        done = self.script("local_gateway.py", *words, **more)
        assert done.code == 0, done.stdout + done.stderr
        return done.document


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A Place without a gateway; one that is left running is stopped."""
    made = Place(tmp_path)
    yield made
    local_gateway.stop(made.data_dir)


def test_start_status_and_stop(place: Place) -> None:
    """Each works twice; the answers say what runs where."""
    assert place.gateway("status")["running"] is False
    assert place.gateway("stop")["stopped"] is False
    assert not place.data_dir.exists()
    first = place.gateway("start", "--sandbox", "--port", "0")
    assert (first["running"], first["started"], first["sandbox"]) == (True, True, True)
    assert first["dataDir"] == str(place.data_dir)
    assert place.data_dir.stat().st_mode & 0o777 == 0o700
    again = place.gateway('{"command": "start", "sandbox": true}')
    assert (again["started"], again["url"]) == (False, first["url"])
    status = place.gateway("status")
    assert (status["running"], status["url"], status["sandboxUrl"]) == (
        True,
        first["url"],
        first["sandboxUrl"],
    )
    assert place.gateway("stop")["stopped"] is True
    assert place.gateway("stop")["stopped"] is False
    assert place.gateway("status") == {
        "ok": True,
        "running": False,
        "setUp": True,
        "dataDir": str(place.data_dir),
    }


def test_a_script_starts_it_again_once_however_many_ask(place: Place) -> None:
    """After a stop, and after a kill, scripts find it by themselves; twenty at once start one."""
    first = place.gateway("start", "--sandbox", "--port", "0")
    os.kill(first["pid"], signal.SIGKILL)
    until(lambda: gateway_folder.probe(place.data_dir) is None, "the killed one is gone")
    assert place.gateway("status")["running"] is False
    off = place.script("authorized_stores.py", LINKFOX_AUTOSTART="off")
    assert (off.code, off.error["code"]) == (3, "not_set_up")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: place.script("authorized_stores.py"), range(20)))
    assert [done.code for done in answers] == [0] * 20, [done.stdout for done in answers if done.code]
    assert all(done.document["sandbox"] is True for done in answers)
    log = (place.data_dir / "gateway.log").read_text(encoding="utf-8")
    assert log.count("Started server process") == 2


def test_the_working_directory_is_not_imported_from(place: Place) -> None:
    """A folder that somebody else wrote cannot put its own module into the gateway."""
    for name in ("uvicorn", "starlette", "gateway", "linkfox_client"):
        (place.home / f"{name}.py").write_text("open('imported', 'w').close(); raise SystemExit(99)")
    started = place.gateway("start", "--sandbox", "--port", "0", PYTHONPATH=str(place.home / "elsewhere"))
    assert started["running"] is True
    assert list(place.home.rglob("imported")) == []


def test_serve_stays_in_the_foreground_and_ends_on_a_signal(place: Place) -> None:
    """One document when it takes requests; afterwards the lock is free."""
    served = subprocess.Popen(
        [sys.executable, str(SCRIPTS / "local_gateway.py"), "serve", "--sandbox", "--port", "0"],
        env=place.environment,
        cwd=place.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with served:
        ready = json.loads(served.stdout.readline())
        assert ready["ok"] is True
        assert {"url", "dataDir", "sandbox", "sandboxUrl"} <= ready.keys()
        assert place.gateway("status")["pid"] == served.pid
        second = place.script("local_gateway.py", "serve", "--sandbox", "--port", "0")
        assert second.code != 0
        assert "already runs" in second.error["message"]
        served.send_signal(signal.SIGTERM)
        assert served.wait(PATIENCE) == 0
        assert served.stdout.read() == ""
    assert place.gateway("status")["running"] is False


def test_a_user_is_added_while_it_runs_and_her_key_works(place: Place) -> None:
    """The key is in the new file alone; an existing file is not overwritten."""
    started = place.gateway("start", "--sandbox", "--port", "0")
    key_file = place.home / "anna.key"
    added = place.script("local_gateway.py", "add-user", "anna", "--key-file", str(key_file))
    assert added.code == 0
    key = key_file.read_text().strip()
    assert key.startswith("lfx_local_")
    assert key not in added.stdout + added.stderr
    assert key_file.stat().st_mode & 0o777 == 0o600
    listed = place.script(
        "authorized_stores.py", LINKFOX_TOOL_GATEWAY=started["url"], LINKFOX_AGENT_API_KEY=key
    )
    assert listed.document["total"] == 0
    again = place.script("local_gateway.py", "add-user", "berta", "--key-file", str(key_file))
    assert (again.code, again.error["code"]) == (2, "bad_arguments")
    assert key_file.read_text().strip() == key


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("restart",),
        ("start", "--port", "65536"),
        ("start", "--port", "x"),
        ("start", "--workers", "0"),
        ("start", "anna"),
        ("status", "--port", "1"),
        ("stop", "--key-file", "k"),
        ("add-user",),
        ("add-user", "anna"),
        ("add-user", "anna", "--key-file", "k", "--host", "::1"),
        ("start", "--sandboxx"),
        ('{"command": "start", "port": "many"}',),
        ('{"sandbox": true}',),
    ],
)
def test_a_wrong_call_starts_nothing(place: Place, words: tuple[str, ...]) -> None:
    """Exit 2, one document with a hint, and no folder."""
    done = place.script("local_gateway.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert done.error["hint"]
    assert not place.data_dir.exists()
