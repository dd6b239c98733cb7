"""The store scripts as their users run them: processes against a gateway on loopback."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, KEY, NOBODYS_PORT, REFRESH, FakeGateway, Handler, tokens
from tests.support.house import PATIENCE, SCRIPTS, clean_environment, until

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
WHICH = ("--seller-id", "A1", "--region", "NA")
OURS = ("authorize_url.py", "authorized_stores.py", "refresh_token.py", "store_tokens.py")
GOOD = {
    "authorize_url.py": ("--seller-name", "My Store"),
    "authorized_stores.py": (),
    "refresh_token.py": WHICH,
    "store_tokens.py": WHICH,
}


for_each_link = pytest.mark.parametrize(
    ("name", "words", "path"),
    [
        ("authorize_url.py", ("--seller-name", "S"), "/spApi/authorizeUrl"),
        ("ads_authorize_url.py", ("--account-name", "A"), "/amazonAds/authorizeUrl"),
    ],
)


@for_each_link
def test_a_customer_of_a_web_application_is_named(
    run: Run, gateway: FakeGateway, name: str, words: tuple[str, ...], path: str
) -> None:
    """As it was given; without the flags nothing of it is sent."""
    told = {"returnUrl": "https://app.example/back?a=1", "externalId": "客户 18"}
    gateway.answers[path] = (200, {"authorizeUrl": LINK, **told})
    customer = ("--return-url", "https://app.example/back?a=1", "--external-id", "客户 18", "--replace")
    for flags in (customer, ()):
        assert run(name, *words, *flags).code == 0
    sent, plain = gateway.bodies(path)
    assert sent == plain | told | {"replace": True}


@for_each_link
@pytest.mark.parametrize("flag", [("--return-url", "https://app.example/back"), ("--external-id", "18")])
def test_a_gateway_that_knows_no_customers_is_told(
    run: Run, gateway: FakeGateway, name: str, words: tuple[str, ...], path: str, flag: tuple[str, str]
) -> None:
    """An older one leaves the fields alone: its link brings nobody back, and keeps nobody's id."""
    gateway.answers[path] = (200, {"authorizeUrl": LINK, "authorizationId": "x"})
    done = run(name, *words, *flag)
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert "older than these scripts" in done.error["message"]
    assert f"leave {flag[0]} out" in done.error["hint"]
    assert LINK not in done.stdout + done.stderr


@pytest.mark.parametrize("name", OURS)
def test_help_needs_no_setting(name: str, run: Run, gateway: FakeGateway) -> None:
    """Examples and exit codes, exit 0, nothing called."""
    done = run(name, "--help", LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
    assert (done.code, done.stderr) == (0, "")
    assert f"python3 scripts/{name}" in done.stdout
    assert "130" in done.stdout
    assert gateway.calls == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("authorize_url.py", []),
        ("refresh_token.py", []),
        ("store_tokens.py", []),
        ("store_tokens.py", ["--region", "NA"]),
        ("store_tokens.py", ["--all", *WHICH]),
        ("store_tokens.py", ["--all", "--region", "NA"]),
        ("store_tokens.py", [*WHICH, "--min-ttl", "3301"]),
        ("store_tokens.py", [*WHICH, "--min-ttl", "-1"]),
        ("store_tokens.py", [*WHICH, "--format", "env"]),
        ("store_tokens.py", ["--all", "--reveal", "--format", "env"]),
        ("store_tokens.py", [*WHICH, "--access-token", ACCESS]),
        ("authorized_stores.py", ["--limit", "0"]),
        ("authorized_stores.py", ["--offset", "-1"]),
        ("authorized_stores.py", ["stores"]),
        ("authorized_stores.py", ["[]"]),
        ("refresh_token.py", ["--seller-id", " "]),
        ("refresh_token.py", ['{"sellerId": null}']),
        ("refresh_token.py", ['{"sellerId": "A1", "regoin": "NA"}']),
        ("authorize_url.py", ["--seller-name", "   "]),
        ("authorize_url.py", ["--seller-name", "x" * 10_000]),
        ("authorize_url.py", ["--seller-name", "a\tb"]),
        ("authorize_url.py", ["--seller-name", "x", "--region", "XX"]),
        ("authorize_url.py", ["--seller-name", "x", "--authorization-id", "y"]),
        ("authorize_url.py", ["--authorization-id", "y", "--region", "NA"]),
        ("authorize_url.py", ["--authorization-id", "y", "--open"]),
        ("authorize_url.py", ["--seller-name", "x", "--wait", "soon"]),
        ("authorize_url.py", ['{"sellerName": ["x"]}']),
        ("authorize_url.py", ['{"sellerName": 5}']),
        ("authorize_url.py", ["{"]),
    ],
)
def test_bad_input_is_exit_2_with_a_hint_and_no_call(
    name: str, words: list[str], run: Run, gateway: FakeGateway
) -> None:
    """One document, no traceback, nothing sent, no secret repeated."""
    done = run(name, *words)
    assert done.code == 2, done.stdout
    assert done.error["code"] == "bad_arguments"
    assert done.error["message"]
    assert done.error["hint"]
    assert done.stderr == ""
    assert ACCESS not in done.stdout
    assert gateway.calls == []


