"""What the documents tell people to type exists, parses and, where it is safe, works."""

import functools
import json
import os
import re
import sys
from pathlib import Path

import pytest
from linkfox_client.local import sandbox_browser

from tests.support.consent import consent
from tests.support.house import Finished, House, clean_environment, run_script
from tests.support.markdown import (
    DOCUMENTS,
    FENCE,
    INLINE,
    ROOT,
    SKILL,
    Block,
    Command,
    blocks,
    commands,
    lines_of,
    name_of,
    parsed,
    scripts_named,
)

SCRIPTS = ROOT / "scripts"
COMMANDS = list({(c.script, c.arguments): c for document in DOCUMENTS for c in commands(document)}.values())
# These start, stop or install something as soon as their arguments are right; other tests run them.
ACTING = {"local_gateway.py", "mcp_server.py", "quickstart.py"}
# These do what they can with nothing set up; the home that they do it in is the test's.
WORKING = {"install_skill.py", "feedback.py"}
# What a bash block may hold beside calls of this project's own programs.
SHELL = ("mkdir ",)
WHOLE_TOKEN = re.compile(r"Atz[ar]\|[\w+/=-]{20}|lfx_local_\w{20}")
OWN = ("python3 scripts/", "python3 tests/run.py", "python3 tools/")


def run(name: str, *arguments: str, home: Path) -> Finished:
    """Run a script to its end with nothing but `home`, and no key for the gateway that it would call.

    A gateway is named, so that a key in a developer's own `.env` beside the scripts is not used.
    """
    environment = clean_environment(
        home,
        LINKFOX_AUTOSTART="off",
        LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",  # and none of a developer's own
    )
    given = b"a-key-of-nobody" if name == "login.py" else b""
    return run_script(name, *arguments, environment=environment, folder=home, stdin=given)


@functools.cache
def help_of(*call: str) -> str:
    """What `SCRIPT [SUBCOMMAND] --help` prints; it needs neither home, key nor network."""
    done = run(*call, "--help", home=ROOT)
    assert done.code == 0, f"{call} --help: exit {done.code}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_named_scripts_exist(document: Path) -> None:
    """A document never names a script that is not there."""
    missing = {name for name in scripts_named(document) if not (SCRIPTS / name).is_file()}
    # Programs of the reader, of the tests and of the tools stand in examples too.
    missing -= {"report.py", "run.py", "generate_docs.py"}
    assert not missing


def test_the_search_for_commands_finds_them() -> None:
    """The tests below are about every script, so none of them passes by finding nothing."""
    assert {command.script for command in COMMANDS} >= {path.name for path in SCRIPTS.glob("*.py")}
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_flags_are_known_to_the_script(command: Command) -> None:
    """Each flag that a document writes stands in the script's own --help."""
    text = help_of(command.script)
    if command.script == "local_gateway.py" and not command.arguments[0].startswith("-"):
        text += help_of(command.script, command.arguments[0])
    for flag in command.flags:
        assert flag in text.replace(",", " ").replace("[", " ").replace("]", " ").split(), flag


def test_flags_named_alone_exist() -> None:
    """A flag that stands by itself in running text is one of some script's, or of the tools'."""
    known = {word.strip("[],") for path in SCRIPTS.glob("*.py") for word in help_of(path.name).split()}
    named = {
        (name_of(document), found[1])
        for document in DOCUMENTS
        for code in INLINE.findall(FENCE.sub("", document.read_text(encoding="utf-8")))
        if (found := re.match(r"(--[a-z][a-z-]+)", code))
    }
    assert len(named) > 15
    assert {(document, flag) for document, flag in named if flag not in known} == set()


def acts(command: Command) -> bool:
    """Whether other tests run it."""
    return command.script in ACTING or "--mcp" in command.arguments


@pytest.mark.parametrize("command", [c for c in COMMANDS if not acts(c)], ids=str)
def test_command_lines_parse(command: Command, tmp_path: Path) -> None:
    """With nothing set up a well-formed command ends in `not_set_up`, never in `bad_arguments`."""
    done = run(command.script, *command.arguments, home=tmp_path)
    if command.script in WORKING or {"--help", "--logout", "--insecure-file"} & set(command.arguments):
        assert done.code == 0, done.stdout
        return
    assert done.code == 3, f"exit {done.code}\n{done.stdout}\n{done.stderr}"
    assert json.loads(done.stdout)["error"]["code"] == "not_set_up"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_bash_blocks_hold_only_what_is_checked(document: Path) -> None:
    """Every line of a bash block is a call of this project's programs, or one of the few others allowed."""
    for block in blocks(document):
        assert block.run in (None, "offline", "sandbox")
        if block.language == "bash":
            assert all(line.startswith((*OWN, *SHELL)) for line in lines_of(block)), block.text
        else:
            assert block.run is None


