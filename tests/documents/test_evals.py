"""The skill's evals have the shape that eval runners read."""

import json
import re
from typing import Any

import pytest

from evals import run, triggers
from tests.support.markdown import ROOT

EVALS: dict[str, Any] = json.loads((ROOT / "evals/evals.json").read_text(encoding="utf-8"))
TRIGGERS: list[dict[str, Any]] = json.loads((ROOT / "evals/triggers.json").read_text(encoding="utf-8"))
STEP = {
    *("run", "environment", "stdin", "exit", "answer", "says", "prints", "keep", "optional"),
    *("consent", "as", "button", "file", "text", "user"),
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_tasks_have_the_agreed_fields() -> None:
    """Each task has an id of its own, a prompt, an expected output, files and assertions."""
    assert set(EVALS) == {"skill_name", "evals"}
    assert EVALS["skill_name"] == "linkfox-amazon-auth"
    assert len(EVALS["evals"]) >= 8
    for task in EVALS["evals"]:
        assert set(task) == {"id", "prompt", "expected_output", "files", "assertions"}
        assert task["prompt"]
        assert task["expected_output"]
        assert len(task["assertions"]) >= 3
        assert all((ROOT / "evals" / file).is_file() for file in task["files"])
    ids = [task["id"] for task in EVALS["evals"]]
    assert len(ids) == len(set(ids))


def test_scripts_in_assertions_exist() -> None:
    """An assertion never expects a script that is not there."""
    named = set(re.findall(r"scripts/(\w+\.py)", json.dumps(EVALS)))
    assert len(named) >= 5
    assert all((ROOT / "scripts" / name).is_file() for name in named)


def test_triggers_cover_both_answers_in_both_languages() -> None:
    """Some twenty queries, with near misses, in English and Chinese alike."""
    assert 18 <= len(TRIGGERS) <= 30
    assert all(set(query) == {"query", "should_trigger"} for query in TRIGGERS)
    assert len({query["query"] for query in TRIGGERS}) == len(TRIGGERS)
    for wanted in (True, False):
        queries = [query["query"] for query in TRIGGERS if query["should_trigger"] is wanted]
        chinese = [query for query in queries if CHINESE.search(query)]
        assert len(queries) >= 8
        assert 3 <= len(chinese) <= len(queries) - 3


def test_prompts_are_in_both_languages() -> None:
    """Tasks are asked in English and in Chinese."""
    chinese = [task for task in EVALS["evals"] if CHINESE.search(task["prompt"])]
    assert 2 <= len(chinese) <= len(EVALS["evals"]) - 2


def test_each_task_that_wants_commands_is_played_by_a_story() -> None:
    """The others are answered in words alone, and their assertions name no script."""
    played = {task for story in run.stories() for task in story["evals"]}
    assert played <= {task["id"] for task in EVALS["evals"]}
    for task in EVALS["evals"]:
        assert task["id"] in played or not re.search(r"scripts/\w+\.py", json.dumps(task["assertions"]))


def test_stories_name_scripts_and_pages_that_exist() -> None:
    """And only keys that the program reads, so that none is misspelled."""
    for story in run.stories():
        assert set(story) <= {"id", "evals", "stores", "accounts", "pages", "steps", "forbidden"}
        assert all((ROOT / "references" / page).is_file() for page in story.get("pages", ()))
        assert any("run" in step for step in story["steps"])
        for step in story["steps"]:
            assert set(step) <= STEP, step
            assert "run" not in step or (ROOT / "scripts" / step["run"].split()[0]).is_file()


def test_the_description_catches_what_it_should_and_no_near_miss() -> None:
    """By its words alone; `evals/triggers.py` says how that is judged."""
    assert triggers.problems() == []


def test_a_description_that_is_too_wide_or_too_narrow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One phrase that any project's user says, and one that leaves words out."""
    wide = "when the user says: token 过期, 美国站, authorize my Amazon store, a b, c d"
    monkeypatch.setattr(triggers, "description", lambda: wide)
    problems = triggers.problems()
    assert any("GitHub token" in problem and "should trigger nothing" in problem for problem in problems)
    assert any("profile_sync_failed" in problem and "shares no two words" in problem for problem in problems)
