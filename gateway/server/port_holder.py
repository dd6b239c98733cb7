"""Which process of this machine listens on a port, as far as its owner may know."""

from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"  # of the states in /proc/net/tcp (proc(5))


def port_holder(port: int, proc: Path = PROC) -> str | None:
    """Return the process that listens on a TCP port, such as `process 4711 (nginx)`, or None.

    Another user's is not to be seen, nor is any where there is no /proc. Of a gateway its data folder is
    told.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening(port, proc)}
    if not sockets:
        return None
    # A gateway's workers have the socket of the process that started them, which is the oldest.
    for process in sorted((path for path in proc.glob("[0-9]*")), key=lambda path: int(path.name)):
        if _has_one_of(process, sockets):
            return f"process {process.name} ({_told(process)})"
    return None


def _listening(port: int, proc: Path) -> set[str]:
    """Return the inodes of the sockets that listen on a port, whatever the address."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except (OSError, UnicodeDecodeError):
            continue
        for fields in map(str.split, lines):
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _has_one_of(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in sockets for link in (process / "fd").iterdir())
    except OSError:  # another user's, or over
        return False


def _told(process: Path) -> str:
    """Return a process's name, and where it is a gateway its data folder."""
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "its name is not to be seen"
    # No other word of it is told: there may be secrets of other programs among them.
    if "serve" in words and "--data-dir" in words[:-1]:
        return f"a gateway on the data folder {words[words.index('--data-dir') + 1]}"
    return name
