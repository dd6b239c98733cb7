"""Whose stores and accounts a transaction changes: a number in each user's row grows with it.

By that number a reader finds out whether a read replica has what the user changed (see `read_replica`). It
grows as the last step of the transaction, in the order of the users: who waits for it holds nothing that
another one at this step could want.
"""

from sqlalchemy import Connection, update

from gateway.vault.database.tables import users

OPTION = "linkfox_changed_users"


def note_change(connection: Connection, user_id: int) -> None:
    """Note that this transaction changes what a user's lists show, in any way but a refresh."""
    changed: set[int] | None = connection.get_execution_options().get(OPTION)
    if changed is not None:
        changed.add(user_id)


def count_changes(connection: Connection) -> None:
    """Count what was noted in this transaction, which does nothing else from now on."""
    changed: set[int] = connection.get_execution_options().get(OPTION, set())
    for user_id in sorted(changed):
        connection.execute(update(users).where(users.c.id == user_id).values(changes=users.c.changes + 1))
