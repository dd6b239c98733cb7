"""What Prometheus is told: each metric is explained, is there from the start, and counts what it says."""

import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.errors import TABLE
from gateway.proxy.families import FILES
from gateway.util.counters import ENDS
from gateway.util.version import version
from tests.gateway.authorization.test_confirmation import Browser
from tests.support.conditional_metrics import CONDITIONAL
from tests.support.gateway_server import Amazon, Gateway
from tests.support.markdown import ROOT, section
from tests.support.public_gateway import HOST, SELLER, came_back, public_gateway

METRIC = re.compile(r"`((?:linkfox|process)_[a-z_]+)(?:\{([a-z_,]+)\})?`")
SP_HOST = "sellingpartnerapi-na.amazon.com"
Samples = dict[str, float]


def scraped(gateway: Gateway) -> Samples:
    """Every sample by its name and labels, as in an exposition, but sorted and without quotes."""
    samples: Samples = {}
    for family in text_string_to_metric_families(gateway.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}"] = sample.value
    return samples


class Counted:
    """What has been counted since this was made. The counters are those of the whole test process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._before = scraped(gateway)

    def more(self, beginning: str) -> dict[str, float]:
        """Return the samples whose names begin so, and that have grown, by the labels."""
        grown = {
            name.removeprefix(beginning): value - self._before.get(name, 0)
            for name, value in scraped(self._gateway).items()
            if name.startswith(beginning)
        }
        return {name: value for name, value in grown.items() if value}


def stages(counted: Counted, flow: str) -> dict[str, float]:
    """What was counted of the authorizations of a flow: `stage`, or `stage reason`."""
    found = counted.more(f"linkfox_authorizations_total{{flow={flow},")
    pattern = re.compile(r"reason=(\w*),stage=(\w+)\}")
    named = {name: pattern.fullmatch(name) for name in found}
    return {f"{match[2]} {match[1]}".strip(): found[name] for name, match in named.items() if match}


@pytest.fixture
def public(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that browsers reach by a public name, which asks before it exchanges a code."""
    with public_gateway(amazon, tmp_path) as running:
        yield running


def test_every_metric_is_explained(gateway: Gateway) -> None:
    """By its name and its labels; and none that is not there. No library's own come along."""
    told = set()
    for family in text_string_to_metric_families(gateway.get("/metrics").text):
        assert family.samples or family.name in CONDITIONAL, f"{family.name} is not there from the start"
        if family.samples:
            name = family.name + ("_total" if family.type == "counter" else "")
            told.add((name, frozenset(family.samples[0].labels) - {"le"}))
    page = section(ROOT / "references" / "operations.md", "Metrics")
    explained = {(name, frozenset(filter(None, labels.split(",")))) for name, labels in METRIC.findall(page)}
    sometimes = {(name, frozenset(labels)) for name, labels in CONDITIONAL.items()}
    assert told <= explained <= told | sometimes


def test_it_tells_what_runs(gateway: Gateway) -> None:
    """The version, the Python and the kind of database; and memory and descriptors where there is /proc."""
    samples = scraped(gateway)
    runs = f"database=sqlite,python={platform.python_version()},version={version()}"
    assert samples[f"linkfox_build_info{{{runs}}}"] == 1
    if Path("/proc/self/stat").exists():
        memory = [value for name, value in samples.items() if name.startswith("process_resident_memory")]
        assert len(memory) == 1
        assert memory[0] > 1e6


@pytest.mark.parametrize("flow", ["spapi", "ads"])
def test_proxied_calls_are_there_before_the_first(gateway: Gateway, flow: str) -> None:
    """Of each family that Amazon publishes, and of others."""
    rows = json.loads(FILES[flow].read_text(encoding="utf-8"))
    families = {row["path"].split("/")[1] for row in rows} | {"other"}
    told = re.findall(rf"total{{family=(\w+),flow={flow},status_class=429}}", "\n".join(scraped(gateway)))
    assert sorted(told) == sorted(families)


def test_an_authorization_is_counted_through_its_stages(gateway: Gateway) -> None:
    """Of both flows; where nobody is asked to confirm, nothing is said of that."""
    counted = Counted(gateway)
    gateway.authorize_store()
    gateway.authorize_account()
    through = {"begun": 1, "returned": 1, "exchanged": 1, "authorized": 1}
    assert stages(counted, "spapi") == stages(counted, "ads") == through


