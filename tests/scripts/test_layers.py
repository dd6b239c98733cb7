"""The layers of the scripts' client: what may import what, imports inside functions counted."""

import ast
from graphlib import TopologicalSorter

from tests.support.house import SCRIPTS
from tests.support.imports import imports_of

CLIENT = SCRIPTS / "linkfox_client"
GROUND = ("linkfox_client", "errors", "paths", "config", "text", "private_files", "venv")
# Each may import those to its left, and itself. `ground` is the package's own modules in GROUND.
LAYERS = (
    "ground",
    "secrets",
    "amazon",
    "cli",
    "keys",
    "local",
    "gateway",
    "skill",
    "commands",
    "mcp",
    "command",
)


def imports() -> dict[str, set[str]]:
    """Return the modules of the client, each with those that it imports; the package itself by its name."""
    found = imports_of(CLIENT)
    return {name or CLIENT.name: others for name, others in found.items()}


def layer(module: str) -> str:
    """Return the layer that a module is in."""
    return "ground" if module in GROUND else module.partition(".")[0]


def test_a_module_imports_only_from_its_own_layer_and_those_below_it() -> None:
    """The order is LAYERS'; a new folder has to find its place there."""
    found = imports()
    assert {layer(name) for name in found} == set(LAYERS)
    assert "keys.keyring" in found["gateway.settings"], "imports inside functions are found"
    upwards = {
        f"{name} imports {other}"
        for name, others in found.items()
        for other in others
        if LAYERS.index(layer(other)) > LAYERS.index(layer(name))
    }
    assert upwards == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    """TopologicalSorter raises CycleError, which names the circle."""
    assert set(TopologicalSorter(imports()).static_order()) >= {"errors", "command"}


def test_few_modules_lie_loose_at_the_root() -> None:
    """At most eight, so that a reader can name the place of a line; a package's __init__ holds words only."""
    assert len(list(CLIENT.glob("*.py"))) <= 8
    for path in CLIENT.glob("*/**/__init__.py"):
        (docstring,) = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(docstring, ast.Expr), path
