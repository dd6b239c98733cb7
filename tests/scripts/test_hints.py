"""What a hint tells to type is a whole command that its script takes; a hint of one flow names no other's."""

import ast
import json
import re
import shlex
from collections.abc import Iterator

import pytest
from linkfox_client.errors import ClientError, find_reason
from linkfox_client.gateway import remedies

from tests.scripts.conftest import Run
from tests.scripts.test_near_misses import arguments_of
from tests.support.fake_gateway import FakeGateway
from tests.support.house import ROOT, SCRIPTS
from tests.support.markdown import PLACEHOLDERS

ROWS = json.loads((ROOT / "references" / "errors.json").read_text(encoding="utf-8"))
NAMES = [path.name for path in SCRIPTS.glob("*.py")]
# What fails in words: the hint is one of the texts that these are called with.
SPEAKERS = {
    *("ClientError", "OperatorError", "VaultError", "SettingsError", "bad_arguments"),
    *("Wrong", "warning", "Finding", "failed"),
}
COMMAND = re.compile(r"python3 scripts/([^`;]+?)(?=`|;|\.(?:\s|$)|$)")
BARE = re.compile(rf"(?<![/\w])(?:{'|'.join(map(re.escape, NAMES))})\b")
# What stands for a value in a hint that is written for every case, or is filled in where it is told.
VALUES = PLACEHOLDERS | {
    "FILE": "some.file",
    "SITE": "US",
    "DATE": "2020-01-01",
    "ID": "1",
    "HOST": "cursor",
    "RIGHT": "personal",
    "…": "1",
}
# What stands for a value that is known only where the hint is made, by the flag before it.
OF_FLAGS = {"--region": "EU", "--site": "US"}
FILLED = {
    "sellerId": "A2EXAMPLE7XYZ",
    "expectedSellerId": "A2EXAMPLE7XYZ",
    "region": "EU",
    "authRecordId": "123456789012345",
    "authorizationId": "AbCdEfGhIjKlMnOpQrStUv",
    "profileId": "1234567890123456",
    "keyId": "0a1b2c3d4e5f",
    "neededRight": "personal",
}


def in_the_table() -> Iterator[tuple[str, str]]:
    """Yield each remedy of the table with the reason it is for, filled in."""
    for row in ROWS:
        yield row["reason"], row["remedy"]
        for flow, sentences in row.get("remedies", {}).items():
            for sentence in sentences:
                yield f"{row['reason']}, {flow}", re.sub(r"\{(\w+)\}", lambda f: FILLED[f[1]], sentence)


def in_the_code() -> Iterator[tuple[str, str]]:
    """Yield each text of the code that is no docstring and holds a command."""
    for where, tree in _trees():
        parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            parts |= {id(part) for part in node.values} if isinstance(node, ast.JoinedStr) else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.Call) and id(node) not in parts:
                yield from ((f"{where}:{node.lineno}", text) for text in _texts(node) if COMMAND.search(text))


def in_failures() -> Iterator[tuple[str, str]]:
    """Yield each text that a failure or a finding of the code is made of."""
    for where, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in SPEAKERS:
                for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    yield from ((f"{where}:{node.lineno}", text) for text in _texts(argument))


def in_constants_and_returns() -> Iterator[tuple[str, str]]:
    """Yield each sentence that has a name of its own or is returned, as hints of several failures are."""
    for where, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
                values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                for value in values:
                    told = (text for text in _texts(value) if len(text.split()) > 3)
                    yield from ((f"{where}:{node.lineno}", text) for text in told)


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in [*SCRIPTS.rglob("*.py"), *(ROOT / "gateway").rglob("*.py")]:
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        text = ""
        for part in node.values:
            # A value stands by itself; what is attached to a word may as well be empty.
            filled = "1" if text.endswith((" ", "=", "'", '"')) else ""
            if isinstance(part, ast.FormattedValue):
                filled = next(_texts(part.value), filled) if isinstance(part.value, ast.Call) else filled
            text += str(part.value) if isinstance(part, ast.Constant) else filled
        yield text
    elif isinstance(node, ast.Call) and _name(node.func) == "typed":
        yield from _typed(node)
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _texts(child)


def _typed(call: ast.Call) -> Iterator[str]:
    """Yield the command that `typed` makes, where its script and its words are known."""
    script, *words = call.args
    if not isinstance(script, ast.Constant) or any(isinstance(word, ast.Starred) for word in words):
        return
    told = [str(script.value)]
    for word in words:
        told.append(str(word.value) if isinstance(word, ast.Constant) else OF_FLAGS.get(told[-1], "1"))
    yield f"`python3 scripts/{shlex.join(told)}`"


def commands_in(text: str) -> list[list[str]]:
    """Return the words of each command in a hint, values in the place of what stands for them."""
    calls = (shlex.split(call.partition(" < ")[0]) for call in COMMAND.findall(text))
    return [[VALUES.get(word, word) for word in call] for call in calls]


