"""The control path and the ledger."""

import json
import re

import pytest

from tests.support.sandbox_process import SandboxProcess


def test_state_tells_clock_apps_and_samples(sandbox: SandboxProcess) -> None:
    """What a test needs to know about the world, without a secret."""
    state = sandbox.control("state")
    assert {app["flow"] for app in state["apps"]} == {"spapi", "ads"}
    assert state["counts"] == {"sellers": 11, "advertisers": 3, "grants": 0, "calls": 0}
    assert {"NA", "EU", "FE"} == {seller["region"] for seller in state["sellers"]}
    assert [each["advertiserId"] for each in state["advertisers"] if not each["profiles"]] == [
        "SANDBOX_EMPTY"
    ]
    assert sandbox.ready["spapi"]["clientSecret"] not in json.dumps(state)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_posts_must_be_json(sandbox: SandboxProcess, kind: str) -> None:
    """A page elsewhere can send any other media type without being asked for leave."""
    answer = sandbox.call("POST", "_sandbox/reset", data="{}", headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("body", ["", "{", "\xff"])
def test_bodies_that_are_not_json(sandbox: SandboxProcess, body: str) -> None:
    """An empty body is an empty object, a broken one is refused."""
    answer = sandbox.call(
        "POST", "_sandbox/reset", data=body.encode("latin-1"), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == (400 if body else 200)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("clock", {}),
        ("clock", {"advance": "1"}),
        ("clock", {"advance": True}),
        ("clock", {"step": 1}),
        ("settings", {"unknown": 1}),
        ("settings", {"tokenMarker": "no spaces"}),
        ("settings", {"participationsQuota": {"rate": 1}}),
        ("sellers", [{"sellerId": "A", "name": "n", "region": "US"}]),
        ("sellers", [{"sellerId": "A", "name": "n"}]),
        ("advertisers", [{"advertiserId": "A", "name": "n", "profiles": [{"countryCode": "GB"}]}]),
        ("grants", [{"sellerId": "NOBODY", "region": "NA"}]),
        ("grants", [{"advertiserId": "SANDBOX_BRANDS", "clientId": "other"}]),
        ("grants", [{}]),
        ("revoke", {}),
        ("revoke", {"region": "NA"}),
        ("apps", {}),
        ("apps", {"clientId": "nobody"}),
        ("apps", {"flow": "other"}),
        ("apps", {"flow": "ads", "consentError": "XX"}),
        ("apps", {"flow": "ads", "redirectUris": [1]}),
        ("release", {"hold": 1}),
        ("reset", []),
    ],
)
def test_wrong_documents_are_refused_with_a_sentence(
    sandbox: SandboxProcess, path: str, document: object
) -> None:
    """A test that misspells something is told."""
    answer = sandbox.call("POST", f"_sandbox/{path}", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["ledger?seller=x", "ledger?limit=x", "sellers?name=x", "grants?limit=-1"])
def test_wrong_queries_are_refused(sandbox: SandboxProcess, path: str) -> None:
    """So is a misspelled filter."""
    assert sandbox.call("GET", f"_sandbox/{path}").status_code == 400


def test_unknown_control_paths_are_404(sandbox: SandboxProcess) -> None:
    """Neither another path nor another method."""
    assert sandbox.call("GET", "_sandbox/other").status_code == 404
    assert sandbox.call("GET", "_sandbox/reset").status_code == 404
    assert sandbox.call("POST", "_sandbox/state", json={}).status_code == 404


def test_clock_steps_both_ways(sandbox: SandboxProcess) -> None:
    """The answer is the new time; stepping back makes an expired token good again."""
    before = sandbox.control("state")["now"]
    token = sandbox.grant()["accessToken"]
    after = sandbox.control("clock", {"advance": 7200})["now"]
    assert 7200 <= after - before < 7200 + 60
    assert sandbox.participations(token).status_code == 403
    sandbox.control("clock", {"advance": -7200})
    assert sandbox.participations(token).status_code == 200


def test_settings_change_lifetimes_and_lengths(sandbox: SandboxProcess) -> None:
    """Shorter codes and tokens, and a marker that every token carries beyond its first ten characters."""
    sandbox.control(
        "settings",
        {"accessTokenSeconds": 60, "codeSeconds": 10, "tokenLength": 400, "tokenMarker": "CANARY"},
    )
    code = sandbox.consent()["spapi_oauth_code"]
    body = sandbox.exchange(code).json()
    assert body["expires_in"] == 60
    for name in ("access_token", "refresh_token"):
        assert len(body[name]) == 400
        assert "CANARY" in body[name][10:]
    late = sandbox.consent()["spapi_oauth_code"]
    sandbox.control("clock", {"advance": 10})
    assert sandbox.exchange(late).status_code == 400
    sandbox.control("clock", {"advance": 50})
    assert sandbox.participations(body["access_token"]).status_code == 403


