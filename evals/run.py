"""Play the stories of the evals through the scripts, without a language model.

Each story of `stories.json` is what a good agent does for one request of a user: the commands in their order,
what they have to answer, what the user says and consents to in between, and what must not happen. They are
run one after the other against one sandbox gateway, which is started for it and removed afterwards.

Examples:
  python3 evals/run.py                                   play all stories, check the trigger queries
  python3 evals/run.py --story rename-a-store            play one
  python3 evals/run.py --skill FOLDER                    play them with an installed copy of the skill
  python3 evals/run.py --judge rename-a-store FILE       judge the commands that an agent ran, one a line

Exit codes: 0 all is as it should be, 1 something is not, 2 bad arguments.
"""

import argparse
import json
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from linkfox_client.cli.runtime import continue_in_venv  # noqa: E402
from linkfox_client.local.sandbox_browser import give_consent  # noqa: E402

from evals import triggers  # noqa: E402
from tests.support.house import Finished, House, open_house  # noqa: E402

LONGEST = 20_000  # characters of one document: harnesses cut what is longer
# What no command may print: whole tokens and keys, and a script that broke.
NEVER = (r"Atz[ar]\|[\w+/=-]{20}", r"lfx_local_\w{20}", "Traceback")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

Story = dict[str, Any]


def stories() -> list[Story]:
    """Return the stories in their order."""
    listed: list[Story] = json.loads((ROOT / "evals/stories.json").read_text(encoding="utf-8"))["stories"]
    return listed


def play(story: Story, house: House) -> tuple[list[str], list[int]]:
    """Play one story; return what went otherwise than it should, and the length of each document."""
    house.forget_grants()
    known = {"home": tempfile.mkdtemp(dir=house.home), "url": house.url}
    for store in story.get("stores", ()):
        _import_store(house, store)
    for account in story.get("accounts", ()):
        _import_account(house, account)
    problems, lengths = [], []
    for step in story["steps"]:
        if "consent" in step:
            give_consent(_filled(step["consent"], known), step.get("as"), step.get("button", "confirm"))
        if "file" in step:
            path = Path(_filled(step["file"], known))
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(step["text"], encoding="utf-8")
        if "run" in step:
            name, *arguments = [_filled(word, known) for word in shlex.split(step["run"])]
            more = {name: _filled(value, known) for name, value in step.get("environment", {}).items()}
            done = house.script(name, *arguments, stdin=_filled(step.get("stdin", ""), known), **more)
            lengths.append(len(done.stdout))
            found = _wrong(step, story, done, known)
            problems += [f"{step['run']}: {problem}" for problem in found]
            if found:
                break  # what follows builds on it
    return problems, lengths


def judge(story: Story, lines: Sequence[str]) -> list[str]:
    """Return what speaks against the commands that an agent ran for a story, one a line.

    Each expected command has to be among them, with its flags; other values and more flags are fine.
    """
    ran = [_call(line) for line in lines if line.strip()]
    problems = []
    for step in story["steps"]:
        if "run" in step and not step.get("optional"):
            script, flags = _call(step["run"])
            if not any(script == name and flags <= given for name, given in ran):
                problems.append(f"not run: {step['run']}")
    return problems + [
        f"forbidden: {words!r} in {line.strip()}"
        for words in story["forbidden"]
        for line in lines
        if words in line
    ]


def _call(line: str) -> tuple[str, set[str]]:
    """Return the script and the flags of a command line."""
    words = shlex.split(line)
    script = next((Path(word).name for word in words if word.endswith(".py")), "")
    own = words[: words.index("--")] if "--" in words else words
    return script, {word.partition("=")[0] for word in own if word.startswith("--")}


