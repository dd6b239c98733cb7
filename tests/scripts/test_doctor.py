"""doctor.py looks at everything, whatever is broken, and says of each thing what to do."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from linkfox_client import NEWEST_PYTHON, PYTHONS
from linkfox_client.commands.diagnosis import examination, machine, network
from linkfox_client.commands.diagnosis.finding import Finding, Patient, ok, warning
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.gateway.key_check import KeyCheck
from linkfox_client.gateway.settings import Settings
from linkfox_client.paths import BUNDLE, version
from linkfox_client.secrets.secret import Secret

from tests.scripts.conftest import Run
from tests.support import keyrings
from tests.support.fake_gateway import KEY, FakeGateway
from tests.support.house import PATIENCE, House, clean_environment

STORE = {"sellerId": "A1", "sellerName": "My Store", "region": "NA", "status": "authorized"}
ACCOUNT = {"authRecordId": 7, "accountName": "Brand", "region": "EU", "profileId": 1, "status": "authorized"}
PROXY = "/spApi/developerProxy"
NETWORK = {"gateway", "clock", "API key", "stores", "ads accounts"}


@pytest.fixture
def healthy(gateway: FakeGateway) -> FakeGateway:
    """A gateway with one store and one ads account that has two profiles."""
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": [STORE], "total": 1})
    ads = [ACCOUNT, ACCOUNT | {"profileId": 2}]
    gateway.answers["/amazonAds/authorizedStores"] = (200, {"stores": ads, "total": 2})
    return gateway


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The checks of a document by their names, each of which stands there once."""
    checks = {check["name"]: check for check in document["checks"]}
    assert len(checks) == len(document["checks"])
    return checks


def test_a_healthy_machine_has_nothing_failed(run: Run, healthy: FakeGateway, tmp_path: Path) -> None:
    """Every line has a state, and what is not ok a remedy; the table is for a terminal."""
    done = run("doctor.py", **keyrings.environment("InFile", tmp_path))
    assert done.code == 0, done.stdout
    checks = by_name(done.document)
    assert done.document["failed"] == 0
    assert done.document["skipped"] == []
    assert done.document["version"] == checks["version"]["detail"] == version()
    for name in ("Python", "packages", "settings", "keyring", "cache folder", "gateway", "clock", "API key"):
        assert checks[name]["state"] == "ok", checks[name]
    assert checks["store My Store (A1, NA)"]["state"] == "ok"
    assert checks["ads account Brand"]["state"] == "ok"
    for check in checks.values():
        assert check["state"] in ("ok", "warning")
        assert check["detail"]
        assert (check["remedy"] is None) == (check["state"] == "ok")
    assert done.stderr == ""
    assert KEY not in done.stdout + done.stderr
    assert keyrings.held(tmp_path) == {}
    assert not list((tmp_path / ".cache" / "linkfox").iterdir())


def test_a_store_is_tried_only_where_one_is_named(run: Run, healthy: FakeGateway) -> None:
    """Each try is a call of Amazon's, which a hosted gateway charges for."""
    run("doctor.py")
    assert healthy.bodies(PROXY) == []
    answer = {"errcode": 200, "errmsg": "", "httpStatus": 200}
    body = {"payload": [{"marketplace": {"countryCode": code}} for code in ("US", "CA")]}
    away = {"marketplace": {"countryCode": "BR"}, "participation": {"isParticipating": False}}
    british = {"marketplace": {"id": "A1F83G8C2ARO7P", "countryCode": "GB"}}
    body["payload"] += [away, british]
    healthy.answers[PROXY] = (200, {**answer, "body": json.dumps(body)})
    done = run("doctor.py", "--seller-id", "A1", "--region", "NA")
    check = by_name(done.document)["store's call (A1, NA)"]
    assert check["state"] == "ok"
    assert check["detail"].startswith("Amazon answered for CA, UK, US. Token and region are good")
    assert [call["path"] for call in healthy.bodies(PROXY)] == ["/sellers/v1/marketplaceParticipations"]


