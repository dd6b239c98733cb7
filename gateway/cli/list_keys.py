"""The API keys of all users, listed. The keys themselves are nowhere to be had."""

import argparse
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.model import KeyRecord
from gateway.util.clock import rfc3339


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the document that lists all keys, by user and age. Raise OperatorError."""
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        keys = [key_document(key) for key in vault.users.list_keys()]
    return {"ok": True, "keys": keys, "total": len(keys)}


def key_document(key: KeyRecord) -> dict[str, Any]:
    """Return what is shown of a key."""
    return {
        "keyId": key.id,
        "user": key.user_name,
        "label": key.label,
        "rights": list(key.rights),
        "createdAt": rfc3339(key.created_at),
        "lastUsedAt": rfc3339(key.last_used_at),
        "revokedAt": rfc3339(key.revoked_at),
    }
