"""Without a desktop, a keyring or a screen of one's own: each thing is taken away, and the scripts go on."""

import json
import os
import sys
from pathlib import Path

import pytest
from linkfox_client.cli import clipboard
from linkfox_client.commands import link_delivery

from tests.scripts.conftest import Run
from tests.support import keyrings
from tests.support.fake_gateway import KEY, FakeGateway, tokens
from tests.support.house import until
from tests.support.programs import fake_program

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
STORE = ("store_tokens.py", "--seller-id", "A1", "--region", "NA")
NAMED = ("authorize_url.py", "--seller-name", "x", "--open")
SSH = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.8 22"}

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="the fake programs are those of a Linux desktop"
)


@pytest.fixture
def store(gateway: FakeGateway) -> FakeGateway:
    """A gateway that makes a link and hands out tokens."""
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK})
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    return gateway


def path_of(folder: Path, *programs: str) -> str:
    """A PATH with nothing but the folder of the fakes and links to the few programs that are named."""
    folder.mkdir(exist_ok=True)
    for name in programs:
        (folder / name).symlink_to(Path("/usr/bin") / name)
    return str(folder)


# Display and clipboard


@linux_only
@pytest.mark.parametrize(
    ("taken", "program"),
    [("the display", None), ("the program", ""), ("its display", "echo 'cannot open display' >&2; exit 1")],
)
def test_without_a_clipboard_the_link_is_in_the_file(
    taken: str, program: str | None, store: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """No display, no xclip, or one that fails: nobody is told that the link is on the clipboard."""
    folder = tmp_path / "bin"
    if program:
        fake_program(folder, "xclip", f"echo > {tmp_path}/tried; {program}")
    display = "" if taken == "the display" else ":9"
    done = run("authorize_url.py", "--seller-name", "x", PATH=path_of(folder, "sh", "which"), DISPLAY=display)
    assert done.code == 0, done.stdout
    assert done.document["clipboard"] is False
    assert Path(done.document["file"]).read_text() == LINK
    assert "the clipboard" not in done.stderr
    assert (tmp_path / "tried").exists() is bool(program)
    assert done.document["file"] in done.stderr


@linux_only
def test_the_clipboard_of_wsl_is_windows_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no display there; clip.exe takes UTF-16."""
    monkeypatch.setattr(clipboard.platform, "release", lambda: "5.15.0-microsoft-standard-WSL2")
    fake_program(tmp_path / "bin", "clip.exe", f"/bin/cat > {tmp_path}/copied")
    (tmp_path / "sitecustomize.py").write_text(
        "import builtins, io\n"
        "real = builtins.open\n"
        "def open(path, *words, **options):\n"
        "    if path == '/proc/version':\n"
        "        return io.StringIO('Linux version 5.15.0-microsoft-standard-WSL2')\n"
        "    return real(path, *words, **options)\n"
        "builtins.open = open\n"
    )
    environ = {"PATH": str(tmp_path / "bin"), "PYTHONPATH": str(tmp_path)}
    assert clipboard.copy(LINK, environ, timeout=30) is True
    assert (tmp_path / "copied").read_bytes().decode("utf-16-le") == LINK
    (tmp_path / "bin" / "clip.exe").unlink()  # Windows' programs can be switched off there
    assert clipboard.copy(LINK, environ, timeout=30) is False


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_over_ssh_the_far_clipboard_is_not_the_persons(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Mac's or Windows' own clipboard stays at the other end; a display that is passed on does not."""
    monkeypatch.setattr(clipboard.sys, "platform", system)
    assert clipboard.may_have_clipboard({}) is True
    assert clipboard.may_have_clipboard(SSH) is False
    monkeypatch.setattr(clipboard.sys, "platform", "linux")
    assert clipboard.may_have_clipboard(SSH | {"DISPLAY": "localhost:10.0"}) is True


# SSH


def test_over_ssh_people_are_told_where_the_file_is(store: FakeGateway, run: Run) -> None:
    """It lies on the machine at the other end."""
    assert "scp" in run("authorize_url.py", "--seller-name", "x", **SSH).stderr
    assert "scp" not in run("authorize_url.py", "--seller-name", "x").stderr


@linux_only
@pytest.mark.parametrize(
    ("more", "opened"),
    [
        ({}, []),
        (SSH, []),
        (SSH | {"BROWSER": "w3m"}, []),
        (SSH | {"BROWSER": "lynx:editor"}, ["editor"]),
        (SSH | {"BROWSER": "editor --new %s"}, ["editor"]),
        (SSH | {"DISPLAY": "localhost:10.0"}, []),
        (SSH | {"DISPLAY": "localhost:10.0", "BROWSER": "/usr/bin/w3m"}, []),
        ({"DISPLAY": ":9"}, []),
    ],
)
def test_a_text_browser_is_never_opened(
    more: dict[str, str], opened: list[str], store: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """It would wait in a terminal that it does not have; what an editor put into BROWSER is used."""
    folder = tmp_path / "bin"
    for name in ("w3m", "lynx", "links", "www-browser", "editor"):
        fake_program(folder, name, f"echo {name} >> {tmp_path}/opened")
    done = run(*NAMED, PATH=path_of(folder, "which"), TERM="xterm", **more)
    assert done.code == 0, done.stdout

    def written() -> list[str]:
        return (tmp_path / "opened").read_text().split() if (tmp_path / "opened").exists() else []

    # On a busy machine a browser may still be about to begin when it is taken for one that stays.
    until(lambda: len(written()) >= len(opened), "the browser began")
    assert written() == opened
    assert done.document["opened"] is bool(opened)
    assert (link_delivery.NOT_OPENED in done.document.get("notes", [])) is not bool(opened)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_over_ssh_no_browser_opens_at_the_other_end(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits there."""
    monkeypatch.setattr(link_delivery.sys, "platform", system)
    assert link_delivery._has_browser({}) is True
    assert link_delivery._has_browser(SSH) is False


# Keyring


def test_without_a_keyring_a_key_from_the_environment_does(store: FakeGateway, run: Run) -> None:
    """The keyring is not even asked."""
    assert run(*STORE, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring").code == 0


@pytest.mark.parametrize(
    "backend", ["keyring.backends.fail.Keyring", "no.such.backend", "keyring.backends.null.Keyring"]
)
def test_without_a_keyring_and_a_key_the_ways_are_named(backend: str, store: FakeGateway, run: Run) -> None:
    """Exit 3 and no traceback, whatever the keyring raises."""
    for gateway in (store.url, ""):
        done = run(
            *STORE, PYTHON_KEYRING_BACKEND=backend, LINKFOX_AGENT_API_KEY="", LINKFOX_TOOL_GATEWAY=gateway
        )
        assert (done.code, done.error["code"]) == (3, "not_set_up")
        assert "LINKFOX_AGENT_API_KEY" in done.error["hint"]
        assert done.stderr == ""
    assert store.calls == []


def test_a_keyring_that_waits_for_somebody_does_not_hold_a_script_up(
    store: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """It is given up, and does not keep the process from ending either."""
    done = run(*STORE, **keyrings.environment("Hanging", tmp_path), LINKFOX_AGENT_API_KEY="")
    assert (done.code, done.error["code"]) == (3, "not_set_up")


# Containers


@pytest.mark.skipif(os.name == "nt", reason="user ids are POSIX's")
def test_a_user_without_a_name_or_home_gets_along(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """As with `docker run --user 12345`: tokens come, a link has no file, and a gateway wants a folder."""
    # Such a user could not read this machine's Python, so the answer of the user database is faked.
    (tmp_path / "sitecustomize.py").write_text(
        "import pwd\ndef getpwuid(uid):\n    raise KeyError(uid)\npwd.getpwuid = getpwuid\n"
    )
    nobody = {"HOME": "", "USERPROFILE": "", "PYTHONPATH": str(tmp_path)}
    assert run(*STORE, **nobody).code == 0
    link = run("authorize_url.py", "--seller-name", "x", **nobody)
    assert (link.code, link.document["file"]) == (0, None)
    assert link.document["notes"]
    for words in (("authorized_stores.py",), ("local_gateway.py", "start")):
        done = run(*words, **nobody, LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
        assert (done.code, done.error["code"]) == (3, "not_set_up"), json.dumps(done.document)


def test_an_almost_empty_environment_will_do(store: FakeGateway, run: Run) -> None:
    """No PATH, no LANG, no TERM: what a service manager leaves of it."""
    done = run(*STORE, PATH="", LANG="", TERM="", LINKFOX_AGENT_API_KEY=KEY)
    assert done.code == 0, done.stdout + done.stderr
