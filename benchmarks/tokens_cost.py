"""What reading a token costs: beside a bare ASGI application, in two shapes, with 100 and 100,000 stores.

    .venv/bin/python -m benchmarks.tokens_cost

Reads only, as in the use of every downstream skill: the tokens live. Run it on a machine at rest.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.load import Clients, beside, processor_of, request_bytes
from benchmarks.stores import open_seeded, seller
from gateway.model import TokenRead
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import SEALED_COLUMNS
from gateway.vault.vault import Vault
from tests.support.gateway_process import Process, a_place
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import ROOT

GATEWAY = ROOT / "gateway" / "__main__.py"
BARE = ROOT / "benchmarks" / "bare_asgi.py"
COUNT = 400
ROUNDS = 9
TIMES = 500
FEW, MANY = 100, 100_000


def _requests(gateway: Process, stores: int) -> list[bytes]:
    """Reads of a hundred stores, spread over all that there are."""
    numbers = range(0, stores, max(1, stores // 100))
    return [
        request_bytes("/spApi/storeTokens", {"sellerId": seller(number), "region": "NA"}, gateway.key)
        for number in numbers
    ]


@contextmanager
def _bare() -> Iterator[tuple[str, int]]:
    """A server without a gateway: its address and process id."""
    command = [sys.executable, str(BARE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process.pid
        finally:
            process.stdin.close()


def _beside_bare(amazon: Amazon, folder: Path, workers: int) -> dict[str, Any]:
    with a_place(amazon, folder, GATEWAY) as place, _bare() as (url, pid):
        open_seeded(amazon, place.data, FEW).close()
        gateway = place.start("--workers", str(workers))
        asked = _requests(gateway, FEW)
        tokens, nothing = Clients(gateway.url, asked, COUNT), Clients(url, asked, COUNT)
        try:
            return beside(tokens, nothing, ROUNDS, (processor_of(gateway.process.pid), processor_of(pid)))
        finally:
            tokens.close()
            nothing.close()


def _as_login_with_amazon(gateway: Process, stores: int) -> list[bytes]:
    """The same reads as a library sends them to Login with Amazon: forms with a handle and the API key."""
    fields = {"grant_type": "refresh_token", "client_id": "any", "client_secret": gateway.key}
    forms = [
        urlencode({**fields, "refresh_token": f"store:{seller(number)}:NA"}).encode()
        for number in range(0, stores, max(1, stores // 100))
    ]
    head = "POST /auth/o2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    return [head.format(len(form)).encode() + form for form in forms]


def _beside_store_tokens(amazon: Amazon, folder: Path) -> dict[str, Any]:
    with a_place(amazon, folder, GATEWAY) as place:
        open_seeded(amazon, place.data, FEW).close()
        gateway = place.start()
        shaped = Clients(gateway.url, _as_login_with_amazon(gateway, FEW), COUNT)
        own = Clients(gateway.url, _requests(gateway, FEW), COUNT)
        try:
            used = processor_of(gateway.process.pid)
            return beside(shaped, own, ROUNDS, (used, used))
        finally:
            shaped.close()
            own.close()


def _parts(vault: Vault) -> dict[str, float]:
    """Microseconds of the steps that are known by themselves."""
    key = vault.users.issue_key("owner")[1].reveal()
    wanted = {"seller_id": seller(5), "region": "NA"}
    with vault.database.reading() as connection:
        sealed = select(grants.c.id, *SEALED_COLUMNS).where(grants.c.seller_id == seller(5))
        grant_id, access, refresh, _ = connection.execute(sealed).one()

    def unseal() -> None:
        vault.keys.open(access, "grants", grant_id, "access_token")
        vault.keys.open(refresh, "grants", grant_id, "refresh_token")

    async def read_all(count: int) -> TokenRead | None:
        for _ in range(count - 1):
            await vault.reader.by_store(key, **wanted)
        return await vault.reader.by_store(key, **wanted)

    whole = min(timeit.repeat(lambda: asyncio.run(read_all(TIMES)), number=1, repeat=5)) / TIMES
    opening = min(timeit.repeat(unseal, number=TIMES, repeat=5)) / TIMES
    read = asyncio.run(read_all(1))
    assert read is not None
    assert read.tokens is not None
    document = {
        "accessToken": read.tokens.access_token.reveal(),
        "refreshToken": read.tokens.refresh_token.reveal(),
        "expiresIn": 1,
    }
    body = json.dumps(wanted)
    coding = (
        min(timeit.repeat(lambda: (json.loads(body), json.dumps(document)), number=TIMES, repeat=5)) / TIMES
    )
    return {
        "the statement that checks the key and brings the tokens": round((whole - opening) * 1e6, 1),
        "unsealing two tokens": round(opening * 1e6, 1),
        "JSON in and out": round(coding * 1e6, 1),
    }


def _few_and_many(amazon: Amazon, folder: Path) -> dict[str, Any]:
    with (
        a_place(amazon, folder / "few", GATEWAY) as small,
        a_place(amazon, folder / "many", GATEWAY) as large,
    ):
        for place, stores in ((small, FEW), (large, MANY)):
            open_seeded(amazon, place.data, stores).close()
        few, many = small.start(), large.start()
        a = Clients(many.url, _requests(many, MANY), COUNT, clients=1)
        b = Clients(few.url, _requests(few, FEW), COUNT, clients=1)
        try:
            used = (processor_of(many.process.pid), processor_of(few.process.pid))
            return beside(a, b, ROUNDS, used)
        finally:
            a.close()
            b.close()


def main() -> None:
    """Print the figures as one JSON document."""
    with running_amazon() as amazon, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shaped = _beside_store_tokens(amazon, folder / "shaped")
        one = _beside_bare(amazon, folder / "one", 1)
        two = _beside_bare(amazon, folder / "two", 2)
        with open_seeded(amazon, folder / "parts" / "data", FEW) as vault:
            parts = _parts(vault)
        stores = _few_and_many(amazon, folder)
    whole, bare = one["processor microseconds a request"]
    figures = {
        "/auth/o2/token / storeTokens, one worker": shaped,
        "storeTokens / bare ASGI application, one worker": one,
        "storeTokens / bare ASGI application, two workers": two,
        "where it goes, in microseconds of a request": {
            "a whole storeTokens (one worker)": whole,
            "a bare ASGI application": bare,
            **parts,
            "middlewares, log, metrics, audit, routing, checks, the longer answer": round(
                whole - bare - sum(parts.values()), 1
            ),
        },
        f"{MANY} stores / {FEW} stores": stores,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
