"""Everything that the gateway does by itself, and how often. A new job is added to the list in `all_jobs`."""

import asyncio
from functools import partial

from gateway.authorization.profile_sync import ProfileSync
from gateway.jobs.backups import BackupMaker
from gateway.jobs.caretaker import Caretaker
from gateway.jobs.deliverer import Deliverer
from gateway.jobs.periodic import PeriodicJob
from gateway.jobs.refresher import Refresher
from gateway.jobs.reminders import Reminder
from gateway.settings.settings import Settings
from gateway.tokens.service import TokenService
from gateway.util.clock import Clock
from gateway.util.clock_check import COMPARE_SECONDS, ClockCheck
from gateway.util.threads import Threads
from gateway.vault.vault import Vault

# A process that is killed loses what it recorded in so many seconds.
AUDIT_SECONDS = 1.0
USAGE_SECONDS = 5.0
# So soon a process knows that the vault changes to another master key.
MASTER_KEY_SECONDS = 1.0
# What a refresh or a removal has replaced stays readable in SQLite's log for at most so long.
DATABASE_LOG_SECONDS = 60.0
# So often it is seen how far a read replica has come; what it answers may be so much older than it could be.
READ_REPLICA_SECONDS = 1.0
# So soon it shows that the database takes no writes, or takes them again.
WRITE_PROBE_SECONDS = 10.0
# The count is only to give advice.
SEALS_SECONDS = 60.0
ATTEMPT_SECONDS = 300.0
BUCKETS_SECONDS = 3600.0
UNREAD_PROFILES_SECONDS = 30.0
REMINDER_SECONDS = 3600.0
REFRESHER_SECONDS = 5.0
NOTICE_SECONDS = 2.0
# So soon after its time a backup is made, and so soon again where it failed.
BACKUP_SECONDS = 300.0


def all_jobs(
    settings: Settings,
    vault: Vault,
    clock: Clock,
    clocks: ClockCheck,
    tokens: TokenService,
    profile_sync: ProfileSync,
    threads: Threads,
) -> list[PeriodicJob]:
    """Return the jobs of one process, as far as the settings want them."""
    caretaker = Caretaker(vault, tokens, profile_sync, threads)
    reminder = Reminder(settings, vault, clock, threads)
    jobs = [
        PeriodicJob("audit", partial(threads.writes, vault.audit.flush), AUDIT_SECONDS),
        PeriodicJob("last_uses", partial(threads.writes, vault.usage.flush), USAGE_SECONDS),
        PeriodicJob("master_key", partial(threads.vault, vault.keys.learn), MASTER_KEY_SECONDS),
        PeriodicJob("seals", partial(threads.writes, vault.keys.record_seals), SEALS_SECONDS),
        PeriodicJob(
            "database_log",
            partial(threads.writes, vault.database.truncate_log),
            DATABASE_LOG_SECONDS,
            at_once=True,
        ),
        PeriodicJob(
            "write_probe",
            partial(threads.writes, vault.database.probe_writes),
            WRITE_PROBE_SECONDS,
        ),
        PeriodicJob("attempts", caretaker.tidy_attempts, ATTEMPT_SECONDS, at_once=True),
        PeriodicJob("call_buckets", caretaker.forget_buckets, BUCKETS_SECONDS, at_once=True),
        PeriodicJob("unstored_answers", tokens.store_unstored, settings.caretaker_pause),
        PeriodicJob("probes", caretaker.probe_applications, settings.caretaker_pause),
        PeriodicJob("unread_profiles", caretaker.complete_profiles, UNREAD_PROFILES_SECONDS),
        PeriodicJob("reminder", reminder.round, REMINDER_SECONDS, at_once=True),
    ]
    if vault.database.replica is not None:
        look = partial(threads.vault, vault.database.replica.look)
        jobs.append(PeriodicJob("read_replica", look, READ_REPLICA_SECONDS, at_once=True))
    if not vault.database.is_sqlite:  # whose clock is this machine's

        async def compare_clock() -> None:
            clocks.compare("database", await threads.vault(vault.database.clock))

        jobs.append(PeriodicJob("clock", compare_clock, COMPARE_SECONDS, at_once=True))
    if settings.refresh_rate:
        refresher = Refresher(settings, vault.refresh_queue, tokens, threads)
        jobs.append(
            PeriodicJob(
                "refresher",
                refresher.round,
                REFRESHER_SECONDS,
                at_once=True,
                cut_short=refresher.stop,
            )
        )
    if settings.backups is not None:
        backups = BackupMaker(settings.backups, vault, clock, threads)
        jobs.append(PeriodicJob("backup", backups.round, BACKUP_SECONDS, at_once=True))
    if settings.webhook is not None:
        deliverer = Deliverer(settings.webhook, vault.outbox, clock, threads)
        jobs.append(
            PeriodicJob("notices", deliverer.round, NOTICE_SECONDS, at_once=True, cut_short=deliverer.stop)
        )
    return jobs


async def stop_all(jobs: list[PeriodicJob]) -> None:
    """Stop all jobs, and wait until none is under way."""
    await asyncio.gather(*(job.stop() for job in jobs), return_exceptions=True)
