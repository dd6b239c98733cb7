"""Who uses the hosted gateway installs requirements.txt alone; tests/run.py installs everything."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import run
from tests.support.house import ROOT, SCRIPTS

MCP = SCRIPTS / "linkfox_client" / "mcp"


def pinned(name: str) -> set[str]:
    """The distributions that a requirements file pins, in their plain spelling."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {
        plain(line.partition("==")[0]) for line in lines if "==" in line and not line.startswith((" ", "#"))
    }


def plain(distribution: str) -> str:
    """A distribution's name as indexes compare it."""
    return distribution.strip().lower().replace("_", "-").replace(".", "-")


def imported(source: str) -> set[str]:
    """The top-level modules that a program imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def foreign(paths: Iterable[Path]) -> dict[str, set[str]]:
    """The modules of others that programs import, each with the names of those that do."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for module in imported(path.read_text(encoding="utf-8")):
            if module not in sys.stdlib_module_names and module != "linkfox_client":
                found.setdefault(module, set()).add(path.name)
    return found


def not_brought(modules: dict[str, set[str]], requirements: str) -> dict[str, set[str]]:
    """Those of the modules that a requirements file does not bring."""
    distributions = packages_distributions()
    brought = pinned(requirements)
    return {
        module: files
        for module, files in modules.items()
        if not brought & {plain(name) for name in distributions.get(module, [])}
    }


def test_the_scripts_import_nothing_that_their_own_requirements_do_not_bring() -> None:
    """Neither the gateway's packages nor the tests', nor those of the MCP server."""
    found = foreign(path for path in SCRIPTS.rglob("*.py") if path.parent != MCP)
    assert {"requests", "keyring", "dotenv"} <= found.keys(), "the search finds what is imported"
    assert not_brought(found, "requirements.txt") == {}


def test_the_mcp_server_alone_needs_its_packages() -> None:
    """They are imported in one folder, and that folder by one script, once the script is told to serve."""
    found = foreign(MCP.glob("*.py"))
    assert {"mcp", "yaml"} <= found.keys(), "the search finds what is imported"
    assert not_brought(found, "requirements-mcp.txt") == {}
    users = [
        path.name
        for path in SCRIPTS.rglob("*.py")
        if path.parent != MCP and "linkfox_client.mcp" in path.read_text(encoding="utf-8")
    ]
    assert users == ["mcp_server.py"]
    begins = ast.parse((SCRIPTS / "mcp_server.py").read_text(encoding="utf-8")).body
    assert not any(isinstance(node, ast.ImportFrom) and "mcp" in str(node.module) for node in begins)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_each_script_says_itself_what_it_needs(script: Path) -> None:
    """As `uv run` reads it (PEP 723): the project's own list, or nothing where a script makes do without."""
    source = script.read_text(encoding="utf-8")
    (block,) = re.findall(r"(?m)^# /// script\n((?:#(?: .*)?\n)+?)# ///$", source)
    told = tomllib.loads("".join(line[2:] + "\n" for line in block.splitlines()))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    needed = [] if script.name in ("quickstart.py", "install_skill.py") else groups["scripts"]
    if script.name == "mcp_server.py":
        needed = [*needed, *(name for name in groups["mcp"] if isinstance(name, str))]
    assert told == {"requires-python": ">=3.11", "dependencies": needed}


def test_what_scripts_and_gateway_share_is_asked_for_alike() -> None:
    """It stands in both lists: the wheel goes by the one, the bundle's scripts by the other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    gateway, scripts = project["project"]["dependencies"], project["dependency-groups"]["scripts"]
    named = {re.split(r"\W*[<>=]", each)[0] for each in gateway} & {
        re.split(r"\W*[<>=]", each)[0] for each in scripts
    }
    assert named == {"requests", "keyring", "python-dotenv"}
    assert [each for each in gateway if each.startswith(tuple(named))] == [
        each for each in scripts if each.startswith(tuple(named))
    ]


@pytest.mark.parametrize("arguments", [[], ["-k", "store", "-x"]])
def test_run_sets_up_and_passes_its_arguments_on(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment that was set up has a pytest, which gets them, and its exit code is the command's."""
    commands: list[list[str]] = []

    def called(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    monkeypatch.setattr(run.venv, "ensure", lambda name, notify: Path("/venv/python") / name)
    monkeypatch.setattr(run.subprocess, "run", called)
    assert run.main() == 5
    ((python, *words),) = commands
    assert python == str(Path("/venv/python/requirements-dev.txt"))
    assert words[:2] == ["-m", "pytest"]
    assert words[len(words) - len(arguments) :] == arguments


def test_run_says_what_to_do_where_the_set_up_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 3 with the remedy, and nothing is run."""

    def fails(name: str, notify: object) -> Path:
        raise run.venv.SetupError("no venv module", "Install it.")

    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(run.venv, "ensure", fails)
    assert run.main() == 3
    assert "Install it." in capsys.readouterr().err
