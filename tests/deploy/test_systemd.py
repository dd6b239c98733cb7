"""The units of deploy/systemd, under a systemd: installed by its script, confined, and doing their work."""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.deploy_page import codes, lines
from tests.support.distribution import build
from tests.support.gateway_server import Amazon
from tests.support.house import ROOT, House
from tests.support.machine import Machine, booted

UNITS = ROOT / "deploy" / "systemd"
LINES = lines("On one machine with systemd")
SERVICES = ("linkfox-gateway.service", "linkfox-gateway-backup.service")
STORE = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
# So that pip finds the packages that are here already, as pinned, and asks no registry.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}


@dataclass
class Server:
    """A machine with the gateway as its service; `secret` is what only its secret files hold."""

    machine: Machine
    house: House
    secret: str

    def journal(self) -> str:
        """What the gateway wrote: there is no journal on this machine."""
        return (self.machine.root / "run/gateway.log").read_text(encoding="utf-8")

    def typed(self, beginning: str, **values: str) -> str:
        """Type the page's one line that begins so, with `values` for its words in capitals."""
        return typed(self.machine, beginning, **values)

    def address(self) -> str:
        """Where the gateway takes requests."""
        return json.loads((self.house.data_dir / "gateway.json").read_text())["url"]

    def shown(self, *properties: str) -> dict[str, str]:
        """Properties of the service, as systemd tells them."""
        told = self.machine.good("systemctl", "show", SERVICES[0], f"--property={','.join(properties)}")
        return dict(line.split("=", 1) for line in told.splitlines())


def typed(machine: Machine, beginning: str, pasted: str = "", **values: str) -> str:
    """Type a line of the page as root, for whom `sudo` changes nothing; return what it printed.

    `pasted` is given to what asks for it.
    """
    (line,) = (line for line in LINES if line.startswith(f"sudo {beginning}"))
    for words, value in values.items():
        line = line.replace(words, value)
    words = ("bash", "-euc", f'sudo() {{ "$@"; }}; cd "$0"; {line}', str(ROOT))
    return machine.good(*words, pasted=pasted, **OFFLINE)


def make_environment(machine: Machine) -> None:
    """Make the environment that the script installs into, in which the tests' packages and pip are found."""
    machine.good("/usr/bin/python3", "-m", "venv", "--without-pip", "/opt/linkfox-gateway")
    machine.good("mkdir", "/opt/packages")
    machine.good("mount", "--bind", sysconfig.get_path("purelib"), "/opt/packages")
    asking = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = machine.good("/opt/linkfox-gateway/bin/python", "-c", asking).strip()
    (machine.root / found.lstrip("/") / "of-the-tests.pth").write_text("/opt/packages", encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, amazon_process: Amazon) -> Iterator[Server]:
    """Install the gateway by its script beside settings that were there before, and start it."""
    folder = tmp_path_factory.mktemp("systemd")
    spapi = amazon_process.spapi
    with booted(folder / "systemd.log") as machine:
        make_environment(machine)
        settings = machine.root / "etc/linkfox-gateway"
        settings.mkdir()
        (settings / "environment").write_text(
            f"AMAZON_ORIGIN={amazon_process.url}\nGATEWAY_PORT=0\n"
            f"SPAPI_APP_ID={spapi['appId']}\nSPAPI_CLIENT_ID={spapi['clientId']}\n"
        )
        wheel = build(ROOT, folder, "--wheel")
        typed(machine, "deploy/systemd/install.sh", **{"dist/linkfox_amazon_auth-*.whl": str(wheel)})
        typed(machine, "install -m 0600", pasted=f"{spapi['clientSecret']}\n")
        typed(machine, "sed -i")
        drop_in = machine.root / "etc/systemd/system/linkfox-.service.d/log.conf"
        drop_in.write_text("[Service]\nStandardOutput=append:/run/gateway.log\n")
        typed(machine, "systemctl daemon-reload")
        data = machine.root / "var/lib/private/linkfox-gateway/data"
        installed = Server(machine, House(folder, data), spapi["clientSecret"])
        installed.typed("systemctl enable --now")
        installed.house.url = installed.address()
        yield installed


def test_the_units_are_confined_alike() -> None:
    """Each says the whole of it, so that it is confined wherever it is copied to alone."""
    texts = [(UNITS / unit).read_text(encoding="utf-8") for unit in SERVICES]
    served, backed_up = (text.partition("# What it cannot do.\n")[2].partition("\n\n")[0] for text in texts)
    assert "ProtectSystem=strict" in served
    assert served.strip() == backed_up.strip()


