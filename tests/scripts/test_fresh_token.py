"""with_token.py --keep-fresh: the command finds a token that works in a file, however long it runs."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from linkfox_client import private_files
from linkfox_client.commands import fresh_token
from linkfox_client.commands.choice import Choice
from linkfox_client.commands.fresh_token import FreshToken
from linkfox_client.commands.program_token import AmazonsToken
from linkfox_client.errors import ClientError
from linkfox_client.secrets.secret import Secret

from tests.scripts.conftest import Run
from tests.support.clock import SteppingClock
from tests.support.fake_gateway import ACCESS, KEY, FakeGateway, Handler, tokens
from tests.support.house import PATIENCE, SCRIPTS, clean_environment, until

STORE = ("with_token.py", "--seller-id", "A1", "--region", "NA", "--keep-fresh")
SHORT = {"freshness": "below_minimum", "expiresIn": 100}
GONE = (409, {"errcode": 1003, "errmsg": "revoked", "reason": "store_revoked"})
NEXT = "Atza|" + "n3Xt" * 87


def fields(token: str, **more: Any) -> dict[str, Any]:
    """A gateway's answer as the client hands it on: a token that lives for an hour."""
    return {"accessToken": Secret(token), "expiresIn": 3600, **more}


class Kept:
    """A token that is kept fresh by hand: the test moves both clocks, and says what the gateway answers."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.wall, self.monotonic = SteppingClock(), SteppingClock(0)
        self.answers: list[dict[str, Any] | Exception] = []
        self.asked = 0
        self.refused: list[str | None] = []
        self.said: list[str] = []
        self.token = FreshToken(
            first, self._fetch, wall=self.wall.now, monotonic=self.monotonic.now, notify=self.said.append
        )
        self.path = self.token.write_first()

    def _fetch(self, refused: Secret | None) -> dict[str, Any]:
        self.asked += 1
        self.refused.append(refused and refused.reveal())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def after(self, seconds: float) -> str:
        """Let time pass, one look after the other as the thread does it, and return what the file holds."""
        end = self.monotonic.time + seconds
        while (pause := self.token.look()) and self.monotonic.time + pause <= end:
            self.wall.step(pause)
            self.monotonic.step(pause)
        self.wall.step(end - self.monotonic.time)
        self.monotonic.time = end
        return self.path.read_text()


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let temporary files be the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


# When it is renewed


def test_the_token_is_replaced_more_than_five_minutes_before_it_ends() -> None:
    """And only then: whoever keeps one fresh for hours asks once an hour."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second"), fields("third")]
    assert kept.after(2900) == "first"
    assert kept.asked == 0
    assert kept.after(200) == "second"
    assert kept.after(2800) == "second"
    assert kept.after(300) == "third"
    assert (kept.asked, kept.said) == (2, [])


@pytest.mark.parametrize("left", [900, 1100, 1200])
def test_a_token_that_is_older_already_is_replaced_in_time_too(left: int) -> None:
    """The gateway hands out what has 900 seconds left."""
    kept = Kept(fields("first", expiresIn=left))
    kept.answers = [fields("second")]
    assert kept.after(300) == "first"
    assert kept.after(left - 300 - 300) == "second"


def test_tokens_that_live_for_a_minute_are_no_storm_of_refreshes() -> None:
    """Half of each life is used."""
    kept = Kept(fields("first", expiresIn=60))
    kept.answers = [fields(f"next-{number}", expiresIn=60) for number in range(30)]
    kept.after(600)
    assert (kept.asked, kept.said) == (20, [])


def test_a_first_token_of_those_that_live_for_a_minute_is_no_failure() -> None:
    """A gateway says of it that it has less time left than was asked for, and does not ask for one more."""
    kept = Kept(fields("first", **{**SHORT, "expiresIn": 60}))
    kept.answers = [fields("first", **{**SHORT, "expiresIn": left}) for left in (60, 55)]
    kept.answers += [fields(f"next-{number}", **{**SHORT, "expiresIn": 60}) for number in range(9)]
    assert kept.after(14) == "first"
    assert kept.after(60) == "next-1"
    assert kept.said == []


@pytest.mark.parametrize("said", [None, 0, -5, "3600", 10**9])
def test_what_a_gateway_says_of_the_life_is_not_believed_blindly(said: Any) -> None:
    """Amazon's tokens live for an hour at most."""
    kept = Kept(fields("first", expiresIn=said))
    kept.answers = [fields("second")]
    assert kept.after(2900) == "first"
    assert kept.after(200) == "second"


