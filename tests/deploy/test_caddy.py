"""The real Caddy, the gateway with Compose's settings, and PostgreSQL: what comes in by https."""

import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support import warm_python
from tests.support.caddy import Caddy, free_ports, logged, running_caddy
from tests.support.deploy_page import codes, docker, lines, preparing, typed
from tests.support.deploy_tools import composed
from tests.support.gateway_server import Amazon
from tests.support.house import GATEWAY, PATIENCE, clean_environment, run_program, until
from tests.support.postgresql import PostgreSQL
from tests.support.visitor import Page

CLIENT = "127.0.0.7"
COMPOSE = "One server with Docker"


@dataclass(frozen=True)
class Served:
    """A gateway behind Caddy. `url`: its own address; `key`: of its owner."""

    caddy: Caddy
    url: str
    key: str = field(repr=False)
    log: Path
    environment: dict[str, str] = field(repr=False)


@pytest.fixture(scope="module")
def served(
    amazon_process: Amazon,
    postgresql: PostgreSQL,
    compose_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """The gateway of compose.yaml, with what Compose gives it, at addresses of this machine."""
    folder = tmp_path_factory.mktemp("served")
    secrets = compose_folder / "secrets"
    postgresql.user("gateway")
    (folder / "database-url").write_text(postgresql.database("gateway"))
    (folder / "database-url").chmod(0o600)
    given = composed(compose_folder, "compose.yaml")["services"]["gateway"]["environment"]
    given = {name: str(value).replace("/run/secrets", str(secrets)) for name, value in given.items()}
    port, plain_port, upstream = free_ports(3)
    given |= {
        "GATEWAY_TRUSTED_PROXIES": "127.0.0.1",
        "GATEWAY_DATA_DIR": str(folder / "data"),
        "GATEWAY_PORT": str(upstream),
        "GATEWAY_DATABASE_URL_FILE": str(folder / "database-url"),
        "AMAZON_ORIGIN": amazon_process.url,
    }
    with running_caddy(folder, port, plain_port, upstream) as caddy:
        given["GATEWAY_PUBLIC_URL"] = caddy.public_url
        environment = clean_environment(folder, **given)
        log = folder / "gateway.log"
        with log.open("w") as stderr:
            process = warm_python.start(
                warm_python.GATEWAY,
                GATEWAY,
                "serve",
                environment=environment,
                folder=folder,
                stderr=stderr.fileno(),
                new_session=True,
            )
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or "{}")
        assert ready.get("ok"), f"{ready} {log.read_text()}"
        try:
            key = (secrets / "bootstrap-key").read_text().strip()
            yield Served(caddy, ready["url"], key, log, environment)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)
            process.stdout.close()


def operate(served: Served, *words: str) -> dict[str, Any]:
    """Run one of the gateway's commands beside it; return its document."""
    folder = served.log.parent
    return run_program(
        warm_python.GATEWAY, GATEWAY, *words, environment=served.environment, folder=folder
    ).good()


def test_plain_http_is_sent_to_https(served: Served) -> None:
    """And the way there is kept."""
    address = f"http://127.0.0.1:{served.caddy.plain_port}/signin"
    request = urllib.request.Request(address, headers={"Host": served.caddy.public_url.split("/")[2]})
    opener = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as sent:
        opener.open(request, timeout=PATIENCE)
    assert sent.value.code == 308
    assert sent.value.headers["Location"].startswith("https://")
    sent.value.close()


