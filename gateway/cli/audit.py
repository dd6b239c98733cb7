"""What was done with a gateway, by whom, and how it ended."""

import argparse
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.util.clock import rfc3339


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the document with the newest entries first. Raise OperatorError."""
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        entries, total = vault.audit.newest(options.limit, options.offset)
    end = options.offset + options.limit
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
        "nextOffset": end if end < total else None,
    }