def test_a_machine_that_was_suspended_renews_when_it_wakes_up() -> None:
    """Its monotonic clock stood still, the wall clock tells."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    kept.after(100)
    kept.wall.step(5000)
    assert kept.after(0) == "second"


def test_a_wall_clock_that_is_set_back_delays_nothing() -> None:
    """The monotonic clock tells."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    kept.wall.step(-86_400)
    assert kept.after(2900) == "first"
    assert kept.after(200) == "second"


# When it cannot be renewed


def test_a_gateway_that_is_away_is_asked_again_and_told_of_once() -> None:
    """With longer and longer pauses; its return is told, too."""
    kept = Kept(fields("first"))
    kept.answers = [ClientError("gateway_failed", "It is away", "Run it again", retryable=True)]
    assert kept.after(3100) == "first"
    assert kept.asked == 5  # after 0, 5, 15, 35 and 75 seconds
    (line,) = kept.said
    assert line.startswith("The token ends within 10 minutes and could not be renewed")
    assert line.endswith("which is tried again: It is away")
    kept.answers = [fields("second")]
    assert kept.after(300) == "second"
    assert kept.said[1:] == ["The token was renewed."]


def test_it_is_told_once_more_when_the_token_has_ended() -> None:
    """And tried again as long as the command runs."""
    kept = Kept(fields("first"))
    kept.answers = [ClientError("timeout", "It is slow", retryable=True)]
    assert kept.after(3 * 3600) == "first"
    assert [line.split(" and ")[0] for line in kept.said] == [
        "The token ends within 10 minutes",
        "The token has ended",
    ]
    kept.answers = [fields("second")]
    assert kept.after(300) == "second"


def test_a_store_that_has_to_be_authorized_again_is_told_with_what_to_do() -> None:
    """The command goes on, and finds a token once somebody has done it."""
    kept = Kept(fields("first"))
    away = ClientError("gateway_failed", "It is away", "Run it again", retryable=True)
    kept.answers = [away, ClientError("needs_reauthorization", "It was revoked", "Authorize it again")]
    kept.after(3200)
    assert [line.partition("again: ")[2] for line in kept.said] == [
        "It is away",
        "It was revoked Authorize it again",
    ]
    kept.answers = [fields("second")]
    assert kept.after(300) == "second"


def test_a_token_that_amazon_did_not_replace_is_asked_for_again() -> None:
    """It may have less time left than was asked for."""
    kept = Kept(fields("first"))
    kept.answers = [fields("first", **{**SHORT, "expiresIn": 400}), fields("second")]
    assert kept.after(3010) == "second"
    assert "could not be asked" in kept.said[0]
    assert kept.said[1:] == ["The token was renewed."]


def test_a_first_token_that_is_short_is_replaced_at_once() -> None:
    """The command starts with it, and need not wait."""
    kept = Kept(fields("first", **SHORT))
    kept.answers = [fields("second")]
    assert kept.after(0) == "second"


def test_a_fault_of_our_own_does_not_end_the_renewals() -> None:
    """It is told by its type, never by its words."""
    kept = Kept(fields("first"))
    kept.answers = [ValueError("Atza|secret"), fields("second")]
    assert kept.after(3010) == "second"
    assert kept.said[0].endswith("which is tried again: ValueError.")


def test_a_disk_that_is_full_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The former token stays whole."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert kept.after(3010) == "first"
    assert "No space left on device" in kept.said[0]
    assert kept.after(60) == "second"
    assert list(kept.path.parent.iterdir()) == [kept.path]


# When the file is gone


def test_a_command_removes_the_file_of_a_token_that_was_refused() -> None:
    """Which is told with the token, once, so that Amazon is asked though that would live on."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second"), fields("third")]
    assert kept.after(100) == "first"
    kept.path.unlink()
    assert kept.after(5) == "second"
    assert kept.after(2900) == "second"
    assert kept.after(200) == "third"
    assert (kept.refused, kept.said) == (["first", None], [])


def test_a_refused_token_is_told_until_there_is_another() -> None:
    """And is not asked about more often than anything else that fails."""
    kept = Kept(fields("first"))
    kept.answers = [ClientError("gateway_failed", "It is away", retryable=True)]
    kept.path.unlink()
    with pytest.raises(FileNotFoundError):
        kept.after(70)
    assert kept.refused == ["first"] * 4  # after 0, 5, 15 and 35 seconds
    kept.answers = [fields("second")]
    assert kept.after(300) == "second"
    assert len(kept.said) == 2


def test_a_folder_that_was_removed_is_made_again() -> None:
    """As private as it was."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    shutil.rmtree(kept.path.parent)
    assert kept.after(5) == "second"
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_a_file_that_is_in_use_is_not_removed_by_another_command() -> None:
    """Though its token has ended, because the gateway is away: its command waits for the next one."""
    kept = Kept(fields("first"))
    kept.answers = [ClientError("gateway_failed", "It is away", retryable=True)]
    assert kept.after(3 * 3600) == "first"
    other = FreshToken(fields("other"), lambda _: fields("none"), wall=kept.wall.now, monotonic=lambda: 0)
    other.write_first()
    assert kept.path.read_text() == "first"


