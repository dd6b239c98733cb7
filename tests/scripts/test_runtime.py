"""Where a script runs: under `.venv`, under any Python, in any locale; and what it says where it cannot."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from linkfox_client import command, paths
from linkfox_client.cli import child, output, runtime
from linkfox_client.errors import ClientError

from tests.scripts.conftest import Run
from tests.support.fake_gateway import KEY, FakeGateway
from tests.support.house import PATIENCE, ROOT, SCRIPTS, clean_environment
from tests.support.interpreters import python_of

OLDER = ("3.6", "3.7", "3.8", "3.9", "3.10")
NAME = "我的店铺 ☕"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the skill without a `.venv`, at a path with a space and Chinese characters."""
    copy = tmp_path / "my skill 技能"
    for folder in ("scripts", "references"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def call(python: str, script: Path, *words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script of a bundle to its end."""
    return subprocess.run(
        [python, str(script), *words],
        env=clean_environment(home, **more),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("minor", OLDER)
def test_an_older_python_is_turned_away_in_words(minor: str, bundle: Path, tmp_path: Path) -> None:
    """Exit 3 and a JSON sentence for each of our scripts, not a SyntaxError."""
    python = python_of(minor)
    scripts = sorted((bundle / "scripts").glob("*.py"))
    assert scripts
    for script in scripts:
        done = call(python, script, "--help", home=tmp_path)
        assert done.returncode == 3, (script.name, done.stderr)
        error = json.loads(done.stdout)["error"]
        assert error["code"] == "not_set_up"
        assert minor in error["message"]
        assert "3.11" in error["hint"]
        assert done.stderr == ""


@pytest.mark.parametrize("minor", OLDER)
def test_an_older_python_continues_under_the_bundles_own(minor: str, bundle: Path, tmp_path: Path) -> None:
    """Where `.venv` is there, it does not matter which Python the caller has."""
    python = python_of(minor)
    (bundle / ".venv").symlink_to(Path(sys.prefix))
    done = call(python, bundle / "scripts" / "store_tokens.py", "--region", "NA", home=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "bad_arguments")


def test_without_packages_it_says_what_to_run(bundle: Path, tmp_path: Path) -> None:
    """Help and bad arguments need none; a call is exit 3 with both commands."""
    bare = [sys.executable, "-I", "-S"]  # without site-packages
    script = str(bundle / "scripts" / "store_tokens.py")
    inserted = (
        f"import sys, runpy; sys.argv = sys.argv[1:]; sys.path.insert(0, {str(bundle / 'scripts')!r}); "
    )
    start = [*bare, "-c", inserted + "runpy.run_path(sys.argv[0], run_name='__main__')", script]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(tmp_path, LINKFOX_AGENT_API_KEY="k" * 20)
        return subprocess.run(
            [*start, *words], env=environment, capture_output=True, encoding="utf-8", check=False
        )

    helped = run("--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "Examples:" in helped.stdout
    assert run("--nonsense").returncode == 2
    done = run("--seller-id", "A1", "--region", "NA")
    assert done.returncode == 3, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "not_set_up"
    assert "quickstart.py --setup-only" in error["hint"]
    assert "pip install -r requirements.txt" in error["hint"]


def test_packages_that_are_in_the_venv_are_called_with_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set-up is there already and changes nothing, as for a Python that was told not to enter it."""
    monkeypatch.setattr(runtime, "BUNDLE", tmp_path)
    lacking = ModuleNotFoundError("No module named 'requests'", name="requests")
    without = runtime.missing_package(lacking)
    assert without is not None
    assert without.hint == runtime.SETUP_HINT
    python = paths.python_of(tmp_path / ".venv")
    python.parent.mkdir(parents=True)
    python.touch()
    beside = runtime.missing_package(lacking)
    assert beside is not None
    assert beside.hint.startswith(f"Call the script with {python}")
    assert beside.hint.endswith(runtime.SETUP_HINT)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that would have replaced this process."""
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: seen.append(words))
    return seen


def venv_in(folder: Path, python: str = "bin/python") -> Path:
    """A folder that looks like a bundle with a `.venv`."""
    (folder / ".venv" / python).parent.mkdir(parents=True)
    (folder / ".venv" / python).write_text("")
    (folder / ".venv" / "pyvenv.cfg").write_text("")
    return folder


def test_it_continues_in_the_venv_with_its_command_line(
    tmp_path: Path, replaced: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interpreter's own flags too."""
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-X", "dev", "a.py", "--x", "y"])
    runtime.continue_in_venv(venv_in(tmp_path))
    assert replaced == [[str(tmp_path / ".venv/bin/python"), "-X", "dev", "a.py", "--x", "y"]]


def test_it_does_not_go_round_in_circles(
    tmp_path: Path, replaced: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the venv itself, nor where the interpreter does not know that it is in one."""
    bundle = venv_in(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(bundle / ".venv"))
    runtime.continue_in_venv(bundle)
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "executable", str(bundle / ".venv" / "bin" / "python"))
    runtime.continue_in_venv(bundle)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    (bundle / ".venv" / "pyvenv.cfg").unlink()
    runtime.continue_in_venv(bundle)
    assert replaced == []


def test_a_venv_without_a_working_interpreter_is_ignored(tmp_path: Path, replaced: list[list[str]]) -> None:
    """Its Python was uninstalled, or is for another machine: this one may have the packages."""
    bundle = venv_in(tmp_path)
    python = bundle / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    runtime.continue_in_venv(bundle)
    assert replaced == []


def test_an_interpreter_that_cannot_be_started_is_ignored(tmp_path: Path) -> None:
    """The real execv refuses an empty file, and the script goes on."""
    runtime.continue_in_venv(venv_in(tmp_path))


def test_on_windows_a_child_does_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process cannot be replaced there; the child's exit code becomes ours."""
    bundle = venv_in(tmp_path, "Scripts/python.exe")
    started: list[list[str]] = []
    for module in (runtime, paths):
        monkeypatch.setattr(module, "os", Windows())
    monkeypatch.setattr(child, "run_and_pass_on", lambda words, environ: started.append(words) or 7)
    with pytest.raises(SystemExit) as ended:
        runtime.continue_in_venv(bundle)
    assert ended.value.code == 7
    assert started[0][0].endswith("python.exe")


def test_on_windows_an_interpreter_that_cannot_be_started_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As elsewhere: the empty file is refused, and the script goes on."""
    bundle = venv_in(tmp_path, "Scripts/python.exe")
    for module in (runtime, paths):
        monkeypatch.setattr(module, "os", Windows())
    runtime.continue_in_venv(bundle)


class Windows:
    """The module `os`, on another platform."""

    name = "nt"

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


@pytest.mark.parametrize(
    "locale",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "gbk"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=lambda locale: " ".join(f"{name}={value}" for name, value in locale.items()),
)
def test_any_locale_reads_and_writes_utf8(locale: dict[str, str], run: Run, gateway: FakeGateway) -> None:
    """The name arrives as typed, in both forms, and comes back as it is."""
    link = "https://sellercentral.amazon.com/apps/authorize/consent?x=y"
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": link, "sellerName": NAME})
    flags = run("authorize_url.py", "--seller-name", NAME, **locale)
    document = run("authorize_url.py", json.dumps({"sellerName": NAME}, ensure_ascii=False), **locale)
    for done in (flags, document):
        assert done.code == 0, done.stdout + done.stderr
        assert done.document["sellerName"] == NAME
        assert NAME in done.stdout
    assert [body["sellerName"] for body in gateway.bodies("/spApi/authorizeUrl")] == [NAME, NAME]


def declare_nothing(arguments: object) -> None:
    """A script without arguments."""


def outcome(
    run_script: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, dict]:
    """Exit code and document of a script that does this."""
    monkeypatch.setattr(runtime, "continue_in_venv", lambda: None)
    monkeypatch.setattr(runtime, "use_utf8", lambda: None)
    code = command.execute("", declare_nothing, run_script, [])
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, json.loads(captured.out)


def raising(error: BaseException) -> object:
    """A script that fails so."""

    def run_script(options: object) -> dict:
        raise error

    return run_script


def test_success_and_failure_are_one_document_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ok` comes first, and the exit code is the table's."""
    code, document = outcome(lambda options: {"total": 1}, capsys, monkeypatch)
    assert (code, list(document.items())) == (0, [("ok", True), ("total", 1)])
    failure = ClientError("ambiguous", "m", "h", errcode=1004, request_id="r", candidates=[{"a": 1}])
    code, document = outcome(raising(failure), capsys, monkeypatch)
    assert code == 5
    assert document == {
        "ok": False,
        "error": {
            "code": "ambiguous",
            "message": "m",
            "hint": "h",
            "retryable": False,
            "errcode": 1004,
            "requestId": "r",
            "candidates": [{"a": 1}],
            "candidatesTotal": 1,
        },
    }


def test_a_failure_in_part_keeps_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is the one error's."""
    fields = {"ok": False, "error": {"code": "suspended_app"}, "stores": [1]}
    assert outcome(lambda options: fields, capsys, monkeypatch) == (6, fields)


def test_ctrl_c_is_130_and_a_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback."""
    code, document = outcome(raising(KeyboardInterrupt()), capsys, monkeypatch)
    assert (code, document["error"]["code"]) == (130, "interrupted")


def test_a_fault_of_the_program_is_one_line_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1; what the exception repeats of a known secret is masked."""
    output.secrets.remember(KEY)
    error = RuntimeError(f"line one\nwith {KEY} and Atza|{'x' * 99}")
    code, document = outcome(raising(error), capsys, monkeypatch)
    assert (code, document["error"]["code"]) == (1, "internal")
    message = document["error"]["message"]
    assert "RuntimeError: line one with" in message
    assert KEY not in message
    assert "xxxxxx" not in message
    assert "\n" not in message


def test_a_missing_module_of_our_own_is_a_fault_of_the_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installing packages would not bring it."""
    missing = ModuleNotFoundError("x", name="linkfox_client.gone")
    assert outcome(raising(missing), capsys, monkeypatch)[0] == 1
    missing = ModuleNotFoundError("x", name="requests")
    assert outcome(raising(missing), capsys, monkeypatch)[0] == 3


def test_a_reader_that_has_gone_away_is_no_failure(tmp_path: Path) -> None:
    """As in `store_tokens.py --help | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "store_tokens.py"), "--help"],
        env=clean_environment(tmp_path),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_told(tmp_path: Path) -> None:
    """Exit 1 and a line, not a traceback."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / "store_tokens.py"), "--help"],
            env=clean_environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_long_document_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Agents' harnesses cut long output: it takes no more room than it must, and is cut between rows."""
    output.print_document({"ok": True, "stores": [{"sellerId": f"A{n}", "region": "NA"} for n in range(500)]})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 500 + 5
    assert len(json.loads(printed)["stores"]) == 500


def test_a_closed_standard_output_is_told(tmp_path: Path) -> None:
    """As by `>&-`: nothing was printed, so exit 1 and a line."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >&-', sys.executable, str(SCRIPTS / "store_tokens.py"), "--help"],
        env=clean_environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Standard output is closed" in done.stderr
    assert "Traceback" not in done.stderr
