"""Everything that the gateway does by itself goes on, whatever happens to one of its rounds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.jobs import schedule
from gateway.jobs.backups import BackupMaker
from gateway.jobs.caretaker import Caretaker
from gateway.jobs.deliverer import Deliverer
from gateway.jobs.refresher import Refresher
from gateway.jobs.reminders import Reminder
from gateway.monitoring import overview
from gateway.settings.backups import BackupSchedule
from gateway.settings.settings import Settings
from gateway.settings.webhook import Webhook
from gateway.tokens.service import TokenService
from gateway.util.secret import Secret
from gateway.vault.audit import Audit, AuditContext
from gateway.vault.database.engine import Database
from gateway.vault.keys.held_keys import Keys
from gateway.vault.usage import Usage
from gateway.vault.vault import open_vault
from tests.support.clock import SteppingClock
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.house import until
from tests.support.vaults import MASTER_KEY, store

SECONDS = [name for name in vars(schedule) if name.endswith("_SECONDS")]
WORK = [
    (Audit, "flush"),
    (Usage, "flush"),
    (Keys, "learn"),
    (Keys, "record_seals"),
    (Database, "truncate_log"),
    (Database, "probe_writes"),
    (Caretaker, "tidy_attempts"),
    (Caretaker, "probe_applications"),
    (Caretaker, "complete_profiles"),
    (Caretaker, "forget_buckets"),
    (TokenService, "store_unstored"),
    (Reminder, "round"),
    (Refresher, "round"),
    (Deliverer, "round"),
    (BackupMaker, "round"),
]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs without long pauses."""
    for name in SECONDS:
        monkeypatch.setattr(schedule, name, 0.02)


@pytest.mark.usefixtures("hurried")
def test_every_job_outlives_failures_that_nobody_foresaw(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fails in its first two rounds, and has a third."""
    calls = dict.fromkeys(WORK, 0)

    def failing(which: tuple[type, str]) -> Callable[..., Any]:
        work = getattr(*which)

        def fail_at_first(*arguments: Any) -> Any:
            calls[which] += 1
            if calls[which] < 3:
                raise RuntimeError("nobody foresaw it")
            return work(*arguments)

        return fail_at_first

    for owner, name in WORK:
        monkeypatch.setattr(owner, name, failing((owner, name)))
    webhook = Webhook("http://127.0.0.1:9/hook", Secret("a secret"))
    backups = BackupSchedule(tmp_path / "backups")
    with running_gateway(
        amazon, tmp_path, webhook=webhook, backups=backups, refresh_rate=50, caretaker_pause=0.02
    ) as gateway:
        until(lambda: min(calls.values()) >= 3, "every job has a third round")
        assert len(gateway.app.state.jobs) == len(WORK)


@pytest.mark.usefixtures("hurried")
def test_work_that_keeps_failing_is_to_look_after(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, until it succeeds; the gateway stays ready, and what was recorded is not lost."""
    monkeypatch.setattr(overview, "KEPT_SECONDS", 0.0)
    with running_gateway(amazon, tmp_path) as gateway:

        def failing() -> list[str]:
            ready = gateway.get("/readyz").json()
            assert ready["status"] == "ready"
            return ready.get("attention", {}).get("failingJobs", [])

        def fail(_: Audit) -> None:
            raise RuntimeError("nobody foresaw it")

        with monkeypatch.context() as patch:
            patch.setattr(Audit, "flush", fail)
            gateway.app.state.jobs[0]._run_once = lambda: gateway.app.state.services.threads.vault(
                gateway.vault.audit.flush
            )
            until(lambda: failing() == ["audit"], "the audit is named")
        until(lambda: failing() == [], "it is well again")


@pytest.mark.usefixtures("hurried")
def test_what_was_recorded_is_written_without_anybody_asking(amazon: Amazon, tmp_path: Path) -> None:
    """Calls into the audit, uses to their keys and stores."""
    with running_gateway(amazon, tmp_path) as gateway:
        gateway.authorize_store()
        gateway.good("/spApi/storeTokens", {"sellerId": "A1SANDBOXNA001", "region": "NA"})

        def written() -> bool:
            entries, _ = gateway.vault.audit.newest(100)
            used = [key.last_used_at for key in gateway.vault.users.list_keys()]
            return "/spApi/storeTokens" in {entry.action for entry in entries} and None not in used

        until(written, "the call and the use of its key are written")


def test_the_database_log_is_emptied(amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself, while the gateway runs."""
    monkeypatch.setattr(schedule, "DATABASE_LOG_SECONDS", 0.02)
    with running_gateway(amazon, tmp_path) as gateway:
        store(gateway.vault, gateway.vault.users.create("ann"))
        assert gateway.vault.database.path is not None
        log = gateway.vault.database.path.with_name("vault.db-wal")
        until(lambda: log.stat().st_size == 0, "the log is emptied")


def test_a_vault_without_jobs_writes_what_was_recorded_when_it_is_closed(tmp_path: Path) -> None:
    """As the operator's commands open it: they have no event loop."""
    settings = Settings(data_dir=tmp_path, sandbox=True, master_key=MASTER_KEY)
    clock = SteppingClock()
    with open_vault(settings, clock) as vault:
        vault.users.create("ann")
        key_id, _ = vault.users.issue_key("ann")
        vault.usage.record_use(key_id)
        vault.audit.record_call(AuditContext("r1", "ann"), "/x", "ok")
    with open_vault(settings, clock) as vault:
        assert [key.last_used_at for key in vault.users.list_keys()] == [int(clock.now())]
        assert vault.audit.newest(1)[0][0].action == "/x"
