"""The version stands in one place; whatever repeats it is compared here."""

import yaml
from linkfox_client.paths import version

from tests.support.interpreters import PROJECT
from tests.support.markdown import ROOT, SKILL


def test_the_version_is_the_one_of_its_file() -> None:
    """`references/VERSION`, which an installed copy of the skill has, too."""
    assert version() == (ROOT / "references" / "VERSION").read_text(encoding="utf-8").strip()
    assert PROJECT["version"] == version()
    frontmatter = yaml.safe_load(SKILL.read_text(encoding="utf-8").split("---\n", 2)[1])
    assert frontmatter["metadata"]["version"] == version()
