"""The commands of `deploy/README.md` are run by the tests of `tests/deploy`, section by section."""

import re

from tests.support.markdown import ROOT, section

PAGE = ROOT / "deploy" / "README.md"


def test_no_section_with_commands_is_left_out() -> None:
    """A test that types the commands of a section names it."""
    headings = re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.M)
    commanding = [heading for heading in headings if "```sh" in section(PAGE, heading)]
    typing = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "deploy").glob("*.py"))
    assert commanding
    assert [heading for heading in commanding if f'"{heading}"' not in typing] == []
