"""login.py keeps a key for one gateway, tells which key is in force, and removes it again."""

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import keyrings
from tests.support.fake_gateway import KEY, FakeGateway
from tests.support.house import PATIENCE, SCRIPTS, Finished, clean_environment, run_script

LOCAL_KEY = "lfx_local_" + "q" * 43
STORES = (200, {"stores": [], "total": 0})
REFUSED = (401, {"errcode": 401, "errmsg": "no", "reason": "unauthorized"})

Login = Callable[..., Finished]


@pytest.fixture
def login(tmp_path: Path, gateway: FakeGateway) -> Login:
    """Run login.py with a key on standard input and a keyring of the test's: `login("--status")`."""
    gateway.answers["/spApi/authorizedStores"] = STORES

    def call(
        *words: str,
        stdin: str | bytes | None = KEY,
        keyring: str = "InFile",
        name: str = "login.py",
        **more: str,
    ) -> Finished:
        environment = clean_environment(tmp_path, LINKFOX_TOOL_GATEWAY=gateway.url)
        environment |= keyrings.environment(keyring, tmp_path) | more
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return run_script(name, *words, environment=environment, folder=tmp_path, stdin=given)

    return call


def entry(url: str) -> str:
    """The name under which the keyring holds the key for a gateway."""
    return f"linkfox-amazon-auth {url}"


def key_file(home: Path, origin: str) -> Path:
    """Where --insecure-file puts the key for a gateway."""
    return home / ".config" / "linkfox" / "keys" / quote(origin, safe="")


def test_the_key_goes_into_the_keyring_under_the_gateways_origin(
    login: Login, tmp_path: Path, gateway: FakeGateway
) -> None:
    """It is tried out first, and the other scripts then find it there."""
    done = login(stdin=KEY + "\r\n")
    assert done.code == 0, done.stdout
    assert done.document["stored"] == "keyring"
    assert done.document["check"] == "accepted"
    assert done.document["gateway"] == gateway.url
    assert keyrings.held(tmp_path) == {entry(gateway.url): KEY}
    assert login(name="authorized_stores.py", stdin=None).code == 0
    assert {call.headers["Authorization"] for call in gateway.calls} == {KEY}


def test_the_whole_key_is_never_shown(login: Login, tmp_path: Path) -> None:
    """The document holds the mask, whatever is asked for."""
    outputs = [login(), login("--status"), login("--insecure-file"), login("--status"), login("--logout")]
    assert all(done.code == 0 for done in outputs)
    assert not any(KEY in done.stdout + done.stderr for done in outputs)
    assert outputs[0].document["apiKey"] == KEY[:10] + "..."


def test_a_changed_gateway_gets_no_other_gateways_key(login: Login, gateway: FakeGateway) -> None:
    """The key of one origin is not looked at for another, in the keyring as in a file."""
    for words in ((), ("--insecure-file",)):
        assert login(*words).code == 0
        calls = len(gateway.calls)
        other = gateway.url.replace("127.0.0.1", "localhost")
        done = login("--status", LINKFOX_TOOL_GATEWAY=other)
        assert (done.code, done.error["code"]) == (3, "not_set_up")
        assert len(gateway.calls) == calls


def test_a_refused_key_is_not_stored(login: Login, tmp_path: Path, gateway: FakeGateway) -> None:
    """Neither in the keyring nor in a file."""
    gateway.answers["/spApi/authorizedStores"] = REFUSED
    for words in ((), ("--insecure-file",)):
        done = login(*words)
        assert (done.code, done.error["code"]) == (4, "unauthorized")
        assert done.document["check"] == "refused"
    assert keyrings.held(tmp_path) == {}
    assert not key_file(tmp_path, gateway.url).exists()


