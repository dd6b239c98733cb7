"""The frame around the operator's commands: how a failure is told."""

import argparse
import json

import pytest

from gateway.__main__ import main
from gateway.cli import list_keys
from gateway.errors import EXIT_CODES
from gateway.monitoring import logs


@pytest.mark.parametrize(
    ("missing", "code"), [("psycopg", "not_set_up"), ("gateway.gone", "internal"), ("gateway", "internal")]
)
def test_only_a_missing_package_means_that_nothing_is_set_up(
    missing: str, code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installing packages would not bring a module of the gateway's own."""

    def run(_options: argparse.Namespace) -> None:
        raise ModuleNotFoundError("x", name=missing)

    monkeypatch.setattr(list_keys, "run", run)
    monkeypatch.setattr(logs, "set_up_logging", lambda: None)
    assert main(["list-keys"]) == EXIT_CODES[code]
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
