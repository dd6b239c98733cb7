"""Write deploy/licenses.md: the license of each package that gateway, scripts and MCP server bring.

Run it with `.venv/bin/python`, whose packages say their own. A package for another system or Python, which is
not installed here, keeps what its row says; a new one of these is `unknown` until somebody has looked.
"""

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "deploy" / "licenses.md"
FILES = ("requirements-gateway.txt", "requirements-tracing.txt", "requirements.txt", "requirements-mcp.txt")
# What stands in older packages in place of an SPDX expression.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSF": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
HEAD = """\
# Licenses

Every package that is installed with the gateway, the scripts or the MCP server, as it says itself. Made by
`tools/list_licenses.py`. None asks that a program which uses it be published; those under LGPL and MPL
ask that changes of themselves are.

| Package | License |
|---|---|
"""


def pinned() -> set[str]:
    """Return the names that the requirements pin."""
    return {
        Requirement(line.rstrip(" \\")).name
        for file in FILES
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith((" ", "#", "-"))
    }


def license_of(name: str) -> str | None:
    """Return the SPDX expression of an installed package's license; None where there is none such."""
    try:
        fields = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classified = [
        value.rpartition(" :: ")[2]
        for value in fields.get_all("Classifier", [])
        if value.startswith("License :: ")
    ]
    told = fields.get("License-Expression") or (
        classified[0] if len(classified) == 1 else fields.get("License")
    )
    return SPDX.get(told or "", told)


def listed() -> dict[str, str]:
    """Return what the page says now: each package's license."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return dict(rows[1:])


def page() -> str:
    """Return the page."""
    before = listed()
    rows = [f"| {name} | {license_of(name) or before.get(name, 'unknown')} |\n" for name in sorted(pinned())]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
