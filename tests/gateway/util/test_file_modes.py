"""Who else may read a secret's file, where the group of it has no name."""

import os
import sys
from pathlib import Path

import pytest

from gateway.util.file_modes import exposure

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of files")


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secret as Kubernetes hands it on, in a container that lists no groups."""
    import grp

    def nobody_knows(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(grp, "getgrgid", nobody_knows)
    path = tmp_path / "secret"
    path.write_text("a secret")
    path.chmod(0o440)
    return path


@pytest.mark.parametrize("own", ["getegid", "getgroups"])
def test_a_group_of_this_process_alone_is_nobody_else(
    secret: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it the group that it runs as or a further one (`fsGroup`)."""
    group = secret.stat().st_gid
    monkeypatch.setattr(os, "getegid", lambda: group if own == "getegid" else group + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [group] if own == "getgroups" else [])
    assert exposure(secret) is None
    secret.chmod(0o444)
    assert exposure(secret) == "readable"


def test_another_group_without_a_name_is_somebody(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in it cannot be known."""
    monkeypatch.setattr(os, "getegid", lambda: secret.stat().st_gid + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [])
    assert exposure(secret) == "readable"
