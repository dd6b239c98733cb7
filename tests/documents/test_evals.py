"""The skill's evals have the shape that eval runners read."""

import json
import re
from typing import Any

from tests.support.markdown import ROOT

EVALS: dict[str, Any] = json.loads((ROOT / "evals/evals.json").read_text(encoding="utf-8"))
TRIGGERS: list[dict[str, Any]] = json.loads((ROOT / "evals/triggers.json").read_text(encoding="utf-8"))
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
    """About twenty queries, with near misses, in English and Chinese alike."""
    assert 18 <= len(TRIGGERS) <= 26
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
