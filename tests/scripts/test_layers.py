"""The layers of the scripts' client: what may import what, imports inside functions counted."""

import ast
from graphlib import TopologicalSorter

from tests.support.house import SCRIPTS

CLIENT = SCRIPTS / "linkfox_client"
GROUND = ("linkfox_client", "errors", "paths", "config", "text", "private_files", "venv")
# Each may import those to its left, and itself. `ground` is the package's own modules in GROUND.
LAYERS = ("ground", "secrets", "amazon", "cli", "keys", "local", "gateway", "skill", "commands", "command")


def imports() -> dict[str, set[str]]:
    """Return the modules of the client by name (`gateway.client`), each with those that it imports."""
    paths = {path.relative_to(SCRIPTS).with_suffix("").as_posix(): path for path in CLIENT.rglob("*.py")}
    modules = {name.replace("/", ".").removesuffix(".__init__"): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        # `from linkfox_client.cli import output` names a package, too, which holds nothing.
        found[name] = {other for other in named & modules.keys() if modules[other].name != "__init__.py"}
    prefix = "linkfox_client."
    return {
        name.removeprefix(prefix): {other.removeprefix(prefix) for other in others}
        for name, others in found.items()
    }


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
