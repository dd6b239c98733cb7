"""The command line: each command that is listed can be given, and is done by the module of its name."""

import importlib
import inspect
import json

import pytest

from gateway.cli.parser import COMMANDS_FILE, command_parser
from gateway.errors import OperatorError
from gateway.util.version import version

LISTED = json.loads(COMMANDS_FILE.read_text(encoding="utf-8"))
VALUES = {"path": "/some/file", "text": "some", "integer": "7"}


def words_for(name: str) -> list[str]:
    """Return a command line that gives a command all that it takes."""
    about = LISTED[name]
    words = [name]
    for option in about.get("options", ()):
        words += [option["flag"], *([VALUES[option["kind"]]] if option["kind"] != "switch" else [])]
    return words + ([VALUES[about["word"]["kind"]]] if "word" in about else [])


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_command_is_taken_and_has_its_module(name: str) -> None:
    """With everything that the list says it takes; its module has a `run` that is given the options."""
    assert command_parser().parse_args(words_for(name)).command == name
    module = importlib.import_module(f"gateway.cli.{name.replace('-', '_')}")
    assert next(iter(inspect.signature(module.run).parameters)) == "options"


@pytest.mark.parametrize("name", LISTED)
def test_what_is_required_is_missed(name: str) -> None:
    """As a complaint of ours, not as argparse's text on standard error."""
    about = LISTED[name]
    needs_word = "word" in about and not about["word"].get("optional")
    if needs_word or any(option.get("required") for option in about.get("options", ())):
        with pytest.raises(OperatorError, match="required") as refused:
            command_parser().parse_args([name])
        assert refused.value.code == "bad_arguments"
    else:
        assert command_parser().parse_args([name]).sandbox is False


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the one of the bundle."""
    with pytest.raises(SystemExit) as ended:
        command_parser().parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == f"gateway {version()}"


@pytest.mark.parametrize("words", [["add-user", "anna", "--key-file", "-"], ["backup", "-"]])
def test_a_dash_is_no_path(words: list[str]) -> None:
    """No file of that name is made."""
    with pytest.raises(OperatorError, match="name a path") as refused:
        command_parser().parse_args(words)
    assert refused.value.code == "bad_arguments"
