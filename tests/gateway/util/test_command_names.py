"""Sentences that name a command name one that works where they are read."""

import ast
import json
import re
from collections.abc import Iterator

from gateway.errors import TABLE_FILE
from gateway.util.command_names import as_called_here
from tests.support.house import ROOT

SCRIPT = "scripts/local_gateway.py"
COMMANDS = json.loads((ROOT / "gateway" / "cli" / "commands.json").read_text(encoding="utf-8"))


def sentences() -> Iterator[str]:
    """Yield what the gateway says of its commands: its own sentences, and those of the table of failures."""
    for row in json.loads(TABLE_FILE.read_text(encoding="utf-8")):
        yield from (row["remedy"], *row.get("onWire", ()))
    for path in (ROOT / "gateway").rglob("*.py"):
        if path.name != "command_names.py":
            yield from _texts(ast.parse(path.read_text(encoding="utf-8")))


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a program; of one with values in it what is written around them."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def test_an_installed_gateway_names_its_own_commands() -> None:
    """None of a script that no installed package has, and none that `linkfox-gateway` does not know."""
    # A docstring, of several lines or no sentence of ours, is not told to anybody.
    named = [each for each in sentences() if SCRIPT in each and "\n" not in each]
    assert len(named) > 8, "the search finds what is said"
    told = [as_called_here(each, is_installed=True) for each in named]
    assert [each for each in told if "scripts/" in each] == []
    assert {
        word for each in told for word in re.findall("linkfox-gateway ([a-z-]+)", each)
    } <= COMMANDS.keys()


def test_in_a_bundle_a_sentence_stays_as_it_is() -> None:
    """There the script is what people call."""
    sentence = f"Stop it with `python3 {SCRIPT} stop --sandbox`."
    assert as_called_here(sentence, is_installed=False) == sentence
    assert as_called_here(sentence, is_installed=True) == "Stop it with a SIGTERM."
