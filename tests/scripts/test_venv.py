"""The set-up of `.venv`: done once, done again after a change, told clearly where it cannot be done."""

import shutil
import sys
from pathlib import Path

import pytest
from linkfox_client import venv
from linkfox_client.paths import BUNDLE


def lay_requirements(folder: Path) -> Path:
    """Make a folder a bundle that needs no package, so that no index is asked."""
    for name in venv.HOLDERS:
        (folder / name).write_text(f"# nothing for {name}\n")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[str]]:
    """A bundle with the environment of requirements.txt: its interpreter, and what was told meanwhile.

    It was made where another set-up had been interrupted. Where nothing was, the installed copy's is made.
    """
    told: list[str] = []
    folder = lay_requirements(tmp_path_factory.mktemp("made"))
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").write_text("not a program")
    python = venv.ensure("requirements.txt", bundle=folder, notify=told.append)
    return folder, python, told


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle without an environment."""
    return lay_requirements(tmp_path)


@pytest.fixture
def ready(made: tuple[Path, Path, list[str]], bundle: Path) -> Path:
    """A bundle with the environment of requirements.txt, copied, because to make one takes longer."""
    shutil.copytree(made[0] / ".venv", bundle / ".venv", symlinks=True)
    return bundle


def test_an_interrupted_set_up_is_done_again(made: tuple[Path, Path, list[str]]) -> None:
    """A `.venv` without a working interpreter is made anew."""
    assert made[1].resolve() == Path(sys.executable).resolve()


def test_the_environment_is_made_once(made: tuple[Path, Path, list[str]]) -> None:
    """The second call does nothing and says nothing."""
    bundle, python, first = made
    assert python.exists()
    assert first
    again: list[str] = []
    assert venv.ensure("requirements.txt", bundle=bundle, notify=again.append) == python
    assert again == []


def test_a_changed_requirements_file_is_installed_again(ready: Path) -> None:
    """The note goes by the file's content, so a pulled update is not missed."""
    (ready / "requirements.txt").write_text("# changed\n")
    told: list[str] = []
    venv.ensure("requirements.txt", bundle=ready, notify=told.append)
    assert any("Installing requirements.txt" in line for line in told)


def test_a_larger_layer_serves_a_smaller_one(ready: Path) -> None:
    """Who ran the tests need not install anything for the scripts, but not the other way round."""
    venv.ensure("requirements-dev.txt", bundle=ready)
    told: list[str] = []
    venv.ensure("requirements-gateway.txt", bundle=ready, notify=told.append)
    assert told == []
    (ready / ".venv" / venv.RECORD).unlink()
    venv.ensure("requirements.txt", bundle=ready)
    venv.ensure("requirements-dev.txt", bundle=ready, notify=told.append)
    assert any("requirements-dev.txt" in line for line in told)


def test_two_layers_are_not_installed_at_once(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that sets the MCP server up waits for the scripts' own set-up: it is one environment."""
    fcntl = pytest.importorskip("fcntl", reason="there is no flock")
    held: set[str] = set()
    monkeypatch.setattr(fcntl, "flock", lambda file, _kind: held.add(file.name))
    for name in ("requirements.txt", "requirements-mcp.txt"):
        venv.ensure(name, bundle=ready)
    assert len(held) == 1


def test_an_unknown_hash_is_refused_with_a_hint(ready: Path) -> None:
    """A requirement without its hash is not installed, and the note is not written."""
    (ready / ".venv" / venv.RECORD).unlink()
    (ready / "requirements.txt").write_text("certifi==2024.8.30\n")
    with pytest.raises(venv.SetupError) as caught:
        venv.ensure("requirements.txt", bundle=ready)
    assert "requirements.txt" in str(caught.value)
    assert "index" in caught.value.hint
    assert not (ready / ".venv" / venv.RECORD).exists()


def test_what_was_installed_before_stays_known(ready: Path) -> None:
    """The MCP server's packages come beside the gateway's, and neither is installed again for the other."""
    venv.ensure("requirements-gateway.txt", bundle=ready)
    venv.ensure("requirements-mcp.txt", bundle=ready)
    told: list[str] = []
    for name in ("requirements-gateway.txt", "requirements-mcp.txt", "requirements.txt"):
        venv.ensure(name, bundle=ready, notify=told.append)
    assert told == []


def test_a_file_holds_what_those_within_it_pin_to_the_version() -> None:
    """So they go into one environment, in any order."""

    def pins(name: str) -> set[str]:
        lines = (BUNDLE / name).read_text(encoding="utf-8").splitlines()
        # The marker after the semicolon may differ: a wider file needs a package on more platforms.
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith(("#", " "))}

    for name, holders in venv.HOLDERS.items():
        assert pins(name), name
        for holder in holders:
            assert pins(name) < pins(holder), f"{name} in {holder}"
