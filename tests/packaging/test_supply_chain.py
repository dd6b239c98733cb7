"""What the project is made of: which packages, under which licenses, and what is known against them."""

import json
import re
import subprocess
from typing import Any

import pytest
from linkfox_client.paths import version

from tests.support.house import PATIENCE, ROOT
from tests.support.installed import or_skip, python_environment
from tools.audit_requirements import verdict
from tools.list_licenses import license_of, listed, page, pinned
from tools.make_sbom import FILE

# None of these asks that what uses the package be published with it.
ALLOWED = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"),
    *("LGPL-3.0-only", "MPL-2.0"),
}
PINNED = re.compile(r"(?m)^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)((?:.*\n(?=    ).*)+)")


def test_every_package_has_a_license_that_asks_nothing_of_its_users() -> None:
    """One that is unknown, or asks that the gateway be published, is looked at before it is shipped."""
    found = listed()
    assert found.keys() == pinned()
    assert {
        name: told for name, told in found.items() if not set(re.split(" OR | AND ", told)) <= ALLOWED
    } == {}


def test_the_page_of_licenses_is_what_the_packages_say() -> None:
    """Those that are installed here."""
    assert {name: told for name, told in listed().items() if license_of(name) not in (None, told)} == {}
    assert (ROOT / "deploy" / "licenses.md").read_text(encoding="utf-8") == page()


def test_the_bill_of_materials_names_what_is_pinned() -> None:
    """Each package with its version and the digests of all its files."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    text = (ROOT / "requirements-gateway.txt").read_text(encoding="utf-8")
    wanted = {
        (name, number, *sorted(re.findall("sha256:([0-9a-f]{64})", rest)))
        for name, number, rest in PINNED.findall(text)
    }
    assert len(wanted) > 40
    assert wanted == {
        (
            component["name"],
            component["version"],
            *sorted(
                digest["content"]
                for reference in component["externalReferences"]
                for digest in reference["hashes"]
            ),
        )
        for component in document["components"]
    }
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["version"] == version()


def test_no_package_is_known_to_be_vulnerable() -> None:
    """As PyPI knows today; where it cannot be asked, that is said."""
    with or_skip():
        folder = ROOT / ".venv-supply-chain"
        python = python_environment(folder, ROOT / "requirements-supply-chain.txt")
    command = [str(python), "tools/audit_requirements.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if done.stdout.startswith("not audited"):
        pytest.skip(done.stdout.strip())
    assert "no known vulnerability" in done.stdout


def package(name: str, *found: str, **more: Any) -> dict[str, Any]:
    """What pip-audit says of a package."""
    vulns = [{"id": one, "fix_versions": ["2.0"]} for one in found]
    return {"name": name, "version": "1.0", "vulns": vulns, **more}


def test_a_vulnerability_fails_and_says_what_mends_it() -> None:
    """Once, in however many files the package is pinned."""
    code, lines = verdict([package("good"), package("bad", "PYSEC-1"), package("bad", "PYSEC-1")])
    assert (code, lines) == (1, ["bad 1.0: PYSEC-1, mended in 2.0"])


def test_what_was_not_looked_at_is_not_called_good() -> None:
    """Of some packages, or of all where no advisories can be had, which is no failure."""
    unknown = {"name": "own", "skip_reason": "not found on PyPI"}
    assert verdict([package("good"), unknown]) == (
        0,
        ["no known vulnerability in 1 packages", "not audited, since PyPI told nothing of them: own"],
    )
    for nothing in ([], [unknown]):
        code, (line,) = verdict(nothing)
        assert code == 0
        assert line.startswith("not audited")
