"""What references/building.md shows for jobs, skills, web applications and the sandbox works as written."""

import base64
import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from gateway.api.answers.accounts import AccountStatus
from gateway.api.answers.stores import StoreStatus
from gateway.jobs.webhook import standard_signature
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from tests.support.house import PATIENCE, House, call_json, open_house
from tests.support.markdown import ROOT, code, section

PAGE = ROOT / "references" / "building.md"
SELLER = "A1SANDBOXNA001"
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
SP_API = "sellingpartnerapi-na.amazon.com"
SECRET = "whsec_" + base64.b64encode(bytes(range(200, 232))).decode()
ROWS = {row["reason"] for row in json.loads((ROOT / "references" / "errors.json").read_text("utf-8"))}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of this page, whose faults meet no other test."""
    with open_house(tmp_path_factory.mktemp("house 家")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shop(house: House) -> House:
    """The house with a store of the name that the page uses."""
    house.authorize(SELLER)
    house.sandbox("settings", {"participationsQuota": None})
    return house


@pytest.fixture(autouse=True)
def _without_faults(house: House) -> Iterator[None]:
    """Leave no fault behind."""
    yield
    house.sandbox("faults/clear", {})


def fault(house: House, path: str, do: dict[str, Any], times: int | None = 1) -> None:
    """Let the next call of the SP-API below a path go wrong."""
    house.sandbox("faults", [{"match": {"host": SP_API, "path": path}, "times": times, "do": do}])


def program(folder: Path, text: str) -> Path:
    """Write a program of the page's; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "report.py"
    file.write_text(text, encoding="utf-8")
    return file


# Jobs


def test_the_line_of_the_crontab_runs(shop: House, tmp_path: Path) -> None:
    """In the environment that cron gives, and with % in no place where cron takes it for the end."""
    (line,) = code(PAGE, "Jobs", "crontab")
    minute, hour, *_, command = line.strip().split(" ", 5)
    assert minute.isdigit()
    assert hour.isdigit()
    assert "%" not in line
    program(
        tmp_path,
        "import os\nprint(os.environ['AMAZON_SPAPI_ENDPOINT'], 'AMAZON_ACCESS_TOKEN' in os.environ)\n",
    )
    command = command.replace("/srv/orders", shlex.quote(str(tmp_path)))
    command = command.replace("/srv/linkfox-amazon-auth", shlex.quote(str(ROOT)))
    command = command.replace("python3", shlex.quote(sys.executable))
    known = {name: shop.environment[name] for name in ("HOME", "GATEWAY_DATA_DIR")}
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin", **known}, timeout=PATIENCE
    )
    told = (tmp_path / "report.log").read_text(encoding="utf-8")
    assert done.returncode == 0, told
    assert told == f"{shop.url}/spapi/na True\n"


@pytest.mark.parametrize("way", [[], ["--proxy"]], ids=["Amazon's token", "--proxy"])
def test_the_job_of_hours_lives_through_refusals(shop: House, tmp_path: Path, way: list[str]) -> None:
    """A 429 with and without Retry-After, and a token that Amazon refuses before its end."""
    fault(shop, PARTICIPATIONS, {"status": 429, "headers": {"Retry-After": "0"}, "body": "{}"})
    if not way:  # by --proxy the gateway sees to it
        fault(shop, PARTICIPATIONS, {"answer": "spApi.tokenExpired"})
    file = program(tmp_path, code(PAGE, "Jobs", "python")[0])
    store = ("--store", "My Store", "--site", "US")
    done = shop.script("with_token.py", *store, "--keep-fresh", *way, "--", sys.executable, str(file))
    assert done.code == 0, done.stdout + done.stderr
    assert done.stdout.count("'US'") == 3


