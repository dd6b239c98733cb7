"""The Compose files are what Compose takes, and keep what is not Caddy's from outside."""

import ipaddress
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.server.gateway_server import GRACE_SECONDS
from gateway.settings.kinds import WholeNumber
from gateway.settings.settings import Settings
from gateway.settings.variables import declared, rows
from tests.support.deploy_tools import DEPLOY, composed, installed, said, tool

FORMS = ("compose.yaml", "compose.embedded.yaml")
PINNED = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest, compose_folder: Path) -> dict[str, Any]:
    """One of the forms as Compose understands it."""
    return composed(compose_folder, request.param)


def test_all_images_are_pinned_but_our_own(form: dict[str, Any]) -> None:
    """By what they hold, not by a name that may move; ours is built from this folder."""
    foreign = [each["image"] for each in form["services"].values() if "build" not in each]
    assert foreign
    assert all(PINNED.fullmatch(image) for image in foreign), foreign
    build = form["services"]["gateway"]["build"]
    assert Path(build["context"], build["dockerfile"]).name == "Containerfile"


def test_caddy_alone_is_reached_from_outside(form: dict[str, Any]) -> None:
    """Of the others Prometheus alone has a port, for this machine; the database has no way out either."""
    services = form["services"]
    ports = {name: each["ports"] for name, each in services.items() if each.get("ports")}
    assert {port["published"] for port in ports.pop("caddy")} == {"80", "443"}
    assert {name: [port["host_ip"] for port in of] for name, of in ports.items()} == {
        "prometheus": ["127.0.0.1"]
    }
    if "postgresql" in services:
        assert list(services["postgresql"]["networks"]) == ["back"]
        assert form["networks"]["back"]["internal"] is True


def test_each_service_may_do_little(form: dict[str, Any]) -> None:
    """A root that cannot be written, no capability that is not named, and none to be gained."""
    for name, each in form["services"].items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["restart"] == "unless-stopped", name
    assert "cap_add" not in form["services"]["gateway"]


def test_the_gateway_believes_caddy_alone(form: dict[str, Any]) -> None:
    """It trusts one address, which is Caddy's, and which nobody else can be given."""
    services, front = form["services"], form["networks"]["front"]["ipam"]["config"][0]
    caddy = services["caddy"]["networks"]["front"]["ipv4_address"]
    assert services["gateway"]["environment"]["GATEWAY_TRUSTED_PROXIES"] == caddy
    assert ipaddress.ip_address(caddy) in ipaddress.ip_network(front["subnet"])
    assert ipaddress.ip_address(caddy) not in ipaddress.ip_network(front["ip_range"])


def test_secrets_are_files_that_the_script_makes(form: dict[str, Any], compose_folder: Path) -> None:
    """Each that is named is there, for the gateway's user alone; no setting holds one itself."""
    variables = form["services"]["gateway"]["environment"]
    named = {name: value for name, value in variables.items() if name.endswith("_FILE")}
    assert len(named) >= 2
    for name, path in named.items():
        secret = compose_folder / "secrets" / Path(path).name
        assert path.startswith("/run/secrets/"), name
        assert secret.read_text().strip(), name
        assert (secret.stat().st_uid, stat.S_IMODE(secret.stat().st_mode)) == (10001, 0o600)
    assert not [name for name in variables if re.search(r"SECRET$|KEY$|DATABASE_URL$", name)]


def test_a_second_run_changes_no_secret(compose_folder: Path) -> None:
    """A new master key beside the old database would lose every store."""
    before = {path.name: path.read_bytes() for path in (compose_folder / "secrets").iterdir()}
    said(["sh", "make-secrets.sh"], compose_folder)
    assert {path.name: path.read_bytes() for path in (compose_folder / "secrets").iterdir()} == before


def test_the_gateway_may_finish_before_it_is_killed(form: dict[str, Any]) -> None:
    """Compose waits longer than the gateway takes to stop, however long it is told to drain."""
    given = form["services"]["gateway"]["stop_grace_period"]
    patience = re.fullmatch(r"(?:(\d+)m)?(\d+)s", given)
    assert patience is not None, given
    minutes, seconds = map(int, patience.groups("0"))
    (drain,) = [each.kind for _, each in declared(Settings) if each.name == "GATEWAY_DRAIN_SECONDS"]
    assert isinstance(drain, WholeNumber)
    assert minutes * 60 + seconds > drain.most + GRACE_SECONDS


@pytest.mark.parametrize("file", FORMS)
def test_further_names_are_added_to_what_a_form_sets_itself(
    compose_folder: Path, tmp_path: Path, file: str
) -> None:
    """What stands in `.env` is nothing to Compose where the service sets it, too."""
    copy = tmp_path / "deploy"
    shutil.copytree(compose_folder.parent, copy)
    with (copy / "compose" / ".env").open("a") as settings:
        settings.write("GATEWAY_ALLOWED_HOSTS=gateway.internal,10.0.0.9\n")
    service = composed(copy / "compose", file)["services"]["gateway"]
    assert service["environment"]["GATEWAY_ALLOWED_HOSTS"] == "gateway,gateway.internal,10.0.0.9"


def test_the_sample_has_every_setting_once() -> None:
    """As a line that is commented out, but for the address; of a secret the file's."""
    text = (DEPLOY / "settings.env.sample").read_text(encoding="utf-8")
    names = re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.M)
    assert len(names) == len(set(names))
    for row in rows(Settings):
        assert row.name in names or f"{row.name}_FILE" in names
    for _, variable in declared(Settings):
        assert not re.search(rf"^{variable.name}=", text, re.M) or variable.name == "GATEWAY_PUBLIC_URL"


def test_the_containerfile_keeps_the_rules_of_its_field(tmp_path: Path) -> None:
    """Those of hadolint, none left out."""
    said([str(tool("hadolint")), str(DEPLOY / "Containerfile")], tmp_path)


def test_prometheus_asks_as_the_rules_expect(form: dict[str, Any], tmp_path: Path) -> None:
    """Each gateway by its own address, under the job that the rules name, with the key of step 6."""
    path = DEPLOY / "compose" / "prometheus.yaml"
    said([installed("promtool", "prometheus"), "check", "config", "--syntax-only", str(path)], tmp_path)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    (scraped,) = config["scrape_configs"]
    (found,) = scraped["dns_sd_configs"]
    assert set(found["names"]) <= set(form["services"])
    assert f"EXPOSE {found['port']}\n" in (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    rules = (DEPLOY / "monitoring" / "alerts.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r'job="(\w+)"', rules)) <= {scraped["job_name"]}
    mounted = {each["target"] for each in form["services"]["prometheus"]["volumes"]}
    assert {*config["rule_files"], scraped["authorization"]["credentials_file"]} <= mounted
