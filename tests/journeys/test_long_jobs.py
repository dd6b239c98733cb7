"""A job of three hours under with_token.py --keep-fresh, with a token of Amazon's and with a stand-in token.

The job calls an API each time that a token may have changed, and no call may be refused. The hours are those
of clocks that the test moves, the stand-in's tokens live for 60 seconds, and all that happens is real.
"""

import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clock import SteppingClock
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import PATIENCE, clean_environment
from tests.support.moved_time import START, MovedProgram, moved_program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")

SELLER = "A1SANDBOXNA001"
HOURS = 3 * 3600
PLAIN, PROXY = ("--keep-fresh",), ("--keep-fresh", "--proxy")
SEARCH = "/catalog/2022-04-01/items?marketplaceIds=ATVPDKIKX0DER&keywords=tea"
SECRET = re.compile(r"Atz[ar]\||lfxp_")
JOB = """
import http.client, os, socket, sys, urllib.parse
path = os.environ["AMAZON_ACCESS_TOKEN_FILE"]
endpoint = urllib.parse.urlsplit(os.environ["AMAZON_SPAPI_ENDPOINT"])
channel = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
lines = channel.makefile("rw")
print(os.getpid(), path, file=lines, flush=True)
for order in lines:
    if order == "end\\n":
        sys.exit(37)
    if order == "refused\\n":
        os.unlink(path)
        print("removed", file=lines, flush=True)
        continue
    with open(path) as file:
        token = file.read()
    connection = http.client.HTTPConnection(endpoint.netloc)
    headers = {"User-Agent": "job", "x-amz-access-token": token}
    connection.request("GET", endpoint.path + sys.argv[2], headers=headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    print(answer.status, "" if answer.status == 200 else said, file=lines, flush=True)
"""


class Place:
    """A gateway that can be stopped and started again at its address, at a time that stands still.

    It spaces no calls: that goes by the database's clock, which nobody moves.
    """

    def __init__(self, amazon: Amazon, folder: Path) -> None:
        self.amazon = amazon
        self.clock = SteppingClock(START)
        self._folder = folder
        self._folder.mkdir(0o700)
        self._running = contextlib.ExitStack()
        self.gateway = self.start()
        self.key = self.gateway.keys["owner"]

    def start(self, port: int = 0) -> Gateway:
        """Start the gateway."""
        self.gateway = self._running.enter_context(
            running_gateway(self.amazon, self._folder, self.clock, port=port, proxy_pacing=False)
        )
        return self.gateway

    def start_again(self) -> None:
        """Start the gateway where it was."""
        self.start(int(self.gateway.url.rpartition(":")[2]))

    def stop(self) -> None:
        """Stop the gateway."""
        self._running.close()

    def token_life(self, seconds: int) -> None:
        """Let Amazon's tokens live so long from now on."""
        self.amazon.control("settings", {"accessTokenSeconds": seconds})


@pytest.fixture
def place(amazon: Amazon, tmp_path: Path) -> Iterator[Place]:
    """A gateway with a store, and tokens that live for 60 seconds."""
    place = Place(amazon, tmp_path / "data")
    place.token_life(60)
    try:
        place.gateway.authorize_store(SELLER)
        yield place
    finally:
        place.stop()
        place.token_life(3600)


class Job:
    """A job that has begun under with_token.py, and the time that it is for all that it is about."""

    def __init__(self, place: Place, program: MovedProgram, lines: socket.socket) -> None:
        self.place, self.program = place, program
        self._lines = lines.makefile("rw")
        pid, path = self._lines.readline().split()
        self.pid, self.file = int(pid), Path(path)

    def order(self, word: str) -> str:
        """Let the job do something, and return what came of it."""
        print(word, file=self._lines, flush=True)
        return self._lines.readline().strip()

    def call(self) -> None:
        """Let the job call Amazon's API, which may not refuse it."""
        said = self.order("call")
        assert said == "200", f"{said} after {self.place.clock.time - START} seconds: {self.program.said()}"

    def step(self, longest: float, end: float) -> None:
        """Let time pass until the token is looked after, for `longest` seconds or until `end` at most."""
        clock = self.place.clock
        now = min(self.program.due(), clock.time + longest, end)
        self.place.amazon.control("clock", {"advance": now - clock.time})
        clock.time = now
        self.program.move(now)

    def work_until(self, end: float, longest: float) -> None:
        """Let time pass until `end`; the job calls after each step."""
        while self.place.clock.time < end:
            self.step(longest, end)
            self.call()

    def next_renewal(self) -> float:
        """Return when the token is going to be renewed."""
        due = self.program.due()
        self.program.move(self.place.clock.time)
        return due

    def work_while_the_gateway_is_away(self, *, calls: bool) -> None:
        """Stop the gateway for a minute from the next renewal on; `calls`: the job goes on calling."""
        before = self.program.said()
        away = self.next_renewal()
        self.work_until(away - 1, 60)
        self.place.stop()
        while self.place.clock.time < away + 60:
            self.step(60, away + 60)
            if calls:
                self.call()
        told = self.program.said().removeprefix(before)
        assert told.count("could not be renewed") == 1, told
        assert told.count("\n") == 1, told
        self.place.start_again()
        self.work_until(away + 180, 60)
        assert self.program.said().removeprefix(before + told) == "The token was renewed.\n"