def runnable(kind: str) -> list[Block]:
    """The blocks of all documents that are marked to be run in this way."""
    return [block for document in DOCUMENTS for block in blocks(document) if block.run == kind]


@pytest.mark.parametrize("block", runnable("offline"), ids=lambda block: block.document)
def test_offline_blocks_work(block: Block, tmp_path: Path) -> None:
    """Blocks marked `run: offline` succeed on a machine where nothing is set up."""
    for line in lines_of(block):
        command = parsed(block.document, line)
        done = run(command.script, *command.arguments, home=tmp_path)
        assert done.code == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def authorized(house: House) -> tuple[House, dict[str, str]]:
    """A house with one store and one ads account, and what the placeholders stand for in it."""
    store = house.good("authorize_url.py", "--seller-name", "My Store", "--region", "NA")
    sandbox_browser.give_consent(store["authorizeUrl"])
    account = house.good("ads_authorize_url.py", "--account-name", "My Brand", "--region", "NA")
    sandbox_browser.give_consent(account["authorizeUrl"])
    follow = ("--authorization-id", account["authorizationId"], "--wait", "60")
    house.good("ads_authorize_url.py", *follow)
    follow = ("--authorization-id", store["authorizationId"], "--wait", "60")
    seller = house.good("authorize_url.py", *follow)["store"]["sellerId"]
    profile = house.good("ads_resolve_profile.py", "--site", "US")
    (house.home / "report.py").write_text("print('report')\n", encoding="utf-8")
    made = [{"sellerId": seller, "region": "NA"}, {"advertiserId": "SANDBOX_BRANDS"}]
    files = [house.home / name for name in ("token.txt", "ads-token.txt")]
    for file, grant in zip(files, house.sandbox("grants", made)["grants"], strict=True):
        file.touch(0o600)
        file.write_text(grant["refreshToken"], encoding="utf-8")
    return house, {
        "TOKEN_FILE": str(files[0]),
        "ADS_TOKEN_FILE": str(files[1]),
        "SELLER_ID": seller,
        "PROFILE_ID": str(profile["profileId"]),
        "AUTH_RECORD_ID": str(profile["authRecordId"]),
        "AUTHORIZATION_ID": store["authorizationId"],
    }


def piped_in(house: House, script: str) -> str:
    """What a command with `<` reads: for those that complete, the address of a consent that just happened."""
    if script == "complete_authorization.py":
        link = house.good("authorize_url.py", "--seller-name", "My Store", "--region", "NA")
        return consent(link["authorizeUrl"], selling_partner_id="A1SANDBOXNA001")
    if script == "ads_complete_authorization.py":
        link = house.good("ads_authorize_url.py", "--account-name", "My Brand", "--region", "NA")
        return consent(link["authorizeUrl"], advertiser_id="SANDBOX_BRANDS")
    return ""


def call(place: tuple[House, dict[str, str]], line: str) -> None:
    """Run a document's line in the house; it has to succeed and print no whole token."""
    house, values = place
    command = parsed("", line, values)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    stdin = piped_in(house, command.script)
    done = house.script(command.script, *command.arguments, stdin=stdin, PATH=path)
    assert done.code == 0, f"{line}\n{done.stdout}\n{done.stderr[-2000:]}"
    if command.script != "with_token.py":
        assert done.document["ok"] is True
        assert command.script in WORKING or done.document["sandbox"] is True
    assert not WHOLE_TOKEN.search(done.stdout + done.stderr)


@pytest.mark.parametrize("block", runnable("sandbox"), ids=lambda block: block.document)
def test_sandbox_blocks_work(authorized: tuple[House, dict[str, str]], block: Block) -> None:
    """Blocks marked `run: sandbox` succeed against a gateway with a store and an ads account."""
    for line in lines_of(block):
        call(authorized, line)


def test_commands_of_the_skill_work(authorized: tuple[House, dict[str, str]]) -> None:
    """Every command that SKILL.md writes out succeeds as it stands there; what removes is last."""
    lines = [command.line for command in commands(SKILL)]
    assert len(lines) > 20
    for line in sorted(lines, key=lambda line: "remove_" in line):
        # Renamed to what it is called already, so that the others still find it.
        call(authorized, re.sub(r'("[^"]+") (--\S+) "New Name"', r"\1 \2 \1", line))


def test_no_document_puts_a_secret_on_a_command_line() -> None:
    """No example shows a key, token or secret as an argument or in an assignment before a command."""
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.language == "bash":
                for line in lines_of(block):
                    assert not line.startswith(("export ", "LINKFOX_", "SPAPI_", "ADS_")), line
                    assert not {"--key", "--token", "--secret", "--api-key"} & set(line.split()), line