# Windows


class _Windows:
    """The module `os`, on another platform."""

    name = "nt"

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


@pytest.fixture
def opened_by_readers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let Windows refuse as many renames as the list says: a reader has the file open."""
    left = [0]
    rename = Path.replace

    def replace(draft: Path, target: Path) -> Path:
        if left[0] > 0:
            left[0] -= 1
            raise PermissionError(13, "Access is denied")
        return rename(draft, target)

    monkeypatch.setattr(Path, "replace", replace)
    for module in (private_files, fresh_token):
        monkeypatch.setattr(module, "os", _Windows())
    monkeypatch.setattr(private_files, "_RENAME_PAUSE", 0)
    return left


def test_a_file_that_is_being_read_is_replaced_when_it_is_closed(opened_by_readers: list[int]) -> None:
    """Windows refuses to rename over an open file, and a program reads its file in no time."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    opened_by_readers[0] = 3
    assert kept.after(3010) == "second"
    assert kept.said == []


def test_a_file_that_stays_open_is_told(opened_by_readers: list[int]) -> None:
    """With what the command has to do; the former token stays, and nothing else is left."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    opened_by_readers[0] = 10**9
    assert kept.after(3010) == "first"
    assert "Access is denied" in kept.said[0]
    assert "close the file after each reading" in kept.said[0]
    assert list(kept.path.parent.iterdir()) == [kept.path]
    opened_by_readers[0] = 0
    assert kept.after(60) == "second"


def test_elsewhere_a_rename_that_is_refused_is_not_tried_again(
    opened_by_readers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be refused again."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    monkeypatch.setattr(private_files, "os", os)
    opened_by_readers[0] = 1
    assert kept.after(3001) == "first"
    assert len(kept.said) == 1


# The end


def test_what_came_after_the_end_is_not_written() -> None:
    """A renewal that was under way when the command ended leaves no file behind."""
    kept = Kept(fields("first"))
    kept.answers = [fields("second")]
    kept.after(2999)
    kept.token.remove()
    kept.wall.step(100)
    kept.token.look()
    assert not kept.path.parent.exists()


# The file's place


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    """0600 in 0700, and neither is there afterwards."""
    with FreshToken(fields("first"), lambda _: fields("second")) as path:
        assert path.read_text() == "first"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_files_of_killed_processes_are_removed_once_their_tokens_have_ended(tmp_path: Path) -> None:
    """Not before: their commands may go on. What is not ours, or leads elsewhere, is left alone."""
    now = SteppingClock().time
    places = {name: tmp_path / f"linkfox-token-{name}" for name in ("old", "new", "open", "link")}
    for name in ("old", "new", "open"):
        places[name].mkdir(mode=0o700)
        (places[name] / "access-token").write_text("a token")
        age = 10 if name == "new" else 3700
        os.utime(places[name], (now - age, now - age))
    places["open"].chmod(0o755)
    places["link"].symlink_to(places["old"])
    kept = Kept(fields("first"))
    assert {path.name for path in tmp_path.iterdir()} == {
        kept.path.parent.name,
        *(places[name].name for name in ("new", "open", "link")),
    }


def test_a_file_that_another_command_removes_at_the_same_time_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that start at once find the same ones left behind."""
    (tmp_path / "linkfox-token-old").mkdir(mode=0o700)
    look = fresh_token.is_private_folder

    def removed_after(folder: Path) -> bool:
        is_private = look(folder)
        folder.rmdir()
        return is_private

    monkeypatch.setattr(fresh_token, "is_private_folder", removed_after)
    assert Kept(fields("first")).path.read_text() == "first"


def test_a_first_token_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    """As where the gateway answers something else."""
    with pytest.raises(ClientError, match="no access token"):
        Kept({"expiresIn": 3600})
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_others_could_swap_the_file_is_refused(tmp_path: Path) -> None:
    """As for every file with a token."""
    tmp_path.chmod(0o777)
    with pytest.raises(ClientError, match="other users can write") as caught:
        Kept(fields("first"))
    assert caught.value.code == "not_set_up"
    assert "TMPDIR" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


# From outside


