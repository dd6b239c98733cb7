"""Reads the project's documents: code blocks, commands, links, headings and tables.

A `bash` block is parsed by the tests. One that follows the comment `<!-- run: offline -->` is also run with
nothing set up, and one that follows `<!-- run: sandbox -->` against a gateway with an authorized store and
ads account. In commands, the words of PLACEHOLDERS stand for values.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKILL = ROOT / "SKILL.md"
DOCUMENTS = (
    SKILL,
    ROOT / "README.md",
    ROOT / "deploy" / "README.md",
    *sorted((ROOT / "references").glob("*.md")),
)

PLACEHOLDERS = {
    "SELLER_ID": "A2EXAMPLE7XYZ",
    "PROFILE_ID": "1234567890123456",
    "AUTH_RECORD_ID": "123456789012345",
    "AUTHORIZATION_ID": "AbCdEfGhIjKlMnOpQrStUv",
    "NAME": "My Store",
    "PATH": "tokens.json",
    "COMMAND": "true",
    "TEXT": "The list shows one region only",
}

FENCE = re.compile(
    r"(?:^<!-- run: (?P<run>\w+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
INLINE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"^(?:python3 )?(?:scripts/)?(\w+\.py)(?: |$)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced code block. `run` is what its comment says, if it has one."""

    document: str
    language: str
    text: str
    run: str | None


@dataclass(frozen=True)
class Command:
    """One call of a script as a document writes it, with the placeholders filled in."""

    document: str
    line: str
    script: str
    arguments: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags before a `--`."""
        own = self.arguments[: self.arguments.index("--")] if "--" in self.arguments else self.arguments
        return tuple(argument.split("=")[0] for argument in own if argument.startswith("--"))

    def __str__(self) -> str:
        return f"{self.document}: {self.line}"


def name_of(document: Path) -> str:
    """The document's path in the repository; of one that lies elsewhere its last two parts."""
    if document.is_relative_to(ROOT):
        return document.relative_to(ROOT).as_posix()
    return "/".join(document.parts[-2:])


def blocks(document: Path) -> list[Block]:
    """All fenced blocks of a document."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(name_of(document), found["language"], found["text"], found["run"])
        for found in FENCE.finditer(text)
    ]


def lines_of(block: Block) -> Iterator[str]:
    """The command lines of a block, continued lines joined, comments left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def parsed(document: str, line: str, values: Mapping[str, str] = PLACEHOLDERS) -> Command:
    """A line that calls a script, split as a shell would; raises ValueError for one that a shell refuses.

    `values` are what the placeholders stand for.
    """
    # `[--region NA]` in running text: a flag that may be left out.
    words = shlex.split(re.sub(r"\[(--[^\]]*)\]", r"\1", line))
    while words[0] == "python3" or words[0].endswith("/"):
        words = words[1:]
    words = words[: words.index("<")] if "<" in words else words  # what is piped in is no argument
    arguments = tuple(values.get(word, word) for word in words[1:])
    return Command(document, line, Path(words[0]).name, arguments)


def commands(document: Path) -> list[Command]:
    """Every call of a script in a document: in its bash blocks, and in running text where flags follow."""
    name = name_of(document)
    text = document.read_text(encoding="utf-8")
    found = [
        parsed(name, line)
        for block in blocks(document)
        if block.language == "bash"
        for line in lines_of(block)
        if line.startswith("python3 scripts/")
    ]
    prose = FENCE.sub("", text)
    for code in INLINE.findall(prose):
        # What is cut short with an ellipsis shows a shape, not a command.
        if COMMAND.match(code) and "…" not in code and " " in code:
            found.append(parsed(name, code))
    return found


def scripts_named(document: Path) -> set[str]:
    """The names of scripts that a document mentions as `scripts/NAME.py` or as `NAME.py` in code."""
    text = document.read_text(encoding="utf-8")
    mentioned = set(re.findall(r"scripts/(\w+\.py)", text))
    mentioned |= {found[1] for code in INLINE.findall(text) if (found := COMMAND.match(code))}
    return mentioned


def links(document: Path) -> list[str]:
    """The targets of a document's links."""
    return LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6} (.+)$", text, re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in headings
    }


def section(document: Path, heading: str) -> str:
    """The text under a heading of the second level; fails where there is none."""
    text = document.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"{name_of(document)} has no section {heading!r}"
    return found[1]


def code(document: Path, heading: str, language: str) -> list[str]:
    """The code blocks of a language under a heading of the second level; fails where there is none."""
    found = [
        block["text"] for block in FENCE.finditer(section(document, heading)) if block["language"] == language
    ]
    assert found, f"{name_of(document)} shows no {language} under {heading!r}"
    return found
