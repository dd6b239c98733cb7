"""The one table of failures, as the gateway uses it."""

import ast
from typing import get_args

from gateway.amazon.failures import AmazonFailure, Kind
from gateway.authorization.authorizer import EXCHANGE_REASONS
from gateway.problems import REASONS, TABLE, Problem, problem_of
from gateway.routes.browser import SHOWN_PROBLEMS
from tests.support.house import ROOT


def test_every_kind_of_failure_has_a_reason_with_a_row() -> None:
    """Whatever Amazon does, there is something to tell about it."""
    assert set(REASONS) == set(get_args(Kind))
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


def test_an_envelope_has_what_the_contract_says() -> None:
    """An error names its code, its meaning, its reason and its request."""
    problem = Problem("ambiguous", extra={"candidates": []})
    assert problem.envelope("r1") == {
        "errcode": 1004,
        "errmsg": TABLE["ambiguous"].meaning,
        "reason": "ambiguous",
        "requestId": "r1",
        "candidates": [],
    }


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
