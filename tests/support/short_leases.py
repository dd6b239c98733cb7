"""The gateway's command line with leases and pauses of a second, so that no test waits for half a minute.

Run as `python -I short_leases.py serve …`. The rest is the real thing.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from gateway.__main__ import main
from gateway.app import create_app as create_real_app
from gateway.jobs import schedule
from gateway.settings.settings import Settings

FACTORY = "tests.support.short_leases:create_app"
LEASE_SECONDS = 1.0


def create_app(settings: Settings, vault: Any, clock: Any) -> Any:
    """Return the gateway with short leases, which soon sees whether its database takes writes."""
    schedule.WRITE_PROBE_SECONDS = 0.5
    return create_real_app(replace(settings, refresh_lease=LEASE_SECONDS), vault, clock)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], factory=FACTORY))
