"""A library's own example: blocks of its README with what a reader changes in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.internet import GATEWAY
from tests.support.markdown import FENCE


@dataclass(frozen=True)
class Example:
    """Blocks of a README, each named by words that it alone has.

    `addresses` are lines before them, `puts_in` what stands in place of what. `told` is what the program
    says, `asked` what Amazon is asked for it, in order, and `hosts` whom it calls. `rights`: of the key that
    it is given, where those of the owner's are not enough.
    """

    blocks: tuple[str, ...]
    told: tuple[str, ...]
    asked: tuple[str, ...]
    addresses: str = ""
    puts_in: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    rights: str = ""
    hosts: frozenset[str] = frozenset({GATEWAY})

    def program(self, readme: str) -> str:
        """Return the blocks of a README with what a reader puts in."""
        found = [block["text"] for block in FENCE.finditer(readme)]
        chosen = [text for words in self.blocks for text in found if words in text]
        assert len(chosen) == len(self.blocks)
        program = put_in("\n".join(chosen), self.puts_in)
        return f"{self.addresses}\n{program}"


def put_in(text: str, puts_in: Mapping[str, str]) -> str:
    """Return a text with what a reader puts in; fail where it has the places for that no longer."""
    for old, new in puts_in.items():
        assert old in text, old
        text = text.replace(old, new)
    return text
