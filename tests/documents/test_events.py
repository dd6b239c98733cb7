"""gateway/monitoring/events.json lists each event that the gateway logs, with its level and its fields."""

import ast
import json
import re
from collections.abc import Iterator

from gateway.monitoring.logs import MESSAGE, OVER
from tests.support.markdown import ROOT

LEVELS = frozenset({"info", "warning", "error", "critical"})
LISTED = json.loads((ROOT / "gateway" / "monitoring" / "events.json").read_text(encoding="utf-8"))


def calls_of(name: str) -> Iterator[tuple[ast.Call, str]]:
    """Every call `NAME.something(...)` in the gateway, with where it is."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == name
            ):
                yield node, f"{path.relative_to(ROOT)}:{node.lineno}"


def logged() -> Iterator[tuple[str, str, set[str]]]:
    """Every event that the gateway logs: its name, level and fields."""
    for call, place in calls_of("events"):
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in LEVELS:
            name = call.args[1]
            assert isinstance(name, ast.Constant), f"{place} logs an event without a fixed name"
            fields = {str(keyword.arg) for keyword in call.keywords}
            assert "None" not in fields, f"{place} logs fields that cannot be told from the call"
            yield str(name.value), call.func.attr, fields


def test_every_event_of_the_log_is_listed_with_its_level_and_its_fields() -> None:
    """Each that is logged has a row, each row is logged, and together its calls have exactly its fields."""
    found: dict[str, list[tuple[str, set[str]]]] = {}
    for name, level, fields in logged():
        found.setdefault(name, []).append((level, fields))
    assert len(found) > 50
    assert found.keys() == LISTED["events"].keys() - {MESSAGE, OVER}
    for name, row in LISTED["events"].items():
        assert set(row.get("sameBy", ())) <= {field.rstrip("?") for field in row["fields"]}, name
    for name, calls in found.items():
        row = LISTED["events"][name]
        given = [fields for _, fields in calls]
        assert {level for level, _ in calls} == set(row["level"].split(", ")), name
        assert sorted(set.union(*given)) == sorted(field.rstrip("?") for field in row["fields"]), name
        always = {field for field in row["fields"] if not field.endswith("?")}
        assert always <= set.intersection(*given), name


def test_a_field_has_one_name_and_one_meaning() -> None:
    """Written as on the wire; each is explained once, and none is what every line has."""
    used = {field.rstrip("?") for row in LISTED["events"].values() for field in row["fields"]}
    assert used == set(LISTED["fields"])
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)*", field) for field in used)
    assert not used & {"time", "level", "logger", "event", "exception"}
    assert list(LISTED["fields"]) == sorted(LISTED["fields"])


def test_nothing_is_logged_but_by_events() -> None:
    """A sentence of one's own would be found by no search for an event."""
    loud = LEVELS | {"debug", "exception"}
    assert not [
        place
        for call, place in calls_of("log")
        if isinstance(call.func, ast.Attribute) and call.func.attr in loud
    ]
