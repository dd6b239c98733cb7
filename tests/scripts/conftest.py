"""What the tests of the scripts share: a gateway to call and a way to run a script as its users do."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.elsewhere import Authority, proxy_to, tls_gateway
from tests.support.fake_gateway import KEY, FakeGateway, fake_gateway
from tests.support.house import Finished, clean_environment, run_script
from tests.support.terminal import run_at_terminal

Run = Callable[..., Finished]
HOSTED_HOST = "tool-gateway.linkfox.com"
OWNER_KEY = "lfx_local_" + "k" * 43


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Let Ctrl-C do what it does at a terminal, in the tests and in what they start.

    A script ignores it once it prints its document, and a suite that runs in the background is started with
    it ignored, which every child would inherit.
    """
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    """A gateway on loopback that answers what the test lays down."""
    with fake_gateway() as running:
        yield running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of a local gateway that was set up, with OWNER_KEY in it."""
    folder = tmp_path / "gateway"
    folder.mkdir(mode=0o700)
    (folder / "owner.key").write_text(OWNER_KEY + "\n")
    (folder / "owner.key").chmod(0o600)
    return folder


@pytest.fixture
def run(tmp_path: Path, gateway: FakeGateway) -> Run:
    """Run a script in an empty home against the fake gateway: `run("store_tokens.py", "--all", NAME="x")`.

    An empty value removes a variable.
    """

    def call(name: str, *words: str, python: str = sys.executable, **more: str) -> Finished:
        environment = clean_environment(tmp_path, **gateway.environment()) | more
        return run_script(name, *words, environment=environment, folder=tmp_path, python=python)

    return call


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that the scripts of a test are told to trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def hosted(authority: Authority) -> Iterator[FakeGateway]:
    """A fake of the hosted gateway at its own address; `environment()` are the variables of its user."""
    with (
        tls_gateway(authority.server_context(HOSTED_HOST)) as running,
        proxy_to(int(running.url.rpartition(":")[2])) as proxy,
    ):
        running.variables = {
            "LINKFOX_AGENT_API_KEY": KEY,
            "HTTPS_PROXY": proxy.url,
            "REQUESTS_CA_BUNDLE": str(authority.file),
        }
        yield running


@pytest.fixture
def run_hosted(tmp_path: Path, hosted: FakeGateway) -> Run:
    """Run a script in an empty home as a user of the hosted gateway, with nothing but a key."""

    def call(name: str, *words: str, stdin: str | None = None, **more: str) -> Finished:
        environment = clean_environment(tmp_path, **hosted.environment()) | more
        given = None if stdin is None else stdin.encode()
        return run_script(name, *words, environment=environment, folder=tmp_path, stdin=given)

    return call


@pytest.fixture
def at_terminal(tmp_path: Path, gateway: FakeGateway) -> Run:
    """Run a script as `run` does, with its standard output at a terminal."""

    def call(name: str, *words: str, **more: str) -> Finished:
        environment = clean_environment(tmp_path, **gateway.environment()) | more
        return run_at_terminal(name, *words, environment=environment, folder=tmp_path)

    return call


@pytest.fixture
def piped(tmp_path: Path, gateway: FakeGateway):
    """Run a script with something on its standard input."""

    def call(name: str, *words: str, stdin: str = "", **more: str) -> Finished:
        environment = clean_environment(tmp_path, **gateway.environment()) | more
        given = stdin.encode("utf-8", "surrogateescape")
        return run_script(name, *words, environment=environment, folder=tmp_path, stdin=given)

    return call
