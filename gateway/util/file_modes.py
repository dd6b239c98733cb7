"""Who else may read or write a file that holds a secret, by its mode."""

import os
import stat
from pathlib import Path
from typing import Literal

Exposure = Literal["writable", "readable"]


def exposure(path: Path) -> Exposure | None:
    """Return what others than its owner may do with a file, the worse of two; None for nothing.

    A group that is its owner's alone, as many systems make one for each user, is no other; nor is one of this
    process's that has no name here, by which Kubernetes hands secrets to a container (`fsGroup`). Windows has
    no such modes. Raise OSError where there is no such file.
    """
    if os.name == "nt":
        return None
    status = path.stat()
    others = status.st_mode & (stat.S_IROTH | stat.S_IWOTH)
    if not _is_private_group(status.st_gid, status.st_uid):
        others |= (status.st_mode & (stat.S_IRGRP | stat.S_IWGRP)) >> 3
    if others & stat.S_IWOTH:
        return "writable"
    return "readable" if others else None


def _is_private_group(group_id: int, user_id: int) -> bool:
    import grp
    import pwd

    try:
        group = grp.getgrgid(group_id)
    except KeyError:
        return group_id in {os.getegid(), *os.getgroups()}
    try:
        user = pwd.getpwuid(user_id)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
