"""Ctrl-C: exit 130 and one document, whenever it comes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from linkfox_client import command
from linkfox_client.cli import output
from linkfox_client.errors import ClientError

from tests.scripts.conftest import Run
from tests.support.fake_gateway import FakeGateway, tokens
from tests.support.house import SCRIPTS, clean_environment

STORE = ("store_tokens.py", "--seller-id", "A1", "--region", "NA")


@pytest.mark.parametrize("module", ["contextlib", "signal", "json", "requests", "urllib3", "http.cookiejar"])
def test_ctrl_c_among_the_imports_is_one_document(
    module: str, gateway: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """Of the script's own frame as well as of what it needs for the call."""
    blocker = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r} and '__main__' in sys.modules and sys.argv[0].endswith('.py'):\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Blocker())\n"
        f"sys.modules.pop({module!r}, None)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(blocker)
    gateway.answers["*"] = (200, tokens())
    done = run(*STORE, PYTHONPATH=str(tmp_path))
    assert (done.code, done.error["code"]) == (130, "interrupted"), done.stderr
    assert done.error["hint"]
    assert done.stderr == ""
    assert gateway.calls == []


def test_the_document_of_an_interrupted_start_is_the_usual_one() -> None:
    """It is a text there, since nothing can be imported any more."""
    import linkfox_client

    usual = ClientError("interrupted", "Interrupted", "Run the command again to start over.")
    assert json.loads(linkfox_client.INTERRUPTED) == usual.document()


def test_other_faults_of_a_start_are_shown_as_ever(tmp_path: Path) -> None:
    """Only Ctrl-C is caught there, and only in a script of ours."""
    code = "import sys, linkfox_client; print(sys.excepthook is sys.__excepthook__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment(tmp_path, PYTHONPATH=str(SCRIPTS)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


@pytest.mark.parametrize("fails", [True, False])
def test_a_document_under_way_is_finished(
    fails: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while it is printed neither cuts it nor adds a second one."""
    printed = output.print_document

    def interrupted(*words: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        printed(*words)  # type: ignore[arg-type]

    def script(options: object) -> dict[str, int]:
        if fails:
            raise ClientError("not_found", "m", "h")
        return {"total": 1}

    monkeypatch.setattr(output, "print_document", interrupted)
    monkeypatch.setattr(command.runtime, "continue_in_venv", lambda: None)
    monkeypatch.setattr(command.runtime, "use_utf8", lambda: None)
    with contextlib.suppress(KeyboardInterrupt):
        code = command.execute("", lambda arguments: None, script, [])
    assert code == (5 if fails else 0)
    assert json.loads(capsys.readouterr().out)["ok"] is not fails
