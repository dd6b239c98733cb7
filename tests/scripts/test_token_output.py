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
from linkfox_client.paths import BUNDLE
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
        **{
            "output_file": None,
            "for_program": False,
            "reveal": False,
            "with_refresh_token": False,
            "format": None,
            **given,
        }
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


def test_the_refresh_token_leaves_only_by_its_own_flag(
    store: FakeGateway, run: Run, at_terminal: Run, tmp_path: Path
) -> None:
    """With the flag both are in the file, and both in the revealed document."""
    run(*ONE_STORE, "--output-file", "both.json", "--with-refresh-token")
    assert json.loads((tmp_path / "both.json").read_text())["refreshToken"] == REFRESH
    revealed = at_terminal(*ONE_STORE, "--reveal").document
    assert (revealed["accessToken"], revealed["refreshToken"]) == (ACCESS, REFRESH[:10] + "...")
    shown = at_terminal(*ONE_STORE, "--reveal", "--with-refresh-token")
    assert shown.document["refreshToken"] == REFRESH


def test_the_env_format_is_read_by_a_shell(
    store: FakeGateway, run: Run, at_terminal: Run, tmp_path: Path
) -> None:
    """Sourcing the file sets the variables to the very values."""
    run(*ONE_STORE, "--output-file", "token.env", "--format", "env", "--with-refresh-token")
    names = ("AMAZON_ACCESS_TOKEN", "AMAZON_REFRESH_TOKEN", "AMAZON_TOKEN_EXPIRES_AT")
    script = ". ./token.env; " + "; ".join(f'echo "${name}"' for name in names)
    said = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [ACCESS, REFRESH, "2030-01-01T00:00:00Z"]
    revealed = at_terminal(*ONE_STORE, "--reveal", "--format", "env").document
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


