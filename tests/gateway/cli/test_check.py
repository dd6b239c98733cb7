"""The gateway's program looks at its own state: nothing is changed, and each finding has its remedy."""

import base64
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.check import check
from gateway.settings.loading import load_settings
from gateway.util.clock import SystemClock
from gateway.vault.vault import open_vault

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()
SPAPI = {"SPAPI_APP_ID": "amzn1.sp.solution.x", "SPAPI_CLIENT_ID": "c", "SPAPI_CLIENT_SECRET": "s" * 20}

Check = Callable[..., dict[str, dict[str, Any]]]


class Stopped:
    """A clock that stands at one moment."""

    def now(self) -> float:
        """Noon of a day in June."""
        return datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check the gateway in an empty home with these variables; answers the findings by name."""
    for name in list(os.environ):
        if name.startswith(("GATEWAY_", "SPAPI_", "ADS_", "AMAZON_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GATEWAY_MASTER_KEY", KEY)

    def call(offline: bool = False, sandbox: bool = False, **variables: str) -> dict[str, dict[str, Any]]:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            document = check(tmp_path / "data", sandbox=sandbox, offline=offline, clock=Stopped())
        assert document["ok"] is True
        return {finding["name"]: finding for finding in document["checks"]}

    return call


@pytest.fixture
def vault(look: Check, tmp_path: Path) -> Path:
    """A vault that was opened once; answers its file."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    open_vault(load_settings(os.environ, data_dir=data_dir), SystemClock()).close()
    return data_dir / "vault.db"


def test_nothing_is_made_where_nothing_is(look: Check, tmp_path: Path) -> None:
    """A look before the first start leaves no trace."""
    found = look()
    assert "none yet" in found["database"]["detail"]
    assert found["Amazon settings"]["state"] == "warning"
    assert list(tmp_path.iterdir()) == []


def test_a_good_vault_is_told_with_its_key(look: Check, vault: Path) -> None:
    """Tables, kind, and where the key was found."""
    found = look()
    assert (found["database"]["state"], found["master key"]["state"]) == ("ok", "ok")
    assert "a real vault" in found["database"]["detail"]
    assert "GATEWAY_MASTER_KEY" in found["master key"]["detail"]
    assert KEY not in str(found)


def test_another_key_or_kind_is_a_failure_with_its_code(look: Check, vault: Path) -> None:
    """The database can be read all the same."""
    for variables in ({"GATEWAY_MASTER_KEY": OTHER_KEY}, {"AMAZON_ORIGIN": "http://127.0.0.1:9"}):
        found = look(**variables)
        assert found["database"]["state"] == "ok"
        assert (found["master key"]["state"], found["master key"]["code"]) == ("failed", "not_set_up")
        assert found["master key"]["remedy"]


def test_a_newer_or_damaged_database_is_a_failure(look: Check, vault: Path) -> None:
    """Both are told in words."""
    with sqlite3.connect(vault) as connection:
        connection.execute("UPDATE tables_version SET version_num = '9999'")
    connection.close()
    found = look()["database"]
    assert (found["state"], "a newer gateway's" in found["detail"]) == ("ok", True)
    with sqlite3.connect(vault) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = look()["database"]
    assert (found["state"], "newer gateway" in found["detail"]) == ("failed", True)
    for name in ("-wal", "-shm"):
        vault.with_name(vault.name + name).unlink(missing_ok=True)
    vault.write_bytes(b"not a database at all" * 1000)
    assert look()["database"]["state"] == "failed"


def test_an_older_database_is_a_warning(look: Check, vault: Path) -> None:
    """The next start brings it up to date."""
    with sqlite3.connect(vault) as connection:
        connection.execute("UPDATE tables_version SET version_num = '0000'")
    connection.close()
    found = look()["database"]
    assert found["state"] == "warning"
    assert "upgrade-check" in found["remedy"]


