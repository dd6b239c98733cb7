"""with_token.py becomes its command: environment, output, exit code and signals are the command's."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from linkfox_client import private_files
from linkfox_client.cli import child
from linkfox_client.commands import fresh_token
from linkfox_client.errors import ClientError

from tests.scripts.conftest import Run
from tests.support import keyrings
from tests.support.fake_gateway import ACCESS, KEY, REFRESH, FakeGateway, tokens
from tests.support.house import PATIENCE, SCRIPTS, clean_environment, until

STORE = ("with_token.py", "--seller-id", "A1", "--region", "na")
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def both(gateway: FakeGateway) -> FakeGateway:
    """A gateway that hands out a store's tokens and an ads account's."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    gateway.answers["/amazonAds/storeTokens"] = (200, tokens(clientId="amzn1.application-oa2-client.7"))
    return gateway


def test_the_command_gets_the_stores_token_beside_what_it_inherits(both: FakeGateway, run: Run) -> None:
    """The contract's variables and the environment as it was; the refresh token is in none of them."""
    done = run(*STORE, "--", sys.executable, "-c", SHOW, OF_THE_CALLER="kept")
    seen = json.loads(done.stdout)
    assert done.code == 0
    assert seen["AMAZON_ACCESS_TOKEN"] == ACCESS
    assert seen["AMAZON_TOKEN_EXPIRES_AT"] == "2030-01-01T00:00:00Z"
    assert seen["OF_THE_CALLER"] == "kept"
    assert REFRESH not in done.stdout
    assert not any(name.startswith("AMAZON_ADS") for name in seen)
    assert both.bodies("/spApi/storeTokens")[0].items() >= {"sellerId": "A1", "region": "NA"}.items()


def test_the_command_gets_what_the_ads_api_wants(both: FakeGateway, run: Run) -> None:
    """Profile and client id come with the token, in both forms of calling."""
    words = ("--profile-id", str(2**63 - 1), "--", sys.executable, "-c", SHOW)
    as_json = json.dumps({"profileId": 2**63 - 1, "command": [sys.executable, "-c", SHOW]})
    for arguments in (words, (as_json,)):
        seen = json.loads(run("with_token.py", *arguments).stdout)
        assert seen["AMAZON_ACCESS_TOKEN"] == ACCESS
        assert seen["AMAZON_ADS_PROFILE_ID"] == str(2**63 - 1)
        assert seen["AMAZON_ADS_CLIENT_ID"] == "amzn1.application-oa2-client.7"


WHERE = ("AMAZON_SELLER_ID", "AMAZON_REGION", "AMAZON_MARKETPLACE_IDS", "AMAZON_SANDBOX")
STAND_IN = {"sandbox": True, "amazonOrigin": "http://127.0.0.1:8766"}


def told(run: Run, *words: str) -> dict[str, str]:
    """What the command finds of where it is; nothing of it is inherited."""
    inherited = dict.fromkeys((*WHERE, "AMAZON_SPAPI_ENDPOINT", "AMAZON_ADS_ENDPOINT"), "inherited")
    done = run("with_token.py", *words, "--", sys.executable, "-c", SHOW, **inherited)
    assert done.code == 0, done.stdout
    seen: dict[str, str] = json.loads(done.stdout)
    return {name: value for name, value in seen.items() if name in inherited}


def test_the_command_is_told_where_the_store_is(gateway: FakeGateway, run: Run) -> None:
    """The region that it is kept under (India under FE is kept as EU), and the API's address there."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(region="EU", marketplace="DE"))
    assert told(run, "--seller-id", "A1", "--region", "FE") == {
        "AMAZON_SELLER_ID": "A1",
        "AMAZON_REGION": "EU",
        "AMAZON_MARKETPLACE_IDS": "A1PA6795UKMFR9",
        "AMAZON_SPAPI_ENDPOINT": "https://sellingpartnerapi-eu.amazon.com",
    }


SITES = [
    {"marketplaceId": "A1PA6795UKMFR9", "countryCode": "DE", "participating": True},
    {"marketplaceId": "A1RKKUPIHCS9HS", "countryCode": "ES", "participating": False},
    {"marketplaceId": "A1F83G8C2ARO7P", "countryCode": "UK", "participating": True},
]


def test_the_command_is_told_all_sites_that_the_store_takes_part_in(gateway: FakeGateway, run: Run) -> None:
    """By the list, which is asked for this store alone; an older gateway answers with all of them."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(region="EU", marketplace="FR"))
    rows = [{"sellerId": seller, "region": "EU", "sellerName": "n"} for seller in ("A0", "A1")]
    rows[1]["sites"] = SITES
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": rows, "total": 2})
    sites = told(run, "--seller-id", "A1", "--region", "EU")["AMAZON_MARKETPLACE_IDS"]
    assert sites == "A1PA6795UKMFR9,A1F83G8C2ARO7P"
    assert gateway.bodies("/spApi/authorizedStores") == [{"sellerId": "A1", "region": "EU"}]


