"""Make references/scripts.md: what each script's `--help` says, on one page."""

import importlib.util
import sys
from pathlib import Path
from unittest import mock

from linkfox_client.cli.arguments import Arguments

HEAD = """\
# Scripts

<!-- Generated from the scripts' --help by tools/generate_docs.py; change the script and run it again. -->

Open this page for the flags of a script, for an operator's commands, or to find the script for something
rare. Each script prints its own section with `--help`, offline.

| Script | What it does |
|---|---|
"""
# What --help ends with is the same of all scripts, and stands on the page once.
COMMON = "Standard output is one JSON document."


def help_of(script: Path) -> str:
    """Return the text that `python3 SCRIPT --help` prints."""
    spec = importlib.util.spec_from_file_location(f"script_{script.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    arguments = Arguments()
    module.declare(arguments)
    with mock.patch.object(sys, "argv", [str(script)]):
        return arguments.help(module.__doc__ or "").rstrip() + "\n"


def scripts_page(folder: Path) -> str:
    """Return the page of all scripts in `folder`: a table, what they share, and a section for each."""
    texts = {script.name: help_of(script) for script in sorted(folder.glob("*.py"))}
    rows, sections, common = [], [], ""
    for name, text in texts.items():
        own, found, rest = text.partition(COMMON)
        if not found:
            raise ValueError(f"{name} --help does not end as the others do")
        common = found + rest
        about = own.split("\n\n")[1]
        what = " ".join(about.split()).replace("|", r"\|")
        rows.append(f"| [`{name}`](#{name.replace('.', '')}) | {what} |\n")
        sections.append(f"## {name}\n\n```text\n{own.rstrip()}\n```\n")
    shared = f"## What all share\n\n```text\n{common.rstrip()}\n```\n"
    return "\n".join([HEAD + "".join(rows), shared, *sections])
