"""The pages of the skill as resources, and the skill itself as MCP's skills extension tells of one.

https://modelcontextprotocol.io/extensions/skills/overview: `skills/list` and `skills/get` answer the
frontmatter and a complete list of the files with their digests. Over MCP the skill is SKILL.md and the pages
of `references/`; in the place of the scripts there are the tools.
"""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from linkfox_client.mcp.wording import SKILL_ROOT
from linkfox_client.paths import BUNDLE

EXTENSION = "io.modelcontextprotocol/skills"
MAIN = f"{SKILL_ROOT}/SKILL.md"
MEDIA_TYPE = "text/markdown"


def paths() -> dict[str, Path]:
    """Return the files of the skill by their addresses, SKILL.md first."""
    pages = sorted((BUNDLE / "references").glob("*.md"))
    found = {MAIN: BUNDLE / "SKILL.md"}
    return found | {f"{SKILL_ROOT}/references/{page.name}": page for page in pages}


def listed() -> list[dict[str, Any]]:
    """Return what `resources/list` tells of each file."""
    entries = []
    for address, path in paths().items():
        text = path.read_text(encoding="utf-8")
        named = _frontmatter(text)
        about = {"name": named["name"], "description": named["description"]} if named else {"name": path.name}
        heading = next((line[2:] for line in text.splitlines() if line.startswith("# ")), path.name)
        size = path.stat().st_size
        entries.append({"uri": address, "title": heading, "mimeType": MEDIA_TYPE, "size": size, **about})
    return entries


def read(address: str) -> str | None:
    """Return the text of a file; None where there is none of that address."""
    path = paths().get(address)
    return None if path is None else path.read_text(encoding="utf-8")


def skill() -> dict[str, Any]:
    """Return the skill's entry, for `skills/list` and `skills/get`."""
    files = [{"uri": address, **_facts(path.read_bytes())} for address, path in paths().items()]
    return {"uri": MAIN, "frontmatter": _frontmatter(read(MAIN) or ""), "resources": files}


def _facts(content: bytes) -> dict[str, Any]:
    return {"digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def _frontmatter(text: str) -> dict[str, Any]:
    """Return the YAML between the first two lines of dashes; empty where a page has none."""
    if not text.startswith("---\n"):
        return {}
    found: dict[str, Any] = yaml.safe_load(text.split("---\n", 2)[1])
    return found
