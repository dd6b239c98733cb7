"""The pages that name settings and addresses name those of the gateway."""

import re

from gateway.settings.applications import CALLBACK_PATHS
from gateway.settings.listening import Listening
from gateway.settings.settings import Settings
from gateway.settings.variables import declared
from tests.support.markdown import ROOT, section
from tools.generate_docs import settings_table

PAGE = ROOT / "references/self-hosting.md"
VARIABLE = re.compile(r"`((?:GATEWAY|SPAPI|ADS|PROXY)_[A-Z_]*[A-Z])`")


def documented() -> list[str]:
    """Return the variables that have a row in the table, in its order."""
    return re.findall(r"^\| `([A-Z_]+)` \|", section(PAGE, "All settings"), re.M)


def test_each_setting_stands_once_in_the_table() -> None:
    """The table is made of the declarations, and no two of them name one variable."""
    assert settings_table() in section(PAGE, "All settings")
    assert len(documented()) == len(set(documented())) > 30


def test_no_page_names_a_variable_that_there_is_not() -> None:
    """Whatever looks like one of the gateway's variables in a page has a row in the table."""
    for page in sorted((ROOT / "references").glob("*.md")):
        named = set(VARIABLE.findall(page.read_text(encoding="utf-8")))
        assert named <= set(documented()), page.name


def test_what_takes_a_restart_is_named() -> None:
    """The page lists what a running gateway keeps when it reads its settings anew."""
    said = re.search(
        r"\(`settings_need_restart`\): (.*?), and what", section(PAGE, "Stopping and reloading"), re.S
    )
    assert said is not None
    every = (*declared(Settings), *declared(Listening))
    kept = [variable.name for _, variable in every if variable.restart]
    assert re.findall("`([A-Z_]+)`", said[1]) == kept


def test_callback_addresses_are_those_of_the_gateway() -> None:
    """The addresses that a person registers with Amazon are the ones that the gateway serves."""
    page = PAGE.read_text(encoding="utf-8")
    for path in CALLBACK_PATHS.values():
        assert f"https://gateway.example.com{path}" in page
