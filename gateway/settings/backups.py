"""Where the gateway keeps backups that it makes by itself, how often, and how many."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gateway.settings import kinds
from gateway.settings.kinds import WholeNumber
from gateway.settings.variables import Variable

HOUR = 3600
# So many backups stay where nobody says how many.
KEEP = 7


@dataclass(frozen=True, slots=True)
class BackupSchedule:
    """The folder of the backups, the seconds from one to the next, and how many stay."""

    folder: Annotated[
        Path,
        Variable(
            "GATEWAY_BACKUP_FOLDER",
            kinds.absolute_path,
            "folder of the [backups](#backups) that the gateway makes by itself, on SQLite",
            "none are made",
        ),
    ]
    interval: Annotated[
        int,
        Variable("GATEWAY_BACKUP_HOURS", WholeNumber(1, 8760, unit=HOUR), "hours from one to the next"),
    ] = 24 * HOUR
    keep: Annotated[
        int,
        Variable("GATEWAY_BACKUP_KEEP", WholeNumber(1, 10_000), "how many of the newest stay"),
    ] = KEEP
