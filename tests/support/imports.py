"""Which module imports which, read from the source: imports inside functions are found, nothing is run."""

import ast
from pathlib import Path


def imports_of(package: Path) -> dict[str, set[str]]:
    """Return the modules of a package, each with those of the package that it imports.

    Names are below the package: `vault.grants`, and `""` for the package's own `__init__`. A folder's
    `__init__` holds a docstring only, so importing a name from a folder counts for the module of that name.
    """
    root = package.parent
    paths = {_name(path.relative_to(root)): path for path in package.rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, path in paths.items():
        named = named_in(path) & paths.keys()
        found[name] = {other for other in named if paths[other].name != "__init__.py"}
    return {_below(name): {_below(other) for other in others} for name, others in found.items()}


def named_in(path: Path) -> set[str]:
    """Return what a file imports: modules, and each `module.name` of `from module import name`."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return named


def _name(path: Path) -> str:
    return path.with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def _below(name: str) -> str:
    return name.partition(".")[2]
