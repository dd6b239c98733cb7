"""What was done with a gateway, by whom, and how it ended; what is old can be moved into a file."""

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.errors import OperatorError
from gateway.util.clock import SystemClock
from gateway.vault.maintenance.audit_export import entry_document, export_before


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the document with the newest entries first, or of what was exported. Raise OperatorError."""
    if options.export_before is not None or options.to is not None:
        return _exported(options)
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        entries, total = vault.audit.newest(options.limit, options.offset)
    end = options.offset + options.limit
    return {
        "ok": True,
        "entries": [entry_document(entry) for entry in entries],
        "total": total,
        "nextOffset": end if end < total else None,
    }


def _exported(options: argparse.Namespace) -> dict[str, Any]:
    path = options.to
    if options.export_before is None:
        raise OperatorError(
            "--to is the file of --export-before, which is missing",
            "Add --export-before with a day as YYYY-MM-DD; without both the newest entries are shown.",
            "bad_arguments",
        )
    day = _day(options.export_before)
    if not isinstance(path, Path):
        raise OperatorError(
            "--export-before needs the file that the entries are written to",
            "Name a new one with --to.",
            "bad_arguments",
        )
    moment = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        count, digest = export_before(vault, moment, path)
    return {"ok": True, "exported": count, "before": day.isoformat(), "file": str(path), "sha256": digest}


def _day(given: str | None) -> date:
    """Return the day of --export-before. The last day and today stay: a gateway may still write of them."""
    yesterday = datetime.fromtimestamp(SystemClock().now(), UTC).date() - timedelta(days=1)
    try:
        day = date.fromisoformat(given or "")
    except ValueError:
        day = None
    if day is None or day > yesterday:
        raise OperatorError(
            f"--export-before takes a day as YYYY-MM-DD, {yesterday} at the latest",
            "What happened before that day (UTC) is written to the file of --to, and removed.",
            "bad_arguments",
        )
    return day
