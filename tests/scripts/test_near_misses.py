"""A word that was mistyped: the hint proposes what was meant, never what destroys or reveals something."""

import importlib.util
import json
from difflib import get_close_matches
from types import ModuleType

import pytest
from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import ClientError

from tests.scripts.conftest import Run
from tests.support.house import ROOT, SCRIPTS

# What cannot be undone, or puts a secret where others read it.
DANGEROUS = {
    *("--yes", "--reveal", "--with-refresh-token", "--logout", "--remove", "--export-before"),
    *("revoke-key", "rotate-master-key", "copy-to"),
}
LISTED = json.loads((ROOT / "gateway" / "cli" / "commands.json").read_text(encoding="utf-8"))


def module_of(script: str) -> ModuleType:
    """Return the script's module, not run."""
    spec = importlib.util.spec_from_file_location(f"near_{script}", SCRIPTS / f"{script}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments_of(script: str) -> tuple[Arguments, str]:
    """Return what a script declares, and what it says of itself."""
    module = module_of(script)
    arguments = Arguments()
    module.declare(arguments)
    return arguments, module.__doc__ or ""


def hint_of(script: str, *words: str) -> str:
    """Return the hint with which a script refuses words."""
    arguments, about = arguments_of(script)
    with pytest.raises(ClientError) as caught:
        arguments.parse(words, about)
    assert caught.value.code == "bad_arguments"
    return caught.value.hint


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("create-key", "add-user"),
        ("CREATE-USER", "add-user"),
        ("list-users", "list-keys"),
        ("add-usr", "add-user"),
        ("statsu", "status"),
    ],
)
def test_the_command_that_was_meant_is_proposed(word: str, meant: str, run: Run) -> None:
    """Also for the words that other programs use for it."""
    done = run("local_gateway.py", word)
    assert (done.code, done.error["hint"]) == (2, f"Did you mean {meant}?")


@pytest.mark.parametrize("word", ["delete-key", "remove-key", "revoke", "rotate-key", "rotate", "copy"])
def test_no_command_that_destroys_is_proposed(word: str) -> None:
    """Nobody asked for it by its name; nor is one proposed that is only less unlike, as serve for revoke."""
    assert not hint_of("local_gateway", word).startswith("Did you mean serve")
    assert not DANGEROUS & set(hint_of("local_gateway", word).replace("?", " ").split())


@pytest.mark.parametrize("script", [path.stem for path in sorted(SCRIPTS.glob("*.py"))])
def test_no_flag_that_destroys_or_reveals_is_proposed(script: str) -> None:
    """However near: `--yess` gets the list of what there is, and `{"revea": true}` likewise."""
    arguments, about = arguments_of(script)
    dangerous = [flag for flag in DANGEROUS if flag in arguments.help(about).split() and flag[0] == "-"]
    for flag in dangerous:
        typed = flag + flag[-1]
        assert get_close_matches(typed, [flag]), "it is near"
        hints = [hint_of(script, typed), hint_of(script, json.dumps({typed.lstrip("-"): True}))]
        assert [hint for hint in hints if hint.startswith("Did you mean") and flag in hint] == []


def test_what_is_dangerous_is_known() -> None:
    """Each of them is still there: a flag that is renamed would be proposed again."""
    declared = {flag for path in SCRIPTS.glob("*.py") for flag in arguments_of(path.stem)[0].help("").split()}
    assert DANGEROUS - declared - set(LISTED) == set()


def test_a_json_value_that_is_no_object_is_answered_with_a_call_that_works() -> None:
    """The example is the script's own."""
    for words in ('["NA"]', "{'limit': 20}"):
        hint = hint_of("authorized_stores", words)
        assert """`python3 scripts/authorized_stores.py '{"limit": 20}'`""" in hint
    assert "'{" in hint_of("doctor", "[]")


@pytest.mark.parametrize(
    ("script", "words", "flag"),
    [
        ("authorize_url", ("--seller-name", "S", "--region", "NA", "EU"), "--region"),
        ("authorize_url", ("--seller-name", "My", "Store"), "--seller-name"),
        ("remove_store", ("--store", "My", "Region"), "--store"),
    ],
)
def test_a_second_value_is_not_taken_for_a_flag(script: str, words: tuple[str, ...], flag: str) -> None:
    """A second region, or a name without quotes: no flag that looks alike is proposed."""
    assert hint_of(script, *words) == f"{flag} takes one value; a text with spaces goes in quotes."


def test_a_flag_without_its_dashes_is_proposed() -> None:
    """Also behind another flag's value."""
    assert hint_of("authorize_url", "--region", "EU", "marketplace", "DE") == "Did you mean --marketplace?"
    assert hint_of("authorize_url", "regoin", "EU") == "Did you mean --region?"
