"""The copies of a SQLite vault from before its tables were changed: their names, and which of them fits.

They lie beside `vault.db`, named by the tables that were about to be made and by the moment:
`vault-before-0023-20261129T010203Z.db`.
"""

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

PATTERN = "vault-before-*.db"
# So many are kept: whoever skips a release or two can still go back to each.
KEPT = 3


def stamp(moment: float) -> str:
    """Return a moment (epoch seconds) as names of copies have it: UTC, as in `20261129T010203Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


def name_of_copy(tables: str, moment: float) -> str:
    """Return the name of the copy that is made at a moment (epoch seconds), before `tables` are made."""
    return f"vault-before-{tables}-{stamp(moment)}.db"


def fitting_copy(folder: Path, newest: str) -> Path | None:
    """Return the newest copy in a folder that a gateway can open whose own tables are `newest`; else None."""
    for path in sorted(folder.glob(PATTERN), key=_moment, reverse=True):
        least = least_tables_of(path)
        if least is not None and least <= newest:
            return path
    return None


def remove_old_copies(folder: Path) -> None:
    """Leave the newest `KEPT` copies; one that cannot be removed stays, too."""
    for path in sorted(folder.glob(PATTERN), key=_moment, reverse=True)[KEPT:]:
        with suppress(OSError):
            path.unlink()


def least_tables_of(path: Path) -> str | None:
    """Return the tables that a gateway has to know to work on a SQLite file; None where it has none."""
    with suppress(sqlite3.Error), closing(open_read_only(path)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])
    return None


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a SQLite file without changing anything or leaving files beside it. Raise sqlite3.Error.

    A write-ahead log that lies beside it belongs to it; without one nobody else has it open.
    """
    alone = not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None)


def _moment(path: Path) -> str:
    """Return the moment in a copy's name, by which names are in the order of their time."""
    return path.stem.rpartition("-")[2]
