"""The gateway as a process, seen from outside: documents, exit codes, files, signals and kills."""

import base64
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from gateway.errors import EXIT_CODES
from gateway.util.api_key import new_api_key
from gateway.util.paths import BUNDLE
from gateway.util.version import version
from gateway.vault.database.migration import NEWEST
from tests.support import serve_driver, warm_python
from tests.support.certificates import self_signed
from tests.support.house import PATIENCE, until

DRIVER = Path(serve_driver.__file__)
KEY = base64.b64encode(bytes(32)).decode()

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and permissions of POSIX")


@dataclass
class Box:
    """An empty home with a data folder, and the processes that a test starts in it.

    `warm`: whether they may be forked from an interpreter that has imported everything. `driver`: what runs.
    """

    home: Path
    warm: bool = True
    driver: Path = DRIVER
    started: list[warm_python.Started] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data 家"

    def environ(self, **more: str) -> dict[str, str]:
        """A newcomer's environment, with a master key so that no keyring is asked."""
        return {
            "HOME": str(self.home),
            "PATH": os.defpath,
            "GATEWAY_DATA_DIR": str(self.data),
            "GATEWAY_MASTER_KEY": KEY,
            "AMAZON_ORIGIN": "http://127.0.0.1:9",
        } | more

    def start(self, *arguments: str, **more: str) -> warm_python.Started:
        """Start the gateway's command line in an empty working directory."""
        cwd = self.home / "cwd"
        cwd.mkdir(exist_ok=True)
        with (self.home / "stderr").open("a") as stderr:
            process = warm_python.start(
                warm_python.GATEWAY,
                self.driver,
                *arguments,
                environment={name: value for name, value in self.environ(**more).items() if value},
                folder=cwd,
                stderr=stderr.fileno(),
                warm=self.warm,
            )
        self.started.append(process)
        return process

    def serve(self, *arguments: str, **more: Any) -> tuple[warm_python.Started, dict[str, Any]]:
        """Start `serve` on a free port and return it with its ready document."""
        process = self.start("serve", "--port", "0", *arguments, **more)
        line = process.stdout.readline()
        assert line, self.errors()
        return process, json.loads(line)

    def run(self, *arguments: str, **more: Any) -> dict[str, Any]:
        """Run a command beside the gateway that must succeed, and return its document."""
        process = self.start(*arguments, **more)
        out, _ = process.communicate(timeout=PATIENCE)
        document: dict[str, Any] = json.loads(out)
        assert document["ok"] is True, document
        return document

    def fail(self, *arguments: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Run a command that must fail; return its exit code and its error."""
        process = self.start(*arguments, **more)
        out, _ = process.communicate(timeout=PATIENCE)
        document = json.loads(out)
        assert document["ok"] is False
        assert process.returncode == EXIT_CODES[document["error"]["code"]]
        assert document["error"]["message"]
        assert document["error"]["hint"]
        assert "Traceback" not in self.errors()
        return process.returncode, document["error"]

    def errors(self) -> str:
        """What was written to standard error so far."""
        return (self.home / "stderr").read_text()


@dataclass
class Running:
    """A gateway that takes requests. `ready`: its document."""

    box: Box
    workers: str
    process: warm_python.Started = field(init=False)
    ready: dict[str, Any] = field(init=False)

    def ensure(self) -> "Running":
        """Start it unless it runs: a test before may have ended it."""
        if not self.box.started or self.process.poll() is not None:
            self.process, self.ready = self.box.serve("--workers", self.workers)
        return self


@contextmanager
def boxed(home: Path) -> Iterator[Box]:
    """A box; whatever still runs in it at the end is killed."""
    box = Box(home)
    try:
        yield box
    finally:
        for process in box.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box for one test."""
    with boxed(tmp_path) as box:
        yield box


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a gateway that was started and stopped."""
    with boxed(tmp_path_factory.mktemp("stopped")) as box:
        process, _ = box.serve()
        assert stop(process) == 0
        return box.data


@pytest.fixture
def settled(box: Box, stopped: Path) -> Box:
    """A box in which a gateway was started and stopped before."""
    shutil.copytree(stopped, box.data)
    return box


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """Gateways that tests share, by how many workers they have."""
    with (
        boxed(tmp_path_factory.mktemp("one")) as one,
        boxed(tmp_path_factory.mktemp("several")) as several,
    ):
        yield {"1": Running(one, "1"), "2": Running(several, "2")}


@pytest.fixture
def running(shared: dict[str, Running]) -> Running:
    """A gateway that takes requests."""
    return shared["1"].ensure()


@pytest.fixture
def several(shared: dict[str, Running]) -> Running:
    """One with two workers."""
    return shared["2"].ensure()


def get(url: str, path: str = "/") -> str:
    """Fetch a path over a connection of its own."""
    host = url.split("//")[1]
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def is_listening(url: str) -> bool:
    """Whether anybody takes connections there."""
    host, _, port = url.split("//")[1].rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def stop(process: warm_python.Started) -> int:
    """Ask a process to end and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


class TestServing:
    """From start to stop."""

    def test_it_announces_itself_and_serves(self, box: Box) -> None:
        """One document on standard output, the same in gateway.json, and requests are answered."""
        box.warm = False
        process, ready = box.serve()
        assert ready["ok"] is True
        assert (ready["dataDir"], ready["sandbox"], ready["pid"]) == (str(box.data), True, process.pid)
        assert ready["sandboxUrl"] == "http://127.0.0.1:9"
        announced = json.loads((box.data / "gateway.json").read_text())
        assert (announced["url"], announced["pid"]) == (ready["url"], process.pid)
        port = ready["url"].rpartition(":")[2]
        assert get(ready["url"]) == f"{process.pid} http://localhost:{port} sandbox False"
        started = dict(
            re.findall(r"(\w+)=(\S+)", box.errors().partition(" gateway_started ")[2].splitlines()[0])
        )
        assert started == {
            "version": version(),
            "pythonVersion": platform.python_version(),
            "database": "sqlite",
            "databaseVersion": sqlite3.sqlite_version,
            "masterKeyId": started["masterKeyId"],
            "applications": "[]",
            "publicUrl": f"http://localhost:{port}",
            "url": ready["url"],
            "workers": "1",
            "sandbox": "true",
        }
        assert re.fullmatch("[0-9a-f]{16}", started["masterKeyId"])
        assert re.search(
            rf" migration_started toVersion={NEWEST}\n.* migrated toVersion={NEWEST} ", box.errors()
        )
        assert stop(process) == 0
        assert process.stdout.read() == ""  # type: ignore[union-attr]

    def test_a_stop_leaves_nothing_running(self, settled: Box) -> None:
        """After SIGTERM the address is free, gateway.json gone, the lock free for the next start."""
        process, ready = settled.serve()
        assert stop(process) == 0
        assert not (settled.data / "gateway.json").exists()
        assert not is_listening(ready["url"])
        again, _ = settled.serve()
        assert stop(again) == 0

    @posix_only
    def test_requests_under_way_are_finished(self, settled: Box) -> None:
        """A request that has begun when the signal comes gets its whole answer."""
        process, ready = settled.serve()
        connection = http.client.HTTPConnection(ready["url"].split("//")[1], timeout=PATIENCE)
        connection.request("GET", "/slow")
        answer = connection.getresponse()
        assert answer.read(6) == b"begun "
        process.send_signal(signal.SIGINT)
        until(lambda: not is_listening(ready["url"]), "it takes no more requests")
        process.send_signal(signal.SIGUSR1)
        assert answer.read() == b"done"
        connection.close()
        assert process.wait(PATIENCE) == 0

    @posix_only
    def test_everything_it_writes_is_private(self, box: Box) -> None:
        """The folder is 0700 and every file in it 0600, and the owner's key works as one."""
        process, _ = box.serve()
        assert stat.S_IMODE(box.data.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in box.data.iterdir()}
        assert {"gateway.lock", "gateway.json", "serve.json", "owner.key", "vault.db"} <= set(modes)
        assert set(modes.values()) == {0o600}
        key = (box.data / "owner.key").read_text()
        assert key.startswith("lfx_local_")
        stop(process)
        process, _ = box.serve()
        assert (box.data / "owner.key").read_text() == key
        assert key.strip() not in box.errors()

    def test_it_remembers_what_it_was_told(self, running: Running) -> None:
        """serve.json has the options, for whoever starts it the same way again."""
        assert json.loads((running.box.data / "serve.json").read_text()) == {
            "host": None,
            "port": 0,
            "workers": 1,
            "sandbox": False,
            "tlsCert": None,
            "tlsKey": None,
            "program": [sys.executable, str(BUNDLE / "gateway" / "__main__.py")],
        }

    def test_a_lost_owner_key_is_made_again(self, settled: Box) -> None:
        """A key file that holds no key of this vault is replaced by one that works."""
        first = (settled.data / "owner.key").read_text()
        (settled.data / "owner.key").write_text("lfx_local_nonsense\n")
        settled.serve()
        second = (settled.data / "owner.key").read_text()
        assert len(second) == len(first)
        assert second != first

    def test_where_users_are_no_owner_key_is_made(self, settled: Box) -> None:
        """As after a backup was restored into an empty folder: the keys that it holds work."""
        (settled.data / "owner.key").unlink()
        process, _ = settled.serve()
        assert not (settled.data / "owner.key").exists()
        assert "no_owner_key" in settled.errors()
        assert f"add-user owner --key-file {settled.data / 'owner.key'}" in settled.errors()
        assert stop(process) == 0

    def test_the_operator_s_first_key_is_taken_once(self, box: Box) -> None:
        """By the first of its starts, and shown by none; revoked, it stays so, and nothing piles up."""
        key = new_api_key().reveal()
        path = box.home / "bootstrap"
        path.write_text(key + "\n")
        path.chmod(0o600)
        setting = {"GATEWAY_BOOTSTRAP_KEY_FILE": str(path)}
        for _ in range(2):
            assert stop(box.serve(**setting)[0]) == 0
        assert not (box.data / "owner.key").exists()
        [kept] = box.run("list-keys")["keys"]
        assert (kept["user"], kept["label"], kept["revokedAt"]) == ("owner", "bootstrap", None)
        assert "bootstrap_key_not_taken" not in box.errors()
        box.run("revoke-key", kept["keyId"])
        assert stop(box.serve(**setting)[0]) == 0
        assert [one["keyId"] for one in box.run("list-keys")["keys"] if one["revokedAt"] is None] == []
        assert box.errors().count("bootstrap_key_not_taken") == 1
        assert key not in box.errors() + (box.data / "vault.db").read_bytes().decode("latin-1")

    def test_the_working_directory_is_not_imported_from(self, settled: Box) -> None:
        """Modules and `.env` files that lie where the gateway is started are not used."""
        settled.warm = False
        cwd = settled.home / "cwd"
        cwd.mkdir()
        (cwd / "uvicorn.py").write_text("raise SystemExit('imported from the working directory')\n")
        (cwd / ".env").write_text("GATEWAY_PUBLIC_URL=https://evil.example\n")
        process, ready = settled.serve()
        assert "evil" not in get(ready["url"])
        assert stop(process) == 0

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_what_is_not_http_gets_the_envelope(self, shared: dict[str, Running], workers: str) -> None:
        """As every error does, and the connection ends."""
        where = urlsplit(shared[workers].ensure().ready["url"])
        with socket.create_connection((str(where.hostname), where.port), PATIENCE) as raw:
            raw.sendall(b"hello there\r\n\r\n")
            with http.client.HTTPResponse(raw) as answer:
                answer.begin()
                told = json.loads(answer.read())
            assert raw.recv(1) == b""
        assert answer.status == 400
        assert answer.getheader("Cache-Control") == "no-store"
        assert (told["errcode"], told["reason"]) == (1002, "bad_parameter")
        assert told["requestId"] == answer.getheader("X-Request-Id")

    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process are Linux's")
    def test_silent_connections_shut_nobody_out(self, settled: Box) -> None:
        """More than there are descriptors, and requests are answered all the same; the log says why."""
        process, ready = settled.serve()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (320, 320))
        where = urlsplit(ready["url"])
        with ExitStack() as open_ones:
            for _ in range(340):
                open_ones.enter_context(socket.create_connection((str(where.hostname), where.port), PATIENCE))
            assert get(ready["url"]).startswith(str(process.pid))
        assert settled.errors().count("connection_refused reason=gateway_busy address=127.0.0.1") == 1

    def test_several_workers_share_the_address(self, several: Running) -> None:
        """Two processes answer on one port, all end with the stop, and the document came once."""
        process, ready = several.process, several.ready
        seen: set[str] = set()

        def both() -> bool:
            seen.add(get(ready["url"]).split()[0])
            return len(seen) == 2

        until(both, "both workers answer")
        assert str(process.pid) not in seen
        assert stop(process) == 0
        until(lambda: not is_listening(ready["url"]), "nobody listens any more")
        assert process.stdout.read() == ""  # type: ignore[union-attr]

    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process are Linux's")
    def test_no_process_leaves_its_memory_behind(self, several: Running) -> None:
        """Neither the supervisor nor a worker may dump its core, which holds the master key."""
        seen: set[int] = set()
        until(lambda: seen.add(int(get(several.ready["url"]).split()[0])) or len(seen) == 2, "both answer")
        for pid in (several.process.pid, *seen):
            assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)

    @posix_only
    def test_workers_end_with_a_killed_supervisor(self, several: Running) -> None:
        """Nobody goes on serving without the lock."""
        process, ready = several.process, several.ready
        process.kill()
        process.wait()
        until(lambda: not is_listening(ready["url"]), "nobody listens any more")

    @posix_only
    def test_a_killed_gateway_does_not_block_the_next(self, settled: Box) -> None:
        """After SIGKILL the lock is free, whatever gateway.json still says."""
        process, _ = settled.serve()
        process.kill()
        process.wait()
        assert (settled.data / "gateway.json").exists()
        again, ready = settled.serve()
        assert json.loads((settled.data / "gateway.json").read_text())["url"] == ready["url"]
        assert stop(again) == 0


