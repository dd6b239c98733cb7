"""The gateway's command line on a network share, where a lock holds on each machine for itself.

Each process is a machine of its own here, and claims are renewed quickly.
"""

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from gateway.__main__ import main
from tests.support.serve_driver import FACTORY


class LockOfOneMachine(contextlib.nullcontext[None]):
    """A lock that nobody else meets."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()

    def acquire(self, **_: object) -> None:
        """Take it."""

    def release(self) -> None:
        """Give it back."""


if __name__ == "__main__":
    from gateway.server import data_folder, share_claim

    data_folder.FileLock = LockOfOneMachine  # type: ignore[assignment, misc]
    share_claim.BEAT_SECONDS = 0.25
    share_claim.network_share = lambda _folder: "nfs4"
    sys.exit(main(sys.argv[1:], factory=FACTORY))
