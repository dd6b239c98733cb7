"""What the scripts cost: a cold call beside the least program that makes it, `--all` beside singles.

.venv/bin/python -m benchmarks.scripts_cost
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from linkfox_client.local.sandbox_browser import give_consent

from benchmarks.pairs import compare
from tests.support.house import SCRIPTS, House, call_json, open_house

STORES = 100
COLD_RUNS, ALL_RUNS = 21, 3
WARM_UP, ALL_WARM_UP = 2, 1
# The same call with nothing around it: no settings, no masking, no errors, no document.
LEAST_PROGRAM = """\
import os, sys, requests
session = requests.Session()
session.trust_env = False
answer = session.post(os.environ["LINKFOX_TOOL_GATEWAY"] + "/spApi/storeTokens",
    json={"sellerId": sys.argv[1], "region": "NA", "minTtl": 300},
    headers={"Authorization": os.environ["LINKFOX_AGENT_API_KEY"]}, timeout=(5, 30))
print(answer.json()["accessToken"][:10])
"""


def _authorize(house: House, seller: str) -> None:
    """Put one store into the vault by the shortest way that a browser could take."""
    link = house.post("/spApi/authorizeUrl", {"sellerName": seller, "region": "NA"})
    page = give_consent(link["authorizeUrl"], {"selling_partner_id": seller})
    assert page.status == 200, page.title


def main() -> None:
    """Print the figures as one JSON document."""
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
        sellers = [f"A{number:012d}X" for number in range(STORES)]
        for seller in sellers:
            _authorize(house, seller)
        environment = house.environment | {
            "LINKFOX_TOOL_GATEWAY": house.url,
            "LINKFOX_AGENT_API_KEY": house.api_key(),
        }

        def run(*command: str) -> None:
            subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)

        which = ["--seller-id", sellers[0], "--region", "NA"]
        script = str(SCRIPTS / "store_tokens.py")
        cold = compare(
            lambda: run(script, *which),
            lambda: run("-c", LEAST_PROGRAM, sellers[0]),
            runs=COLD_RUNS,
            warm_up=WARM_UP,
        )
        every = compare(
            lambda: run(script, "--all"),
            lambda: [run(script, "--seller-id", seller, "--region", "NA") for seller in sellers],
            runs=ALL_RUNS,
            warm_up=ALL_WARM_UP,
        )
        assert call_json(house.url + "/healthz")
    figures = {
        "cold store_tokens.py / least program with requests": cold.rounded(),
        f"--all for {STORES} stores / {STORES} single calls": every.rounded(),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
