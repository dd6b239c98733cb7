"""What the scripts say, for who calls them as tools: no flags, no command lines, and no relative places.

A call that a hint names in backquotes becomes the call of a tool, or a whole command for a terminal where no
tool does it.
"""

import re
from collections.abc import Callable, Mapping

from linkfox_client.errors import SEE_HELP
from linkfox_client.paths import BUNDLE

SKILL_ROOT = "skill://linkfox-amazon-auth"
SEE_SCHEMA = "The tool's input schema and description say what it takes."

_FLAG = re.compile(r"--[a-z][a-z-]*[a-z]")
_SCRIPT = re.compile(r"\b[a-z_]+\.py\b")
_PAGE = re.compile(r"\breferences/[a-z-]+\.md")
_CALL = re.compile(r"python3 scripts/(\w+\.py\b.*)", re.DOTALL)


def for_tools(
    text: str, keys: Mapping[str, str], scripts: Mapping[str, str], call_of: Callable[[str], str]
) -> str:
    """Return a hint or a note in the words of tools.

    `keys`: the tool's arguments by their flags; `scripts`: the names of the tools by their scripts'.
    `call_of` returns the call of a tool for that of a script; an empty text for none.
    """
    if text == SEE_HELP:
        return SEE_SCHEMA
    parts = text.split("`")
    for at, part in enumerate(parts):
        # What stands between two backquotes has an odd place.
        parts[at] = _command(part, call_of) if at % 2 else plain(part, keys, scripts)
    return "`".join(parts)


def plain(text: str, keys: Mapping[str, str], scripts: Mapping[str, str]) -> str:
    """Return a text without commands in the words of tools; `keys` and `scripts` as of `for_tools`."""
    text = _FLAG.sub(lambda found: keys.get(found.group(), found.group()), text)
    text = _SCRIPT.sub(lambda found: scripts.get(found.group(), found.group()), text)
    return _PAGE.sub(lambda found: f"{SKILL_ROOT}/{found.group()}", text)


def _command(command: str, call_of: Callable[[str], str]) -> str:
    called = _CALL.fullmatch(command)
    made = call_of(called.group(1)) if called else ""
    return made or command.replace("python3 scripts/", f"python3 {BUNDLE / 'scripts'}/")
