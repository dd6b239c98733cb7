"""What a skill needs of the bundle: the files that are installed, and the small pages of its aliases."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

NAME = "linkfox-amazon-auth"
FILES = ("SKILL.md", "LICENSE", "requirements.txt", "requirements-mcp.txt")
FOLDERS = ("adapters", "references", "scripts")
# With these local_gateway.py and quickstart.py work in the installed copy, too.
GATEWAY_FILES = ("requirements-gateway.txt",)
GATEWAY_FOLDERS = ("gateway", "amazon_sandbox")
# Which commands and flags local_gateway.py takes stands here; every copy has it.
COMMANDS = "gateway/cli/commands.json"
# Of the skill's own folders what serves the gateway and quickstart.py alone.
FOR_THE_GATEWAY = frozenset(
    (
        "scripts/linkfox_client/commands/quickstart.py",
        "scripts/linkfox_client/local/sandbox_browser.py",
    )
)
# A folder that has it holds the gateway.
GATEWAY = "gateway/__main__.py"

_ALIAS = """\
---
name: {name}
description: "{description}"
license: MIT
metadata:
  version: "{version}"
---

# {name}

This is another name of the skill `linkfox-amazon-auth`, which lies beside it: read
[its SKILL.md](../linkfox-amazon-auth/SKILL.md) and run its scripts from its folder.

| For | Command, in `../linkfox-amazon-auth` |
|---|---|
{rows}
"""
# Worded so that it is not chosen for what a user asks.
_DESCRIPTION = (
    "Alias of linkfox-amazon-auth, looked up by other skills that need {what} as a prerequisite. "
    "For a user's own request (authorize, list, tokens, profiles) use linkfox-amazon-auth instead. "
    "本技能只是别名，请使用 linkfox-amazon-auth。"
)
_STORE_ROWS = """\
| the authorized stores | `python3 scripts/authorized_stores.py` |
| a new authorization | `python3 scripts/authorize_url.py --seller-name NAME --region NA` |
| one store's token, masked | `python3 scripts/store_tokens.py --seller-id SELLER_ID --region NA` |"""
_ADS_ROWS = """\
| the authorized accounts and sites | `python3 scripts/ads_authorized_stores.py` |
| the profile of a site | `python3 scripts/ads_resolve_profile.py --site "US"` |
| a new authorization | `python3 scripts/ads_authorize_url.py --account-name NAME --region NA` |
| a profile's token, masked | `python3 scripts/ads_store_tokens.py --profile-id PROFILE_ID` |"""

# By these names existing skills look for an authorization skill: its SKILL.md has to be there.
ALIASES = {
    "linkfox-amazon-store-auth": ("an authorized Amazon store", _STORE_ROWS),
    "linkfox-amazon-ads-auth": ("an authorized Amazon Ads account", _ADS_ROWS),
}


def skill_files(bundle: Path, *, with_gateway: bool) -> dict[str, bytes]:
    """Return the skill's files, by their paths in it (with `/`), out of a clone or an installed copy.

    `with_gateway`: also the gateway, the stand-in Amazon and what else they need.
    """
    names = (*FILES, *GATEWAY_FILES) if with_gateway else (*FILES, COMMANDS)
    folders = (*FOLDERS, *GATEWAY_FOLDERS) if with_gateway else FOLDERS
    found = {path.relative_to(bundle).as_posix(): path for path in _paths(bundle, names, folders)}
    left_out = frozenset[str]() if with_gateway else FOR_THE_GATEWAY
    return {name: found[name].read_bytes() for name in sorted(found.keys() - left_out)}


def alias_files(name: str, version: str) -> dict[str, bytes]:
    """Return the one file of an alias: a page that leads to the skill."""
    what, rows = ALIASES[name]
    description = _DESCRIPTION.format(what=what)
    page = _ALIAS.format(name=name, description=description, rows=rows, version=version)
    return {"SKILL.md": page.encode()}


def version_of(skill_page: bytes) -> str:
    """Return the version in a SKILL.md's frontmatter; "0" where it has none."""
    for line in skill_page.decode("utf-8", "replace").splitlines():
        key, _, value = line.strip().partition(":")
        if key == "version":
            return value.strip().strip('"')
    return "0"


def digest(content: bytes) -> str:
    """Return the SHA-256 by which a file is recognized as the one that was installed."""
    return hashlib.sha256(content).hexdigest()


def _paths(bundle: Path, names: Iterable[str], folders_of_all: Iterable[str]) -> Iterator[Path]:
    for name in names:
        if (bundle / name).is_file():
            yield bundle / name
    for name in folders_of_all:
        for folder, folders, files in os.walk(bundle / name):
            folders[:] = [child for child in folders if not child.startswith((".", "__pycache__"))]
            for file in files:
                path = Path(folder, file)
                if not file.startswith(".") and not file.endswith(".pyc") and not path.is_symlink():
                    yield path
