"""A look at a gateway's settings, database and master key from beside it, whether it runs or not.

Nothing is created or changed, and one bad finding does not stop the others. `doctor.py` shows what comes out.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from gateway.cli.opening import remembered_settings
from gateway.errors import OperatorError
from gateway.monitoring.warnings import SECRET_DAYS, WARN_DAYS
from gateway.server.network_shares import network_share
from gateway.server.tls import check_certificate
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.cautions import cautions
from gateway.settings.settings import Settings
from gateway.util.clock import Clock, SystemClock
from gateway.util.command_names import as_called_here
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.migration import NEWEST, current_version, needs_upgrade
from gateway.vault.errors import Unreachable
from gateway.vault.keys.facts import Facts
from gateway.vault.vault import DATABASE_FILE, existing_vault

Finding = dict[str, Any]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the document of `check`."""
    return check(options.data_dir, sandbox=options.sandbox, offline=options.offline)


def check(
    data_dir: Path | None, *, sandbox: bool = False, offline: bool = False, clock: Clock | None = None
) -> dict[str, Any]:
    """Return the document to print: `checks`, each `{name, state, detail, remedy, code}`.

    `state` is ok, warning or failed, `code` the contract's for a failure; `offline` spares a PostgreSQL.
    """
    try:
        settings = remembered_settings(data_dir, sandbox)
    except OperatorError as error:
        return {"ok": True, "checks": [_failed("gateway settings", error)]}
    today = datetime.fromtimestamp((clock or SystemClock()).now(), UTC).date()
    checks = [
        _finding("gateway settings", "ok", f"data folder {settings.data_dir}"),
        *_readable(settings),
        *_doubtful(settings),
        *_amazon(settings, today),
    ]
    checks += _vault(settings, offline=offline)
    return {"ok": True, "dataDir": str(settings.data_dir), "sandbox": settings.sandbox, "checks": checks}


def _readable(settings: Settings) -> Iterator[Finding]:
    """Yield which files with secrets others can read."""
    for path in settings.readable_files:
        yield _finding(
            "files", "warning", f"others can read {path}, which holds secrets", f"chmod 600 {path}"
        )


def _doubtful(settings: Settings) -> Iterator[Finding]:
    """Yield what can be used as it is set, and what somebody should look at; and a bad certificate."""
    for caution in cautions(settings):
        yield _finding("gateway settings", "warning", caution.message, caution.remedy)
    if settings.database_url is None and (kind := network_share(settings.data_dir)):
        detail = f"the SQLite database is on a network share ({kind})"
        yield _finding(
            "data folder", "warning", detail, "Keep it on a disk of this machine, or use PostgreSQL."
        )
    try:
        check_certificate(settings.listening)
    except OperatorError as error:
        yield _failed("TLS certificate", error)


def _amazon(settings: Settings, today: date) -> Iterator[Finding]:
    """Yield whether the owner's applications are there, and how old their secrets are."""
    if settings.sandbox and settings.amazon_origin is None:
        yield _finding("Amazon settings", "ok", "a sandbox: the stand-in Amazon brings its own")
        return
    apps = {"SP-API application": settings.spapi, "Ads client": settings.ads}
    if not any(apps.values()):
        yield _finding(
            "Amazon settings",
            "warning",
            "neither an SP-API application nor an Ads client is set, so nothing can be authorized",
            "Set one as references/self-hosting.md tells.",
        )
        return
    states = [f"{name}: {'complete' if app else 'not set'}" for name, app in apps.items()]
    yield _finding("Amazon settings", "ok", ", ".join(states))
    for prefix, app in (("SPAPI", settings.spapi), ("ADS", settings.ads)):
        if app is not None:
            yield _secret_age(prefix, app, today)