@pytest.mark.parametrize("unit", SERVICES)
def test_what_a_unit_may_do_is_little(unit: str) -> None:
    """Its exposure, of which systemd-analyze(1) knows ten degrees, is below 2.0."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze; Debian: apt install systemd")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (told,) = (line for line in done.stdout.splitlines() if "Overall exposure level" in line)
    assert float(told.rpartition(": ")[2].split()[0]) < 2.0


def test_systemd_finds_no_fault_in_the_units(server: Server) -> None:
    """Nor does it complain of a line that it does not know."""
    units = [path.name for path in UNITS.glob("linkfox-gateway*.*")]
    assert len(units) == 3
    done = server.machine.run("systemd-analyze", "verify", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_authorizes_a_store(server: Server) -> None:
    """Once `systemctl start` returns it takes requests, as a user of its own."""
    assert server.house.authorize(STORE["sellerId"], "我的店铺 ☕")["sellerId"] == STORE["sellerId"]
    assert server.house.post("/spApi/storeTokens", STORE)["accessToken"]
    pid = server.shown("MainPID")["MainPID"]
    status = (server.machine.root / "proc" / pid / "status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert fields["Uid"].split()[0] != "0"
    assert (fields["NoNewPrivs"].strip(), fields["Seccomp"].strip()) == ("1", "2")
    assert int(fields["CapBnd"], 16) == 0


def test_its_secrets_are_in_files_alone(server: Server) -> None:
    """Neither in the environment of its process nor in what systemd tells of it, nor in what it wrote."""
    key = (server.machine.root / "etc/linkfox-gateway/GATEWAY_MASTER_KEY").read_text().strip()
    pid = server.shown("MainPID")["MainPID"]
    environment = (server.machine.root / "proc" / pid / "environ").read_bytes().decode()
    assert "GATEWAY_DATA_DIR=/var/lib/linkfox-gateway/data" in environment
    places = (environment, server.machine.good("systemctl", "show", SERVICES[0]), server.journal())
    for secret in (key, server.secret):
        assert len(secret) > 20
        assert [place for place in places if secret in place] == []


def test_a_command_runs_as_the_service_does(server: Server) -> None:
    """As the page and the hints name it; it can write into the gateway's own folder alone."""
    assert (
        server.typed("cat /var/lib/private/linkfox-gateway/data/owner.key").strip() == server.house.api_key()
    )
    made = json.loads(server.typed("linkfox-gateway add-user"))
    key = server.typed("cat /var/lib/private/linkfox-gateway/anna.key").strip()
    assert (made["user"], made["rights"]) == ("anna", ["tokens", "proxy"])
    assert server.house.post("/spApi/authorizedStores", {}, key)["stores"] == []
    server.typed("rm ")
    listed = json.loads(server.machine.good("linkfox-gateway", "list-keys"))
    assert {each["user"] for each in listed["keys"]} == {"owner", "anna"}
    half = server.machine.run("linkfox-gateway", "list-keys", GATEWAY_WEBHOOK_URL="https://a.example/hook")
    assert "GATEWAY_WEBHOOK_SECRET" in half.stdout, "a setting goes on to the command"
    refused = server.machine.run("linkfox-gateway", "add-user", "bert", "--key-file", "/opt/bert.key")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (2, "bad_arguments")


def test_a_backup_is_restored_beside_the_gateway(server: Server) -> None:
    """The drill of the page: the service leaves a copy that only its user reads, and the copy opens."""
    server.typed("systemctl start linkfox-gateway-backup.service")
    (copy,) = server.typed("ls /var/lib/private/linkfox-gateway-backups").split()
    folder = server.machine.root / "var/lib/private/linkfox-gateway-backups"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert json.loads(server.typed("linkfox-gateway restore", COPY=copy))["holds"]["stores"] == 1
    assert (server.machine.root / "var/lib/private/linkfox-gateway/drill/vault.db").is_file()


def test_a_restart_ends_it_in_good_order_and_keeps_its_stores(server: Server) -> None:
    """As an upgrade wants it: told by SIGTERM; after any number of failures it would be started again."""
    for command in (*codes("Upgrade", "linkfox-gateway "), *codes("Upgrade", "systemctl ")):
        server.machine.good(*command.split())
    assert server.shown("Result", "NRestarts", "ActiveState", "StartLimitIntervalUSec") == {
        "Result": "success",
        "NRestarts": "0",
        "ActiveState": "active",
        "StartLimitIntervalUSec": "0",
    }
    server.house.url = server.address()
    (store,) = server.house.post("/spApi/authorizedStores", {})["stores"]
    assert store["sellerId"] == STORE["sellerId"]
