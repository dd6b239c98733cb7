"""One table in a host's TOML file, put in and taken out by editing the text: nothing else in it changes.

The table goes to the end, after a line end of its own; taking it out undoes that, byte for byte.
"""

import json
import re
import tomllib
from typing import Any

from linkfox_client.skill.entry_files import Unreadable


def put_in(text: str | None, parent: str, name: str, entry: dict[str, Any]) -> str:
    """Return `text` with the table `[parent.name]`; None is a file to be made.

    Of a table that is there only the lines of what is in `entry` change. Raise Unreadable.
    """
    there = None if text is None else entry_in(text, parent, name)
    if text is None or there is None:
        line_end = "\r\n" if "\r\n" in (text or "") else "\n"
        lines = [f"[{parent}.{name}]", *(f"{key} = {_written(value)}" for key, value in entry.items())]
        block = "".join(line + line_end for line in lines)
        changed = block if text is None else text + line_end + block
    else:
        start, end = _place(text, parent, name)
        block = text[start:end]
        for key, value in entry.items():
            block = _with_line(block, key, value)
        changed = text[:start] + block + text[end:]
    wanted = _read(text or "")
    wanted.setdefault(parent, {})[name] = {**(there or {}), **entry}
    if not _is_whole(changed) or _read(changed) != wanted:
        raise Unreadable(f"its {parent} is written in another way than as tables")
    return changed


def take_out(text: str, parent: str, name: str) -> str | None:
    """Return `text` without that table and those below it; None where the file was made for it.

    Raise Unreadable.
    """
    if entry_in(text, parent, name) is None:
        return text
    start, end = _place(text, parent, name)
    if start == 0 and end == len(text):
        return None
    before = re.sub(r"\r?\n\Z", "", text[:start])
    changed = before + text[end:]
    wanted = _read(text)
    del wanted[parent][name]
    if {parent: {}, **_read(changed)} != wanted:
        raise Unreadable(f"its {parent}.{name} is written in another way than as a table")
    return changed


def entry_in(text: str, parent: str, name: str) -> Any:
    """Return the table in a text; None where there is none. Raise Unreadable."""
    servers = _read(text).get(parent)
    return servers.get(name) if isinstance(servers, dict) else None


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise Unreadable(f"it is no TOML ({str(wrong)[:100]})") from None


def _place(text: str, parent: str, name: str) -> tuple[int, int]:
    """Return where the table and those below it stand, comments before the next table left out."""
    part = rf"(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')"
    ours = re.compile(rf"[ \t]*\[[ \t]*{re.escape(parent)}[ \t]*\.[ \t]*{part}[ \t]*(\]|\.)")
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:at])) for at in range(len(lines) + 1)]
    found = [at for at, line in enumerate(lines) if ours.match(line) and _is_whole(text[: starts[at]])]
    if not found:
        raise Unreadable(f"its {parent}.{name} is written in another way than as a table")
    end = found[0] + 1
    while end < len(lines):
        is_table = lines[end].lstrip().startswith("[") and _is_whole(text[starts[found[0]] : starts[end]])
        if is_table and not ours.match(lines[end]):
            break
        end += 1
    while end > found[0] + 1 and lines[end - 1].strip()[:1] in ("", "#"):
        end -= 1
    return starts[found[0]], starts[end]


def _is_whole(text: str) -> bool:
    """Tell whether a text is TOML by itself: a line that looks like a table may be within a text or list."""
    try:
        _read(text)
    except Unreadable:
        return False
    return True


def _with_line(block: str, key: str, value: Any) -> str:
    """Return a table's text with the line of a key, after the first line where it has none."""
    line = f"{key} = {_written(value)}"
    changed, count = re.subn(rf"(?m)^[ \t]*{key}[ \t]*=[^\r\n]*", lambda _: line, block, count=1)
    if count:
        return changed
    first, end, rest = block.partition("\n")
    return f"{first}{end or chr(10)}{line}{chr(13) if first.endswith(chr(13)) else ''}\n{rest}"


def _written(value: Any) -> str:
    """Return a text or a list of texts; what JSON escapes, TOML escapes alike."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
