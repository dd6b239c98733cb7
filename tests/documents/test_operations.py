"""references/operations.md explains each notice and each thing to look after."""

import re
from typing import get_args

from gateway.monitoring.overview import State
from gateway.vault.outbox import Event
from tests.support.markdown import ROOT, section

PAGE = ROOT / "references" / "operations.md"
CHECKS = {"database", "writable", "masterKey", "applications", "readReplica"}
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
    backup_age=1,
    clock_offsets={"amazon": 400},
    clocks_off={"amazon": 400},
    seals=2**31,
)


def first_column(heading: str) -> set[str]:
    """What stands in code in the first column of the tables of a section."""
    rows = re.findall(r"^\| (`[^|]*`) \|", section(PAGE, heading), re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_everything_to_look_after_is_explained() -> None:
    """What `status` may show in `attention`, and no more; so are the checks."""
    explained = first_column("Is it well?")
    assert set(STATE.attention()) | CHECKS == explained


def test_every_notice_is_explained() -> None:
    """By its event; and none that is never sent."""
    assert first_column("Notices") - {"event"} == set(get_args(Event))