@pytest.mark.parametrize(
    ("details", "cause", "state"),
    [
        ("The access token you provided has expired.", "token_ended", "failed"),
        ("The marketplaces you provided are not valid for region.", "wrong_region", "failed"),
        ("", "role_or_region", "warning"),
    ],
)
def test_a_store_that_amazon_refuses_has_its_cause_named(
    run: Run, healthy: FakeGateway, details: str, cause: str, state: str
) -> None:
    """With what to do; a role that only this call wants is no reason to fail."""
    refused = {"errors": [{"code": "Unauthorized", "message": "denied", "details": details}]}
    answer = {"errcode": 200, "errmsg": "", "httpStatus": 403, "body": json.dumps(refused)}
    healthy.answers[PROXY] = (200, answer)
    done = run("doctor.py", "--store", "My Store")
    check = by_name(done.document)["store's call (A1, NA)"]
    assert (check["cause"], check["state"]) == (cause, state)
    assert check["remedy"]
    assert (done.code == 0) == (state == "warning")


def test_a_store_that_has_ended_is_authorized_again_by_a_command(run: Run, healthy: FakeGateway) -> None:
    """The link of the gateway's answer is none of the diagnosis, so no remedy speaks of it."""
    link = {"authorizeUrl": "https://sellercentral.amazon.com/consent?state=x", "authorizationId": "A" * 22}
    ended = {"errcode": 1003, "reason": "store_revoked", "status": "needs_reauthorization"}
    healthy.answers[PROXY] = (409, ended | link | {"sellerId": "A1", "region": "NA"})
    done = run("doctor.py", "--store", "My Store")
    remedy = by_name(done.document)["store's call (A1, NA)"]["remedy"]
    assert remedy == (
        "Authorize the store again: `python3 scripts/authorize_url.py --seller-id A1 --region NA`."
    )
    assert done.error["hint"] == remedy


def test_a_store_that_is_not_there_fails_its_check_alone(run: Run, healthy: FakeGateway) -> None:
    """The others are made all the same."""
    done = run("doctor.py", "--store", "Nobody's")
    assert (done.code, done.error["code"]) == (5, "not_found")
    assert by_name(done.document)["ads account Brand"]["state"] == "ok"
    assert healthy.bodies(PROXY) == []


def test_a_store_is_not_tried_without_the_network(run: Run) -> None:
    """The two flags contradict each other."""
    assert run("doctor.py", "--offline", "--store", "My Store").code == 2


def test_settings_are_named_with_the_place_that_they_come_from(
    run: Run, healthy: FakeGateway, tmp_path: Path
) -> None:
    """The variables are named and not shown; the environment counts before the file."""
    folder = tmp_path / ".config" / "linkfox"
    folder.mkdir(parents=True)
    env_file = folder / ".env"
    env_file.write_text(
        f"LINKFOX_AGENT_API_KEY={KEY}\nLINKFOX_TOOL_GATEWAY={healthy.url}\n", encoding="utf-8"
    )
    env_file.chmod(0o644)
    done = run(
        "doctor.py", "--offline", LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="", LINKFOX_FEEDBACK="off"
    )
    checks = by_name(done.document)
    assert checks["settings"]["variables"] == [
        {"name": "LINKFOX_FEEDBACK", "from": "environment"},
        {"name": "LINKFOX_AGENT_API_KEY", "from": str(env_file)},
        {"name": "LINKFOX_TOOL_GATEWAY", "from": str(env_file)},
    ]
    assert checks["settings file"]["state"] == "warning"
    assert "chmod 600" in checks["settings file"]["remedy"]


