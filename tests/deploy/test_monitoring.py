"""`deploy/monitoring/`: rules, dashboard and configuration, held to what a gateway really tells."""

import json
import re
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.cli.parser import command_parser
from gateway.monitoring import overview
from tests.support.conditional_metrics import CONDITIONAL
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import call_json, until
from tests.support.markdown import ROOT, anchors, code, section

FOLDER = ROOT / "deploy" / "monitoring"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
SELECTOR = re.compile(r"\b((?:linkfox|process)_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
# What Prometheus adds to each series, and Grafana puts in.
OF_THE_SCRAPE = frozenset({"job", "instance"})
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="there is no promtool; on Debian: apt-get install prometheus"
)
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="there is no prometheus; on Debian: apt-get install prometheus"
)


@dataclass(frozen=True)
class Series:
    """One series of a real exposition."""

    name: str
    labels: dict[str, str]


@pytest.fixture(scope="module")
def exposition(amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a gateway tells before anything was asked of it."""
    with running_gateway(amazon_process, tmp_path_factory.mktemp("scraped")) as gateway:
        return gateway.get("/metrics").text


@pytest.fixture(scope="module")
def told(exposition: str) -> list[Series]:
    """Its series, as they stand in a Prometheus."""
    series = [Series(name, labels) for name, labels in CONDITIONAL.items()]
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            # Prometheus keeps `job` for its own.
            labels = {"exported_job" if name == "job" else name: v for name, v in sample.labels.items()}
            series.append(Series(sample.name, labels))
    return series


def promtool(*words: str | Path) -> None:
    """Run promtool, which has to be content."""
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, cwd=FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


def queries() -> list[str]:
    """Every expression of the rules, and of the dashboard with what Grafana puts in."""
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    for variable, value in {"$__rate_interval": "5m", "$__range": "6h", "$instance": ".*"}.items():
        asked = [query.replace(variable, value) for query in asked]
    return [rule["expr"] for rule in RULES] + asked


def matches(labels: dict[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    """Tell whether a series is selected; what the scrape adds is not looked at."""
    for name, operator, value in matchers:
        if name in OF_THE_SCRAPE:
            continue
        if name not in labels:
            return False
        is_meant = bool(re.fullmatch(value, labels[name])) if "~" in operator else labels[name] == value
        if is_meant == operator.startswith("!"):
            return False
    return True


@needs_promtool
def test_the_rules_are_rules_and_each_alert_fires_when_it_should() -> None:
    """Each is told apart from what is as it should be; none fires beside another."""
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts.test.yaml")


def test_each_alert_has_a_test() -> None:
    """By its name, in which it is expected to fire."""
    cases = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    fires = {
        case["name"]
        for case in cases
        for looked in case["promql_expr_test"]
        for expected in looked["exp_samples"]
        if f'alertname="{case["name"]}"' in expected["labels"]
    }
    assert fires == {rule["alert"] for rule in RULES}
    assert all(case["promql_expr_test"][0]["exp_samples"] == [] for case in cases)


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    """In a sentence, and in a section of a page that exists."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    said = rule["annotations"]
    assert said["summary"]
    assert said["description"].endswith(".")
    path, _, anchor = said["runbook"].partition("#")
    assert (ROOT / path).is_file()
    assert not anchor or anchor in anchors(ROOT / path)


@needs_promtool
def test_every_query_is_one(tmp_path: Path) -> None:
    """The dashboard's, too: promtool reads them as rules that record something."""
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries())]
    document = {"groups": [{"name": "queries", "rules": rules}]}
    (tmp_path / "rules.yaml").write_text(json.dumps(document), encoding="utf-8")
    promtool("check", "rules", tmp_path / "rules.yaml")


def test_every_query_asks_for_what_is_told(told: list[Series]) -> None:
    """Each selector selects a series of a gateway that was just started; each `by` names a label of one."""
    for query in queries():
        selectors = SELECTOR.findall(re.sub(r"by \([^)]*\)", "", query))
        labels = set(OF_THE_SCRAPE)
        for name, text in selectors:
            matchers = MATCHER.findall(text)
            selected = [each for each in told if each.name == name and matches(each.labels, matchers)]
            assert selected, f"{name}{{{text}}} selects nothing"
            labels |= set().union(*(each.labels for each in selected))
        grouped = {each.strip() for by in re.findall(r"by \(([^)]*)\)", query) for each in by.split(",")}
        assert grouped <= labels, query


