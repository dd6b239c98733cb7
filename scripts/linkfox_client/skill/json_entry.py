"""One entry in a host's JSON file, put in and taken out by editing the text: nothing else in it changes.

Comments and final commas are taken, as some hosts take them. Taking out undoes putting in, byte for byte: an
object of ours has no blanks inside its braces, in one that was there already the entry stands after a blank.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from linkfox_client.skill.entry_files import Unreadable

_BLANKS = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_REST_OF_LINE = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_PLAIN = re.compile(r"[-+.0-9A-Za-z]+")


@dataclass
class Node:
    """A value in the text: from `start` to `end`, what it is, and the members of an object."""

    start: int
    end: int = 0
    value: Any = None
    members: list["Member"] = field(default_factory=list)

    def find(self, key: str) -> "Member | None":
        """Return the member of that key; raise Unreadable where there are several."""
        found = [member for member in self.members if member.key == key]
        if len(found) > 1:
            raise Unreadable(f"it has {key} twice")
        return found[0] if found else None


@dataclass
class Member:
    """A member of an object. `start`: of its key; `comma`: the place after the comma that follows, if any."""

    key: str
    start: int
    node: Node
    comma: int | None = None

    @property
    def end(self) -> int:
        """The place after the member and its comma."""
        return self.comma or self.node.end


def put_in(text: str | None, parent: str, name: str, entry: dict[str, Any]) -> str:
    """Return `text` with `entry` as the member `name` of the object `parent`; None is a file to be made.

    Of an entry that is there only the members of `entry` change. Raise Unreadable.
    """
    made = {parent: {name: entry}}
    if text is None:
        return _compact(made) + "\n"
    if not text.lstrip("\ufeff").strip():
        return text + _compact(made)
    root = _root(text)
    holder = root.find(parent)
    if holder is None:
        return _inserted(text, root, parent, made[parent])
    if not isinstance(holder.node.value, dict):
        raise Unreadable(f"its {parent} is no object")
    there = holder.node.find(name)
    if there is None:
        return _inserted(text, holder.node, name, entry)
    if not isinstance(there.node.value, dict):
        return _spliced(text, there.node.start, there.node.end, _compact(entry))
    return _updated(text, parent, name, entry)


def take_out(text: str, parent: str, name: str) -> str | None:
    """Return `text` without that entry; None where the file held nothing else and was made for it.

    Raise Unreadable.
    """
    if not text.lstrip("\ufeff").strip():
        return text
    root = _root(text)
    holder = root.find(parent)
    member = holder.node.find(name) if holder and isinstance(holder.node.value, dict) else None
    if holder is None or member is None:
        return text
    if not _is_ours(text, holder.node):
        return _removed(text, holder.node, member)
    if not _is_ours(text, root):
        return _removed(text, root, holder)
    before, after = text[: root.start], text[root.end :]
    return None if (before, after) == ("", "\n") else before + after


def entry_in(text: str, parent: str, name: str) -> Any:
    """Return the entry in a text; None where there is none. Raise Unreadable."""
    if not text.lstrip("\ufeff").strip():
        return None
    servers = _root(text).value.get(parent)
    return servers.get(name) if isinstance(servers, dict) else None


def _updated(text: str, parent: str, name: str, entry: dict[str, Any]) -> str:
    """Return the text with the members of `entry` set in the entry that is there."""
    for key, value in entry.items():
        there = _there(text, parent, name)
        member = there.find(key)
        if member is None:
            text = _inserted(text, there, key, value)
        elif member.node.value != value:
            text = _spliced(text, member.node.start, member.node.end, _compact(value))
    return text


def _there(text: str, *keys: str) -> Node:
    node = _root(text)
    for key in keys:
        member = node.find(key)
        assert member is not None
        node = member.node
    return node


def _inserted(text: str, holder: Node, key: str, value: Any) -> str:
    """Return the text with one more member at the end of an object, laid out as its neighbor is."""
    member = f"{_compact(key)}: {_compact(value)}"
    if not holder.members:
        return _spliced(text, holder.start + 1, holder.start + 1, _first_blank(text, holder) + member)
    last = holder.members[-1]
    comment = _REST_OF_LINE.match(text, last.end)
    at = comment.end() if comment else last.end
    added = _blank_before(text, last.start) + member + ("," if last.comma else "")
    changed = _spliced(text, at, at, added)
    return changed if last.comma else _spliced(changed, last.node.end, last.node.end, ",")


def _removed(text: str, holder: Node, member: Member) -> str:
    """Return the text without a member, its comma and the blank before it."""
    at = holder.members.index(member)
    before = holder.members[at - 1] if at else None
    after = holder.members[at + 1] if at + 1 < len(holder.members) else None
    if before is None and after is not None and not text[member.end : after.start].strip():
        return _spliced(text, member.start, after.start, "")
    start = member.start - len(_blank_before(text, member.start))
    changed = _spliced(text, start, member.end, "")
    if member.comma is None and before is not None and before.comma is not None:
        changed = _spliced(changed, before.comma - 1, before.comma, "")
    return changed


def _is_ours(text: str, node: Node) -> bool:
    """Tell whether an object was made for its one member: it has no blank inside its braces."""
    (only, *others) = node.members
    return not others and (only.start, only.end) == (node.start + 1, node.end - 1)


def _first_blank(text: str, holder: Node) -> str:
    """Return what stands before the first member of an object that was empty."""
    if "\n" not in text.strip():
        return " "
    line = text.rfind("\n", 0, holder.start) + 1
    indent = re.match(r"[ \t]*", text[line:])
    unit = re.search(r"\n([ \t]+)\S", text)
    break_ = "\r\n" if "\r\n" in text else "\n"
    return break_ + (indent.group() if indent else "") + (unit.group(1) if unit else "  ")


def _blank_before(text: str, at: int) -> str:
    return text[len(text[:at].rstrip(" \t\r\n")) : at]


def _spliced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _root(text: str) -> Node:
    """Return the object that the text is. Raise Unreadable, which names the line."""
    try:
        root = _read(text, _skip(text, 1 if text.startswith("\ufeff") else 0))
    except _Wrong as wrong:
        raise Unreadable(f"line {text.count(chr(10), 0, wrong.at) + 1} is no JSON") from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    if not isinstance(root.value, dict):
        raise Unreadable("it is no JSON object")
    if _skip(text, root.end) != len(text):
        raise Unreadable("something follows its JSON object")
    return root


class _Wrong(Exception):
    def __init__(self, at: int) -> None:
        self.at = at


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _read(text: str, at: int) -> Node:
    """Return the value that begins at a place."""
    opening = text[at : at + 1]
    if opening in ("{", "["):
        return _read_many(text, at, "}" if opening == "{" else "]")
    found = (_STRING if opening == '"' else _PLAIN).match(text, at)
    try:
        return Node(at, found.end(), json.loads(found.group())) if found else _fail(at)
    except ValueError:
        raise _Wrong(at) from None


def _read_many(text: str, at: int, closing: str) -> Node:
    node, items = Node(at), []
    at = _skip(text, at + 1)
    while text[at : at + 1] != closing:
        start, key = at, None
        if closing == "}":
            name = _read(text, at) if text[at : at + 1] == '"' else _fail(at)
            key, at = name.value, _skip(text, name.end)
            at = _skip(text, at + 1) if text[at : at + 1] == ":" else _fail(at).end
        item = _read(text, at)
        items.append((key, item.value))
        member = Member(str(key), start, item)
        node.members.append(member)
        at = _skip(text, item.end)
        if text[at : at + 1] == ",":
            member.comma = at + 1
            at = _skip(text, at + 1)
        elif text[at : at + 1] != closing:
            raise _Wrong(at)
    node.end = at + 1
    node.value = dict(items) if closing == "}" else [value for _, value in items]
    return node


def _fail(at: int) -> Node:
    raise _Wrong(at)
