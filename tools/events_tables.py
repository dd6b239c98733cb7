"""The tables of what the gateway logs, in references/operations.md, of gateway/monitoring/events.json."""

from typing import Any

from tools.tables import table

# What repeats has it, too, where a line stands for several.
COUNT = ("count?",)


def events_table(events: dict[str, Any]) -> str:
    """Return one row an event: level, fields, meaning, and what to do."""
    return table(
        ("In the log", "Level", "Fields", "Meaning", "What to do"),
        (
            (
                f"`{name}`",
                event["level"],
                ", ".join(
                    f"`{field}`" for field in [*event["fields"], *(["count?"] if "sameBy" in event else [])]
                ),
                event["meaning"],
                event.get("remedy", "nothing"),
            )
            for name, event in events.items()
        ),
    )


def event_fields_table(fields: dict[str, str]) -> str:
    """Return one row a field."""
    return table(("Field", ""), ((f"`{name}`", meaning) for name, meaning in fields.items()))
