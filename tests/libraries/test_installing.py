"""How tests come by packages of others: skipped in words where the registry is away, and asked for once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.installed import NotInstalled, node_packages, or_skip

pytestmark = pytest.mark.skipif(os.name == "nt", reason="its npm is a shell script")

Npm = Callable[[str], None]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Let npm fail with these words, on the machine that decides; it notes how often it was called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "package").mkdir()
    for name in ("package.json", "package-lock.json"):
        (tmp_path / "package" / name).write_text("{}")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("CI", "true")

    def put(words: str) -> None:
        for name in ("npm", "node"):
            program = programs / name
            program.write_text(f"#!/bin/sh\necho >>'{tmp_path}/calls'\necho '{words}' >&2\nexit 1\n")
            program.chmod(0o700)

    return put


def install(tmp_path: Path) -> Path:
    """Install as a test does."""
    with or_skip():
        return node_packages(tmp_path / "packages", tmp_path / "package")


def calls(tmp_path: Path) -> int:
    """How often npm was called."""
    return (tmp_path / "calls").read_text().count("\n")


@pytest.mark.parametrize(
    "words",
    [
        "npm error code ECONNREFUSED",
        "npm error code ENOTFOUND",
        "npm error network request to https://registry.example/a failed, reason: connect ETIMEDOUT",
        "npm error 503 Service Unavailable - GET https://registry.example/a E503",
        "WARNING: Retrying (Retry(total=0)) after connection broken by NewConnectionError",
        "WARNING: Retrying (Retry(total=0)) after connection broken by ReadTimeoutError: Read timed out.",
        "ERROR: HTTP error 503 while getting https://packages.example/a.whl",
    ],
)
def test_a_registry_that_is_away_skips_in_words_and_is_asked_once(
    says: Npm, tmp_path: Path, words: str
) -> None:
    """However many tests of a run want the packages; then there is nothing wrong with what is tested."""
    says(words)
    for _ in range(3):
        with pytest.raises(pytest.skip.Exception, match="npm could not install: ") as skipped:
            install(tmp_path)
        assert words in str(skipped.value)
    assert calls(tmp_path) == 1


@pytest.mark.parametrize(
    "words",
    [
        "npm error code EINTEGRITY",
        "npm error `npm ci` can only install packages when your package.json and package-lock.json",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
        "ERROR: Got        ce501d0c0e5031e0e429e5",
        "ERROR: No matching distribution found for a==1",
    ],
)
def test_pins_that_cannot_be_installed_fail_where_it_is_decided(
    says: Npm, tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere they are skipped in the same words."""
    says(words)
    with pytest.raises(NotInstalled) as failure:
        install(tmp_path)
    assert words in str(failure.value)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        install(tmp_path)
    assert calls(tmp_path) == 1


def test_what_an_earlier_run_could_not_install_is_tried_again(says: Npm, tmp_path: Path) -> None:
    """And what was installed before from other pins is not taken for it."""
    says("npm error code ECONNREFUSED")
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "installed.txt").write_text("other pins")
    with pytest.raises(pytest.skip.Exception):
        install(tmp_path)
    assert not (folder / "installed.txt").exists()
    os.utime(tmp_path / "packages.failed", (0, 0))
    with pytest.raises(pytest.skip.Exception):
        install(tmp_path)
    assert calls(tmp_path) == 2
