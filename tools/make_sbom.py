"""Write the gateway's bill of materials, deploy/sbom.cdx.json: what requirements-gateway.txt pins.

cyclonedx-py makes it, so the Python that runs this has requirements-supply-chain.txt. The wheel has it inside
(PEP 770).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "deploy" / "sbom.cdx.json"


def bill_of_materials() -> str:
    """Return the document: the same for the same pins and version, whenever and wherever it is made."""
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"]
    command += ["--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON"]
    command += ["requirements-gateway.txt"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - fixed words
    document: dict[str, Any] = json.loads(made.stdout)
    gateway = document["metadata"]["component"]
    # The build reads the version from a file, where cyclonedx-py does not look.
    gateway["version"] = (ROOT / "references" / "VERSION").read_text(encoding="utf-8").strip()
    gateway["purl"] = f"pkg:pypi/{gateway['name']}@{gateway['version']}"
    for component in document["components"]:
        # The line of the file with all its hashes, which stand in fields of their own.
        component["description"] = component["description"].partition("--hash")[0].strip()
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(bill_of_materials(), encoding="utf-8")
