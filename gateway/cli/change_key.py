"""Giving an API key rights, taking some away, naming it or not any more: the key itself stays as it is."""

import argparse
from typing import Any

from gateway.cli.add_user import check_label, parse_rights
from gateway.cli.list_keys import key_document
from gateway.cli.opening import opened, settings_of
from gateway.cli.revoke_key import no_such_key
from gateway.errors import OperatorError
from gateway.model import Right


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Change the key, at once for every process, and return the document to print. Raise OperatorError."""
    add = _rights("--add-rights", options.add_rights)
    remove = _rights("--remove-rights", options.remove_rights)
    if not add and not remove and options.label is None:
        raise OperatorError(
            "nothing to change was named",
            "Name --add-rights, --remove-rights or --label.",
            "bad_arguments",
        )
    check_label(options.label or None)
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        try:
            changed = vault.users.change_key(options.key_id, add=add, remove=remove, label=options.label)
        except ValueError:
            raise OperatorError(
                "the key would have no right any more",
                f"Revoke it instead: `python3 scripts/local_gateway.py revoke-key {options.key_id}`.",
                "bad_arguments",
            ) from None
    if changed is None:
        raise no_such_key()
    return {"ok": True, **key_document(changed)}


def _rights(flag: str, text: str | None) -> tuple[Right, ...]:
    return () if text is None else parse_rights(flag, text)
