"""The version stands in one place; whatever repeats it is compared here."""

import re
import subprocess
import sys

import yaml
from linkfox_client.paths import version

from tests.support.interpreters import PROJECT
from tests.support.markdown import ROOT, SKILL


def test_the_version_is_the_one_of_its_file() -> None:
    """`references/VERSION`, which an installed copy of the skill has, too."""
    assert version() == (ROOT / "references" / "VERSION").read_text(encoding="utf-8").strip()
    assert "version" in PROJECT["dynamic"], "the build reads it there"
    frontmatter = yaml.safe_load(SKILL.read_text(encoding="utf-8").split("---\n", 2)[1])
    assert frontmatter["metadata"]["version"] == version()


def test_the_changelog_begins_with_it() -> None:
    """Its newest heading is this version, with the day of its release or as one that is still to come."""
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(rf"## \[{re.escape(version())}\] - (unreleased|\d{{4}}-\d\d-\d\d)", headings[0])
    for earlier in headings[1:]:
        assert re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", earlier), earlier


def test_an_image_that_is_built_by_the_page_has_it() -> None:
    """The tag of the page, which the manifests ask for, too."""
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    assert {*re.findall(r"linkfox-gateway:(\d\S*)", page)} == {version()}
    example = ROOT / "deploy" / "kubernetes" / "example" / "kustomization.yaml"
    (image,) = yaml.safe_load(example.read_text(encoding="utf-8"))["images"]
    assert image["newTag"] == version()


def test_each_script_tells_it() -> None:
    """As text, like --help: `--version` alone."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "local_gateway.py", "--version"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"linkfox-amazon-auth {version()}\n")
