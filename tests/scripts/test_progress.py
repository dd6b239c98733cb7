"""Waiting is visible: one line that changes at a terminal, a plain line now and then elsewhere."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.cli.progress import Progress

from tests.scripts.conftest import Run
from tests.support.fake_gateway import FakeGateway, tokens
from tests.support.house import PATIENCE, SCRIPTS, clean_environment, until

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
LISTED = [{"sellerId": f"A{number}", "region": "NA", "sellerName": "店"} for number in range(12)]

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")


class Screen(io.StringIO):
    """A stream that is a terminal, or says so."""

    def __init__(self, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether somebody watches."""
        return self._is_terminal


def at_terminal(
    words: list[str], environment: dict[str, str], folder: Path, **more: Any
) -> tuple[int, str, str]:
    """Run a script with standard error at a terminal: its exit code, standard output, what was shown.

    `more`: `interrupt_when`, a function; when it is true, Ctrl-C is sent.
    """
    ours, theirs = os.openpty()
    with (folder / "stdout").open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPTS / words[0]), *words[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=theirs,
        )
    os.close(theirs)
    timer = threading.Timer(PATIENCE, process.kill)  # what does not end is killed, and fails the test
    timer.start()
    try:
        if "interrupt_when" in more:
            until(more["interrupt_when"], "the moment for Ctrl-C")
            process.send_signal(signal.SIGINT)
        shown = read_all(ours)
        code = process.wait(PATIENCE)
    finally:
        timer.cancel()
        process.kill()
    return code, (folder / "stdout").read_text(encoding="utf-8"), shown


def read_all(terminal: int) -> str:
    """What was written to the other end of a pseudo-terminal until it was closed there."""
    shown = b""
    with os.fdopen(terminal, "rb", buffering=0) as file, contextlib.suppress(OSError):  # so Linux says it
        while part := file.read(65536):
            shown += part
    return shown.decode()


def last_of(line: str) -> str:
    """What is left on a terminal's line after all that was written over it."""
    left = ""
    for piece in line.split("\r"):
        left = piece + left[len(piece) :]
    return left.rstrip()


@pytest.fixture
def stores(gateway: FakeGateway) -> FakeGateway:
    """A gateway with twelve stores."""
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": LISTED, "total": 12})
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK, "authorizationId": "id-1"})
    return gateway


def test_a_terminals_line_is_written_over_and_wiped() -> None:
    """What was longer before leaves nothing behind, and at the end the line is empty."""
    screen = Screen()
    with Progress(stream=screen) as line:
        line.show("Tokens: 9 of 100")
        line.show("Tokens: 9 of 100")
        line.show("Done")
        assert last_of(screen.getvalue()) == "Done"
    assert screen.getvalue().count("9 of 100") == 1
    assert "\n" not in screen.getvalue()
    assert last_of(screen.getvalue()) == ""
    assert screen.getvalue().endswith("\r")


def test_elsewhere_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Not before its time, and not more often; a terminal without abilities is no terminal."""
    now = 0.0
    with Progress(stream=Screen(is_terminal=False), every=10.0, clock=lambda: now) as line:
        for second in range(35):
            now = float(second)
            line.show(f"Tokens: {second} of 100")
    assert capsys.readouterr().err.splitlines() == [f"Tokens: {second} of 100" for second in (10, 20, 30)]


def test_a_dumb_terminal_gets_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not go back to the line's beginning."""
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    with Progress(stream=screen, every=0.0) as line:
        line.show("Tokens: 1 of 2")
    assert screen.getvalue() == ""
    assert capsys.readouterr().err == "Tokens: 1 of 2\n"


def test_a_screen_that_is_gone_is_no_failure() -> None:
    """The work goes on, and nothing is written any more."""
    screen = Screen()
    with Progress(stream=screen) as line:
        screen.close()
        line.show("x")
        line.show("y")
    with Progress(stream=screen) as line:
        line.show("z")


@posix_only
def test_all_shows_how_far_it_is_at_a_terminal(stores: FakeGateway, tmp_path: Path) -> None:
    """One line that counts up and is gone at the end; the document is where it always is."""
    environment = clean_environment(tmp_path, **stores.environment())
    code, printed, shown = at_terminal(["store_tokens.py", "--all"], environment, tmp_path)
    assert (code, json.loads(printed)["total"]) == (0, 12)
    assert "Tokens: 0 of 12" in shown
    assert "\n" not in shown
    assert last_of(shown) == ""


def test_all_says_nothing_where_nobody_watches_and_it_is_quick(stores: FakeGateway, run: Run) -> None:
    """Standard error in a pipe stays empty."""
    assert run("store_tokens.py", "--all").stderr == ""


@posix_only
def test_a_wait_counts_down_and_ctrl_c_ends_it(stores: FakeGateway, tmp_path: Path) -> None:
    """The line is wiped, the link and how to go on are in the one document, exit 130."""
    stores.answers["/spApi/authorizationStatus"] = (200, {"state": "pending"})
    environment = clean_environment(tmp_path, **stores.environment())
    words = ["authorize_url.py", "--seller-name", "x", "--wait", "600"]
    code, printed, shown = at_terminal(
        words,
        environment,
        tmp_path,
        interrupt_when=lambda: len(stores.bodies("/spApi/authorizationStatus")) > 1,
    )
    document = json.loads(printed)
    assert (code, document["error"]["code"], document["authorizeUrl"]) == (130, "interrupted", LINK)
    *told, line = shown.split("\n")
    assert any(LINK in piece for piece in told)
    assert "Still waiting, " in line
    assert last_of(line) == ""


@posix_only
def test_ctrl_c_in_the_midst_of_all_is_one_document(stores: FakeGateway, tmp_path: Path) -> None:
    """At a terminal, with some tokens there and others under way."""
    release = threading.Event()
    stores.answers["/spApi/authorizedStores"][1]["sandbox"] = True
    answers: list[Any] = [(200, tokens())] * 3
    stores.answers["/spApi/storeTokens"] = [*answers, lambda handler: release.wait(60)]
    environment = clean_environment(tmp_path, **stores.environment())
    code, printed, shown = at_terminal(
        ["store_tokens.py", "--all"],
        environment,
        tmp_path,
        interrupt_when=lambda: len(stores.bodies("/spApi/storeTokens")) == 11,
    )
    release.set()
    document = json.loads(printed)
    assert (code, document["error"]["code"], document["sandbox"]) == (130, "interrupted", True)
    assert "Traceback" not in shown
    assert last_of(shown.split("\n")[-1]) == ""
