"""What was done with a gateway, by whom, and how it ended."""

from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.util.clock import rfc3339

DEFAULT_LIMIT = 50
MOST_LIMIT = 1000


def audit(limit: int, offset: int, data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Return the document with the newest entries first. Raises OperatorError."""
    with opened(settings_of(data_dir, sandbox)) as vault:
        entries, total = vault.audit.newest(limit, offset)
    return {
        "ok": True,
        "entries": [
            {
                "id": entry.id,
                "at": rfc3339(entry.at),
                "who": entry.who,
                "keyId": entry.key_id,
                "action": entry.action,
                "subject": entry.subject,
                "authRecordId": entry.grant_id,
                "outcome": entry.outcome,
                "requestId": entry.request_id,
            }
            for entry in entries
        ],
        "total": total,
        "nextOffset": offset + limit if offset + limit < total else None,
    }
