"""The tables of what the gateway logs, in references/operations.md, of gateway/monitoring/events.json."""

from typing import Any

from tools.tables import table


def events_table(events: dict[str, Any]) -> str:
    """Return one row an event: level, fields, meaning, and what to do."""
    return table(
        ("In the log", "Level", "Fields", "Meaning", "What to do"),
        (
            (
                f"`{name}`",
                event["level"],
                ", ".join(f"`{field}`" for field in (*event["fields"], *_counted(event))),
                event["meaning"],
                event.get("remedy", "nothing"),
            )
            for name, event in events.items()
        ),
    )


def _counted(event: dict[str, Any]) -> tuple[str, ...]:
    """Return the field that an event has besides its own where one of its lines may stand for several."""
    return ("count?",) if "sameBy" in event else ()


def event_fields_table(fields: dict[str, str]) -> str:
    """Return one row a field."""
    return table(("Field", ""), ((f"`{name}`", meaning) for name, meaning in fields.items()))
