"""What no script takes, tried on every script: exit 2 with a hint, and nothing of a secret repeated."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import ClientError

from tests.support.house import SCRIPTS

EVERY = sorted(path.name for path in SCRIPTS.glob("*.py"))
TOKEN = "Atzr|" + "q9" * 60

MALFORMED = (
    "{",
    '{"region": "NA"',
    "{'region': 'NA'}",
    "[]",
    '["--help"]',
    "null",
    '"NA"',
    '{"a": NaN}',
    '{"nonsense": 1}',
    '{"region": "NA", "region": "EU"}',
    "[" * 50_000,
)
WRONG_TYPES: tuple[Any, ...] = (None, [], [None], {}, {"a": 1}, 1.5, "", "  ", "\x00", "a\nb", "x" * 10_000)
IDENTIFIERS = ("12a", "1.0", "-1", "+1", "0x10", "１", str(2**63), "9" * 30, 1.0, -1, 2**63, True, "")


def script(name: str) -> ModuleType:
    """A script as a module, without running it."""
    spec = importlib.util.spec_from_file_location(f"script_{name.removesuffix('.py')}", SCRIPTS / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments_of(name: str) -> Arguments:
    """What a script takes."""
    arguments = Arguments()
    script(name).declare(arguments)
    return arguments


def refused(name: str, words: list[str]) -> ClientError:
    """The failure of a command line that this script has to refuse."""
    with pytest.raises(ClientError) as caught:
        arguments_of(name).parse(words)
    failure = caught.value
    assert (failure.code, failure.exit_code) == ("bad_arguments", 2), words
    assert failure.hint
    assert "q9q9" not in failure.message + failure.hint
    return failure


def fields_of(name: str) -> dict[str, Any]:
    """The arguments by their keys in the JSON form."""
    return {field.key: field for field in arguments_of(name).fields}


def test_there_are_scripts_to_try() -> None:
    """None of the tests below passes by finding nothing."""
    assert len(EVERY) > 15
    assert any(fields_of(name) for name in EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_what_is_no_call_at_all_is_refused(name: str, tmp_path: Path) -> None:
    """Broken JSON, JSON that is no object, unknown keys and flags, a mix of both forms, invalid UTF-8."""
    for word in MALFORMED:
        refused(name, [word])
    refused(name, ["--nonsense"])
    refused(name, ["--nonsense", "x"])
    refused(name, ['{"limit": 1}', "--limit", "1"])
    refused(name, ["\udcff\udcfe"])


@pytest.mark.parametrize("name", EVERY)
def test_a_value_of_the_wrong_kind_is_refused(name: str) -> None:
    """For each argument of each script: null, lists, blanks, control characters, 10,000 characters."""
    for key, field in fields_of(name).items():
        for value in WRONG_TYPES:
            if not _is_fine(field, value):
                refused(name, [json.dumps({key: value})])


@pytest.mark.parametrize("name", EVERY)
def test_a_number_that_identifies_something_is_whole_and_in_range(name: str) -> None:
    """No fraction, sign, other alphabet or more than 2^63-1."""
    for key in fields_of(name).keys() & {"profileId", "authRecordId"}:
        for value in IDENTIFIERS:
            refused(name, [json.dumps({key: value})])
            if isinstance(value, str):
                flag = "--profile-id" if key == "profileId" else "--auth-record-id"
                refused(name, [flag, value])


@pytest.mark.parametrize("name", EVERY)
def test_a_region_that_is_none_is_refused(name: str) -> None:
    """With what there is."""
    if "region" in fields_of(name):
        for word in ("XX", "火星站", "New Zealand"):
            assert "NA (Americas)" in refused(name, ["--region", word]).hint


@pytest.mark.parametrize("name", EVERY)
def test_a_token_on_a_command_line_is_refused_and_not_repeated(name: str) -> None:
    """In a flag of its own, in somebody else's, or in JSON; feedback.py removes it from its text instead."""
    for words in (
        ["--access-token", TOKEN],
        ["--refresh-token=" + TOKEN],
        [json.dumps({"refreshToken": TOKEN})],
    ):
        refused(name, words)


def _is_fine(field: Any, value: Any) -> bool:
    """True where the argument takes this value: prose is cleaned and a path may be long."""
    try:
        field.read(value)
    except Exception:
        return False
    return field.metavar in ("PATH", "FILE") or field.key == "content"


@pytest.mark.parametrize(
    "name", ["authorize_url.py", "ads_authorize_url.py", "import_store.py", "ads_import_account.py"]
)
def test_who_gives_no_name_is_told_to_ask_the_user(name: str) -> None:
    """Whether it is left out or empty, an agent is not to make one up."""
    flag = "--account-name" if "ads" in name else "--seller-name"
    for words in ([], ["--region", "NA"], [flag, " "], ['{"region": "NA"}']):
        failure = refused(name, words)
        assert "Ask the user" in failure.hint, words
        assert "do not make one up" in failure.hint


@pytest.mark.parametrize("name", EVERY)
def test_a_path_is_no_stream(name: str) -> None:
    """`-` would make, or look for, a file of that name."""
    for key, field in fields_of(name).items():
        if field.metavar == "PATH":
            for words in ([json.dumps({key: "-"})], [field.flag, "-"]):
                assert "./-" in refused(name, words).hint