def _secret_age(prefix: str, app: SellingPartnerApplication | AdsClient, today: date) -> Finding:
    variable = f"{prefix}_CLIENT_SECRET_SINCE"
    name = f"{prefix}_CLIENT_SECRET age"
    if app.secret_since is None:
        return _finding(
            name,
            "warning",
            f"unknown; Amazon ends a client secret after {SECRET_DAYS} days",
            f"Set {variable} to the day on which it was made (YYYY-MM-DD), to be reminded.",
        )
    days = (today - app.secret_since).days
    if days < 0:
        return _finding(name, "warning", f"{variable} lies in the future", "Correct it.")
    if days < WARN_DAYS:
        return _finding(name, "ok", f"{days} of {SECRET_DAYS} days")
    return _finding(
        name,
        "warning",
        f"{days} of {SECRET_DAYS} days",
        f"Make a new one in Amazon's console, set it and {variable}, and restart the gateway.",
    )


def _vault(settings: Settings, *, offline: bool) -> list[Finding]:
    """Return whether the database can be read, is of this version and kind, and opens with its key."""
    path = settings.data_dir / DATABASE_FILE
    if settings.database_url is not None and offline:
        return [_finding("database", "ok", "a PostgreSQL, not looked at offline")]
    if settings.database_url is None and not path.exists():
        return [_finding("database", "ok", "none yet: the first start makes it")]
    return [
        _look("database", settings, path, _database),
        _look("master key", settings, path, _master_key),
        *([_look("read replica", settings, path, _read_replica)] if settings.database_read_url else []),
    ]


def _look(
    name: str, settings: Settings, path: Path, look: Callable[[Database, Settings], Finding]
) -> Finding:
    try:
        with _opened(settings, path) as database:
            return look(database, settings)
    except OperatorError as error:
        found = _failed(name, error)
        if isinstance(error, Unreachable) and error.retryable and settings.database_wait:
            found["remedy"] += (
                f" A start waits {settings.database_wait} seconds for it (GATEWAY_DATABASE_WAIT_SECONDS)."
            )
        return found


@contextmanager
def _opened(settings: Settings, path: Path) -> Iterator[Database]:
    database = open_database(settings.database_url, path)
    try:
        yield database
    finally:
        database.close()


def _database(database: Database, settings: Settings) -> Finding:
    with database.reading() as connection:
        version = current_version(connection)
        facts = Facts.read(connection) if version is not None else None
    if version is None:
        return _finding("database", "ok", "empty: the next start makes its tables")
    where = "SQLite" if database.is_sqlite else "PostgreSQL"
    detail = f"{where}, tables {version}" + (f", a {facts.kind} vault" if facts else "")
    if needs_upgrade(version):
        return _finding(
            "database",
            "warning",
            f"{detail}; this gateway's are {NEWEST}",
            "The next start brings them up to date; `python3 scripts/local_gateway.py upgrade-check` tells "
            "what that does.",
        )
    newer = f", a newer gateway's, which this one ({NEWEST}) can work on" if version > NEWEST else ""
    return _finding("database", "ok", detail + newer)


def _master_key(database: Database, settings: Settings) -> Finding:
    with database.reading() as connection:
        opened = existing_vault(connection, settings)
    if opened is None:
        return _finding("master key", "ok", "made, or taken from the settings, at the first start")
    facts, found, _ = opened
    detail = f"{facts.master_key_id} from {found.place} opens the vault"
    return _finding("master key", "ok", detail)


def _read_replica(database: Database, settings: Settings) -> Finding:
    from gateway.vault.database.read_replica import VARIABLE, open_replica  # which few have

    assert settings.database_read_url is not None
    with closing(open_replica(database, settings.database_read_url, settings.read_staleness)) as replica:
        replica.look()
    if replica.trouble is None:
        return _finding("read replica", "ok", "it replays what the database writes")
    return _finding(
        "read replica",
        "warning",
        replica.trouble,
        f"Start it, or correct {VARIABLE}. Meanwhile all is read from the database itself.",
    )


def _finding(name: str, state: str, detail: str, remedy: str | None = None) -> Finding:
    return {"name": name, "state": state, "detail": detail, "remedy": remedy and as_called_here(remedy)}


def _failed(name: str, error: OperatorError) -> Finding:
    return {**_finding(name, "failed", error.message, error.hint), "code": error.code}