def test_the_job_of_hours_ends_with_what_amazon_said(shop: House, tmp_path: Path) -> None:
    """Where a new token helps nothing."""
    denied = {"errors": [{"code": "Unauthorized", "message": "Access denied.", "details": ""}]}
    fault(shop, PARTICIPATIONS, {"status": 403, "body": json.dumps(denied)}, None)
    file = program(tmp_path, code(PAGE, "Jobs", "python")[0])
    store = ("--store", "My Store", "--keep-fresh")
    done = shop.script("with_token.py", *store, "--", sys.executable, str(file))
    assert done.code == 1
    assert "403: {" in done.stderr
    assert "Access denied." in done.stderr


# A skill of one's own


@pytest.fixture
def skill(shop: House, packaged: Path, tmp_path: Path) -> Path:
    """A folder of skills with the page's skill beside linkfox-amazon-auth."""
    shutil.copytree(packaged, tmp_path / "skills", symlinks=True)
    made = tmp_path / "skills" / "orders-of-a-day"
    program(made, code(PAGE, "A skill of your own", "python")[0])
    (made / "SKILL.md").write_text(code(PAGE, "A skill of your own", "markdown")[0], encoding="utf-8")
    return made


def run_skill(shop: House, skill: Path, store: str = "My Store", **more: str) -> tuple[int, dict[str, Any]]:
    """Run the command that its SKILL.md names; return the exit code and the document."""
    (line,) = [line for line in (skill / "SKILL.md").read_text("utf-8").splitlines() if "python3 " in line]
    words = shlex.split(line.partition("python3 ")[2])
    words = [{"NAME": store, "SITE": "US", "2026-01-31": "2026-01-31"}.get(word, word) for word in words]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=skill,
        env={**shop.environment, **more},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    assert "Atza|" not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_skill_counts_orders_and_waits_for_a_429(shop: House, skill: Path) -> None:
    """It finds the scripts in the folder beside it."""
    fault(shop, "/orders/*", {"status": 429, "headers": {"Retry-After": "0"}, "body": "{}"})
    exit_code, document = run_skill(shop, skill)
    assert (exit_code, document["store"]) == (0, "My Store")
    assert document["orders"] > 0


def test_the_skill_finds_the_scripts_in_a_folder_that_is_named(
    shop: House, skill: Path, tmp_path: Path
) -> None:
    """And by nothing else, where its own folder lies elsewhere."""
    alone = shutil.copytree(skill, tmp_path / "elsewhere" / skill.name)
    exit_code, document = run_skill(shop, alone, LINKFOX_SKILLS_DIR=str(skill.parent))
    assert exit_code == 0, document


def test_the_skill_passes_on_why_it_failed(shop: House, skill: Path) -> None:
    """An unknown store, a role that is missing, and last a store that has to be authorized again."""
    exit_code, document = run_skill(shop, skill, "Nobody's")
    assert (exit_code, document["error"]["code"]) == (5, "not_found")
    denied = {"errors": [{"code": "Unauthorized", "message": "Access denied.", "details": ""}]}
    fault(shop, "/orders/*", {"status": 403, "body": json.dumps(denied)})
    exit_code, document = run_skill(shop, skill)
    assert (exit_code, document["cause"]) == (6, "role_missing")
    assert document["error"]["hint"]
    shop.sandbox("revoke", {"sellerId": SELLER, "region": "NA"})
    try:
        exit_code, document = run_skill(shop, skill)
        assert (exit_code, document["error"]["code"]) == (4, "needs_reauthorization")
        assert document["authorizeUrl"].startswith("http")
    finally:
        shop.authorize(SELLER)


# A web application


def test_each_reason_says_what_to_do() -> None:
    """Each that an attempt can end with, and none that is not a row of errors.json."""
    table = section(PAGE, "A web application").partition("<!-- reasons:begin -->")[2]
    table = table.partition("<!-- reasons:end -->")[0]
    first = [line.split(" | ")[0] for line in table.splitlines()[3:]]
    named = {word for cell in first for word in cell.split("`")[1::2]} - {"verificationReason"}
    reasons = set()
    for model in (StoreStatus, AccountStatus):
        reasons |= set(model.model_json_schema()["properties"]["reason"]["enum"])
    assert "wrong_seller" in reasons
    assert reasons <= named
    assert named <= ROWS


