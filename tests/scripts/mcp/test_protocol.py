"""The server as a process: clients that send nonsense, go away, or have nothing set up."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_gateway import FakeGateway
from tests.support.house import PATIENCE, clean_environment, ended_after, until
from tests.support.mcp_client import SERVER

OPENING = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"elicitation": {"url": {}}},
    "clientInfo": {"name": "a test", "version": "1"},
}
LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
PENDING = (200, {"authorizationId": "id", "state": "pending"})


class Raw:
    """A server and the bytes that go to it and come from it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._number = 0

    def send(self, content: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(content)
        self.process.stdin.flush()

    def message(self, **fields: Any) -> None:
        """Send a message of JSON-RPC."""
        self.send(json.dumps({"jsonrpc": "2.0", **fields}).encode() + b"\n")

    def heard(self) -> dict[str, Any]:
        """Return the next message; whatever else stands on standard output fails the test."""
        assert self.process.stdout is not None
        with ended_after(self.process):
            line = self.process.stdout.readline()
        assert line, "the server has ended"
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, **params: Any) -> int:
        """Send a request and return its number."""
        self._number += 1
        self.message(id=self._number, method=method, params=params)
        return self._number

    def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and return its answer; other messages are passed over."""
        number = self.ask(method, **params)
        while True:
            message = self.heard()
            if message.get("id") == number and "method" not in message:
                return message

    def open(self) -> None:
        """Shake hands."""
        assert self.answer("initialize", **OPENING)["result"]["serverInfo"]["name"] == "linkfox-amazon-auth"
        self.message(method="notifications/initialized")

    def tool(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its result."""
        return self.answer("tools/call", name=tool, arguments=arguments)["result"]

    def ended(self) -> int:
        """Wait until the server has ended, and return its exit code."""
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def raw_server(environment: dict[str, str], folder: Path) -> Iterator[Raw]:
    """A server of its own; ended, whatever happens."""
    raw = Raw(environment, folder)
    try:
        yield raw
    finally:
        raw.process.kill()
        raw.process.wait(PATIENCE)
        for stream in (raw.process.stdin, raw.process.stdout, raw.process.stderr):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()


def running_with(word: str) -> list[str]:
    """The processes that have a word in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def test_nonsense_is_survived(environment: dict[str, str], home: Path) -> None:
    """What is no message, no request, or none of this protocol: it goes on, and its output is clean."""
    with raw_server(environment, home) as raw:
        raw.open()
        for content in (
            b"garbage\n",
            b"\n",
            b"{}\n",
            b"[1, 2]\n",
            b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}\n',
            b'{"jsonrpc": "2.0", "id": 8, "method": 5}\n',
            b'{"jsonrpc": "2.0", "result": {}, "id": "never asked"}\n',
            b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}\n',
            b"\xff\xfe\x00garbage\n",
            b"x" * 5_000_000 + b"\n",
            b"[" * 100_000 + b"\n",
        ):
            raw.send(content)
        assert raw.answer("ping")["result"] is not None
        for method, params in (
            ("tools/nothing", {}),
            ("tools/call", {}),
            ("tools/call", {"name": 5}),
            ("tools/call", {"name": "doctor", "arguments": [1]}),
            ("resources/read", {"uri": "file:///etc/passwd"}),
            ("skills/get", {"uri": "skill://another/SKILL.md"}),
        ):
            assert "error" in raw.answer(method, **params), method
        assert raw.answer("ping")["result"] is not None


def test_half_a_line_and_then_nothing_ends_it(environment: dict[str, str], home: Path) -> None:
    """With exit code 0, as any end of its input."""
    with raw_server(environment, home) as raw:
        raw.open()
        raw.send(b'{"jsonrpc": "2.0", "id": 3, "meth')
        assert raw.process.stdin is not None
        raw.process.stdin.close()
        assert raw.ended() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_host_that_goes_away_leaves_nothing_running(
    environment: dict[str, str], home: Path, gateway: FakeGateway
) -> None:
    """Though a call waits for a consent; with the pipe closed, and with a signal."""
    gateway.answers["/spApi/authorizationStatus"] = PENDING
    for number, end in enumerate(("pipe", "signal", "canceled")):
        attempt = f"attempt-{os.getpid()}-{number}"
        with raw_server(environment, home) as raw:
            raw.open()
            call = raw.ask(
                "tools/call",
                name="follow_authorization",
                arguments={"authorizationId": attempt, "wait": 3600},
            )
            until(
                lambda name=attempt: (
                    {"authorizationId": name} in gateway.bodies("/spApi/authorizationStatus")
                ),
                "it waits",
            )
            assert running_with(attempt)
            if end == "pipe":
                assert raw.process.stdin is not None
                raw.process.stdin.close()
                assert raw.ended() == 0
            elif end == "signal":
                raw.process.send_signal(signal.SIGTERM)
                assert raw.ended() == 128 + signal.SIGTERM
            else:
                raw.message(method="notifications/cancelled", params={"requestId": call})
                assert raw.answer("ping")["result"] is not None
            until(lambda name=attempt: not running_with(name), "its script has ended")


def test_a_client_that_answers_nonsense_to_a_question(
    environment: dict[str, str], home: Path, gateway: FakeGateway
) -> None:
    """It said that it opens links; the link is in the answer then."""
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK, "authorizationId": "id-1"})
    with raw_server(environment, home) as raw:
        raw.open()
        for result in ({"action": "maybe"}, {"action": ["accept"]}, {}, {"action": "accept", "content": 5}):
            call = raw.ask("tools/call", name="authorize_url", arguments={"sellerName": "a", "region": "NA"})
            question = raw.heard()
            assert (question["method"], question["params"]["url"]) == ("elicitation/create", LINK)
            raw.message(id=question["id"], result=result)
            answer = raw.heard()
            assert answer["id"] == call
            document = answer["result"]["structuredContent"]
            assert (document["elicitation"], document["authorizeUrl"]) == ("unanswered", LINK)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "not_set_up"),
        ({"LINKFOX_TOOL_GATEWAY": "http://127.0.0.1:9", "LINKFOX_AGENT_API_KEY": "k" * 30}, "gateway_failed"),
        ({"LINKFOX_TOOL_GATEWAY": "http://example.com", "LINKFOX_AGENT_API_KEY": "k" * 30}, "not_set_up"),
    ],
    ids=["nothing set up", "the gateway away", "an address that is none"],
)
def test_a_server_that_has_no_gateway_says_so_and_stays(
    variables: dict[str, str], code: str, home: Path
) -> None:
    """In any locale; what to do is in the answer, and text keeps its characters."""
    environment = clean_environment(home, LC_ALL="C", PYTHONIOENCODING="ascii", **variables)
    with raw_server(environment, home) as raw:
        raw.open()
        for _ in range(2):
            result = raw.tool("resolve_store", name="我的店铺")
            assert result["isError"] is True
            error = result["structuredContent"]["error"]
            assert error["code"] == code
            assert error["hint"]


def test_packages_that_are_missing_are_told_where_hosts_look(home: Path, tmp_path: Path) -> None:
    """On standard error, with the command to type; nothing stands on the protocol's output."""
    (tmp_path / "mcp").mkdir()
    (tmp_path / "mcp" / "__init__.py").write_text("raise ModuleNotFoundError(name='mcp')")
    environment = clean_environment(home, PYTHONPATH=str(tmp_path))
    done = subprocess.run(
        [sys.executable, str(SERVER)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, b"")
    error = json.loads(done.stderr)["error"]
    assert error["hint"] == f"Run `python3 {SERVER} --setup-only`."
