"""How the gateway's commands are called: by a script in a bundle, by `linkfox-gateway` where it is installed.

Sentences name the script; `as_called_here` turns them into what works on this machine.
"""

import re

from gateway.util.paths import IS_INSTALLED

SCRIPT = "python3 scripts/local_gateway.py"
PROGRAM = "linkfox-gateway"
# An installed gateway runs in the foreground: who started it, often a service manager, ends it.
_INSTALLED = {
    f"`{SCRIPT} stop`": "a SIGTERM",
    f"`{SCRIPT} stop --sandbox`": "a SIGTERM",
    f"{SCRIPT} start": f"{PROGRAM} serve",
    SCRIPT: PROGRAM,
    "python3 scripts/quickstart.py --setup-only": (
        "python3 -m pip install --require-hashes -r requirements-gateway.txt"
    ),
}
_NAMES = re.compile("|".join(map(re.escape, _INSTALLED)))


def as_called_here(sentence: str, *, is_installed: bool = IS_INSTALLED) -> str:
    """Return a sentence with the gateway's commands named as they are called on this machine."""
    return _NAMES.sub(lambda found: _INSTALLED[found[0]], sentence) if is_installed else sentence
