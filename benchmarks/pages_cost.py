"""What the overview page costs: rendered for a browser, beside the JSON list of the same stores.

.venv/bin/python -m benchmarks.pages_cost
"""

import json
import tempfile
from pathlib import Path

import requests
from linkfox_client.local.sandbox_browser import give_consent

from benchmarks.pairs import compare
from tests.support.house import House, open_house
from tests.support.visitor import Page

STORES = 20
RUNS = 200


def _signed_in(house: House) -> requests.Session:
    """A browser's session that has signed in with the owner's key."""
    session = requests.Session()
    session.trust_env = False
    form = Page(session.get(f"{house.url}/signin", timeout=30).text).hidden()
    answer = session.post(
        f"{house.url}/signin", data={**form, "key": house.api_key()}, timeout=30, allow_redirects=False
    )
    assert answer.status_code == 303, answer.status_code
    return session


def main() -> None:
    """Print the figures as one JSON document."""
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
        for number in range(STORES):
            link = house.post("/spApi/authorizeUrl", {"sellerName": f"Store {number}", "region": "NA"})
            give_consent(link["authorizeUrl"], {"selling_partner_id": f"A{number:012d}X"})
        browser, program = _signed_in(house), requests.Session()
        program.trust_env = False
        program.headers["Authorization"] = house.api_key()

        def page() -> None:
            answer = browser.get(f"{house.url}/", timeout=30)
            assert "Store 1" in answer.text

        def document() -> None:
            answer = program.post(f"{house.url}/spApi/authorizedStores", json={}, timeout=30)
            assert answer.json()["total"] == STORES

        figures = {
            f"overview page / JSON list, {STORES} stores": compare(page, document, runs=RUNS).rounded()
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