def test_a_confirmation_is_a_stage(public: Gateway) -> None:
    """A browser that comes back twice has come back once."""
    counted = Counted(public)
    browser = Browser(public)
    _, callback = came_back(public)
    browser.open(callback)
    _, page = browser.open(callback)
    assert stages(counted, "spapi") == {"begun": 1, "returned": 1}
    browser.press(page, "confirm")
    through = ("begun", "returned", "confirmed", "exchanged", "authorized")
    assert stages(counted, "spapi") == dict.fromkeys(through, 1)


def test_an_authorization_that_fails_is_counted_with_its_reason(gateway: Gateway) -> None:
    """Declined at Amazon, a code that Amazon refuses, and a link that nobody used."""
    counted = Counted(gateway)
    link = gateway.good("/amazonAds/authorizeUrl", {"accountName": "One"})["authorizeUrl"]
    gateway.open(gateway.amazon.consent(link, decision="cancel"))
    assert stages(counted, "ads") == {"begun": 1, "returned": 1, "denied access_denied": 1}
    link = gateway.good("/spApi/authorizeUrl", {"sellerName": "Two"})["authorizeUrl"]
    back = gateway.amazon.consent(link, decision="confirm", selling_partner_id=SELLER)
    gateway.amazon.fault({"answer": "tokenEndpoint.codeRefused"}, grantType="authorization_code")
    gateway.open(back)
    gateway.good("/spApi/authorizeUrl", {"sellerName": "Three"})
    gateway.clock.step(3600)
    gateway.vault.attempts.settle_expired()
    assert stages(counted, "spapi") == {
        "begun": 2,
        "returned": 1,
        "failed code_refused": 1,
        "expired expired": 1,
    }


def test_every_reason_is_a_row_of_the_errors() -> None:
    """So that a page explains it; and each that an authorization's code names is counted by its name."""
    reasons = {reason for reasons in ENDS.values() for reason in reasons}
    assert reasons <= set(TABLE)
    sources = (ROOT / "gateway" / "authorization").glob("*.py")
    named = {
        reason
        for source in sources
        for reason in re.findall(r'\bRefusal\(\s*"(\w+)"', source.read_text(encoding="utf-8"))
    }
    assert len(named) > 8
    assert named <= reasons


def test_proxied_calls_are_counted_by_family_and_answer(gateway: Gateway) -> None:
    """Amazon's 429 apart from its other refusals; and how long Amazon took, by the same."""
    gateway.authorize_store()
    counted = Counted(gateway)
    call = {"sellerId": SELLER, "region": "NA", "method": "GET"}
    gateway.post("/spApi/developerProxy", {**call, "path": "/sellers/v1/marketplaceParticipations"})
    gateway.amazon.fault({"answer": "spApi.throttled"}, host=SP_HOST)
    gateway.post("/spApi/developerProxy", {**call, "path": "/orders/v0/orders"})
    gateway.amazon.fault({"status": 418, "body": "{}"}, host=SP_HOST)
    gateway.post("/spApi/developerProxy", {**call, "path": "/promotions/v1/offers"})
    assert counted.more("linkfox_proxied_total{") == {
        "family=sellers,flow=spapi,status_class=2xx}": 1,
        "family=orders,flow=spapi,status_class=429}": 1,
        "family=other,flow=spapi,status_class=4xx}": 1,
    }
    assert counted.more("linkfox_amazon_seconds_count{") == {
        f"api=spapi,call=proxied,outcome={outcome}}}": 1 for outcome in ("2xx", "429", "4xx")
    }


def test_amazon_is_timed_by_what_it_is_asked(gateway: Gateway) -> None:
    """A refresh that fails, one that comes, an exchange, and the first look at what was authorized."""
    counted = Counted(gateway)
    gateway.authorize_store()
    gateway.authorize_account()
    gateway.amazon.fault({"status": 503}, grantType="refresh_token")
    gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    found = counted.more("linkfox_amazon_seconds_count{")
    assert found == {
        "api=login,call=exchange,outcome=2xx}": 2,
        "api=spapi,call=check,outcome=2xx}": 1,
        "api=ads,call=profiles,outcome=2xx}": 3,
        "api=login,call=refresh,outcome=5xx}": 1,
        "api=login,call=refresh,outcome=2xx}": 1,
    }


def test_a_key_for_metrics_is_enough_by_the_public_name(public: Gateway) -> None:
    """As Prometheus sends it: `authorization` with `credentials_file`, which is a Bearer token."""
    key = public.vault.users.issue_key("owner", ("metrics",))[1].reveal()
    headers = {"Host": HOST, "X-Forwarded-For": "203.0.113.9"}
    assert public.get("/metrics", headers=headers).status_code == 401
    answer = public.get("/metrics", headers={**headers, "Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert "linkfox_build_info" in answer.text