@pytest.mark.parametrize(("newer", "state"), [(0, "ok"), (1, "warning")])
def test_only_a_python_that_nothing_was_tried_with_is_warned_of(
    newer: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest one that everything is tried with is as good as the oldest."""
    version = (NEWEST_PYTHON[0], NEWEST_PYTHON[1] + newer, 2)
    there = SimpleNamespace(version_info=version, prefix="", executable="python3", platform="linux")
    monkeypatch.setattr(machine, "sys", there)
    found = machine.python(Patient(offline=True))
    assert found.state == state
    assert found.remedy == (f"Use Python {PYTHONS}." if newer else None)


def test_offline_calls_nothing(run: Run, healthy: FakeGateway) -> None:
    """What needs the network is named as left out."""
    done = run("doctor.py", "--offline")
    assert done.code == 0
    assert healthy.calls == []
    assert set(done.document["skipped"]) == NETWORK
    assert not NETWORK & set(by_name(done.document))


def test_offline_opens_no_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even a name is looked up."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LINKFOX_AGENT_API_KEY", KEY)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    document = examination.examine(offline=True)
    assert document["ok"] is True, document


def test_nothing_set_up_is_the_first_failure(run: Run) -> None:
    """The exit code is that of the failure, and its remedy the hint."""
    done = run("doctor.py", LINKFOX_TOOL_GATEWAY="", LINKFOX_AGENT_API_KEY="")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "login.py" in done.error["hint"]
    assert done.document["failed"] == 1
    assert set(done.document["skipped"]) == NETWORK


@pytest.mark.parametrize(
    ("answer", "name", "code"),
    [
        ((401, {"errcode": 401, "errmsg": "no"}), "API key", "unauthorized"),
        ((200, {"errcode": 402, "errmsg": "积分余额不足"}), "credit", "out_of_credit"),
        ((200, b"<html>hello</html>"), "gateway", "gateway_failed"),
        ((500, {"errcode": 500, "errmsg": "broken"}), "gateway", "gateway_failed"),
    ],
)
def test_what_the_gateway_says_is_told_apart(
    run: Run, healthy: FakeGateway, answer: tuple[int, Any], name: str, code: str
) -> None:
    """A bad key, no credit and something else at the address are different failures."""
    healthy.answers["/spApi/authorizedStores"] = answer
    done = run("doctor.py")
    assert (done.code, done.error["code"]) == (EXIT_CODES[code], code)
    assert [check["name"] for check in done.document["checks"] if check["state"] == "failed"] == [name]


def test_a_gateway_out_of_reach_stops_nothing_else(run: Run) -> None:
    """What depends on its answer is left out, everything else is looked at."""
    done = run("doctor.py", LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9")
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert set(done.document["skipped"]) == NETWORK - {"gateway"}
    assert {"keyring", "clipboard", "proxy", "certificates"} <= set(by_name(done.document))


@pytest.mark.parametrize("keyring", ["Hanging", "Forgetting"])
def test_a_keyring_that_does_not_work_is_a_warning(
    run: Run, healthy: FakeGateway, tmp_path: Path, keyring: str
) -> None:
    """There are other ways to keep a key; the remedy names them."""
    done = run("doctor.py", **keyrings.environment(keyring, tmp_path))
    check = by_name(done.document)["keyring"]
    assert (done.code, check["state"]) == (0, "warning")
    assert "--insecure-file" in check["remedy"]


def test_a_cache_folder_that_cannot_be_written_is_a_warning(
    run: Run, healthy: FakeGateway, tmp_path: Path
) -> None:
    """Links then stand in the document only."""
    (tmp_path / ".cache").write_text("in the way", encoding="utf-8")
    done = run("doctor.py")
    assert (done.code, by_name(done.document)["cache folder"]["state"]) == (0, "warning")


def test_proxies_are_shown_without_their_passwords(run: Run, healthy: FakeGateway) -> None:
    """And a gateway on this machine is reached without one."""
    done = run("doctor.py", HTTPS_PROXY="http://me:hunter2@proxy.example:3128", no_proxy="localhost")
    detail = by_name(done.document)["proxy"]["detail"]
    assert "HTTPS_PROXY=http://***@proxy.example:3128" in detail
    assert "no_proxy=localhost" in detail
    assert "not used" in detail
    assert "hunter2" not in done.stdout + done.stderr


def test_the_proxy_that_is_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a gateway elsewhere the rules of requests decide."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    pair = Settings("https://gateway.example", Secret(KEY), "environment", "environment")
    detail = network.proxy(Patient(offline=True, pair=pair)).detail
    assert "through http://***@proxy.example:3128" in detail
    monkeypatch.setenv("NO_PROXY", "gateway.example")
    assert "directly" in network.proxy(Patient(offline=True, pair=pair)).detail


def test_a_ca_bundle_that_is_not_there_fails(run: Run, healthy: FakeGateway, tmp_path: Path) -> None:
    """Nothing over TLS could work with it."""
    done = run("doctor.py", REQUESTS_CA_BUNDLE=str(tmp_path / "no-such.pem"))
    check = by_name(done.document)["certificates"]
    assert check["state"] == "failed"
    assert "REQUESTS_CA_BUNDLE" in check["remedy"]


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (20, "ok"), (-90, "warning"), (600, "warning")])
def test_a_clock_that_is_off_is_told(seconds: int, state: str) -> None:
    """The gateway's Date header is the other clock."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    checked = KeyCheck("accepted", {}, None, date, False)
    (finding,) = network.clock(Patient(offline=False, checked=checked))
    assert finding.state == state


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 32 Foo 2020 99:00:00 GMT"])
def test_a_gateway_without_a_clock_is_no_failure(date: str) -> None:
    """Whatever the header holds."""
    checked = KeyCheck("accepted", {}, None, date, False)
    (finding,) = network.clock(Patient(offline=False, checked=checked))
    assert finding.state == "ok"


def test_stores_that_need_something_come_first_and_are_bounded(run: Run, healthy: FakeGateway) -> None:
    """A revoked store is a failure of kind needs_reauthorization; text from outside is made safe."""
    soon = (datetime.now(UTC) + timedelta(days=3, hours=1)).isoformat()
    many = [STORE | {"sellerId": f"A{n:03}"} for n in range(460)]
    many.append(STORE | {"sellerId": "B1", "status": "needs_reauthorization", "sellerName": "x\u202ey\n"})
    many.append(STORE | {"sellerId": "B2", "authorizationExpiresAt": soon})
    healthy.answers["/spApi/authorizedStores"] = (200, {"stores": many, "total": len(many)})
    done = run("doctor.py")
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    lines = [check for check in done.document["checks"] if check["name"].startswith("store ")]
    assert [line["state"] for line in lines[:3]] == ["failed", "warning", "ok"]
    assert lines[0]["name"] == "store x y (B1, NA)"
    assert "3 days" in lines[1]["detail"]
    assert 20 < len(lines) < 100
    assert "460 of 462" in by_name(done.document)["stores"]["detail"]


def test_a_diagnosis_of_many_is_no_longer_than_harnesses_take(run: Run, healthy: FakeGateway) -> None:
    """Where all of them, stores and ads accounts, have to be looked after."""
    many = [STORE | {"sellerId": f"A{n:03}", "status": "needs_reauthorization"} for n in range(200)]
    healthy.answers["/spApi/authorizedStores"] = (200, {"stores": many, "total": len(many)})
    ads = [ACCOUNT | {"authRecordId": n, "status": "needs_reauthorization"} for n in range(200)]
    healthy.answers["/amazonAds/authorizedStores"] = (200, {"stores": ads, "total": len(ads)})
    assert len(run("doctor.py").stdout) < 20_000


def test_a_suspended_application_is_nobodys_store(run: Run, healthy: FakeGateway) -> None:
    """It has a code and a remedy of its own."""
    ads = [ACCOUNT | {"status": "suspended_app"}]
    healthy.answers["/amazonAds/authorizedStores"] = (200, {"stores": ads, "total": 1})
    done = run("doctor.py")
    assert (done.code, done.error["code"]) == (6, "suspended_app")


def test_help_names_the_exit_codes_that_checks_can_end_with(run: Run) -> None:
    """Those of the settings, the key, the gateway, the credit and the time."""
    about = run("doctor.py", "--help").stdout.partition("Arguments")[0]
    codes = ("not_set_up", "unauthorized", "gateway_failed", "out_of_credit", "timeout")
    assert [code for code in codes if f" {EXIT_CODES[code]} for " not in " ".join(about.split())] == []


def test_an_account_without_profiles_is_told_too(run: Run, healthy: FakeGateway) -> None:
    """Its consent is looked at like any other's, and where that is good the missing profiles are told."""
    bare = [
        {"authRecordId": 8, "accountName": "Bare", "region": "NA", "status": "authorized"},
        {"authRecordId": 9, "accountName": "Gone", "region": "NA", "status": "needs_reauthorization"},
    ]
    answer = {"stores": [ACCOUNT], "total": 1, "accountsWithoutProfiles": bare}
    healthy.answers["/amazonAds/authorizedStores"] = (200, answer)
    done = run("doctor.py")
    checks = by_name(done.document)
    states = {name: checks[f"ads account {name}"]["state"] for name in ("Brand", "Bare", "Gone")}
    assert states == {"Brand": "ok", "Bare": "warning", "Gone": "failed"}
    assert "Manager accounts" in checks["ads account Bare"]["remedy"]
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")


def test_an_ended_account_that_another_covers_is_told_too(run: Run, healthy: FakeGateway) -> None:
    """Its profiles work; whoever looks for why it does not, finds it."""
    gone = {"authRecordId": 9, "accountName": "Old", "region": "NA", "status": "needs_reauthorization"}
    answer = {"stores": [ACCOUNT], "total": 1, "coveredAccounts": [gone]}
    healthy.answers["/amazonAds/authorizedStores"] = (200, answer)
    done = run("doctor.py")
    check = by_name(done.document)["ads account Old"]
    assert check["state"] == "warning"
    assert "others serve its profiles" in check["detail"]
    assert "`python3 scripts/ads_authorize_url.py --auth-record-id 9`" in check["remedy"]
    assert done.code == 0


def test_a_region_whose_profiles_were_not_read_is_told(run: Run, healthy: FakeGateway) -> None:
    """Of an account that has others, or none yet; a consent that ended comes first."""
    some = ACCOUNT | {"unreadRegions": ["EU", "FE"]}
    bare = {"authRecordId": 8, "accountName": "Bare", "status": "authorized", "unreadRegions": ["FE"]}
    gone = bare | {"authRecordId": 9, "accountName": "Gone", "status": "needs_reauthorization"}
    unseen = bare | {"authRecordId": 10, "accountName": "Unseen"}
    healthy.answers["/amazonAds/authorizedStores"] = (
        200,
        {"stores": [ACCOUNT], "total": 1, "accountsWithoutProfiles": [bare, gone]}
        | {"incompleteAccounts": [some, bare, gone, unseen]},
    )
    checks = by_name(run("doctor.py").document)
    regions = {"Brand": "EU, FE", "Bare": "FE", "Unseen": "FE"}
    for name, which in regions.items():
        check = checks[f"ads account {name}"]
        assert check["state"] == "warning"
        assert f"profiles of {which} not read yet" in check["detail"]
        assert "`python3 scripts/ads_profiles.py --refresh`" in check["remedy"]
    assert checks["ads account Gone"]["state"] == "failed"


def test_a_local_gateways_own_state_is_shown(house: House) -> None:
    """Settings, database, tables and master key, as the gateway's own program sees them."""
    done = house.script("doctor.py")
    assert done.code == 0, done.stdout
    checks = by_name(done.document)
    assert done.document["sandbox"] is True
    assert house.url in checks["local gateway"]["detail"]
    assert "a sandbox vault" in checks["database"]["detail"]
    assert "opens the vault" in checks["master key"]["detail"]
    assert checks["Amazon settings"]["state"] == "ok"
    assert checks["stores"]["detail"] == "none is authorized yet"


def test_a_wrong_master_key_is_found_offline(house: House) -> None:
    """The vault is looked at without starting or asking the gateway."""
    done = house.script("doctor.py", "--offline", GATEWAY_MASTER_KEY="A" * 43 + "=")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert by_name(done.document)["master key"]["state"] == "failed"


def test_one_failing_or_hanging_check_stops_no_other() -> None:
    """Whatever it raises, it is a finding, and the next one is made."""
    release = threading.Event()

    def hang(patient: Patient) -> Finding:
        release.wait(30)
        return ok("hanging", "late")

    def fail(error: Exception) -> Any:
        def look(patient: Patient) -> Finding:
            raise error

        return look

    checks = (
        examination.Check("hanging", hang, 0.05),
        examination.Check("internal", fail(RuntimeError("surprise"))),
        examination.Check("package", fail(ModuleNotFoundError("x", name="requests"))),
        examination.Check("told", fail(ClientError("gateway_failed", "no", "do this"))),
        examination.Check("last", lambda patient: ok("last", "made")),
    )
    document = examination.examine(offline=True, checks=checks)
    release.set()
    assert [check["state"] for check in document["checks"]] == ["failed"] * 4 + ["ok"]
    assert (document["failed"], document["error"]["code"]) == (4, "timeout")
    assert document["checks"][2]["remedy"].endswith(examination.runtime.SETUP_HINT)


def test_a_part_of_the_skill_that_is_missing_is_a_finding() -> None:
    """An incomplete copy: no package to install, so the check itself failed, and says so."""

    def look(patient: Patient) -> Finding:
        raise ModuleNotFoundError("No module named 'linkfox_client.gone'", name="linkfox_client.gone")

    document = examination.examine(offline=True, checks=[examination.Check("broken", look)])
    (check,) = document["checks"]
    assert (check["state"], document["error"]["code"]) == ("failed", "internal")
    assert "linkfox_client.gone" in check["detail"]


def test_at_a_terminal_each_check_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its remedy below it; a program reads the document alone."""
    checks = [examination.Check("disk", lambda _: warning("disk", "nearly full", "Make room."))]
    examination.examine(offline=True, checks=checks)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    examination.examine(offline=True, checks=checks)
    assert capsys.readouterr().err == "warning disk: nearly full\n-> Make room.\n"


def test_missing_packages_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without requests nothing works; without keyring or pyperclip a little less does."""
    patient = Patient(offline=True)
    assert machine.packages(patient).state == "ok"
    monkeypatch.setattr(machine, "USEFUL", {"no_such_module": "no-such-package"})
    assert machine.packages(patient).state == "warning"
    monkeypatch.setattr(machine, "NEEDED", {"no_such_module": "no-such-package"})
    finding = machine.packages(patient)
    assert (finding.state, finding.code) == ("failed", "not_set_up")


@pytest.mark.parametrize("words", [("--online",), ("x",), ('{"offline": "yes"}',), ("--offline=1",)])
def test_wrong_arguments_end_with_2(run: Run, words: tuple[str, ...]) -> None:
    """Nothing is looked at."""
    done = run("doctor.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "checks" not in json.loads(done.stdout)


def test_a_python_without_the_packages_gets_the_diagnosis(tmp_path: Path) -> None:
    """doctor.py itself needs none of them, and names the command that installs them."""
    for folder in ("scripts", "references"):
        shutil.copytree(BUNDLE / folder, tmp_path / folder)
    done = subprocess.run(
        [sys.executable, "-S", str(tmp_path / "scripts" / "doctor.py")],
        env=clean_environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    document = json.loads(done.stdout)
    assert (done.returncode, document["error"]["code"]) == (3, "not_set_up")
    assert "quickstart.py --setup-only" in document["error"]["hint"]
    assert by_name(document)["packages"]["state"] == "failed"
    assert by_name(document)["Python"]["state"] == "ok"
