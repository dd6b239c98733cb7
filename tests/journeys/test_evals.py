"""The stories of the evals, played through the scripts; and how the commands of an agent are judged."""

import subprocess
import sys
from pathlib import Path

import pytest
from linkfox_client.skill import packaging

from evals import run
from tests.support.house import PATIENCE, ROOT, House

STORIES = {story["id"]: story for story in run.stories()}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_goes_as_it_is_told(house: House, name: str) -> None:
    """Each command answers what an agent goes on with, in few characters, and leads to nothing forbidden."""
    problems, lengths = run.play(STORIES[name], house)
    assert problems == []
    assert lengths


def test_a_story_that_goes_otherwise_is_told(house: House) -> None:
    """Another exit code, another answer, words that are missing, and words that must not be there."""
    command = "authorized_stores.py"
    for step, forbidden, told in (
        ({"exit": 5}, [], "exit 0, not 5"),
        ({"answer": {"total": 7}}, [], "total is 0, not 7"),
        ({"answer": {"stores.0.sellerName": "*"}}, [], "stores.0.sellerName is null"),
        ({"says": ["Ask the user"]}, [], "does not say 'Ask the user'"),
        ({}, ["stores"], "names 'stores'"),
    ):
        story = {"steps": [{"run": command, **step}], "forbidden": forbidden}
        problems, _ = run.play(story, house)
        assert len(problems) == 1
        assert told in problems[0]


@pytest.mark.parametrize("name", STORIES)
def test_an_agent_that_follows_the_story_is_judged_well(name: str) -> None:
    """By whatever path it calls the scripts; and one that runs nothing, or something forbidden, is not."""
    commands = [step["run"] for step in STORIES[name]["steps"] if "run" in step]
    assert run.judge(STORIES[name], [f"python3 /skills/scripts/{command}" for command in commands]) == []
    assert run.judge(STORIES[name], ["ls"])
    assert "--reveal" in STORIES[name]["forbidden"]
    revealed = [*commands, "store_tokens.py --all --reveal"]
    assert run.judge(STORIES[name], revealed) == [f"forbidden: '--reveal' in {revealed[-1]}"]


def test_the_program_plays_a_story_by_itself(tmp_path: Path) -> None:
    """In a home and with a gateway of its own, and with an installed copy of the skill."""
    for path, content in packaging.skill_files(ROOT, with_gateway=False).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    words = ["--story", "list-stores", "--skill", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "evals" / "run.py"), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout[:16]) == (0, "ok     list-stor"), done.stdout + done.stderr
