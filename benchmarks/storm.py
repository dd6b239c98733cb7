"""Many callers for one expired token, and how often Amazon is asked.

    .venv/bin/python -m benchmarks.storm

1,000 concurrent callers over four gateway processes; then 100 processes that each need the token: scripts,
and programs of python-amazon-sp-api, with the gateway's address in place of Amazon's, and with Amazon's. The
library is that of the tests (needs the package index the first time).
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.gateway_process import FRESH, SELLER, Place, Process, a_place, authorize
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import ROOT, SCRIPTS, clean_environment
from tests.support.installed import python_environment
from tests.support.storm import ask_all

CALLERS = 1000
PROCESSES = 100
# The library keeps the host of the token's address in one attribute.
PEER_PROGRAM = """\
import os
from types import SimpleNamespace
from sp_api.auth import AccessTokenClient
class Client(AccessTokenClient):
    scheme = "http://"
    host = os.environ["TOKEN_HOST"]
credentials = SimpleNamespace(
    refresh_token=os.environ["REFRESH_TOKEN"],
    lwa_app_id=os.environ["CLIENT_ID"],
    lwa_client_secret=os.environ["CLIENT_SECRET"],
)
print(Client(os.environ["REFRESH_TOKEN"], credentials).get_auth().access_token[:10])
"""


def _storm(amazon: Amazon, folder: Path) -> dict[str, Any]:
    with a_place(amazon, folder) as place:
        gateway = place.start("--workers", "4")
        authorize(amazon, gateway)
        started = time.perf_counter()
        answers = asyncio.run(ask_all([gateway], "/spApi/storeTokens", FRESH, CALLERS))
        seconds = time.perf_counter() - started
    return {
        "callers": CALLERS,
        "gateway processes": 4,
        "answers by status": dict(Counter(status for status, _ in answers)),
        "different tokens": len({document.get("accessToken") for _, document in answers}),
        "calls to Amazon": len(amazon.refreshes()),
        "seconds until the last one had it": round(seconds, 2),
    }


def _at_once(command: list[str], environment: dict[str, str]) -> tuple[float, Counter[int]]:
    """Start the processes at once; seconds until the last has ended, and how often which exit code."""
    started = time.perf_counter()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(command, env=environment, **quiet) for _ in range(PROCESSES)]
    codes = Counter(process.wait() for process in processes)
    return time.perf_counter() - started, codes


def _library() -> Path:
    """Return a Python that has python-amazon-sp-api."""
    pinned = ROOT / "tests" / "libraries" / "requirements-newest.txt"
    return python_environment(ROOT / ".libraries-newest", pinned)


def _processes(amazon: Amazon, place: Place, gateway: Process) -> dict[str, Any]:
    scripts = clean_environment(
        place.folder, LINKFOX_TOOL_GATEWAY=gateway.url, LINKFOX_AGENT_API_KEY=gateway.key
    )
    script = [sys.executable, str(SCRIPTS / "store_tokens.py"), "--seller-id", SELLER, "--region", "NA"]
    library = [str(_library()), "-c", PEER_PROGRAM]
    # The stand-in serves https://HOST/PATH at {origin}/HOST/PATH.
    by_itself = clean_environment(
        place.folder,
        TOKEN_HOST=amazon.url.removeprefix("http://") + "/api.amazon.com",
        CLIENT_ID=amazon.spapi["clientId"],
        CLIENT_SECRET=amazon.spapi["clientSecret"],
    )
    through_the_door = clean_environment(
        place.folder,
        TOKEN_HOST=gateway.url.removeprefix("http://"),
        REFRESH_TOKEN=f"store:{SELLER}:NA",
        CLIENT_ID="-",
        CLIENT_SECRET=gateway.key,
    )
    figures: dict[str, Any] = {}
    for name, command, environment in (
        ("store_tokens.py", script, scripts),
        ("python-amazon-sp-api, the gateway's address", library, through_the_door),
        ("python-amazon-sp-api, Amazon's", library, by_itself),
    ):
        authorize(amazon, gateway)  # its token is about to end
        if environment is by_itself:
            (store,) = amazon.control("grants", [{"sellerId": SELLER, "region": "NA"}])["grants"]
            environment["REFRESH_TOKEN"] = store["refreshToken"]
        before = len(amazon.refreshes())
        seconds, codes = _at_once(command, environment)
        figures[name] = {
            "calls to Amazon": len(amazon.refreshes()) - before,
            "seconds": round(seconds, 2),
            "processes by exit code": dict(codes),
        }
    scripts_took, door_took, library_took = (figure["seconds"] for figure in figures.values())
    figures["seconds, store_tokens.py / python-amazon-sp-api"] = round(scripts_took / library_took, 2)
    figures["seconds, the gateway's address / Amazon's"] = round(door_took / library_took, 2)
    return figures


def main() -> None:
    """Print the figures as one JSON document."""
    os.umask(0o077)
    with running_amazon() as amazon, tempfile.TemporaryDirectory() as name:
        storm = _storm(amazon, Path(name) / "storm")
        with a_place(amazon, Path(name) / "processes") as place:
            processes = _processes(amazon, place, place.start())
    print(json.dumps({"storm": storm, f"{PROCESSES} processes": processes}, indent=2))


if __name__ == "__main__":
    main()