@contextlib.contextmanager
def running_job(place: Place, folder: Path, *flags: str) -> Iterator[Job]:
    """A job of the store's that has begun, at a terminal of its own."""
    environment = clean_environment(
        folder,
        TMPDIR=str(folder),
        LINKFOX_TOOL_GATEWAY=place.gateway.url,
        LINKFOX_AGENT_API_KEY=place.key,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        job = (sys.executable, "-c", JOB, str(listener.getsockname()[1]), SEARCH)
        words = ("--seller-id", SELLER, "--region", "NA", *flags, "--", *job)
        with moved_program(*words, environment=environment, folder=folder, patience=PATIENCE) as program:
            lines, _ = listener.accept()
            with lines:
                yield Job(place, program, lines)


def end_by_the_keyboard(job: Job) -> int:
    """Press Ctrl-C."""
    os.write(job.program.terminal, b"\x03")
    return 128 + signal.SIGINT


def end_by_sigterm(job: Job) -> int:
    """End with_token.py, as a service's manager does."""
    job.program.process.terminate()
    return 128 + signal.SIGTERM


def end_by_itself(job: Job) -> int:
    """Let the job end as it likes."""
    job.order("end")
    return 37


def end_by_sigkill(job: Job) -> int:
    """Kill the job."""
    os.kill(job.pid, signal.SIGKILL)
    return 128 + signal.SIGKILL


ENDS = (end_by_the_keyboard, end_by_sigterm, end_by_itself, end_by_sigkill)


def ended(job: Job, how: Callable[[Job], int]) -> None:
    """End the job in this way: with its own exit code, without a process or a file or a secret left."""
    code = how(job)
    assert job.program.process.wait(PATIENCE) == code, job.program.said()
    with pytest.raises(ProcessLookupError):
        os.kill(job.pid, 0)
    assert not job.file.parent.exists()
    assert not SECRET.search(job.program.said())


# Seconds that a job runs for that is about how it ends; with the variable set, the whole three hours.
SHORT = HOURS if os.environ.get("LINKFOX_TEST_THREE_HOURS") else 300


def test_three_hours_with_tokens_of_amazons(place: Place, tmp_path: Path) -> None:
    """Which live for a minute; then for ten, and the gateway is away for one; then Ctrl-C."""
    with running_job(place, tmp_path, *PLAIN) as job:
        job.work_until(START + HOURS, 60)
        assert job.program.said().count("\n") <= 1  # that the first one was short
        place.token_life(600)
        job.work_until(START + HOURS + 60, 60)
        job.work_while_the_gateway_is_away(calls=True)
        ended(job, end_by_the_keyboard)


def test_a_token_that_amazon_ended_early_is_replaced(place: Place, tmp_path: Path) -> None:
    """As soon as the job has removed its file, which says that it was refused; Amazon is asked once."""
    place.token_life(3600)
    with running_job(place, tmp_path, *PLAIN) as job:
        job.work_until(START + 120, 60)
        place.amazon.control("expire", {"sellerId": SELLER})
        assert job.order("call").startswith("403")
        asked = len(place.amazon.refreshes())
        assert job.order("refused") == "removed"
        job.step(2, START + 122)
        job.work_until(START + 240, 60)
        assert len(place.amazon.refreshes()) == asked + 1
        ended(job, end_by_itself)


def test_three_hours_with_stand_in_tokens(place: Place, tmp_path: Path) -> None:
    """Which live for an hour, while Amazon's live for a minute; the gateway is away for one; then Ctrl-C."""
    with running_job(place, tmp_path, *PROXY) as job:
        job.work_until(START + HOURS, 60)
        assert job.program.said() == ""
        job.work_while_the_gateway_is_away(calls=False)
        ended(job, end_by_the_keyboard)


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("flags", [PLAIN, PROXY], ids=["plain", "proxy"])
def test_a_job_ends_in_each_way(
    place: Place, tmp_path: Path, flags: tuple[str, ...], how: Callable[[Job], int]
) -> None:
    """With its own exit code, and nothing of it is left."""
    with running_job(place, tmp_path, *flags) as job:
        job.work_until(START + SHORT, 60)
        ended(job, how)
