"""What each kind of argument takes: from a flag's text or a JSON value to the option, or `Wrong` in words."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from linkfox_client.text import cleaned, has_hidden, is_hidden

REGIONS = ("NA", "EU", "FE")
LONGEST_PATH = 4096
LARGEST_ID = 2**63 - 1


class Wrong(Exception):
    """A value that a field does not take; the message follows the field's name in a sentence."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


ASK_FOR_NAME = "Ask the user for the name; do not make one up."


def read_text(value: Any, most: int, *, least: int = 1) -> str:
    """Return a text of `least` (0 or 1) to `most` characters, trimmed, without control or direction marks."""
    if not isinstance(value, str):
        raise Wrong(f"has to be a text, not {kind(value)}")
    text = value.strip()
    if len(text) < least:
        raise Wrong("must not be empty", "Ask the user for it; do not make one up.")
    if has_hidden(text):
        raise Wrong("must not contain control characters, line ends or direction marks")
    if len(text) > most:
        raise Wrong(f"has {len(text)} characters; at most {most} are allowed")
    return text


def read_prose(value: Any, most: int) -> str:
    """Return a text of 1 to `most` characters after trimming, in as many lines as it has.

    Control and direction marks are taken out.
    """
    if not isinstance(value, str):
        raise Wrong(f"has to be a text, not {kind(value)}")
    lines = ("".join(" " if is_hidden(each) else each for each in line) for line in value.splitlines())
    text = "\n".join(lines).strip()
    if not text:
        raise Wrong("must not be empty")
    if len(text) > most:
        raise Wrong(f"has {len(text)} characters; at most {most} are allowed")
    return text


def read_texts(value: Any, most: int) -> list[str]:
    """Return a list of such texts."""
    if not isinstance(value, list) or not value:
        raise Wrong(f"has to be a list of texts, not {kind(value)}")
    return [read_text(item, most) for item in value]


def read_pairs(value: Any, most: int) -> list[tuple[str, str]]:
    """Return names with their values: of texts NAME=VALUE, or of an object; of a list each value is one."""
    if isinstance(value, dict) and value:
        return [(read_text(name, most), _as_text(item, most)) for name, item in value.items()]
    pairs = []
    for item in read_texts(value, most):
        name, equals, text = item.partition("=")
        if not (equals and name.strip()):
            raise Wrong(
                f"has to be NAME=VALUE, not {shown(item)}",
                "Give each as NAME=VALUE; what has no flag comes before the flags.",
            )
        pairs.append((name.strip(), text))
    return pairs


def _as_text(value: Any, most: int) -> str:
    """Return a value of a JSON object as it stands in a query: a list with commas."""
    if isinstance(value, list) and value:
        return ",".join(_as_text(item, most) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return read_text(str(value) if isinstance(value, int) else value, most)


def read_content(value: Any, most: int) -> str:
    """Return a text as it is, or an object or a list as the JSON text that it is."""
    import json

    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    if not isinstance(text, str):
        raise Wrong(f"has to be a text, an object or a list, not {kind(value)}")
    if len(text) > most:
        raise Wrong(
            f"has {len(text)} characters; at most {most} are allowed", "Put what is longer into a file."
        )
    return text


def read_command(value: Any) -> list[str]:
    """Return a program and its arguments, as they are."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise Wrong("has to be a command and its arguments")
    if any("\0" in item for item in value):
        raise Wrong("must not contain a NUL character")
    return value


def read_path_or_stream(value: Any) -> str:
    """Return a path, or `-` for standard input."""
    return value if value == "-" else read_path(value)


def read_path(value: Any) -> str:
    """Return a path, in the form in which the file system's functions take it."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("has to be a path")
    if len(value) > LONGEST_PATH:
        raise Wrong(f"has to be a path of at most {LONGEST_PATH} characters")
    if value == "-":
        raise Wrong("has to be a path, not a stream", "Name a file or folder; one that is called - is ./-.")
    if any(ord(character) < 32 for character in value):
        raise Wrong("must not contain control characters")
    if os.name == "nt":
        return value
    # In an ASCII locale the file system's functions want the bytes back that the words came from.
    try:
        return os.fsdecode(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise Wrong("is not valid Unicode") from None


def read_region(value: Any) -> str:
    """Return NA, EU or FE: a region in words, or the one that a site is in."""
    words = read_text(value, 100)
    if words.upper() in REGIONS:
        return words.upper()
    from linkfox_client.amazon import sites

    region = sites.find_region(words)
    if region is None:
        raise Wrong(
            f"names no region of Amazon's: {shown(words)}",
            "Give one: NA (Americas), EU (Europe, Middle East, India) or FE (Japan, Australia, "
            "Singapore); a site's name stands for its region.",
        )
    return region


def read_site(value: Any) -> Any:
    """Return the `sites.Site` that a word, code or marketplace id names."""
    from linkfox_client.amazon import sites

    words = read_text(value, 100)
    site = sites.find_site(words)
    if site is None:
        raise Wrong(
            f"names no Amazon site: {shown(words)}", sites.explain_unknown_site(words, region_flag=True)
        )
    return site


def read_choice(
    value: Any,
    choices: Sequence[str],
    *,
    guarded: Collection[str] = (),
    also: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return one of a few words, in any case; answered as it is spelled in `choices`.

    Where it is none of them the hint proposes the nearest, but none that is `guarded`; `also` says which
    choice is meant by another word.
    """
    word = read_text(value, 100)
    for choice in choices:
        if word.lower() == choice.lower():
            return choice
    meant = also.get(word.lower())
    near = f"Did you mean {meant}?" if meant else nearest(word, choices, guarded)
    raise Wrong(f"has to be one of {', '.join(choices)}, not {shown(word)}", near)


def read_integer(value: Any, least: int, most: int, hint: str = "") -> int:
    """Return a whole number, as an integer or as 1 to 19 ASCII digits; never a fraction, not even 5.0.

    `hint` is told of one that is too small or too large.
    """
    allowed = f"has to be a whole number from {least} to {'2^63−1' if most == LARGEST_ID else most}"
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f"{allowed}, not {shown(value) if isinstance(value, str) else kind(value)}")
    if not least <= value <= most:
        raise Wrong(allowed, hint)
    return value


def read_switch(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise Wrong(f"has to be true or false, not {kind(value)}")
    return value


def nearest(word: str, known: Iterable[str], guarded: Collection[str] = ()) -> str:
    """Return the hint that names the known word nearest to this one; empty where none is near, or a guarded.

    The next one to a `guarded` word is not what was meant either.
    """
    from difflib import get_close_matches

    lowered = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.5)
    meant = lowered[near[0]] if near else None
    return f"Did you mean {meant}?" if meant is not None and meant not in guarded else ""


def shown(word: str) -> str:
    """Return what was typed, short and clean enough to be repeated."""
    return "'" + cleaned(word, 60) + "'"


def either(flags: Sequence[str]) -> str:
    """Return flags as a list in a sentence: `a, b or c`."""
    return " or ".join([", ".join(flags[:-1]), flags[-1]] if len(flags) > 1 else flags)


def kind(value: Any) -> str:
    """Return what a JSON value is, in words."""
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a fraction", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
