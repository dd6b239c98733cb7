"""The first user `owner` and the first API key: made with an empty database, and never again.

Whoever starts a gateway on a database with users finds its keys there. Else each new data folder, container
and restored backup would leave one more key with all rights behind.
"""

import logging

from gateway.server.data_folder import DataFolder
from gateway.util import events
from gateway.util.api_key import new_api_key
from gateway.util.command_names import as_called_here
from gateway.util.secret import Secret
from gateway.vault.users import OWNER, Users

log = logging.getLogger(__name__)

BOOTSTRAP_LABEL = "bootstrap"


def ensure_first_key(users: Users, folder: DataFolder, bootstrap: Secret | None, *, shared: bool) -> None:
    """Make the user `owner` with a key where the database has none.

    The key is `bootstrap`, which the operator keeps, or a new one in the data folder, for the scripts of this
    machine. `shared`: the database is other folders', too. One that is this folder's alone gives it another
    key where its own works no more.
    """
    if bootstrap is not None:
        _take(users, bootstrap)
        return
    known = folder.owner_key()
    if known is not None and users.authenticate(known.reveal()) is not None:
        return
    if users.is_there(OWNER):
        if known is not None and not shared:
            folder.write_owner_key(users.issue_key(OWNER)[1])
        else:
            _tell_that_none_was_made(folder)
        return
    # The file first: a key that is only in the database would be nobody's.
    key = new_api_key()
    folder.write_owner_key(key)
    if not users.begin(key):
        folder.forget_owner_key()
        _tell_that_none_was_made(folder)


def _take(users: Users, key: Secret) -> None:
    """Make the operator's key the owner's, where there are no users yet."""
    if users.begin(key, BOOTSTRAP_LABEL):
        events.info(log, "bootstrap_key_taken", user=OWNER)
    elif users.authenticate(key.reveal()) is None:
        hint = "Make a key for somebody: python3 scripts/local_gateway.py add-user NAME --key-file FILE"
        events.warning(log, "bootstrap_key_not_taken", hint=as_called_here(hint))


def _tell_that_none_was_made(folder: DataFolder) -> None:
    words = f"add-user {OWNER} --key-file {folder.owner_key_file}"
    hint = f"If scripts need one here: python3 scripts/local_gateway.py {words}"
    events.info(log, "no_owner_key", user=OWNER, hint=as_called_here(hint))
