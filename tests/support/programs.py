"""Programs that stand in for those of a desktop."""

from pathlib import Path


def fake_program(folder: Path, name: str, text: str) -> Path:
    """Make an executable `folder/name` out of the text of a shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