def _wrong(step: dict[str, Any], story: Story, done: Finished, known: dict[str, str]) -> list[str]:
    """Return what a command did otherwise than its step says; keep what later steps need."""
    if done.code != step.get("exit", 0):
        return [f"exit {done.code}, not {step.get('exit', 0)}: {done.stdout[:800]}"]
    printed = done.stdout + done.stderr
    problems = [f"printed what it must not: {words}" for words in NEVER if re.search(words, printed)]
    problems += [f"names {words!r}" for words in story["forbidden"] if words in printed]
    problems += [f"does not say {words!r}" for words in step.get("says", ()) if words not in printed]
    if len(done.stdout) > LONGEST:
        problems.append(f"{len(done.stdout)} characters")
    if step.get("prints") == "anything":  # the output is that of the user's own program
        return problems
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return [*problems, f"no JSON document: {done.stdout[:200]}"]
    for path, expected in step.get("answer", {}).items():
        value = _at(document, path)
        if not _fits(value, _filled(expected, known)):
            problems.append(f"{path} is {json.dumps(value, ensure_ascii=False)}, not {expected}")
    for name, path in step.get("keep", {}).items():
        known[name] = str(_at(document, path))
    return problems


def _at(document: Any, path: str) -> Any:
    """Return the value at a path as `stores.0.sellerId`; `#` is a length. None where there is nothing."""
    for part in path.split("."):
        if part == "#":
            document = len(document) if isinstance(document, list | dict | str) else None
        elif isinstance(document, list):
            document = document[int(part)] if int(part) < len(document) else None
        else:
            document = document.get(part) if isinstance(document, dict) else None
    return document


def _fits(value: Any, expected: Any) -> bool:
    """Tell whether a value is the expected one; `*` is anything but null, `~words` a text that holds them."""
    if expected == "*":
        return value is not None
    if isinstance(expected, str) and expected.startswith("~"):
        return expected[1:] in str(value)
    return bool(value == expected or str(value) == expected)


def _filled(text: Any, known: dict[str, str]) -> Any:
    """Return a text with `{name}` replaced by what an earlier step kept; anything else as it is."""
    return PLACEHOLDER.sub(lambda found: known[found[1]], text) if isinstance(text, str) else text


def _import_store(house: House, store: dict[str, str]) -> None:
    whose = {"sellerId": store["sellerId"], "region": store["region"]}
    token = house.sandbox("grants", [whose])["grants"][0]["refreshToken"]
    house.post("/spApi/importStore", {**store, "refreshToken": token})


def _import_account(house: House, account: dict[str, str]) -> None:
    token = house.sandbox("grants", [{"advertiserId": account["advertiserId"]}])["grants"][0]["refreshToken"]
    wanted = {"accountName": account["accountName"], "region": account.get("region", "NA")}
    house.post("/amazonAds/importAccount", {**wanted, "refreshToken": token})


def main(argv: Sequence[str] | None = None) -> int:
    """Play, or judge; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    listed = {story["id"]: story for story in stories()}
    parser.add_argument("--story", choices=sorted(listed), help="play only this one")
    parser.add_argument("--skill", type=Path, default=ROOT, help="an installed copy of the skill")
    parser.add_argument("--judge", nargs=2, metavar=("STORY", "FILE"), help="judge what an agent ran")
    options = parser.parse_args(argv)
    if options.judge:
        name, file = options.judge
        if name not in listed:
            parser.error(f"there is no story {name}")
        problems = judge(listed[name], Path(file).read_text(encoding="utf-8").splitlines())
        print("\n".join(problems) or "ok")
        return 1 if problems else 0
    failed = False
    with tempfile.TemporaryDirectory(prefix="linkfox-evals-") as home, open_house(Path(home)) as house:
        house.scripts = options.skill / "scripts"
        for story in [listed[options.story]] if options.story else listed.values():
            problems, lengths = play(story, house)
            failed |= bool(problems)
            pages = len(story.get("pages", ()))
            print(f"{'FAILED' if problems else 'ok':6} {story['id']}: {len(lengths)} commands,", end=" ")
            print(f"{sum(lengths)} characters, {pages} pages")
            print("".join(f"       {problem}\n" for problem in problems), end="", flush=True)
    for problem in [] if options.story else triggers.problems():
        failed = True
        print(f"FAILED triggers: {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    continue_in_venv()
    raise SystemExit(main())