NOTICE = '{"event": "authorized", "store": {"sellerName": "我的店铺 ☕"}}'


def shown(at: int) -> dict[str, str]:
    """The headers of a notice that was sent at a time (seconds)."""
    signed = standard_signature(Webhook("http://localhost", Secret(SECRET)), "5f0c", at, NOTICE)
    return {"webhook-id": "5f0c", "webhook-timestamp": str(at), "webhook-signature": f"v1,AAAA {signed}"}


FORGED = [(0, " ", False), (-301, "", False), (0, "", True)]


def test_a_notice_is_checked_in_python() -> None:
    """A good one, a changed one, and one that is old."""
    (text,) = [text for text in code(PAGE, "A web application", "python") if "def genuine" in text]
    known: dict[str, Any] = {}
    exec(text, known)
    for age, added, good in FORGED:
        told = known["genuine"](shown(int(time.time()) + age), (NOTICE + added).encode(), SECRET)
        assert told is good


def test_a_notice_is_checked_in_node() -> None:
    """The same."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here; Debian: `apt install nodejs`")
    (text,) = [text for text in code(PAGE, "A web application", "js") if "function genuine" in text]
    given = "JSON.parse(require('fs').readFileSync(0))"
    ending = f"const [h, b, s] = {given}; console.log(genuine(h, Buffer.from(b), s));"
    for age, added, good in FORGED:
        given = json.dumps([shown(int(time.time()) + age), NOTICE + added, SECRET])
        done = subprocess.run(
            [node, "-e", text + ending], input=given, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(good).lower()


# Containers, the sandbox's controls


def test_a_name_of_a_container_is_refused_on_both_sides(shop: House) -> None:
    """As the page says, with what to do."""
    with pytest.raises(HTTPError, match="403") as refused:
        call_json(f"{shop.url}/spApi/authorizedStores", {}, {"Host": "gateway:8765"})
    with refused.value as answer:
        assert b"host_not_allowed" in answer.read()
    named = {"LINKFOX_TOOL_GATEWAY": "http://gateway:8765", "LINKFOX_AGENT_API_KEY": "lfx_local_" + "k" * 43}
    assert shop.script("authorized_stores.py", **named).error["code"] == "not_set_up"


def test_every_control_is_told_and_takes_what_the_page_writes(house: House) -> None:
    """Each path is there, and each fault of the examples is one that can be carried out."""
    (listed,) = code(PAGE, "The sandbox's controls", "")
    named = set()
    for line in listed.splitlines():
        for told in line.split(";"):
            verb, _, rest = told.strip().partition(" ")
            if verb in ("GET", "POST"):
                paths = rest.strip().split("  ")[0].split("[")[0].split("{")[0].split("?")[0]
                named |= {(verb, f"/{path.strip()}") for path in paths.replace("|", ",").split(",")}
    source = (ROOT / "amazon_sandbox" / "control.py").read_text(encoding="utf-8")
    there = set()
    for verb in ("GET", "POST"):
        there |= {(verb, piece.split('"')[0]) for piece in source.split(f'("{verb}", "')[1:]}
    assert named == there
    (examples,) = code(PAGE, "The sandbox's controls", "json")
    ids = house.sandbox("faults", json.loads(examples))["ids"]
    assert len(ids) == 6
    house.sandbox("faults/clear", {})


def test_the_page_is_where_the_stand_in_says() -> None:
    """The package's docstring leads to the section."""
    docstring = (ROOT / "amazon_sandbox" / "__init__.py").read_text(encoding="utf-8")
    assert 'references/building.md, "The sandbox\'s controls"' in docstring
    assert section(PAGE, "The sandbox's controls")