def test_every_metric_is_watched() -> None:
    """What operations.md explains is in a rule or on the dashboard."""
    page = section(ROOT / "references" / "operations.md", "Metrics")
    explained = set(re.findall(r"`(linkfox_[a-z_]+)", page))
    asked = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for query in queries()
        for name, _ in SELECTOR.findall(query)
    }
    assert explained <= asked


def test_the_dashboard_is_one_that_grafana_opens() -> None:
    """Each panel has a place and a number of its own, and asks the Prometheus that is chosen on top."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells), "two panels lie on each other"
    assert max(x for x, _ in cells) == 23
    for panel in panels:
        if panel["type"] != "row":
            sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
            assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "instance"]


@needs_promtool
def test_promtool_finds_nothing_to_say_of_what_is_told(exposition: str) -> None:
    """Names, units, help and types are as Prometheus wants them."""
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition, capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""


@needs_promtool
def test_the_commands_of_the_page_do_as_they_say(tmp_path: Path) -> None:
    """As they stand there, with a folder of this test's in place of Prometheus's own."""
    (block,) = code(ROOT / "deploy" / "README.md", "Alerts and dashboard", "sh")
    make_key, install_key, copy, *checks = map(shlex.split, block.strip().splitlines())
    options = command_parser().parse_args(make_key[1:])
    assert (make_key[0], options.command, options.rights) == ("linkfox-gateway", "add-user", "metrics")
    source, target = install_key[-2:]
    assert source == options.key_file.name
    here = tmp_path / "prometheus"
    here.mkdir()
    (here / Path(target).name).write_text("a key", encoding="utf-8")
    for words in (copy, *checks):
        for file in here.glob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("/etc/prometheus/", f"{here}/"), encoding="utf-8")
        words = [word.replace("/etc/prometheus", str(here)) for word in words if word != "sudo"]
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT / "deploy")


def configuration(folder: Path, target: str, key: str) -> dict[str, Any]:
    """The sample, for a gateway on this machine, with the key in a file and no time to wait."""
    (folder / "linkfox.key").write_text(key, encoding="utf-8")
    shutil.copy(FOLDER / "alerts.yaml", folder)
    document = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    (job,) = document["scrape_configs"]
    assert job["authorization"] == {"credentials_file": "/etc/prometheus/linkfox.key"}
    job["authorization"]["credentials_file"] = str(folder / "linkfox.key")
    job["static_configs"] = [{"targets": [target]}]
    document["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    (folder / "prometheus.yaml").write_text(json.dumps(document), encoding="utf-8")
    return document


@needs_prometheus
def test_a_real_prometheus_watches_a_gateway(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sample configuration: it scrapes, takes each rule, and tells when something is wrong."""
    monkeypatch.setattr(overview, "KEPT_SECONDS", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with running_gateway(amazon, tmp_path) as gateway, (tmp_path / "log").open("wb") as log:
        gateway.authorize_store()
        key = gateway.vault.users.issue_key("owner", ("metrics",))[1].reveal()
        target = gateway.url.removeprefix("http://")
        configuration(tmp_path, target, key)
        promtool("check", "config", tmp_path / "prometheus.yaml")
        command = [
            "prometheus",
            f"--config.file={tmp_path / 'prometheus.yaml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={address}",
        ]
        with subprocess.Popen(command, stdout=log, stderr=log) as started:
            try:
                watched(gateway, f"http://{address}/api/v1", target)
            finally:
                started.kill()


def watched(gateway: Gateway, api: str, target: str) -> None:
    """Look, by Prometheus's API, how it sees the gateway."""

    def asked(path: str) -> Any:
        try:
            return call_json(f"{api}/{path}")["data"]
        except OSError:  # it has not begun to listen
            return None

    def firing() -> set[str]:
        alerts = (asked("alerts") or {"alerts": []})["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def healthy() -> bool:
        targets = (asked("targets") or {"activeTargets": []})["activeTargets"]
        return [(each["labels"]["instance"], each["health"]) for each in targets] == [(target, "up")]

    def evaluated() -> bool:
        rules = [rule for group in (asked("rules") or {"groups": []})["groups"] for rule in group["rules"]]
        assert not [rule for rule in rules if rule["health"] == "err"], rules
        return len(rules) == len(RULES) and all(rule["health"] == "ok" for rule in rules)

    until(healthy, "Prometheus scrapes the gateway")
    until(evaluated, "Prometheus evaluates each rule")
    assert "LinkfoxApplicationSuspended" not in firing()
    gateway.amazon.fault({"answer": "tokenEndpoint.invalidClient"}, times=None, grantType="refresh_token")
    gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=503)
    until(lambda: "LinkfoxApplicationSuspended" in firing(), "the alert fires")
