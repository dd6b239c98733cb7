"""local_gateway.py passes the operator's words on to the gateway's program, which lists what there is."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.cli.arguments import Arguments
from linkfox_client.commands import gateway_commands
from linkfox_client.errors import ClientError
from linkfox_client.local import gateway_program

from tests.support.house import ROOT

LISTED = json.loads((ROOT / "gateway" / "cli" / "commands.json").read_text(encoding="utf-8"))
OWN = {"serve", "start", "stop", "status"}

ONE_WORD = (
    "add-user NAME, change-key ID, revoke-key ID, backup PATH, restore PATH and copy-to URL take one word, "
    "the others none"
)


def declared() -> Arguments:
    """What the script takes."""
    arguments = Arguments()
    gateway_commands.declare(arguments)
    return arguments


def passed_on(words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words that the gateway's program gets, without its folder."""
    calls: list[list[str]] = []

    def beside(data_dir: Path, command: str, arguments: list[str]) -> dict[str, Any]:
        calls.append([command, *arguments])
        return {}

    monkeypatch.setattr(gateway_program, "beside", beside)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(folder))
    monkeypatch.chdir(folder)
    gateway_commands.run(declared().parse(words))
    (call,) = calls
    return call


def test_help_shows_each_command_with_what_it_takes() -> None:
    """A command that is added to the list needs no line here or in the script."""
    text = declared().help("What it does.")
    assert set(LISTED) > OWN & set(LISTED)
    for name, about in LISTED.items():
        assert name in OWN or f"local_gateway.py {name}" in text
        for option in about.get("options", ()):
            assert f"{option['flag']} " in text
            assert option["help"] in text


@pytest.mark.parametrize("name", [name for name in LISTED if name not in OWN])
def test_what_was_given_is_passed_on_and_nothing_else(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are made absolute, and a word stands after `--`, so that it cannot be taken for a flag."""
    values = {"path": ("some/file", str(tmp_path / "some/file")), "integer": ("7", "7"), "text": ("x", "x")}
    words, expected = [name], [name]
    for option in LISTED[name].get("options", ()):
        if option["kind"] == "switch":
            words.append(option["flag"])
            expected.append(option["flag"])
            continue
        given, passed = values[option["kind"]]
        words += [option["flag"], given]
        expected += [option["flag"], passed]
    if "word" in LISTED[name]:
        given, passed = values[LISTED[name]["word"]["kind"]]
        words.append(given)
        expected += ["--", passed]
    assert passed_on(words, tmp_path, monkeypatch) == expected


def test_the_json_form_is_passed_on_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the flags' names in camelCase; the defaults are the gateway's affair."""
    call = json.dumps({"command": "add-user", "name": "-anna", "keyFile": "/keys/anna"})
    assert passed_on([call], tmp_path, monkeypatch) == ["add-user", "--key-file", "/keys/anna", "--", "-anna"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["restore"], ONE_WORD),
        (["list-keys", "x"], ONE_WORD),
        (["add-user", "anna"], "Missing: --key-file PATH, the new file that the API key is written to"),
        (["audit", "--port", "1"], "--port is only for use with serve or start"),
        (["start", "--limit", "1"], "--limit is only for use with audit"),
        (["check"], "command has to be one of"),
    ],
)
def test_what_does_not_belong_together_is_refused_here(words: list[str], message: str) -> None:
    """Before the gateway's program is started."""
    with pytest.raises(ClientError) as caught:
        declared().parse(words)
    assert caught.value.code == "bad_arguments"
    assert caught.value.message.startswith(message)


def test_an_empty_label_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a key's label away; no other text may be empty."""
    given = ["change-key", "0a1b2c3d4e5f", "--label", ""]
    assert passed_on(given, tmp_path, monkeypatch) == ["change-key", "--label", "", "--", "0a1b2c3d4e5f"]
    with pytest.raises(ClientError, match="must not be empty"):
        declared().parse(["change-key", "0a1b2c3d4e5f", "--add-rights", ""])


@pytest.mark.parametrize("words", [["add-user", "anna", "--key-file", "-"], ["backup", "-"]])
def test_a_dash_is_no_file(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of that name is made, and nothing secret goes to standard output."""
    with pytest.raises(ClientError) as caught:
        passed_on(words, tmp_path, monkeypatch)
    assert caught.value.code == "bad_arguments"
    assert "./-" in caught.value.hint


def test_what_hints_of_the_gateway_tell_to_add_is_taken() -> None:
    """They are shown by local_gateway.py, so each flag that a sentence names has to be one of its own.

    But for those of quickstart.py and of pip.
    """
    shown = declared().help("") + "--setup-only --require-hashes"
    told = 0
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                flags = re.findall(r"(?<![\w-])--[a-z][a-z-]+", node.value)
                told += len(flags)
                assert [flag for flag in flags if flag not in shown] == [], f"{path}: {node.value}"
    assert told > 5