class TestSandbox:
    """With --sandbox the gateway brings its own stand-in Amazon."""

    def test_the_stand_in_comes_and_goes_with_it(self, settled: Box) -> None:
        """The stand-in listens while the gateway runs, its applications are used, and the stop ends it."""
        process, ready = settled.serve("--sandbox", AMAZON_ORIGIN="")
        assert is_listening(ready["sandboxUrl"])
        assert get(ready["url"]).endswith("sandbox True")
        assert stop(process) == 0
        assert not is_listening(ready["sandboxUrl"])

    def test_the_stand_in_sends_browsers_to_the_public_address(self, settled: Box) -> None:
        """As Amazon does once that callback is registered, and to no other address elsewhere."""
        public = "https://gateway.example.test"
        process, ready = settled.serve("--sandbox", AMAZON_ORIGIN="", GATEWAY_PUBLIC_URL=public)
        amazon = ready["sandboxUrl"]
        apps = json.loads(get(amazon, "/_sandbox/state"))["apps"]
        store, ads = (next(app for app in apps if app["flow"] == flow) for flow in ("spapi", "ads"))
        pages = {
            f"/sellercentral.amazon.com/apps/authorize/consent?application_id={store['appId']}&state=s"
            "&redirect_uri={}/spApi/oauth/callback": "Authorize ",
            f"/www.amazon.com/ap/oa?client_id={ads['clientId']}&response_type=code"
            "&scope=advertising::campaign_management&redirect_uri={}/amazonAds/oauth/callback": "Allow ",
        }
        for page, asked in pages.items():
            assert f"<h1>{asked}" in get(amazon, page.format(public))
            assert f"<h1>{asked}" not in get(amazon, page.format("https://elsewhere.example.test"))
        assert stop(process) == 0

    def test_workers_use_the_same_stand_in(self, settled: Box) -> None:
        """Every worker has the stand-in's applications."""
        process, ready = settled.serve("--sandbox", "--workers", "2", AMAZON_ORIGIN="")
        assert get(ready["url"]).endswith("sandbox True")
        assert stop(process) == 0

    @posix_only
    def test_a_killed_gateway_leaves_no_stand_in_behind(self, settled: Box) -> None:
        """The stand-in notices that its parent is gone, however it went."""
        process, ready = settled.serve("--sandbox", AMAZON_ORIGIN="")
        process.kill()
        process.wait()
        until(lambda: not is_listening(ready["sandboxUrl"]), "the stand-in ends")

    def test_a_damaged_state_is_told(self, box: Box) -> None:
        """A stand-in that does not start ends the gateway with a sentence."""
        box.data.mkdir(0o700)
        (box.data / "sandbox-state.json").write_text("{broken")
        code, error = box.fail("serve", "--port", "0", "--sandbox", AMAZON_ORIGIN="")
        assert code == 6
        assert "sandbox-state.json" in error["hint"]

    def test_a_real_gateway_refuses_a_sandbox_vault(self, settled: Box) -> None:
        """The kinds do not mix, and the refused start leaves the vault usable."""
        code, error = settled.fail("serve", "--port", "0", AMAZON_ORIGIN="")
        assert code == 3
        assert "sandbox" in error["message"]
        process, _ = settled.serve()
        assert stop(process) == 0


