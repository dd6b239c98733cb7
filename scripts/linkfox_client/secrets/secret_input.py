"""Reading one secret, such as an API key, from standard input or a file.

Never typed at a prompt, never as an argument, bounded in size and in time.
"""

import os
import stat
import sys
import threading
from pathlib import Path

from linkfox_client.errors import bad_arguments

LONGEST = 4096
# A list of secrets, such as all refresh tokens of a seller's stores.
LONGEST_LIST = 4 * 1024 * 1024
PATIENCE = 30.0  # seconds that standard input may take to end


def from_file(
    path: Path, flag: str, *, private: bool = False, longest: int = LONGEST
) -> tuple[str, list[str]]:
    """Return the secret in the file that `flag` names, and notes for the document. Raise ClientError.

    A file that others can read is noted; with `private` it is refused. `longest`: in bytes.
    """
    notes = []
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read(longest + 1)
    except OSError as problem:
        why = f"{flag} cannot be read: {problem.strerror}"
        raise bad_arguments(why, "Name a file that holds the secret.") from None
    if os.name != "nt" and stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o077:
        if private:
            raise bad_arguments(f"{flag} names a file that others can read: {path}", f"chmod 600 {path}")
        notes.append(f"{path} can be read by others: remove it, or `chmod 600` it.")
    return _text(content, flag, longest), notes


def from_standard_input(what: str, hint: str, patience: float = PATIENCE, *, longest: int = LONGEST) -> str:
    """Return the secret that is piped in, to the end of the input.

    `what` names it, `hint` tells how to pipe it; `longest`: in bytes.

    Raise ClientError (`bad_arguments`) at a terminal, since nothing is asked for there, and where nothing
    came within `patience` seconds.
    """
    try:
        descriptor = sys.stdin.fileno()
        is_terminal = os.isatty(descriptor)
    except (AttributeError, OSError, ValueError):  # closed, or there is none
        raise bad_arguments(f"There is no standard input to read {what} from", hint) from None
    if is_terminal:
        raise bad_arguments(f"{what} is read from standard input, and that is a terminal", hint)
    content = bytearray()
    ended = threading.Event()

    def read() -> None:
        # Past the buffers: one that a daemon thread holds at the end would abort the interpreter.
        while len(content) <= longest:
            try:
                part = os.read(descriptor, longest + 1)
            except OSError:
                break
            if not part:
                break
            content.extend(part)
        ended.set()

    threading.Thread(target=read, name="standard input", daemon=True).start()
    if not ended.wait(patience):
        raise bad_arguments(f"{what} did not come: standard input was still open after {patience:g} s", hint)
    return _text(bytes(content), "Standard input", longest, hint)


def _text(content: bytes, source: str, longest: int, hint: str = "Name a file that holds the secret.") -> str:
    if len(content) > longest:
        what = "not one secret" if longest == LONGEST else "too long a list"
        raise bad_arguments(f"{source} holds more than {longest} bytes, which is {what}")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise bad_arguments(f"{source} holds something other than text") from None
    if not text:
        raise bad_arguments(f"{source} is empty", hint)
    return text
