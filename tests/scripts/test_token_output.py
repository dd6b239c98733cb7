"""Tokens leave on purpose only: into a new private file, on an explicit flag, without the refresh token."""

import errno
import json
import os
import shlex
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client import private_files
from linkfox_client.cli.output import Revealed, rendered
from linkfox_client.commands import token_output
from linkfox_client.errors import ClientError
from linkfox_client.secrets.secret import Secret

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, REFRESH, FakeGateway, tokens

ONE_STORE = ("store_tokens.py", "--seller-id", "A1", "--region", "NA")


@pytest.fixture
def store(gateway: FakeGateway) -> FakeGateway:
    """A gateway that hands out one store's tokens."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    return gateway


def options(**given: Any) -> SimpleNamespace:
    """Options as the arguments are read."""
    return SimpleNamespace(
        **{"output_file": None, "reveal": False, "with_refresh_token": False, "format": None, **given}
    )


def fields(**more: Any) -> dict[str, Any]:
    """A gateway's answer as the client hands it on."""
    return {**tokens(), "accessToken": Secret(ACCESS), "refreshToken": Secret(REFRESH), **more}


# The file


def test_the_file_is_new_private_and_whole(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """0600, the access token whole, the refresh token masked; standard output names it and stays masked."""
    done = run(*ONE_STORE, "--output-file", "token 令牌.json")
    path = tmp_path / "token 令牌.json"
    assert done.code == 0, done.stdout
    assert done.document["outputFile"] == str(path)
    assert done.document["expiresAt"] == "2030-01-01T00:00:00Z"
    assert ACCESS not in done.stdout + done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = json.loads(path.read_text(encoding="utf-8"))
    assert (written["ok"], written["accessToken"]) == (True, ACCESS)
    assert written["refreshToken"] == REFRESH[:10] + "..."


def test_the_refresh_token_leaves_only_by_its_own_flag(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """With the flag both are in the file, and both in the revealed document."""
    run(*ONE_STORE, "--output-file", "both.json", "--with-refresh-token")
    assert json.loads((tmp_path / "both.json").read_text())["refreshToken"] == REFRESH
    revealed = run(*ONE_STORE, "--reveal").document
    assert (revealed["accessToken"], revealed["refreshToken"]) == (ACCESS, REFRESH[:10] + "...")
    assert run(*ONE_STORE, "--reveal", "--with-refresh-token").document["refreshToken"] == REFRESH


def test_the_env_format_is_read_by_a_shell(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """Sourcing the file sets the variables to the very values."""
    run(*ONE_STORE, "--output-file", "token.env", "--format", "env", "--with-refresh-token")
    names = ("AMAZON_ACCESS_TOKEN", "AMAZON_REFRESH_TOKEN", "AMAZON_TOKEN_EXPIRES_AT")
    script = ". ./token.env; " + "; ".join(f'echo "${name}"' for name in names)
    said = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [ACCESS, REFRESH, "2030-01-01T00:00:00Z"]
    revealed = run(*ONE_STORE, "--reveal", "--format", "env").document
    assert revealed["env"].startswith(f"AMAZON_ACCESS_TOKEN='{ACCESS}'\n")
    assert REFRESH not in json.dumps(revealed)


@pytest.mark.parametrize("there", ["a file", "a link", "a dangling link", "a folder"])
def test_what_is_there_already_is_not_touched(
    store: FakeGateway, run: Run, tmp_path: Path, there: str
) -> None:
    """Neither overwritten nor followed; nothing is called."""
    target, path = tmp_path / "target", tmp_path / "token.json"
    if there == "a folder":
        path.mkdir()
    elif there == "a file":
        path.write_text("precious")
    else:
        if there == "a link":
            target.write_text("precious")
        path.symlink_to(target)
    done = run(*ONE_STORE, "--output-file", str(path))
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert done.error["hint"]
    assert store.calls == []
    assert target.exists() == (there == "a link")
    assert path.is_dir() or not path.exists() or path.read_text() == "precious"


def test_a_folder_that_others_can_write_is_refused(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """Somebody could swap the file there; with the sticky bit they cannot."""
    for mode in (0o777, 0o770, 0o722):
        folder = tmp_path / f"open-{mode:o}"
        folder.mkdir()
        folder.chmod(mode)
        done = run(*ONE_STORE, "--output-file", str(folder / "token.json"))
        assert (done.code, "other users" in done.error["message"]) == (2, True)
        assert list(folder.iterdir()) == []
    assert store.calls == []
    folder.chmod(0o1777)
    assert run(*ONE_STORE, "--output-file", str(folder / "token.json")).code == 0


def test_a_missing_folder_is_not_made(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """A typing error in a path does not scatter tokens."""
    done = run(*ONE_STORE, "--output-file", str(tmp_path / "no" / "token.json"))
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert not (tmp_path / "no").exists()
    assert store.calls == []


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written whole is removed, and told with a hint."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ClientError) as caught:
        token_output.deliver(fields(), options(output_file=str(tmp_path / "token.json")))
    assert "No space left" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_at_the_last_moment_is_not_overwritten(tmp_path: Path) -> None:
    """The write itself refuses, not only the look before the call."""
    path = tmp_path / "token.json"
    path.write_text("precious")
    with pytest.raises(ClientError):
        token_output.deliver(fields(), options(output_file=str(path)))
    assert path.read_text() == "precious"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could swap the file, whatever the permissions say."""
    if os.getuid() == 0:  # whose folders are trusted, as are one's own
        os.chown(tmp_path, 12345, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(private_files.UnsafePlace, match="belongs to another user"):
        private_files.check_folder(tmp_path)


def test_without_posix_permissions_a_folder_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has neither user ids nor modes that mean anything here."""
    tmp_path.chmod(0o777)
    monkeypatch.delattr(os, "getuid")
    private_files.check_folder(tmp_path)
    assert private_files.is_private_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        private_files.check_folder(tmp_path / "file")


# The flags


@pytest.mark.parametrize(
    "words",
    [
        ("--with-refresh-token",),
        ("--format", "env"),
        ("--format", "xml", "--reveal"),
        ("--all", "--reveal", "--format", "env"),
    ],
)
def test_flags_that_mean_nothing_alone_are_refused(
    store: FakeGateway, run: Run, words: tuple[str, ...]
) -> None:
    """Nothing is called."""
    which = ("store_tokens.py",) if "--all" in words else ONE_STORE
    done = run(*which, *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert store.calls == []


def test_nothing_is_revealed_without_a_flag() -> None:
    """The plain answer renders masked, with and without a file beside it."""
    answer = token_output.deliver(fields(), options())
    assert not isinstance(answer, Revealed)
    text = rendered(answer)
    assert ACCESS not in text
    assert REFRESH not in text


# Variables


def test_what_the_gateway_did_not_say_is_no_variable() -> None:
    """The hosted gateway tells neither when a token ends nor the ads client."""
    said = token_output.token_variables({"accessToken": Secret(ACCESS), "expiresIn": 3600})
    assert said == {"AMAZON_ACCESS_TOKEN": ACCESS, "AMAZON_TOKEN_EXPIRES_AT": None}
    assert token_output.env_lines({"accessToken": Secret(ACCESS)}) == f"AMAZON_ACCESS_TOKEN='{ACCESS}'\n"


@pytest.mark.parametrize("token", [None, "", "a b", "a\nb", "a\0b", "токен"])
def test_a_token_that_is_none_is_the_gateways_fault(token: str | None) -> None:
    """A missing one, or one with characters that no token has, is not handed on."""
    with pytest.raises(ClientError) as caught:
        token_output.token_variables({"accessToken": token if token is None else Secret(token)})
    assert caught.value.code == "gateway_failed"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_lines_for_a_shell_say_exactly_the_value(token: str) -> None:
    """Quotes, dollars and backticks in a token stay what they are."""
    lines = token_output.env_lines({"accessToken": Secret(token)})
    assert shlex.split(lines) == [f"AMAZON_ACCESS_TOKEN={token}"]
