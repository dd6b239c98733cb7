"""The map: what it names is there, and no room is missing from it."""

import re
from collections.abc import Iterator

from tests.gateway.test_layers import LAYERS
from tests.support.markdown import ROOT, section

MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# A path that stands in code: from the top, of a room of the gateway, or of a test beside the one before it.
PATH = re.compile(r"`([\w.]+/)*[\w.*]+(/|\.py|\.json|\.md)`")
PARTS = ("", "gateway/", "scripts/linkfox_client/", "amazon_sandbox/")
PLACEHOLDERS = {"gateway/cli/NAME.py", "scripts/NAME.py", "scripts/*.py"}


def named() -> Iterator[str]:
    """Yield the paths that the map names."""
    for found in PATH.finditer(MAP):
        yield found.group().strip("`")


def test_what_the_map_names_is_there() -> None:
    """A moved file takes its line of the map along."""
    paths = sorted(set(named()) - PLACEHOLDERS)
    assert len(paths) > 40
    missing = [
        path
        for path in paths
        if not any((ROOT / part / path).exists() for part in PARTS)
        and not list(ROOT.glob(f"tests/**/{path}"))
        and not list(ROOT.glob(f"gateway/**/{path}"))
    ]
    assert missing == []


def test_every_room_is_on_the_map() -> None:
    """Each folder, and each loose module, of the gateway and the client."""
    for part, heading in (
        ("gateway", "Rooms of the gateway"),
        ("scripts/linkfox_client", "Rooms of the client"),
    ):
        text = section(ROOT / "ARCHITECTURE.md", heading)
        folders = {path.parent.name for path in (ROOT / part).glob("*/__init__.py")}
        assert {name for name in folders if f"`{name}/`" not in text} == set()


def test_the_layers_stand_in_their_order() -> None:
    """The map's table of rooms is the list of the test of layers, from the ground up."""
    text = section(ROOT / "ARCHITECTURE.md", "Rooms of the gateway")
    rooms = re.findall(
        r"`(\w+)(?:/|\.py)`", "".join(line.split("|")[1] for line in text.splitlines() if "|" in line)
    )
    assert rooms == [room for layer in LAYERS for room in layer if room != "__main__"]