def test_the_skills_own_folder_is_no_place_for_a_token(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """It is copied and published; nothing is called. A link to it is seen through."""
    (tmp_path / "link").symlink_to(BUNDLE / "references")
    for path in (BUNDLE / "token.json", tmp_path / "link" / "token.json"):
        done = run(*ONE_STORE, "--output-file", str(path))
        assert done.code == 2
        assert "the skill's own folder" in done.error["message"]
        assert "folder of your own" in done.error["hint"]
        assert not path.exists()
    assert store.calls == []


@pytest.mark.parametrize("as_folder", [True, False], ids=["a clone", "a further work tree"])
def test_a_file_in_a_git_work_tree_is_told(
    store: FakeGateway, run: Run, tmp_path: Path, as_folder: bool
) -> None:
    """Where the next `git add` would take it along: a note names the work tree."""
    tree = tmp_path / "work"
    (tree / "deep").mkdir(parents=True)
    if as_folder:
        (tree / ".git").mkdir()
    else:
        (tree / ".git").write_text("gitdir: elsewhere\n")
    (note,) = run(*ONE_STORE, "--output-file", str(tree / "deep" / "token.json")).good()["notes"]
    assert f"the git work tree {tree}:" in note
    assert "never committed" in note
    assert "notes" not in run(*ONE_STORE, "--output-file", str(tmp_path / "token.json")).good()


# The document for a program


def test_a_program_gets_a_stores_token_and_nothing_else(store: FakeGateway, run: Run) -> None:
    """The headers can be sent as they are."""
    done = run(*ONE_STORE, "--for-program")
    assert (done.code, done.stderr) == (0, "")
    assert done.document == {
        "version": 1,
        "accessToken": ACCESS,
        "expiresAt": "2030-01-01T00:00:00Z",
        "headers": {"x-amz-access-token": ACCESS},
    }


@pytest.mark.parametrize(
    ("which", "more", "headers"),
    [
        (
            ("--profile-id", str(2**63 - 1)),
            {"clientId": "amzn1.application-oa2-client.7"},
            {
                "Amazon-Advertising-API-ClientId": "amzn1.application-oa2-client.7",
                "Amazon-Advertising-API-Scope": str(2**63 - 1),
            },
        ),
        (
            ("--auth-record-id", "7"),
            {"clientId": "amzn1.application-oa2-client.7"},
            {"Amazon-Advertising-API-ClientId": "amzn1.application-oa2-client.7"},
        ),
        (("--auth-record-id", "7"), {}, {}),
    ],
    ids=["a profile", "an account", "a gateway that does not tell its client"],
)
def test_a_program_gets_an_ads_token_and_the_headers_that_are_known(
    gateway: FakeGateway, run: Run, which: tuple[str, ...], more: dict[str, str], headers: dict[str, str]
) -> None:
    """The profile where one was named."""
    gateway.answers["/amazonAds/storeTokens"] = (200, tokens(**more))
    document = run("ads_store_tokens.py", *which, "--for-program").document
    assert document == {
        "version": 1,
        "accessToken": ACCESS,
        "expiresAt": "2030-01-01T00:00:00Z",
        "headers": {"Authorization": f"Bearer {ACCESS}", **headers},
    }


def test_a_program_gets_the_usual_document_of_a_failure(gateway: FakeGateway, run: Run) -> None:
    """With its exit code."""
    gateway.answers["*"] = (404, {"errcode": 1004, "errmsg": "no", "reason": "not_found"})
    done = run(*ONE_STORE, "--for-program")
    assert (done.code, done.document["ok"], done.error["code"]) == (5, False, "not_found")


@pytest.mark.parametrize("script", ["store_tokens.py", "ads_store_tokens.py"])
def test_a_program_is_never_told_of_a_token_without_an_end(
    gateway: FakeGateway, run: Run, script: str
) -> None:
    """A gateway that does not know how old a token is, is asked for a new one; else the call fails."""
    which = ONE_STORE[1:] if script == "store_tokens.py" else ("--profile-id", "7")
    old = {"accessToken": ACCESS, "expiresIn": 3600}
    for path in ("/spApi", "/amazonAds"):
        gateway.answers[f"{path}/storeTokens"] = (200, old)
        gateway.answers[f"{path}/refreshToken"] = (200, {"accessToken": "Atza|new", "expiresIn": 3600})
    for words in ((), ("--min-ttl", "0")):
        document = run(script, *which, "--for-program", *words).document
        assert (document["accessToken"], set(document)) == (
            "Atza|new",
            {"version", "accessToken", "expiresAt", "headers"},
        )
    for path in ("/spApi", "/amazonAds"):
        gateway.answers[f"{path}/refreshToken"] = (200, {"accessToken": "Atza|new"})
    done = run(script, *which, "--for-program")
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert "Atza|new" not in done.stdout


# Who reads standard output


def test_what_is_for_a_program_is_not_shown_at_a_terminal(store: FakeGateway, at_terminal: Run) -> None:
    """A token that nobody needs to see; the hint says what a person can do."""
    done = at_terminal(*ONE_STORE, "--for-program")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "--output-file" in done.error["hint"]
    assert store.calls == []


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        (
            ONE_STORE,
            (
                "`python3 scripts/store_tokens.py --seller-id A1 --region NA --for-program`",
                "`python3 scripts/with_token.py --seller-id A1 --region NA -- COMMAND`",
                "--output-file",
            ),
        ),
        (
            ("ads_store_tokens.py", "--account", "My Brand", "--site", "美国"),
            (
                "`python3 scripts/ads_store_tokens.py --account 'My Brand' --site '美国' --for-program`",
                "`python3 scripts/with_token.py --account 'My Brand' --site '美国' -- COMMAND`",
            ),
        ),
        (
            ("ads_store_tokens.py", "--auth-record-id", "7"),
            ("`python3 scripts/ads_store_tokens.py --auth-record-id 7 --for-program`; --output-file",),
        ),
        (("store_tokens.py", "--all"), ("--output-file",)),
    ],
)
def test_nothing_is_revealed_into_a_pipe(
    store: FakeGateway, run: Run, words: tuple[str, ...], ways: tuple[str, ...]
) -> None:
    """There a program reads, or a conversation's log; the hint names the ways for programs."""
    done = run(*words, "--reveal")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    for way in ways:
        assert way in done.error["hint"]
    assert store.calls == []


# The flags


@pytest.mark.parametrize(
    "words",
    [
        ("--with-refresh-token",),
        ("--format", "env"),
        ("--format", "xml", "--reveal"),
        ("--all", "--reveal", "--format", "env"),
        ("--all", "--for-program"),
        ("--for-program", "--output-file", "token.json"),
        ("--for-program", "--with-refresh-token"),
        ("--for-program", "--format", "json"),
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
