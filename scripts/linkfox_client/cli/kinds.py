"""The kinds of arguments: how each is read, and what it takes as JSON Schema (draft 2020-12).

The schema tells a program that calls a script as a tool what the reader would tell it afterwards.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from linkfox_client.cli import values


class Kind(NamedTuple):
    """`read` turns a flag's text or a JSON value into the option, or raises `values.Wrong`."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


def text(most: int, least: int = 1) -> Kind:
    """Return the kind of a text of `least` (0 or 1) to `most` characters."""
    return Kind(lambda value: values.read_text(value, most, least=least), _text(most, least))


def prose(most: int) -> Kind:
    """Return that of a text of several lines."""
    return Kind(lambda value: values.read_prose(value, most), _text(most))


def texts(most: int) -> Kind:
    """Return that of a list of texts."""
    schema = {"type": "array", "items": _text(most), "minItems": 1}
    return Kind(lambda value: values.read_texts(value, most), schema)


def pairs(most: int) -> Kind:
    """Return that of names with values; in a list each value is one."""
    plain = [{"type": name} for name in ("string", "integer", "boolean")]
    value = {"anyOf": [*plain, {"type": "array", "items": {"anyOf": plain}}]}
    schema = {"type": "object", "additionalProperties": value}
    return Kind(lambda value: values.read_pairs(value, most), schema)


def content(most: int) -> Kind:
    """Return that of a text that is passed on as it is, or of the JSON that it is to be the text of."""
    schema = {"anyOf": [{"type": name} for name in ("string", "object", "array")]}
    return Kind(lambda value: values.read_content(value, most), schema)


def choice(
    choices: Sequence[str],
    *,
    guarded: Collection[str] = (),
    also: Mapping[str, str] = MappingProxyType({}),
) -> Kind:
    """Return that of one of a few words; see `values.read_choice`."""
    return Kind(
        lambda value: values.read_choice(value, choices, guarded=guarded, also=also),
        {"type": "string", "enum": list(choices)},
    )


def integer(least: int, most: int, hint: str = "") -> Kind:
    """Return that of a whole number."""
    limits = {"minimum": least} | ({} if most == values.LARGEST_ID else {"maximum": most})
    return Kind(lambda value: values.read_integer(value, least, most, hint), {"type": "integer", **limits})


def _text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


PATH = Kind(values.read_path, _text(values.LONGEST_PATH))
PATH_OR_STREAM = Kind(values.read_path_or_stream, _text(values.LONGEST_PATH))
REGION = Kind(values.read_region, {"type": "string", "enum": list(values.REGIONS)})
SITE = Kind(values.read_site, _text(100))
SWITCH = Kind(values.read_switch, {"type": "boolean"})
COMMAND = Kind(values.read_command, {"type": "array", "items": {"type": "string"}, "minItems": 1})
# A number of Amazon's may be larger than what JavaScript keeps exact: its digits never are.
_DIGITS = [{"type": "string", "pattern": "^[0-9]{1,19}$"}, {"type": "integer", "minimum": 0}]
IDENTIFIER = Kind(lambda value: values.read_integer(value, 0, values.LARGEST_ID), {"anyOf": _DIGITS})