@pytest.mark.parametrize("name", OURS)
def test_no_key_is_exit_3(name: str, run: Run, gateway: FakeGateway) -> None:
    """Neither without a gateway nor with one; nothing is called."""
    for gateway_url in ("", gateway.url):
        done = run(name, *GOOD[name], LINKFOX_TOOL_GATEWAY=gateway_url, LINKFOX_AGENT_API_KEY="")
        assert (done.code, done.error["code"]) == (3, "not_set_up")
        assert "LINKFOX_AGENT_API_KEY" in done.error["hint"]
    assert gateway.calls == []


def test_a_wrong_key_is_exit_4(run: Run, gateway: FakeGateway) -> None:
    """And it is not repeated."""
    gateway.answers["*"] = (401, {"errcode": 401, "errmsg": f"bad key {KEY}", "reason": "unauthorized"})
    done = run("authorized_stores.py")
    assert (done.code, done.error["code"]) == (4, "unauthorized")
    assert KEY not in done.stdout + done.stderr
    hint = done.error["hint"]
    assert hint.startswith("Correct or unset LINKFOX_AGENT_API_KEY (environment)"), (
        "it goes before a stored one"
    )
    assert "`python3 scripts/login.py`" in hint


def test_plain_http_elsewhere_is_refused_before_anything_is_sent(run: Run) -> None:
    """Only loopback may do without TLS."""
    done = run("authorized_stores.py", LINKFOX_TOOL_GATEWAY="http://192.0.2.1")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "loopback" in done.error["message"]


def test_a_gateway_that_is_down_is_exit_6(run: Run) -> None:
    """It may be tried again."""
    done = run("authorized_stores.py", LINKFOX_TOOL_GATEWAY=f"http://127.0.0.1:{NOBODYS_PORT}")
    assert (done.code, done.error["code"], done.error["retryable"]) == (6, "gateway_failed", True)


