"""references/operations.md explains each word of the log and each thing to look after."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

from gateway.monitoring.overview import State
from gateway.vault.outbox import Event
from tests.support.markdown import ROOT, section

PAGE = ROOT / "references" / "operations.md"
LOUD = frozenset({"warning", "error", "critical", "exception"})
STATE = State(
    grants={("spapi", "needs_reauthorization"): 1},
    oldest_token_age=1,
    refresher_lag=1,
    ending=1,
    notices_waiting=1,
    applications={"spapi": "invalid_client"},
    secret_ages={"spapi": 170},
    secret_warnings=[{"warning": "client_secret_ends"}],
    failing_jobs=["audit"],
    cannot_write="the disk is full",
    seals=2**31,
)


def first_column(heading: str) -> set[str]:
    """What stands in code in the first column of the tables of a section."""
    rows = re.findall(r"^\| (`[^|]*`) \|", section(PAGE, heading), re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def logged_loudly() -> Iterator[str]:
    """The first words of whatever the gateway logs as a warning or worse."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr in LOUD) == ("log", True)
            ):
                message = node.args[0]
                assert isinstance(message, ast.Constant), f"{path}:{node.lineno} logs no fixed text"
                yield str(message.value)


def test_every_word_of_the_log_is_explained() -> None:
    """Each warning, error and critical line begins with words of the table, and each row has a line."""
    logged = set(logged_loudly())
    explained = first_column("Logs")
    assert len(logged) > 15
    for message in logged:
        assert any(re.match(rf"{re.escape(name)}(?!\w)", message) for name in explained), message
    for name in explained:
        assert any(message.startswith(name) for message in logged), name


def test_everything_to_look_after_is_explained() -> None:
    """What `status` may show in `attention`, and no more; so are the checks."""
    explained = first_column("Is it well?")
    assert set(STATE.attention()) | {"database", "writable", "masterKey", "applications"} == explained


def test_every_notice_is_explained() -> None:
    """By its event; and none that is never sent."""
    assert first_column("Notices") - {"event"} == set(get_args(Event))
