"""A sandbox and a real gateway on one machine: hints mean the right one, an empty list tells of the other."""

import json
import os
import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.commands import gateway_commands
from linkfox_client.errors import ClientError
from linkfox_client.local import beside, gateway_folder, gateway_program, local_gateway, process_lock

from tests.scripts.conftest import OWNER_KEY
from tests.scripts.test_gateway_commands import declared
from tests.support.house import clean_environment, run_script

START_SANDBOX = "`python3 scripts/local_gateway.py start --sandbox`"


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where local gateways keep their data, in an empty home."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("GATEWAY_DATA_DIR", *beside.APPLICATIONS):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".local" / "share" / "linkfox"


def set_up(folder: Path, **options: Any) -> Path:
    """Leave behind what a gateway leaves that was started on `folder` and stopped."""
    folder.mkdir(mode=0o700, parents=True)
    (folder / "owner.key").write_text(OWNER_KEY)
    (folder / "owner.key").chmod(0o600)
    (folder / "serve.json").write_text(json.dumps({"sandbox": "sandbox" in folder.name, **options}))
    return folder


def script(home: Path, name: str, *words: str, **more: str) -> Any:
    """Run a script in this home, with nothing started by itself."""
    environment = clean_environment(home, LINKFOX_AUTOSTART="off", **more)
    return run_script(name, *words, environment=environment, folder=home)


def commands_in(text: str) -> list[list[str]]:
    """Return the words of each call of local_gateway.py in a hint."""
    return [shlex.split(call) for call in re.findall(r"`python3 scripts/local_gateway\.py ([^`]+)`", text)]


def start(*words: str) -> dict[str, Any]:
    """Do `local_gateway.py start`."""
    return gateway_commands.start(declared().parse(["start", *words]))


# What is stopped


@pytest.mark.parametrize("name", ["authorized_stores.py", "ads_authorized_stores.py"])
def test_a_stopped_sandbox_is_started_as_one(share: Path, tmp_path: Path, name: str) -> None:
    """An agent that follows the hint to the letter has its stores back."""
    set_up(share / "gateway-sandbox")
    done = script(tmp_path, name)
    assert (done.code, START_SANDBOX in done.error["hint"]) == (3, True)


def test_doctor_says_the_same(share: Path, tmp_path: Path) -> None:
    """Its remedy is followed, too."""
    set_up(share / "gateway-sandbox")
    done = script(tmp_path, "doctor.py", "--offline")
    remedies = [check["remedy"] for check in done.document["checks"] if check["name"] == "local gateway"]
    assert START_SANDBOX in remedies[0]


def test_a_real_one_is_started_as_such(share: Path, tmp_path: Path) -> None:
    """Also where a sandbox is beside it."""
    set_up(share / "gateway")
    set_up(share / "gateway-sandbox")
    hint = script(tmp_path, "authorized_stores.py").error["hint"]
    assert commands_in(hint) == [["start"]]


def test_a_sandbox_in_a_folder_of_its_own_is_known_by_how_it_was_started(share: Path, tmp_path: Path) -> None:
    """Whose name says nothing."""
    folder = set_up(tmp_path / "mine", sandbox=True)
    hint = script(tmp_path, "authorized_stores.py", GATEWAY_DATA_DIR=str(folder)).error["hint"]
    assert START_SANDBOX in hint


# Which one is started


def test_the_first_real_one_is_not_started_by_mistake(share: Path, tmp_path: Path) -> None:
    """It would hide the sandbox: nothing is made, and both ways on are named."""
    set_up(share / "gateway-sandbox")
    done = script(tmp_path, "local_gateway.py", "start")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert commands_in(done.error["hint"]) == [["start", "--sandbox"], ["start", "--real"]]
    assert not (share / "gateway").exists()


@pytest.mark.parametrize("how", ["--real", "SPAPI_CLIENT_ID", "ADS_CLIENT_ID", "set up before", "no sandbox"])
def test_a_real_one_that_is_meant_is_started(share: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Who has an application, had one before, or has nothing else, is not asked."""
    asked: list[Path] = []
    running = gateway_folder.Running("http://127.0.0.1:9", 1, sandbox=False)
    monkeypatch.setattr(local_gateway, "start", lambda folder, flags: (asked.append(folder) or running, True))
    if how != "no sandbox":
        set_up(share / "gateway-sandbox")
    if how == "set up before":
        set_up(share / "gateway")
    if how in beside.APPLICATIONS:
        monkeypatch.setenv(how, "amzn1.application-oa2-client.x")
    start(*(["--real"] if how == "--real" else []))
    assert asked == [share / "gateway"]


def test_who_starts_a_second_one_is_told_which_is_used(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to use the other."""
    sandbox, real = set_up(share / "gateway-sandbox"), set_up(share / "gateway")
    running = gateway_folder.Running("http://127.0.0.1:9", 1, sandbox=True)
    monkeypatch.setattr(local_gateway, "start", lambda folder, flags: (running, True))
    (note,) = start("--sandbox")["notes"]
    assert "do not use this gateway" in note
    assert str(real) in note
    assert f"GATEWAY_DATA_DIR={sandbox}" in note
    (note,) = start()["notes"]
    assert "The scripts use this gateway" in note
    assert f"GATEWAY_DATA_DIR={sandbox}" in note
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(sandbox))
    (note,) = start("--sandbox")["notes"]
    assert "The scripts use this gateway" in note
    assert "unset GATEWAY_DATA_DIR" in note