def test_a_person_signs_in(served: Served) -> None:
    """The cookie is bound to this host and to https."""
    with served.caddy.browser(CLIENT) as browser:
        asked = browser.request("GET", "/signin")
        assert (asked.status, asked.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        form = Page(asked.data.decode()).hidden() | {"key": served.key}
        kept = asked.headers["Set-Cookie"].partition(";")[0]
        headers = {
            "Cookie": kept,
            "Origin": served.caddy.public_url,
            "Content-Type": "application/x-www-form-urlencoded",
            "Host": browser.headers["Host"],
        }
        signed_in = browser.request("POST", "/signin", body=urlencode(form), headers=headers)
    assert signed_in.status == 303, signed_in.data[:500]
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("__Host-linkfox-")
    assert "; Secure" in cookie


def test_nobody_names_an_address_of_his_own(served: Served) -> None:
    """What Caddy is told of whom a request comes from goes no further; the gateway sees who asked Caddy."""
    pretended = {"X-Forwarded-For": "203.0.113.9", "Authorization": "nobodys-key"}
    with served.caddy.browser(CLIENT) as browser:
        headers = {"Host": browser.headers["Host"], "Content-Type": "application/json"}
        answer = browser.request("POST", "/spApi/authorizedStores", body="{}", headers=headers | pretended)
    assert answer.status == 401

    def refused() -> set[str]:
        entries = operate(served, "audit")["entries"]
        return {each["subject"] for each in entries if each["outcome"] == "unauthorized"}

    assert until(refused, "the refusal is in the audit") == {CLIENT}


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/metrics/", "/%6detrics"])
def test_metrics_are_for_nobody_outside(served: Served, path: str) -> None:
    """However the address is written, and with a key of all rights."""
    with served.caddy.browser(CLIENT) as browser:
        headers = {"Host": browser.headers["Host"], "Authorization": served.key}
        assert browser.request("GET", path, headers=headers).status == 404


def test_probes_tell_no_stranger_what_needs_attention(served: Served) -> None:
    """That is for operators."""
    with served.caddy.browser(CLIENT) as browser:
        answer = browser.request("GET", "/readyz")
    assert answer.status == 200
    assert "attention" not in answer.json()


def test_a_large_answer_comes_whole(served: Served) -> None:
    """The largest that needs no key: its own description."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with (
        opener.open(f"{served.url}/openapi.json", timeout=PATIENCE) as direct,
        served.caddy.browser() as browser,
    ):
        behind = browser.request("GET", "/openapi.json", preload_content=False)
        content = b"".join(behind.stream())
        assert content == direct.read()
    assert len(content) > 100_000


def test_what_comes_back_from_amazon_is_in_no_log(served: Served) -> None:
    """A callback fails, and neither Caddy nor the gateway writes its code down."""
    with served.caddy.browser(CLIENT) as browser:
        browser.request("GET", "/spApi/oauth/callback?state=nobodys&spapi_oauth_code=ANcanaryCode123")
    assert logged(served.caddy)
    assert "ANcanaryCode123" not in served.caddy.log.read_text() + served.log.read_text()


def test_the_steps_of_the_page_work(
    served: Served, compose_folder: Path, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """A key for a person, one for Prometheus, a backup, the drill that restores it, an upgrade."""
    variables = docker(tmp_path, served.environment, places(tmp_path), postgresql)
    values = {"COPY": ""}
    for line in [*lines(COMPOSE)[len(preparing(COMPOSE)) :], *codes("Upgrade", "docker compose ")]:
        told = typed(line, compose_folder, values, **variables)
        if line.endswith("ls /backups"):
            values["COPY"] = told.strip()
    key = (compose_folder / "secrets" / "prometheus-key").read_text().strip()
    request = urllib.request.Request(f"{served.url}/metrics", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert b"linkfox_" in answer.read()
    assert (tmp_path / "drill" / "vault.db").is_file()


def test_the_page_restores_in_earnest(
    served: Served, compose_folder: Path, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """First tried elsewhere, then into a new database, which the gateways are told of; the old one stays."""
    folder = tmp_path / "deploy" / "compose"
    shutil.copytree(compose_folder.parent, folder.parent)
    variables = docker(tmp_path, served.environment, places(tmp_path), postgresql)
    backup, restored = tmp_path / "backups" / "copy.db", ""
    operate(served, "backup", str(backup))
    drill, *earnest = lines("Backup and restore")
    assert drill.startswith("linkfox-gateway ")
    words = [each.replace("/tmp", str(tmp_path)).replace("COPY", str(backup)) for each in drill.split()[1:]]
    holds = operate(served, *words)["holds"]
    for line in earnest:
        told = typed(line, folder, {"COPY": backup.name}, **variables)
        restored = told if " restore " in line else restored
    document = json.loads(restored)
    assert (document["database"], document["holds"]) == ("postgresql", holds)
    assert holds["users"]
    assert (folder / "secrets" / "database-url").read_text().strip().endswith("@postgresql/gateway_restored")
    assert operate(served, "list-keys")["ok"], "what served has its own database still"


def places(folder: Path) -> dict[str, Path]:
    """Make folders for a container's; return them by what it calls them."""
    (folder / "data").mkdir()
    (folder / "backups").mkdir()
    return {"/data": folder / "data", "/backups": folder / "backups", "/tmp": folder}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as it is."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""