@pytest.mark.parametrize(
    ("since", "state", "words"),
    [
        ("2026-06-01", "ok", "29 of 180"),
        ("2026-02-01", "ok", "149 of 180"),
        ("2026-01-31", "warning", "150 of 180"),
        ("2025-06-30", "warning", "365 of 180"),
        ("2027-01-01", "warning", "future"),
        ("", "warning", "unknown"),
    ],
)
def test_the_age_of_a_client_secret_is_counted(look: Check, since: str, state: str, words: str) -> None:
    """From the day that the owner wrote down."""
    found = look(**SPAPI, SPAPI_CLIENT_SECRET_SINCE=since)
    assert found["Amazon settings"]["detail"] == "SP-API application: complete, Ads client: not set"
    age = found["SPAPI_CLIENT_SECRET age"]
    assert age["state"] == state
    assert words in age["detail"]


@pytest.mark.parametrize(
    "variables", [{"SPAPI_APP_ID": "half"}, {**SPAPI, "SPAPI_CLIENT_SECRET_SINCE": "last June"}]
)
def test_settings_that_cannot_be_used_are_a_failure(look: Check, variables: dict[str, str]) -> None:
    """Half an application, or a day that is none."""
    found = look(**variables)["gateway settings"]
    assert (found["state"], found["code"]) == ("failed", "not_set_up")


def test_a_sandbox_needs_no_applications(look: Check) -> None:
    """The stand-in brings its own."""
    assert look(sandbox=True)["Amazon settings"]["state"] == "ok"


def test_offline_leaves_a_postgresql_alone(look: Check) -> None:
    """It is told, and not connected to."""
    found = look(offline=True, GATEWAY_DATABASE_URL="postgresql://u:p@db.example/vault")
    assert "not looked at offline" in found["database"]["detail"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_secret_that_others_can_read_is_warned_of(look: Check, tmp_path: Path) -> None:
    """With what mends it."""
    path = tmp_path / "secret"
    path.write_text("s" * 20)
    path.chmod(0o644)
    given = {**SPAPI, "SPAPI_CLIENT_SECRET": "", "SPAPI_CLIENT_SECRET_FILE": str(path)}
    assert look(**given)["files"]["state"] == "warning"
    assert look(**given)["files"]["remedy"] == f"chmod 600 {path}"
    path.chmod(0o600)
    assert "files" not in look(**given)
    path.chmod(0o666)
    failed = look(**given)["gateway settings"]
    assert (failed["state"], failed["code"]) == ("failed", "not_set_up")


def test_what_is_doubtful_in_the_settings_is_told(look: Check, tmp_path: Path) -> None:
    """As a start tells it, and a certificate that a start would refuse."""
    found = look(GATEWAY_LOGFORMAT="json")["gateway settings"]
    assert (found["state"], found["remedy"]) == ("warning", "Did you mean GATEWAY_LOG_FORMAT?")
    found = look(GATEWAY_TLS_CERT_FILE=str(tmp_path / "cert.pem"))["TLS certificate"]
    assert (found["state"], found["code"]) == ("failed", "not_set_up")
    assert "without its key" in found["detail"]


def test_a_database_that_is_late_is_told_with_how_long_a_start_waits(look: Check) -> None:
    """Not where a start does not wait."""
    away = {"GATEWAY_DATABASE_URL": "postgresql://gateway@127.0.0.1:1/gateway"}
    found = look(**away)["database"]
    assert found["state"] == "failed"
    assert "A start waits 60 seconds for it" in found["remedy"]
    assert "A start waits" not in look(**away, GATEWAY_DATABASE_WAIT_SECONDS="0")["database"]["remedy"]


def test_a_data_folder_on_a_network_share_is_told(look: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database is in it."""
    monkeypatch.setattr("gateway.cli.check.network_share", lambda _folder: "nfs4")
    assert look()["data folder"]["detail"] == "the SQLite database is on a network share (nfs4)"
    assert "data folder" not in look(offline=True, GATEWAY_DATABASE_URL="postgresql://db.example/vault")
