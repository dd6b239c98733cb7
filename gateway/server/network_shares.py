"""Whether a folder is on a network share, where a file's lock may hold on each machine for itself."""

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# What Linux calls file systems whose files several machines may have open, virtual machines of one host too.
SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "ceph", "afs", "lustre"}
    | {"glusterfs", "gpfs", "beegfs", "ocfs2", "gfs2", "pvfs2"}
)
# Of file systems in user space, those that are a disk of this machine all the same.
LOCAL_IN_USER_SPACE = frozenset({"fuseblk", "fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.gocryptfs"})
ESCAPED = re.compile(r"\\([0-7]{3})")
DRIVE_REMOTE = 4  # of Windows's GetDriveType


def network_share(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the kind of network share that an existing folder is on, such as `nfs4`; None: it is on none.

    Where it cannot be told, as on macOS, that is none, too. `mounts`: as proc(5) describes it.
    """
    if os.name == "nt":
        return _of_windows(folder)
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        path = folder.resolve(strict=True)
    except OSError:
        return None
    # The last of those that are mounted the deepest above it covers the others.
    deepest, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(ESCAPED.sub(lambda code: chr(int(code[1], 8)), before.split()[4]))
        if path.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, kind = len(point.parts), after.split()[0]
    in_user_space = kind.startswith("fuse") and kind not in LOCAL_IN_USER_SPACE
    return kind if kind in SHARED or in_user_space else None


def _of_windows(folder: Path) -> str | None:
    import ctypes

    root = folder.resolve().anchor
    if root.startswith("\\\\"):
        return "a network path"
    kind: int = ctypes.windll.kernel32.GetDriveTypeW(root)  # type: ignore[attr-defined]
    return "a network drive" if kind == DRIVE_REMOTE else None