def test_the_site_that_was_named_comes_first(gateway: FakeGateway, run: Run) -> None:
    """Before the others; where none are known, as on the hosted gateway, it is the one that there is."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(region="EU"))
    row = {"sellerId": "A1", "region": "EU", "sellerName": "n"}
    for sites, ids in ((SITES, "A1F83G8C2ARO7P,A1PA6795UKMFR9"), (None, "A1F83G8C2ARO7P")):
        gateway.answers["/spApi/authorizedStores"] = (200, {"stores": [row | {"sites": sites}], "total": 1})
        for which in (("--store", "n"), ("--seller-id", "A1")):
            assert told(run, *which, "--site", "UK")["AMAZON_MARKETPLACE_IDS"] == ids


def test_a_store_that_was_looked_up_by_its_name_is_not_looked_up_twice(
    gateway: FakeGateway, run: Run
) -> None:
    """Its row has told the sites."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(region="EU"))
    row = {"sellerId": "A1", "region": "EU", "sellerName": "Nordlicht", "sites": SITES}
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": [row], "total": 1})
    seen = told(run, "--store", "Nordlicht")
    assert (seen["AMAZON_SELLER_ID"], seen["AMAZON_REGION"]) == ("A1", "EU")
    assert seen["AMAZON_MARKETPLACE_IDS"] == "A1PA6795UKMFR9,A1F83G8C2ARO7P"
    assert len(gateway.bodies("/spApi/authorizedStores")) == 1


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"sites": None},
        {"sites": [None, {"participating": True}]},
        {"sites": [{**SITES[0], "marketplaceId": "a b"}]},
        {"sites": SITES, "region": "NA"},
    ],
)
def test_without_a_list_of_sites_there_is_the_one_it_was_authorized_at(
    gateway: FakeGateway, run: Run, row: dict[str, Any] | None
) -> None:
    """The command can do without the rest."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(region="EU", marketplace="FR"))
    listed = (500, {"errcode": 1003})
    if row is not None:
        listed = (200, {"stores": [{"sellerId": "A1", "region": "EU", **row}]})
    gateway.answers["/spApi/authorizedStores"] = listed
    assert told(run, "--seller-id", "A1", "--region", "EU")["AMAZON_MARKETPLACE_IDS"] == "A13V1IB3VIYZZH"


def test_a_gateway_that_says_little_leaves_what_was_asked_for(gateway: FakeGateway, run: Run) -> None:
    """As the hosted one; a site that nobody knows is not guessed."""
    for more in ({}, {"marketplace": "Atlantis"}):
        gateway.answers["/spApi/storeTokens"] = (200, {"accessToken": ACCESS, "expiresIn": "3600", **more})
        assert told(run, "--seller-id", "A1", "--region", "FE") == {
            "AMAZON_SELLER_ID": "A1",
            "AMAZON_REGION": "FE",
            "AMAZON_SPAPI_ENDPOINT": "https://sellingpartnerapi-fe.amazon.com",
        }


def test_in_a_sandbox_the_command_is_sent_to_the_stand_in(both: FakeGateway, run: Run) -> None:
    """Never to Amazon itself, not even where the gateway does not say where the stand-in is."""
    both.answers["/spApi/storeTokens"] = (200, tokens(**STAND_IN))
    seen = told(run, "--seller-id", "A1", "--region", "NA")
    assert seen["AMAZON_SPAPI_ENDPOINT"] == "http://127.0.0.1:8766/sellingpartnerapi-na.amazon.com"
    assert seen["AMAZON_SANDBOX"] == "1"
    both.answers["/spApi/storeTokens"] = (200, tokens(sandbox=True))
    seen = told(run, "--seller-id", "A1", "--region", "NA")
    assert (seen["AMAZON_SANDBOX"], "AMAZON_SPAPI_ENDPOINT" in seen) == ("1", False)


@pytest.mark.parametrize("origin", ["http://evil.example", "https://u:p@127.0.0.1", "nonsense", 7, ""])
def test_a_stand_in_at_a_strange_address_is_no_address(
    origin: object, gateway: FakeGateway, run: Run
) -> None:
    """A token is sent there."""
    gateway.answers["/spApi/storeTokens"] = (200, tokens(sandbox=True, amazonOrigin=origin))
    assert "AMAZON_SPAPI_ENDPOINT" not in told(run, "--seller-id", "A1", "--region", "NA")


def test_the_command_is_told_where_the_profile_is(both: FakeGateway, run: Run) -> None:
    """By the list, which alone knows a profile's region; without it the command runs all the same."""
    both.answers["/amazonAds/authorizedStores"] = (
        200,
        {
            "stores": [
                {"profileId": 7, "region": "EU", "countryCode": "DE", "marketplaceStringId": "A1PA6795UKMFR9"}
            ]
        },
    )
    assert told(run, "--profile-id", "7") == {
        "AMAZON_REGION": "EU",
        "AMAZON_MARKETPLACE_IDS": "A1PA6795UKMFR9",
        "AMAZON_ADS_ENDPOINT": "https://advertising-api-eu.amazon.com",
    }
    assert told(run, "--profile-id", "8") == {}
    both.answers["/amazonAds/authorizedStores"] = (500, {"errcode": 1003})
    assert told(run, "--profile-id", "7") == {}


