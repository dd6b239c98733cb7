"""A crowd that calls one operation at once, with the gateway's pacing and without: what Amazon refuses.

    .venv/bin/python -m benchmarks.pacing

20 processes make 200 calls at the same moment, half of them for each of two stores, through a gateway of two
workers. The operation is `getListingsItem` (5 calls a second, 10 at once): the last of 100 waits for
19 seconds, within the 20 that a caller waits who says nothing.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.gateway_process import Process, a_place, authorize
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import clean_environment

STORES = ("A1SANDBOXNA001", "A1SANDBOXNA002")
PROCESSES = 20
CALLS = 10  # of each process
WORKERS = 2
OPERATION = "listingsItems_2021-08-01.getListingsItem"
# One of the processes: it begins when it is told to, and prints what each call came to.
PROGRAM = """\
import json, os, sys
from concurrent.futures import ThreadPoolExecutor
from urllib.request import ProxyHandler, Request, build_opener
from urllib.error import HTTPError
url, seller, calls = sys.argv[1:]
body = json.dumps({
    "sellerId": seller, "region": "NA", "method": "GET", "queryString": "marketplaceIds=ATVPDKIKX0DER",
    "path": f"/listings/2021-08-01/items/{seller}/SANDBOX-SKU-1",
}).encode()
request = Request(url + "/spApi/developerProxy", body, {"Authorization": os.environ["KEY"]})
opener = build_opener(ProxyHandler({}))
def call(_):
    try:
        with opener.open(request) as answer:
            return json.load(answer)["httpStatus"]
    except HTTPError as error:
        return f"{error.code} of the gateway's own"
with ThreadPoolExecutor(int(calls)) as pool:
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(list(pool.map(call, range(int(calls))))))
"""


def _crowd(amazon: Amazon, gateways: list[Process], folder: Path) -> dict[str, Any]:
    """Let the processes call at once; return what came of it."""
    environment = clean_environment(folder, KEY=gateways[0].key)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, gateways[n % len(gateways)].url, STORES[n // 2 % 2], str(CALLS)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    amazon.control("ledger/reset", {})
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers: Counter[str] = Counter()
    for process in processes:
        printed, _ = process.communicate()
        answers.update(str(answer) for answer in json.loads(printed))
    seconds = time.perf_counter() - started
    reached = [call for call in amazon.calls() if call["path"].startswith("/listings/")]
    return {
        "calls": PROCESSES * CALLS,
        "answers by status": dict(answers),
        "reached Amazon": len(reached),
        "429 of Amazon": sum(call["status"] == 429 for call in reached),
        "seconds": round(seconds, 1),
    }


def _measured(folder: Path, **more: str) -> dict[str, Any]:
    """Run the crowd beside a stand-in of its own, whose buckets are full."""
    folder.mkdir()
    with running_amazon() as amazon, a_place(amazon, folder, **more) as place:
        gateway = place.start("--workers", str(WORKERS))
        for seller in STORES:
            authorize(amazon, gateway, seller)
        return _crowd(amazon, [gateway], folder)


def main() -> None:
    """Print the figures as one JSON document."""
    with tempfile.TemporaryDirectory() as name:
        figures = {
            "with pacing": _measured(Path(name, "on")),
            "without": _measured(Path(name, "off"), GATEWAY_PROXY_PACING="false"),
        }
    print(json.dumps({"operation": OPERATION, **figures}, indent=2))


if __name__ == "__main__":
    main()
