"""The scripts that bring a token in, complete by a pasted address, and remove: what they send and refuse."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import REFRESH, FakeGateway

STORE = ("--seller-id", "A1", "--region", "na", "--seller-name", "我的店铺 ☕")
ACCOUNT = ("--account-name", "Brand", "--region", "EU")
IMPORTS = [
    (
        "import_store.py",
        STORE,
        "/spApi/importStore",
        {"sellerId": "A1", "region": "NA", "sellerName": "我的店铺 ☕"},
    ),
    ("ads_import_account.py", ACCOUNT, "/amazonAds/importAccount", {"accountName": "Brand", "region": "EU"}),
]
ADDRESS = (
    "http://localhost:8765/spApi/oauth/callback?state=" + "s" * 43 + "&spapi_oauth_code=ANcodecodecodecode"
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")


@pytest.mark.parametrize(("script", "words", "path", "body"), IMPORTS)
def test_a_token_comes_from_standard_input(
    gateway: FakeGateway, piped: Any, script: str, words: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    """And is nowhere in what is printed."""
    gateway.answers[path] = (200, {**body, "authRecordId": 7, "status": "authorized"})
    done = piped(script, *words, stdin=f"{REFRESH}\n")
    assert done.code == 0, done.stdout
    assert gateway.bodies(path) == [{**body, "refreshToken": REFRESH}]
    assert done.document["authRecordId"] == 7
    assert REFRESH not in done.stdout + done.stderr


@pytest.mark.parametrize(("script", "words", "path", "body"), IMPORTS)
def test_a_token_comes_from_a_private_file(
    gateway: FakeGateway, run: Run, tmp_path: Path, script: str, words: tuple[str, ...], path: str, body: Any
) -> None:
    """The JSON form takes the file, too."""
    gateway.answers[path] = (200, {"authRecordId": 7})
    file = tmp_path / "token.txt"
    file.write_text(REFRESH + "\n")
    file.chmod(0o600)
    assert run(script, *words, "--token-file", str(file)).code == 0
    assert run(script, json.dumps({**body, "tokenFile": str(file)})).code == 0
    assert gateway.bodies(path) == [{**body, "refreshToken": REFRESH}] * 2


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(
    gateway: FakeGateway, run: Run, tmp_path: Path, mode: int
) -> None:
    """With the command that mends it; nothing is sent."""
    file = tmp_path / "token.txt"
    file.write_text(REFRESH)
    file.chmod(mode)
    done = run("import_store.py", *STORE, "--token-file", str(file))
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert done.error["hint"] == f"chmod 600 {file}"
    assert gateway.calls == []


@pytest.mark.parametrize("stdin", ["", "\n", "x" * 5000, "\udcff\udcfe"])
def test_what_is_no_token_is_refused(gateway: FakeGateway, piped: Any, stdin: str) -> None:
    """Nothing is sent."""
    done = piped("import_store.py", *STORE, stdin=stdin)
    assert (done.code, gateway.calls) == (2, [])


@pytest.mark.parametrize("words", [("--refresh-token", REFRESH), (REFRESH,), ("--token-file=" + REFRESH,)])
def test_a_token_on_the_command_line_is_refused(
    gateway: FakeGateway, run: Run, words: tuple[str, ...]
) -> None:
    """And not echoed."""
    done = run("import_store.py", *STORE, *words)
    assert done.code == 2
    assert REFRESH not in done.stdout + done.stderr
    assert gateway.calls == []


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [("import_refused", 502, 6), ("import_of_another_client", 502, 6), ("amazon_throttled", 429, 6)],
)
def test_a_refused_import_tells_its_reason(
    gateway: FakeGateway, piped: Any, reason: str, status: int, code: int
) -> None:
    """In the words of the table, even where the gateway echoed the token."""
    gateway.answers["/spApi/importStore"] = (
        status,
        {"errcode": 1003, "errmsg": f"no: {REFRESH}", "reason": reason, "requestId": "r1"},
    )
    done = piped("import_store.py", *STORE, stdin=REFRESH)
    assert done.code == code
    assert done.error["requestId"] == "r1"
    assert done.error["hint"]
    assert REFRESH not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("script", "words", "wanted"),
    [
        ("complete_authorization.py", (), "address that the browser ended on"),
        ("ads_complete_authorization.py", (), "address that the browser ended on"),
        ("import_store.py", STORE, "--token-file"),
    ],
)
def test_an_empty_input_is_told_what_belongs_there(
    gateway: FakeGateway, piped: Any, script: str, words: tuple[str, ...], wanted: str
) -> None:
    """And no call is made."""
    done = piped(script, *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert wanted in done.error["hint"]
    assert gateway.calls == []


@pytest.mark.parametrize(
    ("script", "prefix"),
    [("complete_authorization.py", "/spApi"), ("ads_complete_authorization.py", "/amazonAds")],
)
def test_a_pasted_address_is_sent_whole(gateway: FakeGateway, piped: Any, script: str, prefix: str) -> None:
    """And the answer tells how the attempt ended."""
    path = f"{prefix}/completeAuthorization"
    gateway.answers[path] = (200, {"authorizationId": "a", "state": "authorized"})
    done = piped(script, stdin=f"  {ADDRESS}\n")
    assert done.code == 0, done.stdout
    assert gateway.bodies(path) == [{"callbackUrl": ADDRESS}]
    assert done.document["state"] == "authorized"


@pytest.mark.parametrize(
    ("answer", "code", "name"),
    [
        (
            (200, {"authorizationId": "a", "state": "failed", "reason": "code_refused"}),
            6,
            "authorization_failed",
        ),
        ((200, {"authorizationId": "a", "state": "denied", "reason": "access_denied"}), 4, "denied"),
        ((400, {"errcode": 1003, "errmsg": "late", "reason": "expired"}), 8, "expired"),
        ((400, {"errcode": 1003, "errmsg": "used", "reason": "state_used"}), 6, "authorization_failed"),
        ((404, {"errcode": 1004, "errmsg": "no", "reason": "not_found"}), 5, "not_found"),
        (
            (400, {"errcode": 1002, "errmsg": f"callbackUrl: {ADDRESS}", "reason": "bad_parameter"}),
            2,
            "bad_arguments",
        ),
    ],
)
def test_an_attempt_that_failed_is_a_failure(
    gateway: FakeGateway, piped: Any, answer: Any, code: int, name: str
) -> None:
    """With the exit code of its reason, and without the address."""
    gateway.answers["/spApi/completeAuthorization"] = answer
    done = piped("complete_authorization.py", stdin=ADDRESS)
    assert (done.code, done.error["code"]) == (code, name)
    assert ADDRESS not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("script", "words", "path", "body"),
    [
        (
            "remove_store.py",
            ("--seller-id", "A1", "--region", "NA"),
            "/spApi/removeStore",
            {"sellerId": "A1", "region": "NA"},
        ),
        ("ads_remove_account.py", ("--auth-record-id", "7"), "/amazonAds/removeAccount", {"authRecordId": 7}),
    ],
)
def test_a_removal_needs_a_yes(
    gateway: FakeGateway, run: Run, script: str, words: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    """Without it nothing is sent, in both forms."""
    gateway.answers[path] = (200, {"removed": True})
    for refused in (words, (json.dumps(body),), (json.dumps({**body, "yes": False}),)):
        done = run(script, *refused)
        assert (done.code, "--yes" in done.error["message"]) == (2, True)
    assert gateway.calls == []
    for given in ((*words, "--yes"), (json.dumps({**body, "yes": True}),)):
        done = run(script, *given)
        assert done.document == {"ok": True, "removed": True, **body}
    assert gateway.bodies(path) == [body, body]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import_store.py", STORE),
        ("ads_import_account.py", ACCOUNT),
        ("complete_authorization.py", ()),
        ("remove_store.py", ("--seller-id", "A1", "--region", "NA", "--yes")),
    ],
)
def test_the_hosted_gateway_cannot(piped: Any, script: str, words: tuple[str, ...]) -> None:
    """It is told before anything is read or sent."""
    done = piped(script, *words, stdin=REFRESH, LINKFOX_TOOL_GATEWAY="https://tool-gateway.linkfox.com")
    assert done.code == 2
    assert "own gateway" in done.error["message"]