def test_start_takes_the_port_of_last_time(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the scripts do that start it by themselves; a port that is named goes first."""
    given: list[list[str]] = []
    running = gateway_folder.Running("http://127.0.0.1:9", 1, sandbox=True)
    monkeypatch.setattr(local_gateway, "start", lambda folder, flags: (given.append(flags) or running, True))
    set_up(share / "gateway-sandbox", port=41887, host="127.0.0.1", workers=1)
    start("--sandbox")
    start("--sandbox", "--port", "0")
    assert given == [["--sandbox", "--port", "41887"], ["--sandbox", "--port", "0"]]


# What an empty list tells


def test_an_empty_list_tells_of_the_stores_elsewhere(share: Path, tmp_path: Path) -> None:
    """The real gateway is asked, since it goes first; the sandbox has the stores."""
    folders = {"--real": share / "gateway", "--sandbox": share / "gateway-sandbox"}
    environment = clean_environment(tmp_path)

    def run(name: str, *words: str, **more: str) -> dict[str, Any]:
        return run_script(name, *words, environment=environment | more, folder=tmp_path).good()

    try:
        run("local_gateway.py", "start", "--sandbox", "--port", "0")
        assert "notes" not in run("authorized_stores.py")
        run("local_gateway.py", "start", "--real", "--port", "0")
        (note,) = run("authorized_stores.py")["notes"]
        assert "another one has 0: a sandbox in" in note
        assert str(folders["--sandbox"]) in note
        assert "notes" in run("ads_authorized_stores.py")
        by_name = (("resolve_store.py", "--name", "T2"), ("store_tokens.py", "--store", "T2"))
        for words in (
            *by_name,
            ("ads_resolve_profile.py", "--site", "US"),
            ("ads_store_tokens.py", "--account", "B"),
        ):
            refused = run_script(*words, environment=environment, folder=tmp_path)
            assert (refused.code, refused.error["code"]) == (5, "not_found")
            assert f"GATEWAY_DATA_DIR={folders['--sandbox']}" in refused.document["notes"][0]
        checks = {check["name"]: check for check in run("doctor.py")["checks"]}
        for what in ("stores", "ads accounts"):
            assert checks[what]["state"] == "warning"
            assert f"GATEWAY_DATA_DIR={folders['--sandbox']}" in checks[what]["remedy"]
        way = {"GATEWAY_DATA_DIR": str(folders["--sandbox"])}
        assert f"GATEWAY_DATA_DIR={way['GATEWAY_DATA_DIR']}" in note
        assert run("authorized_stores.py", **way)["sandbox"] is True
        run("local_gateway.py", "stop", "--sandbox")
        (note,) = run("authorized_stores.py")["notes"]
        assert "(stopped)" in note
        assert "another one has" not in note
    finally:
        for folder in folders.values():
            local_gateway.stop(folder)


# A port that is taken


@pytest.fixture
def taken(share: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The gateway's program finds its port taken."""
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys\n"
        "error = {'code': 'gateway_failed', 'message': 'port taken', 'hint': '', 'reason': 'port_taken'}\n"
        "print(json.dumps({'ok': False, 'error': error})); sys.exit(6)\n"
    )
    monkeypatch.setattr(gateway_program, "PROGRAM", program)


@pytest.mark.usefixtures("taken")
def test_a_taken_port_is_answered_with_a_whole_command(share: Path) -> None:
    """With the flags that were given, and the one that lets a first real gateway start."""
    set_up(share / "gateway-sandbox")
    for words, command in (
        (["--sandbox"], ["start", "--sandbox", "--port", "0"]),
        (
            ["--sandbox", "--port", "7", "--workers", "2"],
            ["start", "--sandbox", "--workers", "2", "--port", "0"],
        ),
        (["--real"], ["start", "--real", "--port", "0"]),
    ):
        with pytest.raises(ClientError) as caught:
            start(*words)
        assert commands_in(caught.value.hint) == [command]


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("port", ["8765", "9100"])
def test_the_own_other_gateway_on_the_port_is_named(
    share: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    """It is no other program: let both run, or stop the right one. A setting may say the port, too."""
    if port != "8765":
        monkeypatch.setenv("GATEWAY_PORT", port)
    sandbox = set_up(share / "gateway-sandbox")
    with process_lock.try_exclusive(sandbox / "gateway.lock"):
        told = {"url": f"http://127.0.0.1:{port}", "pid": os.getpid(), "sandbox": True}
        (sandbox / "gateway.json").write_text(json.dumps(told))
        with pytest.raises(ClientError) as caught:
            start("--real")
    assert f"port {port} is taken by your other gateway, a sandbox in {sandbox}" in caught.value.message
    assert commands_in(caught.value.hint) == [["start", "--real", "--port", "0"], ["stop", "--sandbox"]]


def test_the_gateway_says_that_it_was_the_port(share: Path, tmp_path: Path) -> None:
    """The real program, beside a program that has the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = script(tmp_path, "local_gateway.py", "start", "--sandbox", "--port", port)
    assert f"port {port}" in done.error["message"]
    assert commands_in(done.error["hint"]) == [["start", "--sandbox", "--port", "0"]]


@pytest.mark.usefixtures("taken")
def test_how_a_start_with_other_flags_failed_is_not_passed_on(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that starts it as last time tries that, though a start on another port has just failed."""
    sandbox = set_up(share / "gateway-sandbox")
    launched: list[list[str]] = []
    launch = local_gateway._launch

    def counted(data_dir: Path, flags: list[str], deadline: float) -> Any:
        launched.append(flags)
        return launch(data_dir, flags, deadline)

    monkeypatch.setattr(local_gateway, "_launch", counted)
    with pytest.raises(ClientError):
        start("--sandbox", "--port", "1")
    for _ in range(2):
        with pytest.raises(ClientError):
            local_gateway.start(sandbox, ["--sandbox"], shares_failure=True)
    assert launched == [["--sandbox", "--port", "1"], ["--sandbox"]]