def test_grants_are_made_in_the_order_asked(sandbox: SandboxProcess) -> None:
    """Many refresh tokens in one call, each for whom it was asked."""
    sellers = [{"sellerId": f"ABULK{n:05}", "name": f"Store {n}", "region": "EU"} for n in range(500)]
    assert sandbox.control("sellers", sellers) == {"added": 500}
    wanted = [{"sellerId": each["sellerId"], "region": "EU"} for each in sellers]
    grants = sandbox.control("grants", wanted)["grants"]
    assert len({each["refreshToken"] for each in grants}) == 500
    assert "accessToken" not in grants[0]
    sandbox.refresh(grants[321]["refreshToken"])
    assert sandbox.calls()[-1]["sellerId"] == "ABULK00321"
    listed = sandbox.control("grants?sellerId=ABULK00321")["grants"]
    assert [each["grantId"] for each in listed] == [grants[321]["grantId"]]


def test_reset_goes_back_to_the_sample_world(sandbox: SandboxProcess) -> None:
    """Grants, additions, faults, clock and settings are gone; the credentials stay."""
    token = sandbox.grant()["refreshToken"]
    sandbox.control("sellers", [{"sellerId": "AGONE", "name": "Gone", "region": "NA"}])
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "draft": True})
    sandbox.control("clock", {"advance": 100_000})
    sandbox.fault({"status": 500}, times=None)
    sandbox.control("reset", {})
    assert sandbox.refresh(token).json()["error"] == "invalid_grant"
    assert sandbox.control("sellers?sellerId=AGONE")["sellers"] == []
    assert sandbox.call("GET", sandbox.consent_link()).status_code == 200
    assert sandbox.refresh(sandbox.grant()["refreshToken"]).status_code == 200


def test_ledger_tells_who_called_for_whom_and_how_it_ended(sandbox: SandboxProcess) -> None:
    """A whole authorization, entry by entry."""
    code = sandbox.consent("A1SANDBOXNA002")["spapi_oauth_code"]
    tokens = sandbox.exchange(code).json()
    sandbox.refresh(tokens["refresh_token"])
    sandbox.participations(tokens["access_token"])
    calls = sandbox.calls()
    looked_at = ("method", "host", "grantType", "sellerId", "region", "status", "outcome")
    assert [tuple(call[name] for name in looked_at) for call in calls] == [
        ("POST", "sellercentral.amazon.com", None, "A1SANDBOXNA002", "NA", 302, "authorized"),
        ("POST", "api.amazon.com", "authorization_code", "A1SANDBOXNA002", "NA", 200, "ok"),
        ("POST", "api.amazon.com", "refresh_token", "A1SANDBOXNA002", "NA", 200, "ok"),
        ("GET", "sellingpartnerapi-na.amazon.com", None, "A1SANDBOXNA002", "NA", 200, "ok"),
    ]  # fmt: skip
    assert [call["number"] for call in calls] == sorted(call["number"] for call in calls)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", calls[0]["at"])
    assert calls[2]["grantId"] == calls[3]["grantId"]


def test_ledger_filters_counts_and_is_emptied(sandbox: SandboxProcess) -> None:
    """By any field, the newest few, in numbers, and from a clean sheet."""
    token = sandbox.grant()["refreshToken"]
    for _ in range(3):
        sandbox.refresh(token)
    sandbox.refresh("x")
    assert len(sandbox.calls(sellerId="A1SANDBOXNA001", grantType="refresh_token")) == 3
    assert [call["outcome"] for call in sandbox.calls(limit="1")] == ["refreshTokenRefused"]
    counts = sandbox.control("ledger/counts")
    assert counts["total"] == 4
    assert {(group["outcome"], group["count"]) for group in counts["groups"]} == {
        ("ok", 3),
        ("refreshTokenRefused", 1),
    }
    sandbox.control("ledger/reset", {})
    assert sandbox.calls() == []


def test_ledger_never_holds_a_whole_secret(sandbox: SandboxProcess) -> None:
    """Tokens are cut after ten characters, codes hidden; prints still tell tokens apart."""
    code = sandbox.consent()["spapi_oauth_code"]
    tokens = sandbox.exchange(code).json()
    sandbox.refresh(tokens["refresh_token"])
    sandbox.refresh("Atzr|short")
    sandbox.participations(tokens["access_token"])
    ads = sandbox.grant(advertiserId="SANDBOX_BRANDS")
    sandbox.profiles(ads["accessToken"])
    written = json.dumps(sandbox.calls())
    secrets = [code, *(tokens[name] for name in ("access_token", "refresh_token")), ads["accessToken"]]
    secrets += [sandbox.ready[flow]["clientSecret"] for flow in ("spapi", "ads")]
    assert len(sandbox.calls()) == 6
    assert not [secret for secret in secrets if secret in written or secret[10:30] in written]
    assert "Atzr|short" not in written
    shown = [call["token"] for call in sandbox.calls()]
    assert shown == [None, "***", "Atzr|IwEBI...", "***", "Atza|IwEBI...", "Atza|IwEBI..."]
    prints = [call["tokenPrint"] for call in sandbox.calls()[1:]]
    assert len(set(prints)) == 5
