"""The API keys of all users: listed, and revoked. The keys themselves are nowhere to be had."""

from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.errors import OperatorError
from gateway.model import KeyRecord
from gateway.util.clock import rfc3339


def list_keys(data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Return the document that lists all keys, by user and age. Raises OperatorError."""
    with opened(settings_of(data_dir, sandbox)) as vault:
        keys = [_document(key) for key in vault.users.list_keys()]
    return {"ok": True, "keys": keys, "total": len(keys)}


def revoke_key(key_id: str, data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Revoke a key, at once for every process, and return the document to print. Raises OperatorError."""
    with opened(settings_of(data_dir, sandbox)) as vault:
        revoked = vault.users.revoke_key(key_id)
    if revoked is None:
        raise OperatorError(
            "there is no API key of that id", "`local_gateway.py list-keys` shows the ids.", "not_found"
        )
    return {"ok": True, **_document(revoked)}


def _document(key: KeyRecord) -> dict[str, Any]:
    return {
        "keyId": key.id,
        "user": key.user_name,
        "rights": list(key.rights),
        "createdAt": rfc3339(key.created_at),
        "lastUsedAt": rfc3339(key.last_used_at),
        "revokedAt": rfc3339(key.revoked_at),
    }
