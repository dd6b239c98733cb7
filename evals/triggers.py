"""Judge the trigger queries by the words of SKILL.md's description, by which a host chooses a skill.

The description names phrases that users say, with commas between them. A near miss must say none of them
whole: a query says a phrase if each of its words is in the query. One that should trigger the skill has to
share two words with the description. Words are English ones, whatever their ending and without `FILLERS`, and
each two Chinese characters that follow each other. A language model understands more than that; what goes
wrong here would mislead it, too.
"""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
FILLERS = frozenset(
    re.findall(
        r"\w+",
        "a an the my our is are be which what when how show get give for of to with in on it i me and or do "
        "does can you please your user users says",
    )
)
ENDINGS = ("ation", "ing", "ed", "es", "s", "e")


def problems() -> list[str]:
    """Return which near misses the description would catch, and which of the others it would not."""
    text = description()
    return [
        *(f"{query!r} says {phrase!r}, and should trigger nothing" for query, phrase in _caught(text)),
        *(f"{query!r} shares no two words with the description" for query in _missed(text)),
    ]


def description() -> str:
    """Return the description in SKILL.md's frontmatter."""
    text = (HERE.parent / "SKILL.md").read_text(encoding="utf-8")
    found = re.search(r'^description: "(.*)"$', text, re.M)
    if not found:
        raise ValueError("SKILL.md has no description in quotes")
    return found[1]


def phrases(text: str) -> list[str]:
    """Return the phrases that users say: what stands after `the user says: `, up to the sentence's end."""
    said = text.partition("the user says: ")[2].partition(". ")[0]
    found = [phrase.strip() for phrase in re.split(r"[,;，；、]", said)]
    if len(found) < 5:
        raise ValueError("the description has no phrases after `the user says: `")
    return [phrase for phrase in found if phrase]


def words(text: str) -> set[str]:
    """Return a text's words: English ones without their endings, Chinese characters by twos."""
    found = {run[at : at + 2] for run in CHINESE.findall(text) for at in range(max(1, len(run) - 1))}
    for word in re.findall(r"[a-z0-9]+", text.lower().replace("'s", "")):
        if word not in FILLERS:
            ending = next((each for each in ENDINGS if word.endswith(each) and len(word) - len(each) > 2), "")
            found.add(word.removesuffix(ending))
    return found


def _queries(*, wanted: bool) -> list[str]:
    listed: list[dict[str, Any]] = json.loads((HERE / "triggers.json").read_text(encoding="utf-8"))
    return [each["query"] for each in listed if each["should_trigger"] is wanted]


def _caught(text: str) -> list[tuple[str, str]]:
    return [
        (query, phrase)
        for query in _queries(wanted=False)
        for phrase in phrases(text)
        if words(phrase) <= words(query)
    ]


def _missed(text: str) -> list[str]:
    return [query for query in _queries(wanted=True) if len(words(query) & words(text)) < 2]
