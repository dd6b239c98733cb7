"""The image is built and run: no root user, a root folder that cannot be written, secrets as files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gateway.util.version import version
from tests.support.gateway_server import Amazon, http
from tests.support.house import until
from tests.support.image import Container, Image, built_image
from tests.support.installed import or_skip
from tests.support.vaults import MASTER_KEY

SELLER = "A1SANDBOXNA001"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image, built once."""
    folder = tmp_path_factory.mktemp("image")
    with or_skip(), built_image(folder) as built:
        yield built


@pytest.fixture
def container(image: Image, amazon: Amazon, tmp_path: Path) -> Iterator[Container]:
    """A running gateway, beside the stand-in Amazon."""
    data, secrets = tmp_path / "data", tmp_path / "secrets"
    for folder in (data, secrets):
        folder.mkdir(mode=0o700)
        os.chown(folder, *image.user)
    told = {
        "GATEWAY_MASTER_KEY_FILE": MASTER_KEY.reveal(),
        "SPAPI_CLIENT_SECRET_FILE": amazon.spapi["clientSecret"],
    }
    for name, secret in told.items():
        (secrets / name).write_text(secret)
        (secrets / name).chmod(0o400)
        os.chown(secrets / name, *image.user)
    settings = {
        "GATEWAY_PORT": "0",
        "AMAZON_ORIGIN": amazon.url,
        "SPAPI_APP_ID": amazon.spapi["appId"],
        "SPAPI_CLIENT_ID": amazon.spapi["clientId"],
        **{name: f"/run/secrets/{name}" for name in told},
    }
    with image.running(data, secrets, **settings) as running:
        yield running


def test_it_says_what_an_engine_wants_to_know(image: Image) -> None:
    """A user by its numbers, what is run, how to ask whether it is well, and how to end it."""
    assert image.user[0] > 1000
    assert image.config["Entrypoint"] == ["linkfox-gateway"]
    assert image.config["Healthcheck"]["Test"] == ["CMD", "linkfox-gateway", "ready"]
    assert image.config["StopSignal"] == "SIGTERM"
    assert set(image.config["Volumes"]) == {"/data"}
    assert not [name for name in image.config["Env"] if "SECRET" in name or "KEY" in name]


def test_it_holds_the_gateway_and_nothing_of_this_folder(image: Image) -> None:
    """Neither what it was built with, nor what else lies beside it here, such as a `.env`."""
    installed = {path.name.partition("-")[0] for path in image.root.glob("opt/gateway/lib/*/site-packages/*")}
    assert {"gateway", "amazon_sandbox", "cryptography"} < installed
    assert not installed & {"pip", "hatchling", "build", "pytest", "scripts", "tests"}
    assert not (image.root / "build").exists()
    assert not list(image.root.rglob(".env"))


def test_it_serves_and_ends_as_a_container(container: Container, amazon: Amazon) -> None:
    """Its health check says that it is well; a store is authorized; SIGTERM ends it, process 1 that it is."""
    check = container.image.config["Healthcheck"]["Test"][1:]
    healthy = container.run(check)
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    assert container.run(["sh", "-c", "touch /opt/gateway/x || touch /x"]).returncode != 0
    user = container.run(["id", "-u"]).stdout.strip()
    assert user == str(container.image.user[0])

    key = container.run(["cat", "/data/gateway/owner.key"]).stdout.strip()
    url = container.ready["url"]
    begun = post(url, key, "/spApi/authorizeUrl", {"sellerName": "My Store", "region": "NA"})
    back = amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    with http() as browser:
        browser.get(back.replace("localhost", "127.0.0.1"))

    def told() -> str:
        state = post(url, key, "/spApi/authorizationStatus", {"authorizationId": begun["authorizationId"]})
        return str(state["state"]) if state["state"] != "pending" else ""

    assert until(told, "the store is authorized") == "authorized"
    assert container.stop() == 0


def test_its_commands_are_run_instead(container: Container) -> None:
    """Beside the gateway, as by `docker compose exec`."""
    assert container.run(["linkfox-gateway", "--version"]).stdout.split() == ["linkfox-gateway", version()]
    made = container.run(["linkfox-gateway", "add-user", "anna", "--key-file", "/data/anna.key"])
    assert json.loads(made.stdout)["ok"] is True, made.stdout
    checked = json.loads(container.run(["linkfox-gateway", "check", "--offline"]).stdout)
    assert not [finding for finding in checked["checks"] if finding["state"] == "failed"]


def post(url: str, key: str, path: str, body: dict[str, str]) -> dict[str, object]:
    """POST and return the document of a success."""
    answer = requests.post(url + path, json=body, headers={"Authorization": key}, timeout=30)
    assert answer.status_code == 200, answer.text
    document: dict[str, object] = answer.json()
    return document