def test_a_key_from_a_file_does_not_reach_the_command(both: FakeGateway, run: Run, tmp_path: Path) -> None:
    """What was read elsewhere does not join what the environment had."""
    config = tmp_path / ".config" / "linkfox"
    config.mkdir(parents=True)
    (config / ".env").write_text(f"LINKFOX_TOOL_GATEWAY={both.url}\nLINKFOX_AGENT_API_KEY={KEY}\n")
    done = run(*STORE, "--", sys.executable, "-c", SHOW, LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
    assert json.loads(done.stdout)["AMAZON_ACCESS_TOKEN"] == ACCESS
    assert KEY not in done.stdout


def test_a_key_from_the_keyring_does_not_reach_the_command(
    both: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """It is read for the gateway's origin, used, and handed to nobody."""
    more = {**keyrings.environment("InFile", tmp_path), "LINKFOX_AGENT_API_KEY": ""}
    held = {f"linkfox-amazon-auth {both.url}": KEY}
    (tmp_path / "keyring.json").write_text(json.dumps(held))
    done = run(*STORE, "--", sys.executable, "-c", SHOW, **more)
    assert json.loads(done.stdout)["AMAZON_ACCESS_TOKEN"] == ACCESS
    assert both.calls[0].headers["Authorization"] == KEY
    assert KEY not in done.stdout + done.stderr


def test_an_older_tokens_variables_are_not_left_over(gateway: FakeGateway, run: Run) -> None:
    """A gateway that does not say when the token ends must not leave another token's end in place."""
    gateway.answers["/spApi/storeTokens"] = (200, {"accessToken": ACCESS, "expiresIn": "3600"})
    done = run(
        *STORE,
        "--",
        sys.executable,
        "-c",
        SHOW,
        AMAZON_TOKEN_EXPIRES_AT="2001-01-01T00:00:00Z",
        AMAZON_ACCESS_TOKEN="x",
    )
    seen = json.loads(done.stdout)
    assert seen["AMAZON_ACCESS_TOKEN"] == ACCESS
    assert "AMAZON_TOKEN_EXPIRES_AT" not in seen


def test_output_and_exit_code_are_the_commands(both: FakeGateway, run: Run) -> None:
    """Nothing is added to standard output, and arguments arrive as they were written."""
    code = "import sys; print(sys.argv[1:]); print('to stderr', file=sys.stderr); sys.exit(37)"
    done = run(*STORE, "--", sys.executable, "-c", code, "--help", "a b", "$HOME", "店铺")
    assert done.code == 37
    assert done.stdout == "['--help', 'a b', '$HOME', '店铺']\n"
    assert "to stderr" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no exec on Windows")
def test_the_process_becomes_the_command(both: FakeGateway, tmp_path: Path) -> None:
    """Same process id, and a signal ends the command itself."""
    code = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    started = subprocess.Popen(
        [sys.executable, str(SCRIPTS / STORE[0]), *STORE[1:], "--", sys.executable, "-c", code],
        env=clean_environment(tmp_path, **both.environment()),
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert int(started.stdout.readline()) == started.pid
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_command_does_not_inherit_ignored_signals(both: FakeGateway, run: Run) -> None:
    """A command written to die of SIGPIPE, as `yes | head` does, still dies of it: Python ignores two."""
    done = run(*STORE, "--", "/bin/grep", "SigIgn", "/proc/self/status")
    ignored = int(done.stdout.split()[1], 16)
    ours = [number for number in (signal.SIGPIPE, signal.SIGXFSZ) if ignored & 1 << (number - 1)]
    assert ours == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--seller-id", "A1", "--region", "NA"),
        ("--seller-id", "A1", "--region", "NA", "--"),
        ("--", "true"),
        ("--profile-id", "1", "--seller-id", "A1", "--region", "NA", "--", "true"),
        ("--profile-id", "1.5", "--", "true"),
        ("--profile-id", str(2**63), "--", "true"),
        ("--profile-id", "-1", "--", "true"),
        ("--profile-id", "1", "--min-ttl", "3301", "--", "true"),
        ("--profile-id", "1", "true"),
        ("--profile-id", "1", "--", "no-such-command-here"),
        ("--profile-id", "1", "--", "/etc"),
        ("--profile-id", "1", "--keep-fresh"),
        ('{"profileId": 1, "command": "true"}',),
        ('{"profileId": 1, "command": []}',),
        ('{"profileId": 1, "command": ["a\\u0000b"]}',),
    ],
)
def test_a_wrong_call_runs_and_asks_nothing(both: FakeGateway, run: Run, words: tuple[str, ...]) -> None:
    """Exit 2, one document, a hint, and no token was fetched."""
    done = run("with_token.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert done.error["hint"]
    assert both.calls == []


@pytest.mark.parametrize("script", ["with_token.py", "store_tokens.py"])
@pytest.mark.parametrize("seconds", ["3301", "10800"])
def test_more_time_than_a_token_lives_leads_to_a_token_that_is_kept_fresh(
    both: FakeGateway, run: Run, script: str, seconds: str
) -> None:
    """The hint names the limit, and what a job of three hours does."""
    command = ("--", "true") if script == "with_token.py" else ()
    error = run(script, *STORE[1:], "--min-ttl", seconds, *command).error
    assert "3300" in error["message"]
    assert "3300 seconds at most" in error["hint"]
    assert "`python3 scripts/with_token.py` with --keep-fresh" in error["hint"]
    assert both.calls == []


def test_a_failure_before_the_command_is_one_document(gateway: FakeGateway, run: Run, tmp_path: Path) -> None:
    """The command is not started."""
    gateway.answers["/spApi/storeTokens"] = (404, {"errcode": 1004, "errmsg": "no", "reason": "not_found"})
    done = run(*STORE, "--", "touch", str(tmp_path / "started"))
    assert (done.code, done.error["code"]) == (5, "not_found")
    assert not (tmp_path / "started").exists()


def test_a_script_without_an_interpreter_line_is_explained(
    both: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """The kernel cannot run it: exit 2 and what to write instead."""
    (tmp_path / "report").write_text("echo hello\n")
    (tmp_path / "report").chmod(0o755)
    done = run(*STORE, "--", str(tmp_path / "report"))
    assert (done.code, "interpreter" in done.error["hint"]) == (2, True)


def test_what_is_no_program_is_explained(both: FakeGateway, run: Run, tmp_path: Path) -> None:
    """A script that lacks its interpreter, and a relative path that starts elsewhere than was meant."""
    (tmp_path / "my report.py").write_text("print(1)\n")
    hint = run(*STORE, "--", "./my report.py").error["hint"]
    assert f"`-- python3 '{tmp_path}/my report.py'`" in hint
    (tmp_path / "report").write_text("echo hello\n")
    assert "make it executable" in run(*STORE, "--", "./report").error["hint"]
    error = run(*STORE, "--", "tools/report").error
    assert "'tools/report'" in error["message"]
    assert f"absolute path: a relative one starts in {tmp_path}." in error["hint"]
    assert both.calls == []


def test_a_relative_path_is_the_callers(both: FakeGateway, run: Run, tmp_path: Path) -> None:
    """Not the skill's folder's."""
    (tmp_path / "report").write_text("#!/bin/sh\npwd\n")
    (tmp_path / "report").chmod(0o755)
    done = run(*STORE, "--", "./report")
    assert (done.code, done.stdout.strip()) == (0, str(tmp_path))


def test_the_help_says_whose_output_it_is(run: Run) -> None:
    """The command's, once it runs; not one JSON document in any case."""
    text = run("with_token.py", "--help").stdout
    at = text.index("standard output and the exit code are its own")
    assert text.index("Before that") in range(at, text.index("Standard output is one JSON document."))


def run_code(code: str, home: Path) -> tuple[int, bytes]:
    """Run code that imports the client, and return its exit code and what it wrote."""
    environment = clean_environment(home, PYTHONPATH=str(SCRIPTS))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_a_signal_before_the_command_runs_is_the_commands(tmp_path: Path) -> None:
    """What was made for it meanwhile is taken away again: nothing ends us in between."""
    code = (
        "import os, signal, sys; from linkfox_client.cli.child import SignalRelay\n"
        "with SignalRelay() as relay:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    code = relay.run([sys.executable, '-c', 'import signal; signal.pause()'], os.environ)\n"
        "print('taken away', flush=True); sys.exit(code)"
    )
    assert run_code(code, tmp_path) == (128 + signal.SIGTERM, b"taken away\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_a_signal_without_a_command_ends_us_after_all(tmp_path: Path) -> None:
    """As where the command cannot be started."""
    code = (
        "import os, signal, sys; from linkfox_client.cli.child import SignalRelay\n"
        "with SignalRelay():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('taken away', flush=True)\n"
        "print('never')"
    )
    assert run_code(code, tmp_path) == (-signal.SIGTERM, b"taken away\n")


# Windows


def test_where_a_process_cannot_be_replaced_a_child_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code becomes ours."""
    monkeypatch.setattr(child, "os", _Windows())
    with pytest.raises(SystemExit) as caught:
        child.replace_with(sys.executable, ["python", "-c", "raise SystemExit(41)"], dict(os.environ))
    assert caught.value.code == 41


class _Told:
    """A child that notes the signals that it is sent."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def send_signal(self, number: int) -> None:
        """Note it."""
        self.told.append(number)


def test_what_the_keys_of_a_windows_console_send_is_left_to_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All processes of a console get Ctrl-C and Ctrl-Break: passed on, it would come twice."""
    monkeypatch.setattr(child, "os", _Windows())
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    monkeypatch.setattr(child, "PASSED_ON", ("SIGTERM",))  # the others are not known there
    with child.SignalRelay() as relay:
        relay._child = there = _Told()
        for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGTERM):
            signal.raise_signal(number)
    assert there.told == [signal.SIGTERM]


def test_ctrl_c_before_there_is_a_child_ends_that_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which was not there to get it; Windows sends a process nothing but its end."""
    send_signal = subprocess.Popen.send_signal

    def sends(process: "subprocess.Popen[bytes]", number: int) -> None:
        if number != signal.SIGTERM:
            raise ValueError(f"Unsupported signal: {number}")
        send_signal(process, number)

    monkeypatch.setattr(child, "os", _Windows())
    monkeypatch.setattr(subprocess.Popen, "send_signal", sends)
    with child.SignalRelay() as relay:
        signal.raise_signal(signal.SIGINT)
        code = relay.run([sys.executable, "-c", "import threading; threading.Event().wait()"], os.environ)
    assert code == 128 + signal.SIGTERM


def test_a_token_is_kept_fresh_on_windows_too(
    both: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is no other than with_token.py's everywhere; its code is ours, and its file is gone."""
    for module in (child, fresh_token, private_files):
        monkeypatch.setattr(module, "os", _Windows())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "import os, sys; sys.exit(len(open(os.environ['FILE']).read()))"
    with pytest.raises(SystemExit) as caught:
        fresh_token.run_command(
            [sys.executable, "-c", code],
            lambda path: {**os.environ, "FILE": str(path)},
            {"accessToken": "x" * 41, "expiresIn": 3600},
            lambda _: {},
        )
    assert caught.value.code == 41
    assert list(tmp_path.glob("linkfox-token-*")) == []


def test_a_signal_to_us_ends_the_child(tmp_path: Path) -> None:
    """SIGTERM is passed on, and the child's end is answered."""
    waiting = "import signal, sys; open(sys.argv[1], 'w').close(); signal.pause()"
    code = (
        "import os, sys; from linkfox_client.cli.child import run_and_pass_on;"
        f" sys.exit(run_and_pass_on([sys.executable, '-c', {waiting!r}, sys.argv[1]], os.environ))"
    )
    ready = tmp_path / "ready"
    environment = clean_environment(tmp_path, PYTHONPATH=str(SCRIPTS))
    with subprocess.Popen([sys.executable, "-c", code, str(ready)], env=environment) as started:
        until(ready.exists, "the child runs")
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) == 128 + signal.SIGTERM


TELL = """
import os, signal
def tell(number, _):
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    if number == signal.SIGTERM:
        raise SystemExit(42)
for name in ("SIGINT", "SIGTERM"):
    signal.signal(getattr(signal, name), tell)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_ctrl_c_reaches_the_child_once(tmp_path: Path) -> None:
    """A terminal sends it to both; whoever waits goes on waiting, and answers what the child makes of it."""
    code = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        " from linkfox_client.cli.child import run_and_pass_on;"
        f" sys.exit(run_and_pass_on([sys.executable, '-c', {TELL!r}], os.environ))"
    )
    ours, terminal = os.openpty()
    with (
        os.fdopen(ours, "r+b", buffering=0) as keyboard,
        os.fdopen(terminal, "rb") as other_end,
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=clean_environment(tmp_path, PYTHONPATH=str(SCRIPTS)),
            stdin=other_end,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as started,
    ):
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        started.send_signal(signal.SIGSTOP)  # until the child has had its own: two at once would show as one
        os.waitpid(started.pid, os.WUNTRACED)
        keyboard.write(b"\x03")
        assert started.stdout.readline() == b"SIGINT\n"
        started.send_signal(signal.SIGCONT)
        started.send_signal(signal.SIGTERM)
        assert started.stdout.read() == b"SIGTERM\n"
        assert started.wait(PATIENCE) == 42


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_what_is_ignored_stays_ignored_in_the_child(tmp_path: Path) -> None:
    """As under `nohup`: a program that was told to outlive its terminal does."""
    code = (
        "import os, signal, sys; from linkfox_client.cli.child import run_and_pass_on;"
        " signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        " sys.exit(run_and_pass_on([sys.executable, '-c',"
        " 'import os, signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN);"
        " os.kill(os.getppid(), signal.SIGHUP)'], os.environ))"
    )
    assert run_code(code, tmp_path) == (0, b"True\n")


@pytest.mark.parametrize(
    ("code", "passed_on"), [(0, 0), (255, 255), (-15, 143), (0xC000013A, -1073741510), (2**31 - 1, 2**31 - 1)]
)
def test_every_exit_code_can_be_passed_on(code: int, passed_on: int) -> None:
    """Windows has unsigned codes of 32 bits, which `sys.exit` takes as signed ones only."""
    assert child._exit_code(code) == passed_on


def test_a_command_that_cannot_be_started_there_is_explained(tmp_path: Path) -> None:
    """As elsewhere: exit 2, and the handlers are as before."""
    before = signal.getsignal(signal.SIGTERM)
    (tmp_path / "report").write_text("echo hello\n")
    (tmp_path / "report").chmod(0o755)
    with pytest.raises(ClientError, match="could not be started") as caught:
        child.run_and_pass_on([str(tmp_path / "report")], dict(os.environ))
    assert caught.value.code == "bad_arguments"
    assert signal.getsignal(signal.SIGTERM) is before


class _Windows:
    """The module `os`, on another platform."""

    name = "nt"

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)
