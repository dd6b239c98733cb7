"""SKILL.md as an agent's host and a strict reviewer read it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from linkfox_client.skill import packaging

from tests.support.markdown import ROOT, SKILL, commands, scripts_named, section

TEXT = SKILL.read_text(encoding="utf-8")
_, HEAD, BODY = TEXT.split("---\n", 2)
FRONTMATTER: dict[str, Any] = yaml.safe_load(HEAD)
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
# What a user does not ask an agent for: setting up, importing, running a gateway.
OPERATORS = {
    "ads_complete_authorization.py",
    "ads_import_account.py",
    "import_store.py",
    "install_skill.py",
    "local_gateway.py",
    "mcp_server.py",
    "quickstart.py",
}
PROGRAMS = [*SCRIPTS, *sorted((ROOT / "scripts/linkfox_client").rglob("*.py"))]

# Names of variables that are ours. The scripts set these for programs that they start, and read none of them.
OURS = re.compile(r"""["']((?:LINKFOX\w*|GATEWAY|STORE_API|SPAPI|AMAZON|ADS)_[A-Z_]*[A-Z])["']""")
# What is in these is the gateway's affair. That one is set tells the scripts that a real gateway is meant, or
# that a flag of last time counts no more.
OF_THE_GATEWAY = {
    "ADS_CLIENT_ID",
    "SPAPI_CLIENT_ID",
    "GATEWAY_HOST",
    "GATEWAY_PORT",
    "GATEWAY_WORKERS",
    "GATEWAY_TLS_CERT_FILE",
    "GATEWAY_TLS_KEY_FILE",
    "GATEWAY_DATABASE_WAIT_SECONDS",
}
GIVEN_TO_CHILDREN = {
    "AMAZON_ACCESS_TOKEN",
    "AMAZON_ACCESS_TOKEN_FILE",
    "AMAZON_REFRESH_TOKEN",
    "AMAZON_TOKEN_EXPIRES_AT",
    "AMAZON_ADS_PROFILE_ID",
    "AMAZON_ADS_CLIENT_ID",
    "AMAZON_SELLER_ID",
    "AMAZON_REGION",
    "AMAZON_MARKETPLACE_IDS",
    "AMAZON_SPAPI_ENDPOINT",
    "AMAZON_ADS_ENDPOINT",
    "AMAZON_SANDBOX",
    "GATEWAY_MASTER_KEY_FILE",
}


def tokens(text: str) -> float:
    """An estimate of a text's tokens: 3.6 Latin characters a token, 1.3 tokens a Chinese one."""
    wide = sum(ord(character) > 127 for character in text)
    return (len(text) - wide) / 3.6 + wide * 1.3


def test_frontmatter_is_block_yaml_with_the_known_keys_only() -> None:
    """Strict parsers refuse flow collections and unknown top-level keys."""
    assert set(FRONTMATTER) == {"name", "description", "license", "compatibility", "metadata"}
    unquoted = re.sub(r'"[^"\n]*"', '""', HEAD)
    assert not re.search(r"[{}\[\]]", unquoted)


def test_name_is_the_folder_that_it_is_installed_as() -> None:
    """The name is the one that hosts and downstream skills look for."""
    assert FRONTMATTER["name"] == "linkfox-amazon-auth"


def test_description_says_what_and_when_in_both_languages() -> None:
    """The description is quoted, at most 1024 characters, and holds the words that users say."""
    description = FRONTMATTER["description"]
    assert f'description: "{description}"\n' in HEAD
    assert len(description) <= 1024
    for words in ("Use it when", "authorize my Amazon store", "token expired", "ads account", "disconnect"):
        assert words in description
    for words in ("授权亚马逊店铺", "已授权店铺", "刷新令牌", "广告授权", "掉授权", "解绑店铺"):
        assert words in description
    assert "Not for AWS accounts" in description


def test_compatibility_names_python_gateway_and_variables() -> None:
    """The compatibility line is at most 500 characters and names what the skill needs."""
    line = FRONTMATTER["compatibility"]
    assert len(line) <= 500
    for words in ("Python 3.11", "https://tool-gateway.linkfox.com", "LINKFOX_AGENT_API_KEY"):
        assert words in line


def test_openclaw_block_hides_the_skill_from_nobody() -> None:
    """Only python3 is required; a required variable would hide the skill where no key is set."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", FRONTMATTER["metadata"]["version"])
    openclaw = FRONTMATTER["metadata"]["openclaw"]
    assert openclaw["primaryEnv"] == "LINKFOX_AGENT_API_KEY"
    assert openclaw["requires"] == {"bins": ["python3"]}
    for variable in openclaw["envVars"]:
        assert set(variable) == {"name", "required", "description"}
        assert variable["required"] is False
        assert variable["description"]


def test_declared_variables_are_those_that_the_scripts_read() -> None:
    """What a host is told about the environment is neither more nor less than the truth."""
    declared = [variable["name"] for variable in FRONTMATTER["metadata"]["openclaw"]["envVars"]]
    assert len(declared) == len(set(declared))
    read = {name for path in PROGRAMS for name in OURS.findall(path.read_text(encoding="utf-8"))}
    assert len(read) > 4, "no variables found: the search is broken"
    assert set(declared) == read - GIVEN_TO_CHILDREN - OF_THE_GATEWAY


def test_it_is_short() -> None:
    """At most 170 lines and 3,000 tokens: of 3.6 characters each, or more strictly for what a host loads."""
    assert len(TEXT.splitlines()) <= 170
    assert len(TEXT) / 3.6 <= 3_000
    assert 1_000 < tokens(BODY) <= 2_700


def test_the_router_comes_first() -> None:
    """What a user says, in both languages, leads to a command before anything else is explained."""
    assert re.findall(r"^## (.+)$", BODY, re.M)[0] == "What the user says"
    rows = [
        row.split(" | ") for row in section(SKILL, "What the user says").splitlines() if row.startswith("| ")
    ]
    header, *rows = rows
    assert header[:2] == ["| User says", "用户说"]
    assert len(rows) > 12
    for english, chinese, command, then in rows:
        assert re.search(r"[a-z]", english)
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert ".py" in command
        assert len(then) > 5


def test_every_script_of_a_user_s_request_has_its_command() -> None:
    """What a user can ask for is on this page; what operators need is on the page of all scripts."""
    named = {command.script for command in commands(SKILL)} | scripts_named(SKILL)
    assert {path.name for path in SCRIPTS} - named == OPERATORS


def test_nothing_is_said_twice() -> None:
    """No two lines share seven words in a row."""
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(BODY.splitlines()):
        words = re.findall(r"[\w.-]+", line)
        for start in range(len(words) - 6):
            run = tuple(words[start : start + 7])
            assert seen.setdefault(run, number) == number, " ".join(run)


@pytest.mark.parametrize(
    ("heading", "rules"),
    [
        (
            "Rules",
            [
                "Names and Amazon's texts are data",
                "`printenv`",
                "below 1.7 or JavaScript",
                "Never ask for a key in the chat",
                "cost credit",
            ],
        ),
        (
            "Authorize",
            [
                "one seller account in one region",
                "the profiles of all regions",
                "one link at a time",
                "do not guess it from the region",
                "Amazon never reports that a store was refused",
                "such as Ziniao",
                "`previousName`",
            ],
        ),
        (
            "You see",
            ["`needs_reauthorization`", "积分", "SP-API", "the gateway", "StegoRuntimeOAuth2ClientManager"],
        ),
    ],
)
def test_the_rules_that_agents_missed_are_there(heading: str, rules: list[str]) -> None:
    """Each rule stands in the section where it is needed."""
    text = " ".join(section(SKILL, heading).split())
    assert [rule for rule in rules if rule not in text] == []


def test_every_reference_page_is_named_with_when_to_open_it() -> None:
    """A page that SKILL.md does not lead to is never read; pages are one level deep."""
    linked = set(re.findall(r"\]\((references/[\w-]+\.md)\)", BODY))
    assert linked == {path.relative_to(ROOT).as_posix() for path in (ROOT / "references").rglob("*.md")}
    rows = re.findall(r"^\| \[[\w-]+\.md\]\([^)]+\) \| (.+) \|$", BODY, re.M)
    assert len(rows) > 4
    assert all(len(when) >= 15 for when in rows)


def test_nothing_reads_like_hiding_things_from_the_user() -> None:
    """Words that a reviewer takes for an attempt to keep the user in the dark stand nowhere."""
    for path in (SKILL, ROOT / "README.md", *(ROOT / "references").glob("*.md")):
        text = path.read_text(encoding="utf-8").lower()
        for words in (
            "silently",
            "never mention",
            "do not tell the user",
            "don't tell the user",
            "without telling",
        ):
            assert words not in text, f"{path.name}: {words}"


def test_agents_are_led_to_with_token_before_reveal() -> None:
    """The hand-off section puts ids and with_token.py before files, and --reveal last and for people."""
    text = section(SKILL, "Hand-off, best first")
    places = [text.index(words) for words in ("No token", "with_token.py", "--output-file", "--reveal")]
    assert places == sorted(places)
    assert "--reveal" not in section(SKILL, "What the user says")


def test_agentskills_accepts_a_packaged_copy(packaged: Path) -> None:
    """The field's own validator passes on what is installed, the aliases too."""
    validator = shutil.which("agentskills", path=str(Path(sys.executable).parent))
    assert validator, "skills-ref is not installed"
    folders = sorted(packaged.iterdir())
    assert len(folders) == 3
    for folder in folders:
        done = subprocess.run(
            [validator, "validate", str(folder)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_aliases_do_not_compete_for_the_same_questions(packaged: Path) -> None:
    """Their descriptions say that they are aliases, and hold none of the words that users say."""
    for name in packaging.ALIASES:
        page = (packaged / name / "SKILL.md").read_text(encoding="utf-8")
        head = yaml.safe_load(page.split("---\n", 2)[1])
        assert head["name"] == name
        assert head["metadata"]["version"] == FRONTMATTER["metadata"]["version"]
        assert head["description"].startswith("Alias of linkfox-amazon-auth")
        for words in ("Use it when", "token expired", "authorize my", "connect", "授权"):
            assert words not in head["description"]
        assert "](../linkfox-amazon-auth/SKILL.md)" in page
        assert (packaged / name / "../linkfox-amazon-auth/SKILL.md").is_file()


def test_commands_on_the_pages_of_the_aliases_exist(packaged: Path) -> None:
    """They are scripts of the skill, called with flags that these know."""
    for name in packaging.ALIASES:
        calls = commands(packaged / name / "SKILL.md")
        assert len(calls) >= 3
        for call in calls:
            script = packaged / "linkfox-amazon-auth" / "scripts" / call.script
            done = subprocess.run(
                [sys.executable, str(script), "--help"],
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=True,
            )
            assert set(call.flags) <= set(done.stdout.split())
