"""What differs between two readings of the settings, by the names of the variables, never by their values."""

from dataclasses import dataclass, replace
from typing import Any

from gateway.settings.loading import RECORDS
from gateway.settings.settings import Settings
from gateway.settings.variables import declared


@dataclass(frozen=True, slots=True)
class Changes:
    """What a running gateway makes of settings that it reads anew.

    `settings`: what it goes by from now on; `taken`: the variables that changed; `waiting`: those whose
    change takes a restart, so that `settings` has their old values.
    """

    settings: Settings
    taken: list[str]
    waiting: list[str]


def changes(old: Settings, new: Settings) -> Changes:
    """Return what changes for a gateway that runs by `old` and has read `new`."""
    before, after = _by_variable(old), _by_variable(new)
    changed = [name for name in after if before.get(name) != after[name]]
    fixed = {variable.name for kind in RECORDS for _, variable in declared(kind) if variable.restart}
    kept = {
        field.name: getattr(old, field.name) for field, variable in declared(Settings) if variable.restart
    }
    return Changes(
        # Whether it is a sandbox follows from one of those.
        replace(new, **kept, sandbox=old.sandbox, listening=old.listening),
        [name for name in changed if name not in fixed],
        [name for name in changed if name in fixed],
    )


def _by_variable(settings: Settings) -> dict[str, Any]:
    """Return the values of all variables; None for those of a record that is not set."""
    records = {kind: record_of(settings) for kind, record_of in RECORDS.items()}
    return {
        variable.name: None if record is None else getattr(record, field.name)
        for kind, record in records.items()
        for field, variable in declared(kind)
    }
