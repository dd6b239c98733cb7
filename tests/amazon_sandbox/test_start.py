"""Starting, ending, what is kept over a restart, and who may speak to it."""

import http.client
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT
from tests.support.sandbox_process import SandboxProcess, host_of

MAIN = [sys.executable, "-I", str(ROOT / "amazon_sandbox" / "__main__.py")]


def test_ready_line_has_address_and_credentials(sandbox: SandboxProcess) -> None:
    """The first line says where it is and the two apps' credentials, in the shapes of Amazon's."""
    ready = sandbox.ready
    assert ready["ok"] is True
    assert ready["url"].startswith("http://127.0.0.1:")
    assert ready["spapi"]["appId"].startswith("amzn1.sellerapps.app.")
    for flow in ("spapi", "ads"):
        assert ready[flow]["clientId"].startswith("amzn1.application-oa2-client.")
        assert len(ready[flow]["clientSecret"]) > 40
    assert set(ready["ads"]) == {"clientId", "clientSecret"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", ""])
def test_other_hosts_than_loopback_are_refused(host: str) -> None:
    """It hands tokens to anyone, so it never listens where others could ask."""
    done = subprocess.run([*MAIN, "--host", host], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "127.0.0.1" in done.stderr


def test_taken_port_is_told_in_one_line(sandbox: SandboxProcess) -> None:
    """A port in use ends it with a sentence, not a traceback."""
    _, port = host_of(sandbox.url)
    done = subprocess.run([*MAIN, "--port", str(port)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("amazon_sandbox: ")
    assert len(done.stderr.splitlines()) == 1


def test_ends_with_standard_input_even_while_a_call_is_held() -> None:
    """A killed parent leaves nothing behind, whatever is under way."""
    process = SandboxProcess()
    process.fault({"hold": "for ever"})
    host, port = host_of(process.url)
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/api.amazon.com/auth/o2/token")
    assert process.stop() == (0, "")
    connection.close()


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "user@127.0.0.1", "127.0.0.1/x", ""]
)
@pytest.mark.parametrize("path", ["/_sandbox/state", "/api.amazon.com/auth/o2/token"])
def test_foreign_host_names_are_refused(sandbox: SandboxProcess, name: str, path: str) -> None:
    """A page elsewhere whose name was pointed at loopback gets nothing."""
    host, port = host_of(sandbox.url)
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", path, headers={"Host": name})
    assert connection.getresponse().status == 421
    connection.close()


@pytest.mark.parametrize(
    "name",
    ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080", "27.0.0.1:1/sellingpartnerapi-na.amazon.com"],
)
def test_loopback_names_are_served(sandbox: SandboxProcess, name: str) -> None:
    """Every name of this machine will do, with any port, and what python-amazon-sp-api makes of one."""
    host, port = host_of(sandbox.url)
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/_sandbox/state", headers={"Host": name})
    assert connection.getresponse().status == 200
    connection.close()


def test_connection_is_kept_alive(sandbox: SandboxProcess) -> None:
    """Several calls go over one connection."""
    connection = http.client.HTTPConnection(*host_of(sandbox.url))
    for _ in range(3):
        connection.request("GET", "/_sandbox/state")
        answer = connection.getresponse()
        assert answer.version == 11
        assert answer.getheader("Connection") is None
        answer.read()
        sock = connection.sock
        assert sock is not None
    connection.close()


@pytest.mark.parametrize("path", ["/", "/example.com/x", "/sellercentral.amazon.de/apps/authorize/consent"])
def test_hosts_that_are_not_amazons_are_404(sandbox: SandboxProcess, path: str) -> None:
    """A host that the facts do not name is not found, and the call is in the ledger."""
    answer = sandbox.call("GET", path.lstrip("/"))
    assert answer.status_code == 404
    assert sandbox.calls(outcome="noSuchHost")[-1]["status"] == 404


@pytest.mark.parametrize("length", ["-1", "x", "99999999999"])
def test_wrong_lengths_are_refused(sandbox: SandboxProcess, length: str) -> None:
    """A body that cannot be read ends the connection with an answer."""
    connection = http.client.HTTPConnection(*host_of(sandbox.url))
    connection.putrequest("POST", "/api.amazon.com/auth/o2/token")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_restart_honors_what_was_granted_before(tmp_path: Path) -> None:
    """Apps, grants, tokens, revocations, codes and the clock survive a restart on one state file."""
    state = tmp_path / "sandbox-state.json"
    first = SandboxProcess("--state", str(state))
    code = first.consent()["spapi_oauth_code"]
    kept = first.exchange(code).json()
    waiting = first.consent()["spapi_oauth_code"]
    lost = first.grant(sellerId="A1SANDBOXNA002", region="NA")
    first.control("revoke", {"sellerId": "A1SANDBOXNA002"})
    first.control("sellers", [{"sellerId": "ALATER", "name": "Later", "region": "EU"}])
    first.control("clock", {"advance": 60})
    assert first.stop() == (0, "")

    second = SandboxProcess("--state", str(state))
    assert {name: second.ready[name] for name in ("spapi", "ads")} == {
        name: first.ready[name] for name in ("spapi", "ads")
    }
    assert second.refresh(kept["refresh_token"]).status_code == 200
    assert second.participations(kept["access_token"]).status_code == 200
    assert second.refresh(lost["refreshToken"]).json()["error"] == "invalid_grant"
    assert second.exchange(code).json()["error"] == "invalid_grant"
    assert second.exchange(waiting).status_code == 200
    assert second.control("sellers?sellerId=ALATER")["sellers"][0]["name"] == "Later"
    second.stop()


def test_killed_process_has_kept_what_it_answered(tmp_path: Path) -> None:
    """What was granted is on disk before the answer leaves."""
    state = tmp_path / "state.json"
    first = SandboxProcess("--state", str(state))
    token = first.exchange(first.consent()["spapi_oauth_code"]).json()["refresh_token"]
    first.process.kill()
    first.stop()
    second = SandboxProcess("--state", str(state))
    assert second.refresh(token).status_code == 200
    second.stop()


def test_state_file_is_private_and_holds_no_token(tmp_path: Path) -> None:
    """0600, no temporary file left, and neither tokens nor codes nor client secrets in it."""
    state = tmp_path / "state.json"
    process = SandboxProcess("--state", str(state))
    code = process.consent()["spapi_oauth_code"]
    tokens = process.exchange(code).json()
    process.stop()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
    content = state.read_text("utf-8")
    assert json.loads(content)["grants"]
    secret = process.ready["spapi"]["clientSecret"]
    assert not any(
        part in content for part in (tokens["access_token"], tokens["refresh_token"], code, secret)
    )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2}', '{"version": 1}', '{"version": 1, "key": "xx"}']
)
def test_damaged_state_is_told_and_left_alone(tmp_path: Path, content: str) -> None:
    """A file that is no state is neither overwritten nor ignored."""
    state = tmp_path / "state.json"
    state.write_text(content)
    done = subprocess.run([*MAIN, "--state", str(state)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("amazon_sandbox: ")
    assert "remove it to start afresh" in done.stderr
    assert state.read_text() == content
