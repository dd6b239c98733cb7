"""The gateway's layers: which room may import which, imports inside functions counted."""

from functools import cache
from graphlib import TopologicalSorter

from tests.support.house import ROOT
from tests.support.imports import imports_of

GATEWAY = ROOT / "gateway"
# Each may import those above it, and itself; of a line, only itself. A new room has to find its place here.
LAYERS = (
    ("util",),
    ("model", "errors"),
    ("regions",),
    ("settings",),
    ("amazon", "vault"),
    ("applications",),
    ("tokens",),
    ("authorization", "proxy"),
    ("monitoring",),
    ("jobs",),
    ("asgi",),
    ("api", "web"),
    ("app",),
    ("server",),
    ("cli",),
    ("__main__",),
)
HEIGHT = {room: height for height, layer in enumerate(LAYERS) for room in layer}
LONGEST_CHAIN = 11


@cache
def imports() -> dict[str, set[str]]:
    """Return the gateway's modules, each with those that it imports."""
    return imports_of(GATEWAY)


def room(module: str) -> str:
    """Return the folder that a module is in; a module at the root is a room by itself."""
    return module.partition(".")[0]


def rooms() -> dict[str, set[str]]:
    """Return the rooms, each with the others that it imports from."""
    found: dict[str, set[str]] = {}
    for module, others in imports().items():
        found.setdefault(room(module), set()).update({room(other) for other in others} - {room(module)})
    found.pop("")  # the package's own __init__
    return found


def test_a_room_imports_only_what_lies_below_it() -> None:
    """The order is that of LAYERS."""
    assert rooms().keys() == HEIGHT.keys()
    assert "cli" in rooms()["__main__"], "imports inside functions are found"
    upwards = {
        f"{module} imports {other}"
        for module, others in imports().items()
        for other in others
        if room(module) != room(other) and HEIGHT[room(module)] <= HEIGHT[room(other)]
    }
    assert upwards == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    """TopologicalSorter raises CycleError, which names the circle."""
    assert set(TopologicalSorter(imports()).static_order()) >= {"errors", "app"}


def test_no_chain_of_rooms_is_long() -> None:
    """Who follows a call downwards passes few rooms."""
    chains: dict[str, tuple[str, ...]] = {}
    below = rooms()
    for name in TopologicalSorter(below).static_order():
        chains[name] = max(((name, *chains[other]) for other in below[name]), key=len, default=(name,))
    longest = max(chains.values(), key=len)
    assert len(longest) <= LONGEST_CHAIN, " > ".join(longest)


def test_few_modules_lie_loose_at_the_root() -> None:
    """At most eight, so that a reader can name the place of a line."""
    assert len(list(GATEWAY.glob("*.py"))) <= 8
