"""The pages that are made from data files are fresh, and agree with the programs."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from linkfox_client.errors import EXIT_CODES

from tests.support.house import clean_environment, run_script
from tests.support.markdown import ROOT, section
from tools import generate_docs


def test_generated_pages_are_fresh() -> None:
    """`generate_docs.py --check` finds nothing to write."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/generate_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_changed_data_file_makes_pages_stale(tmp_path: Path) -> None:
    """A new meaning in errors.json and a new site in marketplaces.json show in the pages."""
    shutil.copytree(ROOT / "references", tmp_path / "references")
    shutil.copy(ROOT / "SKILL.md", tmp_path)
    for name, field, value in (
        ("errors", "meaning", "A new meaning"),
        ("marketplaces", "countryCode", "ATL"),
    ):
        path = tmp_path / f"references/{name}.json"
        rows = json.loads(path.read_text(encoding="utf-8"))
        rows[0][field] = value
        path.write_text(json.dumps(rows), encoding="utf-8")
    pages = {path.name: text for path, text in generate_docs.pages(tmp_path).items()}
    assert "A new meaning" in pages["errors.md"]
    assert "ATL" in pages["SKILL.md"]
    assert "ATL" in pages["api.md"]


def test_the_page_of_the_scripts_has_each_help() -> None:
    """One section a script holds what its `--help` prints, however wide the terminal is."""
    page = (ROOT / "references/scripts.md").read_text(encoding="utf-8")
    scripts = sorted(path.name for path in (ROOT / "scripts").glob("*.py"))
    assert re.findall(r"^## (\w+\.py)$", page, re.MULTILINE) == scripts
    shared = section(ROOT / "references/scripts.md", "What all share")
    for name in scripts:
        environment = clean_environment(ROOT, COLUMNS="40")
        printed = run_script(name, "--help", environment=environment, folder=ROOT).stdout
        own = section(ROOT / "references/scripts.md", name)
        shown = "\n".join(text.split("```text\n")[1].split("\n```")[0] for text in (own, shared))
        assert shown.split() == printed.split(), name


def test_exit_codes_on_the_page_are_those_of_the_scripts() -> None:
    """Each error code stands on the page with the exit code that scripts really leave with."""
    shown = section(ROOT / "references/errors.md", "Codes and exit codes")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", shown, re.MULTILINE)
    assert {code: int(exit_code) for code, exit_code in rows} == EXIT_CODES


def test_every_reason_is_explained_once() -> None:
    """errors.md has each row of errors.json with its meaning and remedy."""
    page = (ROOT / "references/errors.md").read_text(encoding="utf-8")
    rows = json.loads((ROOT / "references/errors.json").read_text(encoding="utf-8"))
    assert len(rows) > 20
    for row in rows:
        assert page.count(f"**`{row['reason']}`**") == 1
        assert row["meaning"] in page
        assert row["remedy"] in page