class TestRefusals:
    """What makes a start impossible is told in one document."""

    def test_a_second_gateway_on_one_folder_is_refused(self, running: Running) -> None:
        """The error names the first one, which is not disturbed."""
        box, ready = running.box, running.ready
        code, error = box.fail("serve", "--port", "0")
        assert code == 6
        assert str(running.process.pid) in error["message"]
        assert ready["url"] in error["message"]
        assert get(ready["url"])
        assert json.loads((box.data / "gateway.json").read_text())["pid"] == running.process.pid

    def test_a_taken_port_is_named(self, box: Box) -> None:
        """The error names the port and --port, and nothing was started or made."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            code, error = box.fail("serve", "--port", port)
        assert code == 6
        assert port in error["message"]
        assert "--port" in error["hint"]
        assert not (box.data / "vault.db").exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("dance",),
            ("serve", "--port", "65536"),
            ("serve", "--port", "-1"),
            ("serve", "--port", "x"),
            ("serve", "--workers", "0"),
            ("serve", "--tls-cert", "x.pem"),
            ("serve", "--tls-cert", "x.pem", "--tls-key", "y.pem"),
            ("serve", "--host", "192.0.2.1", "--port", "0"),
            ("serve", "--host", "no such host"),
            ("serve", "--unknown"),
            ("add-user", "bob"),
        ],
    )
    def test_bad_arguments_are_refused(self, box: Box, arguments: tuple[str, ...]) -> None:
        """Exit 2, one document."""
        assert box.fail(*arguments)[0] == 2

    def test_help_needs_nothing(self, box: Box) -> None:
        """--help ends with 0 and prints the options."""
        box.warm = False
        process = box.start("serve", "--help")
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "--tls-cert" in out

    @pytest.mark.parametrize(
        ("more", "named"),
        [
            ({"GATEWAY_MASTER_KEY": "canary"}, "GATEWAY_MASTER_KEY"),
            ({"GATEWAY_MASTER_KEY": "", "GATEWAY_MASTER_KEY_FILE": "/nonexistent"}, "/nonexistent"),
            ({"GATEWAY_PUBLIC_URL": "http://x.example"}, "GATEWAY_PUBLIC_URL"),
            ({"GATEWAY_DATABASE_URL": "mysql://canary"}, "GATEWAY_DATABASE_URL"),
            ({"ADS_CLIENT_SECRET": "canary"}, "ADS_CLIENT_ID"),
            ({"GATEWAY_BOOTSTRAP_KEY": "canary"}, "GATEWAY_BOOTSTRAP_KEY"),
            ({"GATEWAY_BOOTSTRAP_KEY": "lfx_local_" + "canary-" * 6 + "x"}, "GATEWAY_BOOTSTRAP_KEY"),
            ({"GATEWAY_TLS_CERT_FILE": "/x.pem"}, "a TLS certificate is given without its key"),
            ({"GATEWAY_TLS_CERT_FILE": "/x.pem", "GATEWAY_TLS_KEY_FILE": "/y.pem"}, "No such file"),
        ],
    )
    def test_bad_settings_are_refused(self, box: Box, more: dict[str, str], named: str) -> None:
        """Exit 3, naming the setting and showing no secret."""
        code, error = box.fail("serve", "--port", "0", **more)
        assert code == 3
        assert named in error["message"]
        assert "canary" not in json.dumps(error) + box.errors()

    @posix_only
    @pytest.mark.parametrize("spoil", ["open", "link", "file"])
    def test_a_folder_that_is_not_one_s_own_is_refused(self, box: Box, spoil: str) -> None:
        """A data folder that others can write, a link, and a file are refused."""
        if spoil == "open":
            box.data.mkdir()
            box.data.chmod(0o777)
        elif spoil == "link":
            (box.home / "elsewhere").mkdir()
            box.data.symlink_to(box.home / "elsewhere")
        else:
            box.data.touch()
        code, error = box.fail("serve", "--port", "0")
        assert code == 3
        assert str(box.data) in error["message"]

    def test_an_application_that_cannot_start_is_told(self, settled: Box) -> None:
        """With workers too, a start that fails ends in one document instead of hanging."""
        database = settled.data / "vault.db"
        database.write_bytes(b"not a database" * 1000)
        for workers in ("1", "2"):
            code, error = settled.fail("serve", "--port", "0", "--workers", workers)
            assert code == 6
            assert "SQLite" in error["message"]

    @posix_only
    @pytest.mark.parametrize(("workers", "reached"), [("1", "gateway.lock"), ("2", "owner.key")])
    def test_a_stop_during_the_start_is_told(self, box: Box, workers: str, reached: str) -> None:
        """A signal before the first request ends with `interrupted` and leaves the folder usable."""
        box.warm = False
        process = box.start("serve", "--port", "0", "--sandbox", "--workers", workers, AMAZON_ORIGIN="")
        until(lambda: (box.data / reached).exists(), f"{reached} is there")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
        assert json.loads(out)["error"]["code"] == "interrupted"
        assert process.returncode == 130
        again, _ = box.serve()
        assert stop(again) == 0


class TestTls:
    """--tls-cert and --tls-key."""

    def test_it_serves_https(self, settled: Box) -> None:
        """With a certificate the address is https and answers so."""
        import ssl

        certificate, key = self_signed(settled.home)
        process, ready = settled.serve("--tls-cert", str(certificate), "--tls-key", str(key))
        assert ready["url"].startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection(
            "localhost", int(ready["url"].rpartition(":")[2]), context=trusting, timeout=PATIENCE
        )
        connection.request("GET", "/")
        assert b"https://localhost:" in connection.getresponse().read()
        connection.close()
        assert stop(process) == 0


class TestSettings:
    """What is set is as good as what is said, and a flag goes before it."""

    def test_it_listens_as_the_settings_say(self, settled: Box) -> None:
        """Host, port, workers and certificate, none of which is remembered: the settings may change."""
        certificate, key = self_signed(settled.home)
        process, ready = settled.serve(
            GATEWAY_HOST="127.0.0.2",
            GATEWAY_PORT="1",
            GATEWAY_WORKERS="2",
            GATEWAY_TLS_CERT_FILE=str(certificate),
            GATEWAY_TLS_KEY_FILE=str(key),
        )
        assert ready["url"].startswith("https://127.0.0.2:")
        kept = json.loads((settled.data / "serve.json").read_text())
        remembered = {name: kept[name] for name in ("host", "port", "workers", "tlsCert", "tlsKey")}
        assert remembered == {"host": None, "port": 0, "workers": None, "tlsCert": None, "tlsKey": None}
        assert stop(process) == 0

    def test_what_is_doubtful_is_said_in_the_log(self, settled: Box) -> None:
        """A slip in a name is told with the nearest that there is."""
        process, _ = settled.serve(GATEWAY_LOGFORMAT="canary")
        assert 'setting_doubtful setting=GATEWAY_LOGFORMAT error="there is no setting' in settled.errors()
        assert 'hint="Did you mean GATEWAY_LOG_FORMAT?"' in settled.errors()
        assert "canary" not in settled.errors()
        assert stop(process) == 0

    def test_two_master_keys_are_a_contradiction(self, box: Box) -> None:
        """Which of them the operator means nobody can know; their ids tell them apart."""
        path = box.home / "key"
        path.write_text(base64.b64encode(bytes([1] * 32)).decode())
        path.chmod(0o600)
        code, error = box.fail("serve", "--port", "0", GATEWAY_MASTER_KEY_FILE=str(path))
        assert code == 3
        assert "GATEWAY_MASTER_KEY_FILE another one" in error["message"]
        assert error["hint"] == "Set one of the two."


class TestAddUser:
    """`add-user`, beside a running gateway."""

    def test_a_user_is_added_while_it_runs(self, running: Running) -> None:
        """The key goes into a new private file and is printed nowhere."""
        box = running.box
        path = box.home / "ann.key"
        process = box.start("add-user", "ann", "--key-file", str(path))
        out, _ = process.communicate(timeout=PATIENCE)
        document = json.loads(out)
        key = path.read_text().strip()
        assert (document["ok"], document["user"], document["keyFile"]) == (True, "ann", str(path))
        assert key.startswith("lfx_local_")
        assert key not in out + box.errors()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
        assert document["created"] is True

    def test_a_second_time_is_a_further_key(self, settled: Box) -> None:
        """Of the same user, with rights of its own."""
        keys = []
        for name, *rights in (("one",), ("two", "--rights", "proxy, tokens")):
            path = settled.home / name
            adding = settled.start("add-user", "ann", "--key-file", str(path), *rights)
            document = json.loads(adding.communicate(timeout=PATIENCE)[0])
            keys.append((document["created"], document["rights"], path.read_text()))
        assert [key[:2] for key in keys] == [
            (True, ["tokens", "manage", "proxy"]),
            (False, ["tokens", "proxy"]),
        ]
        assert keys[0][2] != keys[1][2]

    def test_a_key_is_given_a_right_and_a_label(self, settled: Box) -> None:
        """By its id, as the hint of a refusal says; nothing else changes, and the key is not shown."""
        path = settled.home / "k"

        def run(*words: str) -> dict[str, Any]:
            document: dict[str, Any] = json.loads(settled.start(*words).communicate(timeout=PATIENCE)[0])
            return document

        made = run("add-user", "ann", "--key-file", str(path), "--rights", "proxy", "--label", "夜间 cron")
        assert made["label"] == "夜间 cron"
        changed = run("change-key", made["keyId"], "--add-rights", "personal, application")
        assert changed["ok"]
        assert changed["rights"] == ["proxy", "personal", "application"]
        (listed,) = [key for key in run("list-keys")["keys"] if key["keyId"] == made["keyId"]]
        assert {"ok": True, **listed} == changed
        assert listed["label"] == "夜间 cron"
        assert path.read_text().strip() not in json.dumps([made, changed, listed])
        for words, code in (
            ((made["keyId"], "--label", "a\nb"), 2),
            ((made["keyId"], "--remove-rights", "proxy,personal,application"), 2),
            (("nobody", "--add-rights", "personal"), 5),
        ):
            assert settled.fail("change-key", *words)[0] == code
        unnamed = run("change-key", made["keyId"], "--label", "")
        assert unnamed == changed | {"label": None}

    @pytest.mark.parametrize("rights", ["", "everything", "tokens,", "tokens manage"])
    def test_rights_that_are_none_are_refused(self, settled: Box, rights: str) -> None:
        """No user, no file."""
        code, error = settled.fail(
            "add-user", "ann", "--key-file", str(settled.home / "k"), "--rights", rights
        )
        assert code == 2
        assert "tokens, manage, proxy" in error["message"]
        assert not (settled.home / "k").exists()

    def test_no_file_is_overwritten(self, settled: Box) -> None:
        """An existing path, or a link, is refused and stays as it is."""
        existing = settled.home / "existing"
        existing.write_text("precious")
        link = settled.home / "link"
        link.symlink_to(settled.home / "target")
        for path in (existing, link):
            code, error = settled.fail("add-user", "ann", "--key-file", str(path))
            assert code == 2
            assert "exists" in error["message"]
        assert existing.read_text() == "precious"
        assert not (settled.home / "target").exists()

    def test_a_name_that_is_none_is_refused(self, settled: Box) -> None:
        """No user, no file."""
        assert settled.fail("add-user", "  ", "--key-file", str(settled.home / "k"))[0] == 2
        assert not (settled.home / "k").exists()

    def test_without_a_gateway_no_vault_is_made(self, box: Box) -> None:
        """A folder where nothing was ever started is refused and stays empty."""
        code, _ = box.fail("add-user", "ann", "--key-file", str(box.home / "k"))
        assert code == 3
        assert not box.data.exists()
