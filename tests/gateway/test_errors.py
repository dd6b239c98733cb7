"""The one table of failures, as the gateway uses it."""

import ast
import json
import re
from typing import get_args

import pytest

from gateway.amazon.failures import REASONS, AmazonFailure, FailureKind, problem_of
from gateway.authorization.code_exchange import EXCHANGE_REASONS
from gateway.errors import TABLE, TABLE_FILE, Problem, ProblemRow
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.settings import Settings
from gateway.settings.variables import declared
from gateway.web.callbacks import SHOWN_PROBLEMS
from tests.support.house import ROOT


def test_every_kind_of_failure_has_a_reason_with_a_row() -> None:
    """Whatever Amazon does, there is something to tell about it."""
    assert set(REASONS) == set(get_args(FailureKind))
    for reason in {*REASONS.values(), *EXCHANGE_REASONS.values(), *SHOWN_PROBLEMS}:
        assert TABLE[reason].remedy


def test_every_reason_in_the_code_has_a_row() -> None:
    """A reason that the code names and the table does not know would be an internal error."""
    raised = set()
    for file in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"Problem", "Refusal"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                raised.add(node.args[0].value)
    assert len(raised) > 10, "found hardly any: the test looks in the wrong place"
    assert raised <= set(TABLE)


# What the contract sends beside each errcode.
STATUSES_OF_ERRCODE = {
    1002: {400, 404, 405, 408, 413, 431},
    1003: {502, 503, 409, 429},
    1004: {404, 409},
    1005: {403},
    401: {401, 429},
    402: {402},
    500: {500, 503},
}
# Of the statuses above, those that belong to some reasons only.
REASONS_OF_STATUS = {
    (1002, 404): {"unknown_path"},
    (1002, 405): {"method_not_allowed"},
    (1002, 408): {"request_timeout"},
    (1002, 413): {"body_too_large"},
    (1002, 431): {"headers_too_large"},
    (1003, 503): {"suspended_app", "app_not_configured"},
    (1003, 409): {"store_revoked", "grant_of_another_client", "tokens_damaged"},
    (1003, 429): {"amazon_throttled", "too_many_refreshes"},
    (1004, 409): {"ambiguous"},
    (401, 429): {"too_many_failures"},
    (500, 503): {"vault_unavailable", "gateway_busy", "gateway_stopping", "completion_delayed"},
}


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_errcode_and_status_go_together(row: ProblemRow) -> None:
    """As references/api.md pairs them: whoever looks at one of them only takes the same turn."""
    assert row.http_status in STATUSES_OF_ERRCODE[row.errcode]
    only = REASONS_OF_STATUS.get((row.errcode, row.http_status))
    assert only is None or row.reason in only


def test_an_envelope_has_what_the_contract_says() -> None:
    """An error names its code, its meaning, its reason and its request."""
    problem = Problem("ambiguous", extra={"candidates": []})
    assert problem.envelope("r1") == {
        "errcode": 1004,
        "errmsg": TABLE["ambiguous"].meaning,
        "reason": "ambiguous",
        "code": "ambiguous",
        "retryable": False,
        "hint": TABLE["ambiguous"].remedy,
        "requestId": "r1",
        "candidates": [],
    }


# The words in capitals that are meant as they stand.
IN_CAPITALS = {"API", "EU", "FE", "JSON", "NA", "POST"} | {
    variable.name
    for record in (Settings, SellingPartnerApplication, AdsClient)
    for _, variable in declared(record)
}


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_a_hint_is_for_programs_in_any_language(row: ProblemRow) -> None:
    """It names calls and settings, no script but the operator's; no word is left to be filled in."""
    always = {} if row.reason != "key_lacks_right" else {"keyId": "0a1b2c3d4e5f", "neededRights": ["tokens"]}
    for sentence in ("", *row.on_wire):
        told = {field: ["EU", "NA"] for field in re.findall(r"\{(\w+)", sentence)}
        hint = row.hint(told | always)
        assert hint
        assert not re.search(r"[{}<>]", hint)
        assert set(re.findall(r"\b[A-Z][A-Z_]+\b", hint)) <= IN_CAPITALS
        assert not re.search(r"scripts/(?!local_gateway\.py change-key)", hint)


def test_a_hint_is_filled_in_as_far_as_the_gateway_knows() -> None:
    """With what the answer tells; a sentence whose fields are not all there is not used."""
    whose = {"sellerId": "A1", "region": "EU", "authRecordId": 7}
    link = {"authorizationId": "abc"}
    assert "abc" in Problem("store_revoked", extra=whose | link).hint
    assert "sellerId A1 and region EU" in Problem("store_revoked", extra=whose).hint
    assert "authRecordId 7" in Problem("store_revoked", extra={"authRecordId": 7}).hint
    assert "NA or EU" in Problem("not_found", extra={"regions": ["NA", "EU"]}).hint
    lacking = Problem("key_lacks_right", extra={"neededRights": ["manage", "tokens"], "keyId": "0a1b"})
    assert "the right manage, on the gateway's machine: " in lacking.hint
    assert "`python3 scripts/local_gateway.py change-key 0a1b --add-rights manage`" in lacking.hint


def test_a_revoked_store_and_an_application_at_fault_are_told_apart() -> None:
    """The status says whose fault it is."""
    revoked = problem_of(AmazonFailure("invalid_grant"))
    assert (revoked.row.http_status, revoked.row.errcode) == (409, 1003)
    assert revoked.extra["status"] == "needs_reauthorization"
    suspended = problem_of(AmazonFailure("invalid_client"))
    assert (suspended.row.http_status, suspended.row.errcode) == (503, 1003)
    assert suspended.extra["status"] == "suspended_app"


def test_the_pause_that_amazon_asks_for_is_passed_on() -> None:
    """A throttled caller learns how long to wait."""
    problem = problem_of(AmazonFailure("throttled", retry_after=7))
    assert problem.extra["retryAfter"] == 7
    assert problem.headers["Retry-After"] == "7"


# What the errors of Amazon's guides are, by the stage at which they come, and the reason that is told.
GUIDES = [
    ("invalid_grant", EXCHANGE_REASONS["invalid_grant"]),
    ("invalid_grant", REASONS["invalid_grant"]),
    ("unauthorized_client", EXCHANGE_REASONS["unauthorized_client"]),
    ("unauthorized_client", REASONS["unauthorized_client"]),
    ("invalid_request", EXCHANGE_REASONS["invalid_request"]),
    ("invalid_request", REASONS["invalid_request"]),
    ("invalid_scope", EXCHANGE_REASONS["invalid_scope"]),
    ("invalid_scope", REASONS["invalid_scope"]),
    ("access_denied", "access_denied"),
    ("unauthorized", REASONS["unauthorized"]),
    ("unauthorized", "role_missing"),
    ("unauthorized", "wrong_region"),
]


@pytest.mark.parametrize(("word", "reason"), GUIDES)
def test_every_error_of_the_guides_is_explained(word: str, reason: str) -> None:
    """It has a row with its cause and remedy, found by Amazon's own word in the table and on the page."""
    rows = {row["reason"]: row for row in json.loads(TABLE_FILE.read_text(encoding="utf-8"))}
    row = rows[reason]
    assert word in row["amazon"]
    assert row["meaning"]
    assert row["remedy"]
    page = (ROOT / "references" / "errors.md").read_text(encoding="utf-8")
    assert f"| `{word}` | `{reason}` | {row['meaning']} |" in page
