"""Misbehavior on demand: what a rule does to a call, and to how many."""

import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.house import until
from tests.support.sandbox_process import CALLBACK, SandboxProcess, host_of

TOKENS = {"path": "/auth/o2/token"}


def lost(call: Callable[[], Any]) -> bool:
    """Tell whether a call ended without an answer."""
    try:
        call()
    except requests.ConnectionError:
        return True
    return False


def test_any_answer_can_be_given_so_many_times(sandbox: SandboxProcess) -> None:
    """Status, headers and body for N calls, then Amazon is itself again."""
    token = sandbox.grant()["refreshToken"]
    do = {"status": 503, "headers": {"Retry-After": "7"}, "body": {"a": "ü"}}
    sandbox.fault(do, match=TOKENS, times=2)
    for _ in range(2):
        answer = sandbox.refresh(token)
        assert (answer.status_code, answer.json()) == (503, {"a": "ü"})
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers["Content-Type"] == "application/json"
    assert sandbox.refresh(token).status_code == 200
    assert [call["outcome"] for call in sandbox.calls()] == ["fault", "fault", "ok"]


def test_html_with_status_200(sandbox: SandboxProcess) -> None:
    """What a captive portal or a proxy would answer."""
    sandbox.fault({"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>hello"})
    answer = sandbox.refresh("x")
    assert (answer.status_code, answer.text) == (200, "<html>hello")
    assert answer.headers["Content-Type"] == "text/html"


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("tokenEndpoint.throttled", 429, ""),
        ("tokenEndpoint.overloaded", 503, ""),
        ("spApi.throttled", 429, "QuotaExceeded"),
        ("adsApi.throttled", 429, '"code":"429"'),
        ("tokenEndpoint.serverError", 500, "ServerError"),
        ("tokenEndpoint.unauthorizedClient", 400, "unauthorized_client"),
        ("tokenEndpoint.refreshTokenRefusedOldWording", 400, "invalid grant parameter : refresh_token"),
    ],
)
@pytest.mark.parametrize("retry_after", [None, "3"])
def test_named_answers(
    sandbox: SandboxProcess, name: str, status: int, body: str, retry_after: str | None
) -> None:
    """Rows of answers.json by name, with further headers or without; some have no body."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    sandbox.fault({"answer": name, "headers": headers})
    answer = sandbox.refresh("x")
    assert answer.status_code == status
    assert body in answer.text
    assert bool(body) == bool(answer.content)
    if retry_after:
        assert answer.headers["Retry-After"] == retry_after
    elif name != "adsApi.throttled":
        assert "Retry-After" not in answer.headers
    assert sandbox.calls()[-1]["outcome"] == name.partition(".")[2]


def test_rules_match_by_whom_and_what(sandbox: SandboxProcess) -> None:
    """Host, path, method, grant type, seller, region and client narrow a rule; globs are understood."""
    mine, other = sandbox.grant(), sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")
    ads = sandbox.grant(advertiserId="SANDBOX_BRANDS")
    for match in (
        {"sellerId": "A1SANDBOXNA001"},
        {"sellerId": "*001", "host": "api.amazon.*", "method": "POST", "region": "NA"},
        {"sellerId": "A1SANDBOXNA001", "grantType": "refresh_token"},
    ):
        sandbox.fault({"status": 500}, match=match)
        assert sandbox.refresh(other["refreshToken"]).status_code == 200
        assert sandbox.refresh(ads["refreshToken"], "ads").status_code == 200
        assert sandbox.refresh(mine["refreshToken"]).status_code == 500
    sandbox.fault({"status": 500}, match={"advertiserId": "SANDBOX_BRANDS", "path": "/v2/*"})
    assert sandbox.refresh(ads["refreshToken"], "ads").status_code == 200
    assert sandbox.profiles(ads["accessToken"]).status_code == 500
    sandbox.fault({"status": 500}, match={"clientId": sandbox.ready["ads"]["clientId"]})
    assert sandbox.refresh(mine["refreshToken"]).status_code == 200
    assert sandbox.refresh(ads["refreshToken"], "ads").status_code == 500


def test_a_code_exchange_is_matched_by_its_seller(sandbox: SandboxProcess) -> None:
    """Who consented is known before the code is used."""
    code = sandbox.consent("A1SANDBOXNA002")["spapi_oauth_code"]
    sandbox.fault({"status": 500}, match={"grantType": "authorization_code", "sellerId": "A1SANDBOXNA002"})
    assert sandbox.exchange(code).status_code == 500
    assert sandbox.exchange(code).status_code == 200


def test_first_matching_rule_wins_and_skip_lets_some_pass(sandbox: SandboxProcess) -> None:
    """Rules are tried in order; `skip` leaves the first calls alone."""
    sandbox.fault({"status": 501}, skip=1)
    sandbox.fault({"status": 502}, times=None)
    assert [sandbox.refresh("x").status_code for _ in range(4)] == [502, 501, 502, 502]
    rules = sandbox.control("faults")["faults"]
    assert [(rule["times"], rule["hits"]) for rule in rules] == [(0, 1), (None, 3)]


def test_rules_can_be_cleared(sandbox: SandboxProcess) -> None:
    """One by its number, or all."""
    first = sandbox.fault({"status": 501}, times=None)
    sandbox.fault({"status": 502}, times=None)
    assert sandbox.control("faults/clear", {"id": first}) == {"cleared": 1}
    assert sandbox.refresh("x").status_code == 502
    assert sandbox.control("faults/clear", {}) == {"cleared": 1}
    assert sandbox.refresh("x").status_code == 400


def test_dropped_before_processing(sandbox: SandboxProcess) -> None:
    """The connection ends without an answer and nothing has happened: the code is still good."""
    code = sandbox.consent()["spapi_oauth_code"]
    sandbox.control("ledger/reset", {})
    sandbox.fault({"drop": "before"})
    assert lost(lambda: sandbox.exchange(code))
    assert sandbox.exchange(code).status_code == 200
    assert [(call["status"], call["outcome"]) for call in sandbox.calls()] == [(None, "dropped"), (200, "ok")]


def test_answer_lost_after_processing(sandbox: SandboxProcess) -> None:
    """The connection ends without an answer although Amazon did it: the code is used."""
    code = sandbox.consent()["spapi_oauth_code"]
    sandbox.fault({"drop": "after"})
    assert lost(lambda: sandbox.exchange(code))
    assert sandbox.exchange(code).json()["error"] == "invalid_grant"
    assert sandbox.calls()[-2]["outcome"] == "ok, answer lost"
    assert sandbox.control("state")["counts"]["grants"] == 1


def test_rotated_refresh_token_lost_on_the_way(sandbox: SandboxProcess) -> None:
    """The worst case for a vault: the old token is void and the new one never arrived."""
    token = sandbox.grant()["refreshToken"]
    sandbox.fault({"drop": "after", "token": {"rotateRefreshToken": True}})
    assert lost(lambda: sandbox.refresh(token))
    assert sandbox.refresh(token).json()["error"] == "invalid_grant"


def test_answer_cut_short(sandbox: SandboxProcess) -> None:
    """The headers promise more than arrives."""
    token = sandbox.grant()["refreshToken"]
    sandbox.fault({"cutAfterBytes": 25})
    connection = http.client.HTTPConnection(*host_of(sandbox.url))
    form = f"grant_type=refresh_token&refresh_token={token}"
    connection.request(
        "POST", "/api.amazon.com/auth/o2/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as cut:
        answer.read()
    assert len(cut.value.partial) == 25
    connection.close()
    assert sandbox.calls()[-1]["outcome"].endswith(", cut")


def test_delay_is_shorter_than_a_patient_client_and_longer_than_an_impatient_one(
    sandbox: SandboxProcess,
) -> None:
    """A slow answer is still an answer, for who waits."""
    token = sandbox.grant()["refreshToken"]
    sandbox.fault({"delayMs": 60_000})
    with pytest.raises(requests.ReadTimeout):
        sandbox.call("POST", "api.amazon.com/auth/o2/token", timeout=0.05)
    sandbox.fault({"delayMs": 1})
    assert sandbox.refresh(token).status_code == 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_held_until_released(sandbox: SandboxProcess, when: str) -> None:
    """A call waits at the barrier, before or after it is processed, until the test lets it go."""
    code = sandbox.consent()["spapi_oauth_code"]
    sandbox.control("ledger/reset", {})
    sandbox.fault({"hold": "race", "holdAt": when})
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(
            requests.post, f"{sandbox.url}/api.amazon.com/auth/o2/token", data=exchange_form(sandbox, code)
        )
        until(lambda: sandbox.control("holds")["holds"]["race"] == 1, "the call is held")
        assert not held.done()
        assert sandbox.calls()[0]["outcome"] == "pending"
        assert sandbox.control("state")["counts"]["grants"] == (0 if when == "before" else 1)
        assert sandbox.control("release", {"hold": "race"}) == {"gates": 1}
        assert held.result().status_code == 200
    assert sandbox.calls()[0]["outcome"] == "ok"


def exchange_form(sandbox: SandboxProcess, code: str) -> dict[str, str]:
    """Return the body of a code exchange."""
    client = sandbox.ready["spapi"]
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": client["clientId"],
        "client_secret": client["clientSecret"],
    }


def test_holds_let_some_through_and_clearing_lets_all_go(sandbox: SandboxProcess) -> None:
    """`count` opens the barrier for so many; clearing the rule opens it for all."""
    sandbox.fault({"hold": "queue"}, times=None)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(requests.get(f"{sandbox.url}/api.amazon.com/auth/o2/token", timeout=30).status_code)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    until(lambda: sandbox.control("holds")["holds"]["queue"] == 5, "all calls are held")
    sandbox.control("release", {"hold": "queue", "count": 2})
    until(lambda: len(statuses) == 2, "two calls are answered")
    assert sandbox.control("holds")["holds"]["queue"] == 3
    sandbox.control("faults/clear", {})
    for thread in threads:
        thread.join()
    assert statuses == [404] * 5


def test_released_rule_stays_open_and_a_new_one_is_closed(sandbox: SandboxProcess) -> None:
    """A release counts for calls that are still on their way; the same name can be used again."""
    sandbox.fault({"hold": "again"}, times=2)
    sandbox.control("release", {"hold": "again"})
    assert [sandbox.refresh("x").status_code for _ in range(2)] == [400, 400]
    sandbox.fault({"hold": "again"})
    with pytest.raises(requests.ReadTimeout):
        sandbox.call("GET", "api.amazon.com/auth/o2/token", timeout=0.05)
    until(lambda: sandbox.control("holds")["holds"]["again"] == 1, "a call is held")
    sandbox.control("release", {})
    until(lambda: sandbox.control("holds")["holds"]["again"] == 0, "nothing is held any more")


@pytest.mark.parametrize("value", [0, -5, "3600", None, 1.5, []])
def test_odd_expires_in(sandbox: SandboxProcess, value: Any) -> None:
    """Zero, negative, text and worse in an answer that is good otherwise."""
    sandbox.fault({"token": {"set": {"expires_in": value}}})
    body = sandbox.refresh(sandbox.grant()["refreshToken"]).json()
    assert body["expires_in"] == value
    assert sandbox.participations(body["access_token"]).status_code == 200


@pytest.mark.parametrize("field", ["expires_in", "refresh_token", "access_token", "token_type"])
def test_left_out_fields(sandbox: SandboxProcess, field: str) -> None:
    """Any field can be missing; a refresh token that is not sent stays good."""
    token = sandbox.grant()["refreshToken"]
    sandbox.fault({"token": {"omit": [field]}})
    body = sandbox.refresh(token).json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"} - {field}
    assert sandbox.refresh(token).status_code == 200


def test_rotated_refresh_token(sandbox: SandboxProcess) -> None:
    """The answer has another refresh token, and the old one is refused from then on."""
    old = sandbox.grant()["refreshToken"]
    sandbox.fault({"token": {"rotateRefreshToken": True}})
    new = sandbox.refresh(old).json()["refresh_token"]
    assert new != old
    assert sandbox.refresh(old).json()["error"] == "invalid_grant"
    assert sandbox.refresh(new).json()["refresh_token"] == new


def test_tokens_of_5000_characters_are_good_tokens(sandbox: SandboxProcess) -> None:
    """Longer than Amazon promises, and still accepted."""
    code = sandbox.consent()["spapi_oauth_code"]
    sandbox.fault({"token": {"length": 5000}})
    body = sandbox.exchange(code).json()
    assert len(body["access_token"]) == len(body["refresh_token"]) == 5000
    assert sandbox.participations(body["access_token"]).status_code == 200
    assert sandbox.refresh(body["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"do": []},
        {"do": {"explode": True}},
        {"do": {}, "match": {"seller": "x"}},
        {"do": {}, "match": {"host": 1}},
        {"do": {}, "times": "2"},
        {"do": {}, "times": True},
        {"do": {"drop": "sometimes"}},
        {"do": {"answer": "tokenEndpoint.nothing"}},
        {"do": {"answer": "consentErrors.MD1000"}},
        {"do": {"answer": "tokenEndpoint._headers"}},
        {"do": {"status": 99}},
        {"do": {"headers": {"Retry-After": 1}}},
        {"do": {"token": {"size": 1}}},
        "rule",
    ],
)
def test_rules_that_make_no_sense_are_refused(sandbox: SandboxProcess, rule: Any) -> None:
    """A misspelled rule must not look like one that never matched; with one wrong rule none is set."""
    answer = sandbox.call("POST", "_sandbox/faults", json=[{"do": {"status": 500}}, rule])
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.control("faults")["faults"] == []
