"""Many callers for one expired token, and how often Amazon is asked.

    .venv/bin/python -m benchmarks.storm

1,000 concurrent callers over four gateway processes; then 100 processes that each need the token, through the
gateway and with python-amazon-sp-api, which is installed into benchmarks/out (needs the package index).
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
from tests.support.house import SCRIPTS, clean_environment
from tests.support.storm import ask_all

CALLERS = 1000
PROCESSES = 100
PEER = Path(__file__).resolve().parent / "out" / "peer"
# The stand-in serves https://HOST/PATH at {origin}/HOST/PATH; the library keeps the host in one attribute.
PEER_PROGRAM = """\
import os
from types import SimpleNamespace
from sp_api.auth import AccessTokenClient
class Client(AccessTokenClient):
    scheme = "http://"
    host = os.environ["AMAZON_ORIGIN"].removeprefix("http://") + "/api.amazon.com"
credentials = SimpleNamespace(
    refresh_token=os.environ["REFRESH_TOKEN"],
    lwa_app_id=os.environ["SPAPI_CLIENT_ID"],
    lwa_client_secret=os.environ["SPAPI_CLIENT_SECRET"],
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


def _peer() -> Path:
    """Return a Python that has python-amazon-sp-api."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "python-amazon-sp-api"], check=True)
    return python


def _processes(amazon: Amazon, place: Place, gateway: Process) -> dict[str, Any]:
    authorize(amazon, gateway)
    (store,) = amazon.control("grants", [{"sellerId": SELLER, "region": "NA"}])["grants"]
    environment = clean_environment(
        place.folder, LINKFOX_TOOL_GATEWAY=gateway.url, LINKFOX_AGENT_API_KEY=gateway.key
    )
    figures: dict[str, Any] = {}
    ours = [sys.executable, str(SCRIPTS / "store_tokens.py"), "--seller-id", SELLER, "--region", "NA"]
    theirs = [str(_peer()), "-c", PEER_PROGRAM]
    peer_environment = clean_environment(
        place.folder,
        AMAZON_ORIGIN=amazon.url,
        REFRESH_TOKEN=store["refreshToken"],
        SPAPI_CLIENT_ID=amazon.spapi["clientId"],
        SPAPI_CLIENT_SECRET=amazon.spapi["clientSecret"],
    )
    for name, command, around in (
        ("store_tokens.py", ours, environment),
        ("python-amazon-sp-api", theirs, peer_environment),
    ):
        before = len(amazon.refreshes())
        seconds, codes = _at_once(command, around)
        figures[name] = {
            "calls to Amazon": len(amazon.refreshes()) - before,
            "seconds": round(seconds, 2),
            "processes by exit code": dict(codes),
        }
    pair = [figures[name]["seconds"] for name in figures]
    figures["seconds, store_tokens.py / python-amazon-sp-api"] = round(pair[0] / pair[1], 2)
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
