"""Whether a hold is in force: a lease, a claim, a pause, a session; whatever a row keeps until a time ahead.

A clock that was ahead when the row was written, and was set right since, leaves an end that lies further
ahead than a hold of its kind can last. Nobody knows when such a hold began, so it is over.
"""

from sqlalchemy import BindParameter, ColumnElement, case, not_, or_

from gateway.vault.database.engine import DatabaseMilliseconds

_DATABASE_NOW = DatabaseMilliseconds()


def lasts(
    until: ColumnElement[int],
    longest: int | BindParameter[int],
    now: ColumnElement[int] | int = _DATABASE_NOW,
) -> ColumnElement[bool]:
    """Tell in SQL whether what is held until a time is held now; null is nothing held.

    `longest`: how long a hold of its kind may last. All three are milliseconds by the database's clock, or
    in a unit and by a clock of which `now` is given.
    """
    return until.between(now + 1, now + longest)


def is_over(
    until: ColumnElement[int],
    longest: int | BindParameter[int],
    now: ColumnElement[int] | int = _DATABASE_NOW,
) -> ColumnElement[bool]:
    """Tell the opposite of `lasts`."""
    return or_(until.is_(None), not_(lasts(until, longest, now)))


def milliseconds_left(until: ColumnElement[int], longest: int | BindParameter[int]) -> ColumnElement[int]:
    """Return in SQL for how long what is held until a time is held yet; 0 where it is over."""
    return case((lasts(until, longest), until - _DATABASE_NOW), else_=0)