def half_an_answer(handler: Handler) -> None:
    """Begin an answer and close the connection in the midst of its body."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"accessToken": "Atza|')
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, b"<html>Sign in</html>"), 6),
        ((200, {"errcode": 1004, "errmsg": "not yours"}), 5),
        ((200, {"errcode": 500, "errmsg": "积分余额不足"}), 7),
        ((302, b""), 6),
        (half_an_answer, 6),
        ((200, b" " * 31_457_280), 6),
        ((409, {"errcode": 1003, "errmsg": "x", "reason": "store_revoked"}), 4),
    ],
    ids=["html", "200 with errcode", "no credit", "redirect", "closes mid-body", "30 MB", "revoked"],
)
def test_a_bad_answer_is_one_document_with_its_exit_code(
    answer: object, code: int, run: Run, gateway: FakeGateway
) -> None:
    """Whatever comes back, it is asked for once."""
    gateway.answers["*"] = answer
    done = run("refresh_token.py", *WHICH)
    assert done.code == code, done.stdout
    assert done.error["hint"]
    assert done.stderr == ""
    assert len(gateway.calls) == 1


def test_a_file_in_the_working_directory_is_not_read(run: Run, tmp_path: Path, gateway: FakeGateway) -> None:
    """A planted `.env` cannot send the key elsewhere, nor bring one of its own."""
    (tmp_path / ".env").write_text("LINKFOX_TOOL_GATEWAY=https://evil.example\nLINKFOX_AGENT_API_KEY=evil\n")
    done = run("authorized_stores.py", LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
    assert (done.code, done.error["code"]) == (3, "not_set_up")


def test_a_file_in_the_users_configuration_is_read(run: Run, tmp_path: Path, gateway: FakeGateway) -> None:
    """Gateway and key from the same file."""
    folder = tmp_path / ".config" / "linkfox"
    folder.mkdir(parents=True)
    (folder / ".env").write_text(f"LINKFOX_TOOL_GATEWAY={gateway.url}\nLINKFOX_AGENT_API_KEY='{KEY}'\n")
    gateway.answers["*"] = (200, {"stores": []})
    done = run("authorized_stores.py", LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
    assert done.code == 0, done.stdout
    assert gateway.calls[0].headers["Authorization"] == KEY


def test_the_link_goes_to_the_file_and_the_document(run: Run, gateway: FakeGateway, tmp_path: Path) -> None:
    """The file is private and holds the link to the letter; people are told to paste from there."""
    answer = {"authorizeUrl": LINK, "authorizationId": "id-1", "sandbox": True}
    gateway.answers["/spApi/authorizeUrl"] = (200, answer)
    words = ("--region", "eu", "--marketplace", "德国", "--vendor", "--scope", "a", "b", "--seller-id", "A1")
    done = run("authorize_url.py", "--seller-name", " My Store ", *words)
    assert done.code == 0, done.stdout
    assert done.document["authorizeUrl"] == LINK
    assert done.document["sandbox"] is True
    file = tmp_path / ".cache" / "linkfox" / "last_authorize_url.txt"
    assert file.read_text() == LINK
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in done.stderr
    assert gateway.bodies("/spApi/authorizeUrl") == [
        {
            "sellerName": "My Store",
            "region": "EU",
            "marketplace": "DE",
            "central": "vendor",
            "scopes": ["a", "b"],
            "sellerId": "A1",
        }
    ]


def test_the_region_is_the_marketplaces_or_north_america(run: Run, gateway: FakeGateway) -> None:
    """What is not asked for is not sent, but for the central, which is always told."""
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK})
    run("authorize_url.py", '{"sellerName": "My Store"}')
    run("authorize_url.py", '{"sellerName": "My Store", "marketplace": "JP"}')
    assert gateway.bodies("/spApi/authorizeUrl") == [
        {"sellerName": "My Store", "region": "NA", "central": "seller"},
        {"sellerName": "My Store", "region": "FE", "marketplace": "JP", "central": "seller"},
    ]


def test_the_list_comes_sorted_and_page_by_page(run: Run, gateway: FakeGateway) -> None:
    """By nextOffset one gets through all of it and is null at the end."""
    stores = [
        {
            "sellerId": f"A{number % 60:02}",
            "region": "NA" if number < 60 else "EU",
            "sellerName": "我的店铺 ☕",
        }
        for number in reversed(range(120))
    ]
    gateway.answers["*"] = (200, {"stores": stores, "total": 120})
    first = run("authorized_stores.py").document
    assert (len(first["stores"]), first["total"], first["nextOffset"]) == (50, 120, 50)
    last = run("authorized_stores.py", "--offset", "100").document
    assert (len(last["stores"]), last["nextOffset"]) == (20, None)
    every = run("authorized_stores.py", '{"limit": 120}').document["stores"]
    keys = [(store["sellerId"], store["region"]) for store in every]
    assert keys == sorted(keys)
    assert len(set(keys)) == 120
    assert run("authorized_stores.py", "--offset", "500").document["stores"] == []


def test_a_list_that_is_none_is_the_gateways_failure(run: Run, gateway: FakeGateway) -> None:
    """Not a traceback."""
    for stores in (None, "x", [1], {}):
        gateway.answers["*"] = (200, {"stores": stores})
        for words in (("authorized_stores.py",), ("store_tokens.py", "--all")):
            done = run(*words)
            assert (done.code, done.error["code"]) == (6, "gateway_failed")


def test_tokens_are_masked(run: Run, gateway: FakeGateway) -> None:
    """In the document, on both streams."""
    gateway.answers["*"] = (200, tokens(message=f"got {ACCESS}"))
    for name in ("store_tokens.py", "refresh_token.py"):
        done = run(name, *WHICH)
        assert done.document["accessToken"] == ACCESS[:10] + "..."
        assert done.document["refreshToken"] == REFRESH[:10] + "..."
        for secret in (ACCESS, REFRESH, KEY):
            assert secret not in done.stdout + done.stderr
    assert gateway.bodies("/spApi/storeTokens") == [{"sellerId": "A1", "region": "NA", "minTtl": 300}]
    assert gateway.bodies("/spApi/refreshToken") == [{"sellerId": "A1", "region": "NA"}]


def test_reveal_lets_the_access_token_out_and_keeps_the_refresh_token(
    at_terminal: Run, gateway: FakeGateway
) -> None:
    """Each by its own flag."""
    gateway.answers["*"] = (200, tokens())
    done = at_terminal("store_tokens.py", *WHICH, "--reveal")
    assert done.document["accessToken"] == ACCESS
    assert REFRESH not in done.stdout
    done = at_terminal("store_tokens.py", *WHICH, "--reveal", "--with-refresh-token")
    assert done.document["refreshToken"] == REFRESH
    assert ACCESS not in done.stderr


def test_all_keeps_the_others_where_one_failed(run: Run, gateway: FakeGateway, tmp_path: Path) -> None:
    """The exit code is the first failure's; a file gets what there is."""
    listed = [{"sellerId": f"A{number}", "region": "NA", "sellerName": "n"} for number in range(3)]
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": listed, "total": 3})
    revoked = (409, {"errcode": 1003, "errmsg": "revoked", "reason": "store_revoked"})
    gateway.answers["/spApi/storeTokens"] = [(200, tokens()), revoked, (200, tokens())]
    done = run("store_tokens.py", "--all", "--min-ttl", "900", "--output-file", str(tmp_path / "all.json"))
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    assert (done.document["total"], done.document["failed"]) == (3, 1)
    assert sorted(entry["ok"] for entry in done.document["stores"]) == [False, True, True]
    assert ACCESS not in done.stdout
    written = json.loads((tmp_path / "all.json").read_text())
    assert [entry["accessToken"] for entry in written["stores"] if entry["ok"]] == [ACCESS, ACCESS]
    assert written["ok"] is False
    assert {body["minTtl"] for body in gateway.bodies("/spApi/storeTokens")} == {900}


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process that has to end now has printed; one that does not is killed, and fails the test."""
    try:
        return process.communicate(timeout=PATIENCE)
    finally:
        process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_ctrl_c_while_waiting_is_130_and_one_document(gateway: FakeGateway, tmp_path: Path) -> None:
    """Even a script that waits for a silent gateway ends at once, and says so in JSON."""
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK, "authorizationId": "id-1"})
    gateway.answers["/spApi/authorizationStatus"] = (200, {"state": "pending"})
    script = str(SCRIPTS / "authorize_url.py")
    with subprocess.Popen(
        [sys.executable, script, "--seller-name", "x", "--wait", "600"],
        env=clean_environment(tmp_path, **gateway.environment()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: gateway.bodies("/spApi/authorizationStatus"), "the first look at the attempt")
        process.send_signal(signal.SIGINT)
        printed, told = ended(process)
    document = json.loads(printed)
    assert (process.returncode, document["error"]["code"]) == (130, "interrupted")
    assert document["authorizeUrl"] == LINK
    assert "Traceback" not in told


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_ctrl_c_does_not_wait_for_answers_that_nobody_reads(gateway: FakeGateway, tmp_path: Path) -> None:
    """--all against a silent gateway ends at once."""
    release = threading.Event()
    listed = [{"sellerId": f"A{number}", "region": "NA"} for number in range(30)]
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": listed})
    gateway.answers["/spApi/storeTokens"] = lambda handler: release.wait(60)
    with subprocess.Popen(
        [sys.executable, str(SCRIPTS / "store_tokens.py"), "--all"],
        env=clean_environment(tmp_path, **gateway.environment()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: len(gateway.bodies("/spApi/storeTokens")) == 8, "as many calls as there are workers")
        process.send_signal(signal.SIGINT)
        printed, told = ended(process)
    release.set()
    assert (process.returncode, json.loads(printed)["error"]["code"]) == (130, "interrupted")
    assert told == ""