@pytest.fixture
def store(gateway: FakeGateway) -> FakeGateway:
    """A gateway whose first token is short, so that another one is asked for at once."""
    gateway.answers["/spApi/storeTokens"] = [(200, tokens(**SHORT)), (200, tokens(accessToken=NEXT))]
    return gateway


WAIT_FOR_NEXT = """
import json, os, sys
path = os.environ["AMAZON_ACCESS_TOKEN_FILE"]
seen = [open(path).read()]
while seen[-1] != sys.argv[1]:
    seen.append(open(path).read())
print(json.dumps([path, seen[-1], dict(os.environ)]))
sys.exit(37)
"""


READ_WHEN_TOLD = """
import os, sys
path = os.environ["AMAZON_ACCESS_TOKEN_FILE"]
print(os.getpid(), path, flush=True)
sys.stdin.readline()
print(open(path).read())
"""


def test_the_command_reads_one_token_after_the_other(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """From a file that is gone afterwards; no variable holds a token, which would go stale."""
    more = {"TMPDIR": str(tmp_path), "AMAZON_ACCESS_TOKEN": "old", "AMAZON_TOKEN_EXPIRES_AT": "old"}
    done = run(*STORE, "--", sys.executable, "-c", WAIT_FOR_NEXT, NEXT, **more)
    assert done.code == 37, done.stdout + done.stderr
    path, last, environment = json.loads(done.stdout)
    assert last == NEXT
    assert not Path(path).parent.exists()
    assert {"AMAZON_ACCESS_TOKEN", "AMAZON_TOKEN_EXPIRES_AT"}.isdisjoint(environment)
    assert environment["AMAZON_SELLER_ID"] == "A1"
    assert ACCESS not in done.stderr
    assert NEXT not in done.stderr + json.dumps(environment)
    assert [body["minTtl"] for body in store.bodies("/spApi/storeTokens")] == [900, 900]


def test_a_profiles_token_is_kept_fresh_too(gateway: FakeGateway, run: Run, tmp_path: Path) -> None:
    """With the profile and the client beside it."""
    gateway.answers["/amazonAds/storeTokens"] = [
        (200, tokens(clientId="amzn1.client", **SHORT)),
        (200, tokens(clientId="amzn1.client", accessToken=NEXT)),
    ]
    words = ("with_token.py", "--profile-id", "7", "--keep-fresh", "--min-ttl", "1000", "--")
    done = run(*words, sys.executable, "-c", WAIT_FOR_NEXT, NEXT, TMPDIR=str(tmp_path))
    assert done.code == 37, done.stdout + done.stderr
    environment = json.loads(done.stdout)[2]
    assert environment["AMAZON_ADS_PROFILE_ID"] == "7"
    assert environment["AMAZON_ADS_CLIENT_ID"] == "amzn1.client"
    assert [body["minTtl"] for body in gateway.bodies("/amazonAds/storeTokens")] == [1000, 1000]


def test_the_hosted_gateway_which_tells_no_age_is_asked_for_a_new_one(
    hosted: FakeGateway, run_hosted: Run, tmp_path: Path
) -> None:
    """So the file begins with a token that lives for an hour; the list, which tells no sites, is not read."""
    hosted.answers["/spApi/storeTokens"] = (200, {"accessToken": ACCESS, "expiresIn": "3600"})
    hosted.answers["/spApi/refreshToken"] = (200, {"accessToken": NEXT, "expiresIn": "3600"})
    code = "import os; print(open(os.environ['AMAZON_ACCESS_TOKEN_FILE']).read())"
    done = run_hosted(*STORE, "--", sys.executable, "-c", code, TMPDIR=str(tmp_path))
    assert (done.code, done.stdout.strip()) == (0, NEXT), done.stdout + done.stderr
    which = {"sellerId": "A1", "region": "NA"}
    assert [(call.path, call.body) for call in hosted.calls] == [
        ("/spApi/storeTokens", which),
        ("/spApi/refreshToken", which),
    ]


@pytest.mark.parametrize(
    ("which", "path"),
    [({"sellerId": "A1", "region": "NA"}, "/spApi"), ({"profileId": 7}, "/amazonAds")],
)
def test_a_refused_token_is_told_to_the_gateway(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, which: dict[str, Any], path: str
) -> None:
    """Which asks Amazon only where it is still the current one."""
    gateway.answers[f"{path}/refreshToken"] = (200, tokens(accessToken=NEXT))
    for name, value in gateway.environment().items():
        monkeypatch.setenv(name, value)
    got = AmazonsToken(Choice(which, {}), 900).again(Secret(ACCESS))
    assert got["accessToken"].reveal() == NEXT
    assert [(call.path, call.body) for call in gateway.calls] == [
        (f"{path}/refreshToken", {**which, "refused": ACCESS})
    ]


def test_without_it_no_file_is_made_nor_inherited(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """What an outer with_token.py kept fresh is another store's."""
    code = "import os; print('AMAZON_ACCESS_TOKEN_FILE' in os.environ)"
    done = run(*STORE[:-1], "--", sys.executable, "-c", code, AMAZON_ACCESS_TOKEN_FILE="/outer")
    assert (done.code, done.stdout.strip()) == (0, "False")


def test_a_gateway_of_the_other_kind_gets_no_say(gateway: FakeGateway, run: Run, tmp_path: Path) -> None:
    """A real token is not for a sandbox's command, which would send it to the stand-in."""
    said = tmp_path / "said"

    def answer(handler: Handler) -> None:
        said.touch()
        body = json.dumps(tokens(accessToken=NEXT)).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    gateway.answers["/spApi/storeTokens"] = [(200, tokens(sandbox=True, **SHORT)), answer]
    with started(gateway, tmp_path, READ_WHEN_TOLD, stdin=subprocess.PIPE) as process:
        until(lambda: "another gateway" in (tmp_path / "stderr").read_text(), "the failure is told")
        out, _ = process.communicate("go on\n", PATIENCE)
    assert NEXT not in out
    assert ACCESS in out


def test_a_missing_command_asks_for_no_token(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """And one that cannot be started leaves no file."""
    assert run(*STORE, "--", "no-such-command", TMPDIR=str(tmp_path)).code == 2
    assert store.calls == []
    (tmp_path / "report").write_text("echo hello\n")
    (tmp_path / "report").chmod(0o755)
    done = run(*STORE, "--", str(tmp_path / "report"), TMPDIR=str(tmp_path))
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert list(tmp_path.glob("linkfox-token-*")) == []


def started(
    gateway: FakeGateway, folder: Path, code: str, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[str]":
    """Start a command under with_token.py --keep-fresh, in a session of its own; standard error is a file."""
    environment = clean_environment(folder, TMPDIR=str(folder), **gateway.environment())
    with (folder / "stderr").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, str(SCRIPTS / STORE[0]), *STORE[1:], "--", sys.executable, "-c", code],
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
            preexec_fn=_ignore_nothing,  # no other thread runs here
        )


def _ignore_nothing() -> None:
    """Take back what a shell sets for programs in its background: with it a signal would never come."""
    for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


TELL_SIGNALS = """
import os, signal
def tell(number, _):
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    if number == signal.SIGTERM:
        raise SystemExit(9)
for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2"):
    signal.signal(getattr(signal, "SIG" + name), tell)
print(os.environ["AMAZON_ACCESS_TOKEN_FILE"], flush=True)
while True:
    signal.pause()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_signals_and_the_exit_code_pass_through(store: FakeGateway, tmp_path: Path) -> None:
    """One for one; the file is gone afterwards."""
    with started(store, tmp_path, TELL_SIGNALS) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        for name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"):
            process.send_signal(getattr(signal, name))
            assert process.stdout.readline().strip() == name
        assert process.wait(PATIENCE) == 9
        assert process.stdout.read() == ""
    assert not path.parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_command_that_a_signal_ended_shows_as_in_a_shell(
    store: FakeGateway, run: Run, tmp_path: Path, number: int
) -> None:
    """128 and the signal's number; the file is gone."""
    code = "import os, sys\nprint(os.environ['AMAZON_ACCESS_TOKEN_FILE'], flush=True)\n"
    code += f"os.kill(os.getpid(), {number:d})"
    done = run(*STORE, "--", sys.executable, "-c", code, TMPDIR=str(tmp_path))
    assert done.code == 128 + number
    assert not Path(done.stdout.strip()).parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_a_killed_parent_leaves_the_command_and_its_private_file(store: FakeGateway, tmp_path: Path) -> None:
    """Nobody can clean up then; the next one does, once the token has ended."""
    with started(store, tmp_path, READ_WHEN_TOLD, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        child, path = process.stdout.readline().split()
        process.kill()
        process.wait(PATIENCE)
        os.kill(int(child), 0)
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_the_key_of_the_gateway_is_not_the_commands(store: FakeGateway, run: Run) -> None:
    """It opens all that its user has; with and without the flag."""
    code = f"import os; print([name for name, value in os.environ.items() if value == {KEY!r}])"
    for words in (STORE, STORE[:-1]):
        done = run(*words, "--", sys.executable, "-c", code, LINKFOXAGENT_API_KEY=KEY)
        assert (done.code, done.stdout.strip()) == (0, "[]")