def test_the_search_finds_them() -> None:
    """Neither test below passes by finding nothing."""
    assert sum(len(commands_in(text)) for _, text in in_the_table()) > 30
    assert sum(len(commands_in(text)) for _, text in in_the_code()) > 10
    found = [text for where, text in in_the_code() if where.startswith(("choice.py", "stores.py"))]
    assert "`python3 scripts/authorize_url.py --seller-name 1 --region EU`" in found
    assert any("see all with `python3 scripts/authorized_stores.py`." in text for text in found)


def test_each_command_in_a_hint_is_one_that_its_script_takes() -> None:
    """With its flags, and with all that it needs."""
    wrong = []
    for where, text in [*in_the_table(), *in_the_code()]:
        for name, *words in commands_in(text):
            if name not in NAMES or words[:1] == ["1"]:  # the script, or what it is to do, is filled in
                assert name in NAMES or not name.endswith(".py"), f"{where}: {name}"
                continue
            arguments, about = arguments_of(name.removesuffix(".py"))
            try:
                arguments.parse(words, about)
            except ClientError as failure:
                # A script may be named alone, as where it is said what it answers.
                if words:
                    wrong.append(f"{where}: {name} {words}: {failure.message}")
    assert wrong == []


def test_a_script_is_named_by_its_whole_command() -> None:
    """From the skill's folder it can be typed as it stands."""
    told = [*in_the_table(), *in_failures(), *in_constants_and_returns()]
    assert [(where, text) for where, text in told if BARE.search(text) and "Made by " not in text] == []


@pytest.mark.parametrize(("flow", "other"), [("stores", "ads"), ("ads", "stores")])
def test_a_hint_of_one_flow_names_no_command_of_the_other(flow: str, other: str) -> None:
    """An agent that is told both has to guess."""
    of_ads = [name for name in NAMES if name.startswith("ads_")]
    of_stores = [name.removeprefix("ads_") for name in of_ads] + ["authorized_stores.py"]
    foreign = {"stores": of_ads, "ads": of_stores}[flow]
    for row in ROWS:
        for sentence in row.get("remedies", {}).get(flow, []):
            named = {name for name, *_ in commands_in(re.sub(r"\{(\w+)\}", "1", sentence))}
            assert not named & set(foreign), f"{row['reason']}: {sentence}"


# Through a script


REVOKED = {"errcode": 1003, "errmsg": "revoked", "reason": "store_revoked", "status": "needs_reauthorization"}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            ("refresh_token.py", "--seller-id", "A1", "--region", "EU"),
            "authorize_url.py --seller-id A1 --region EU",
        ),
        (("ads_refresh_token.py", "--auth-record-id", "77"), "ads_authorize_url.py --auth-record-id 77"),
    ],
)
def test_what_has_ended_is_authorized_again_by_the_hint(
    words: tuple[str, ...], command: str, run: Run, gateway: FakeGateway
) -> None:
    """The flow's own command, with the ids that the call had."""
    gateway.answers["*"] = (409, REVOKED)
    done = run(*words)
    assert (done.code, f"`python3 scripts/{command}`" in done.error["hint"]) == (4, True), done.error


def test_the_link_of_the_answer_comes_first(run: Run, gateway: FakeGateway) -> None:
    """The gateway made one already: nothing has to be asked for once more."""
    link = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=x&state=y"
    gateway.answers["*"] = (409, REVOKED | {"authorizeUrl": link, "authorizationId": "id-1"})
    done = run("refresh_token.py", "--seller-id", "A1", "--region", "EU")
    assert done.document["authorizeUrl"] == link
    assert done.error["hint"].startswith("Have the user open this answer's authorizeUrl")
    assert "`python3 scripts/authorize_url.py --authorization-id id-1 --wait 60`" in done.error["hint"]


def test_what_is_filled_in_is_quoted_and_what_is_unknown_is_left_as_words() -> None:
    """A name with a blank or worse stays one word of the command."""
    row = find_reason("store_revoked")
    assert row is not None
    hint = remedies.remedy(row, "/spApi/storeTokens", {"sellerId": "A1; rm -rf ~", "region": "EU"})
    assert "--seller-id 'A1; rm -rf ~' --region EU" in hint
    assert remedies.remedy(row, "/spApi/storeTokens", {}) == row.remedy
    assert remedies.remedy(row, "/elsewhere", {"sellerId": "A1", "region": "EU"}) == row.remedy


def test_a_refused_key_is_told_from_a_refused_token() -> None:
    """Both come as 401: the gateway speaks of its key, Amazon of its token."""
    key, token = find_reason("unauthorized"), find_reason("token_refused")
    assert key is not None
    assert token is not None
    assert "login.py" in key.remedy
    assert "401 of Amazon's" in key.remedy
    assert token.meaning.startswith("Amazon refused the access token")
    assert "refresh_token.py" in token.remedy
