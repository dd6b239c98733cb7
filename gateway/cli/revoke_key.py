"""Refusing an API key from now on, at once for every process."""

import argparse
from typing import Any

from gateway.cli.list_keys import key_document
from gateway.cli.opening import opened, settings_of
from gateway.errors import OperatorError


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Revoke the key and return the document to print. Raise OperatorError."""
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        revoked = vault.users.revoke_key(options.key_id)
    if revoked is None:
        raise no_such_key()
    return {"ok": True, **key_document(revoked)}


def no_such_key() -> OperatorError:
    """Return the failure of a command that was given the id of no API key."""
    return OperatorError(
        "there is no API key of that id",
        "`python3 scripts/local_gateway.py list-keys` shows the ids.",
        "not_found",
    )