def test_a_key_that_cannot_be_tried_is_stored_as_unknown(login: Login, tmp_path: Path) -> None:
    """The gateway may be out of reach for the moment."""
    done = login(LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9")
    assert (done.code, done.document["check"]) == (0, "unknown")
    assert any("could not be reached" in note for note in done.document["notes"])
    assert keyrings.held(tmp_path) == {entry("http://127.0.0.1:9"): KEY}


@pytest.mark.parametrize(
    "answer",
    [
        (402, {"errcode": 402, "errmsg": "积分余额不足"}),
        (403, {"errcode": 1005, "errmsg": "x", "reason": "key_lacks_right"}),
    ],
)
def test_a_key_without_credit_or_right_is_still_known(
    login: Login, gateway: FakeGateway, answer: tuple[int, Any]
) -> None:
    """The gateway knows that key; what is wrong stands in the notes."""
    gateway.answers["/spApi/authorizedStores"] = answer
    done = login()
    assert (done.code, done.document["check"], done.document["stored"]) == (0, "accepted", "keyring")
    assert len(done.document["notes"]) == 1


@pytest.mark.parametrize("keyring", ["Missing", "Hanging", "Forgetting"])
def test_a_keyring_that_does_not_work_is_told(
    login: Login, tmp_path: Path, gateway: FakeGateway, keyring: str
) -> None:
    """Nothing is stored anywhere else by itself; the hint names the way there is."""
    more = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"} if keyring == "Missing" else {}
    done = login(keyring="InFile" if keyring == "Missing" else keyring, **more)
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "--insecure-file" in done.error["hint"]
    assert not key_file(tmp_path, gateway.url).exists()


def test_a_file_that_was_asked_for_is_private_and_is_used(
    login: Login, tmp_path: Path, gateway: FakeGateway
) -> None:
    """It says so, and the other scripts read it where the keyring holds nothing."""
    no_keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = login("--insecure-file", **no_keyring)
    path = key_file(tmp_path, gateway.url)
    assert (done.code, done.document["stored"], done.document["file"]) == (0, "file", str(path))
    assert "unencrypted" in done.document["notes"][0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    status = login("--status", **no_keyring).document
    assert (status["keyFrom"], status["check"]) == ("key file", "accepted")


def test_the_last_key_is_the_one_in_force(login: Login, tmp_path: Path, gateway: FakeGateway) -> None:
    """Whatever place it went to, an older key in the other place is removed."""
    login(stdin="the-first-key-of-all-0123456789-abcdefghij")
    login("--insecure-file")
    assert keyrings.held(tmp_path) == {}
    assert login("--status").document["keyFrom"] == "key file"
    login(stdin=KEY)
    assert not key_file(tmp_path, gateway.url).exists()
    assert login("--status").document["keyFrom"] == "keyring"


def test_a_file_that_others_can_read_is_refused(login: Login, tmp_path: Path, gateway: FakeGateway) -> None:
    """A key that anybody could have read is not sent, but replaced."""
    login("--insecure-file")
    key_file(tmp_path, gateway.url).chmod(0o644)
    calls = len(gateway.calls)
    done = login("--status")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "read by others" in done.error["message"]
    assert len(gateway.calls) == calls


def test_logout_removes_the_key_from_everywhere(login: Login, tmp_path: Path, gateway: FakeGateway) -> None:
    """Only this gateway's, and doing it again is no failure."""
    login(LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9")
    login()
    path = key_file(tmp_path, gateway.url)
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_text("older", encoding="utf-8")
    assert login("--logout").document["removed"] == ["keyring", "file"]
    assert not path.exists()
    assert keyrings.held(tmp_path) == {entry("http://127.0.0.1:9"): KEY}
    assert login("--logout").document["removed"] == []


def test_logout_says_where_it_could_not_look(login: Login) -> None:
    """A locked keyring may still hold the key; without any keyring there is nothing to say."""
    done = login("--logout", keyring="Hanging")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert login("--logout", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring").code == 0


def test_a_key_in_the_environment_is_named(login: Login) -> None:
    """What was stored is not in force meanwhile, and after a logout that key still is."""
    for words in ((), ("--logout",)):
        notes = login(*words, LINKFOX_AGENT_API_KEY=KEY).document["notes"]
        assert any("LINKFOX_AGENT_API_KEY (environment)" in note for note in notes)


def test_status_tells_the_source_and_a_refusal(login: Login, gateway: FakeGateway) -> None:
    """What is in force is told beside the failure."""
    gateway.answers["/spApi/authorizedStores"] = REFUSED
    done = login("--status", LINKFOX_AGENT_API_KEY=KEY)
    assert (done.code, done.error["code"]) == (4, "unauthorized")
    assert done.document["keyFrom"] == done.document["gatewayFrom"] == "environment"
    assert (done.document["check"], done.document["apiKey"]) == ("refused", KEY[:10] + "...")


def test_a_self_hosted_gateways_key_is_refused_for_the_hosted_one(login: Login, tmp_path: Path) -> None:
    """Nothing is sent and nothing stored."""
    done = login(stdin=LOCAL_KEY, LINKFOX_TOOL_GATEWAY="", HTTPS_PROXY="http://127.0.0.1:9")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "LINKFOX_TOOL_GATEWAY" in done.error["hint"]
    assert keyrings.held(tmp_path) == {}


def test_a_key_file_that_others_can_read_is_noted(login: Login, tmp_path: Path) -> None:
    """The key is taken, since it is the user's file."""
    path = tmp_path / "key 文.txt"
    path.write_text(KEY + "\n", encoding="utf-8")
    path.chmod(0o644)
    notes = login("--key-file", str(path), stdin=None).document["notes"]
    assert any("can be read by others" in note for note in notes)
    path.chmod(0o600)
    assert "notes" not in login("--key-file", str(path), stdin=None).document


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"  \n",
        b"two words",
        b"line\nline",
        b"\xff\xfek\0e\0y\0",
        "密钥".encode(),
        b"k" * 5000,
        b"a\x1b[1mb",
    ],
)
def test_what_is_no_key_is_refused(login: Login, tmp_path: Path, stdin: bytes) -> None:
    """Nothing is sent, stored, or shown of it."""
    done = login(stdin=stdin)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert keyrings.held(tmp_path) == {}


@pytest.mark.parametrize(
    "words",
    [
        ("--logout", "--status"),
        ("--key-file", "k", "--logout"),
        ("--insecure-file", "--status"),
        ("--key-file", "no/such/file"),
        ("--key-file", "."),
        ("--key", "abc"),
        (KEY,),
        (LOCAL_KEY,),
        ('{"apiKey": "abc"}',),
        ("--status", "--status"),
    ],
)
def test_wrong_arguments_end_with_2(login: Login, words: tuple[str, ...]) -> None:
    """Nothing is called, and a key on the command line is not taken."""
    done = login(*words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")


def test_nothing_is_asked_for_at_a_terminal(login: Login, tmp_path: Path) -> None:
    """At a terminal it ends at once and says how a key is piped in."""
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / "login.py")],
            env=clean_environment(tmp_path, LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9"),
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 2
    assert "<" in json.loads(done.stdout)["error"]["hint"]


def test_a_closed_standard_input_is_no_crash(login: Login, tmp_path: Path) -> None:
    """A script that is started without standard streams ends in words."""
    command = f'exec "{sys.executable}" "{SCRIPTS / "login.py"}" <&-'
    done = subprocess.run(
        ["sh", "-c", command],
        env=clean_environment(tmp_path, LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "bad_arguments")


def test_a_home_that_cannot_be_written_is_told(login: Login, tmp_path: Path) -> None:
    """--insecure-file into a place that is no folder ends in words."""
    (tmp_path / ".config").write_text("in the way", encoding="utf-8")
    done = login("--insecure-file")
    assert (done.code, done.error["code"]) == (3, "not_set_up")


def test_a_local_gateway_that_stays_in_use_is_noted(login: Login, tmp_path: Path) -> None:
    """A key for the hosted gateway changes nothing while a local gateway is set up and none is named."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    (data_dir / "owner.key").write_text(LOCAL_KEY, encoding="utf-8")
    done = login(LINKFOX_TOOL_GATEWAY="", HTTPS_PROXY="http://127.0.0.1:9", GATEWAY_DATA_DIR=str(data_dir))
    assert (done.code, done.document["check"]) == (0, "unknown")
    assert any("local gateway" in note and str(data_dir) in note for note in done.document["notes"])
    assert list(keyrings.held(tmp_path)) == [entry("https://tool-gateway.linkfox.com")]
