"""Stores that the stand-in Amazon knows, and whether a vault still holds what Amazon takes for each."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from benchmarks.stores import CHUNK, open_seeded, seller
from gateway.model import Tokens
from gateway.util.clock import SystemClock
from gateway.util.secret import Secret
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import GRANT_AND_TOKEN_COLUMNS, grant_and_tokens_from
from gateway.vault.vault import Vault, open_vault
from tests.support.gateway_server import Amazon, http, settings_for

REGION = "NA"
ASKED_AT_ONCE = 4


def add_sellers(amazon: Amazon, numbers: Sequence[int]) -> None:
    """Let the stand-in know the sellers of these numbers."""
    for first in range(0, len(numbers), CHUNK):
        amazon.control(
            "sellers",
            [
                {"sellerId": seller(number), "name": f"Store {number}", "region": REGION, "countries": ["US"]}
                for number in numbers[first : first + CHUNK]
            ],
        )


def consented(amazon: Amazon, stores: int) -> list[dict[str, str]]:
    """Have so many sellers consent; return the tokens of each as the stand-in made them."""
    add_sellers(amazon, range(stores))
    made: list[dict[str, str]] = []
    for first in range(0, stores, CHUNK):
        wanted = [
            {"sellerId": seller(number), "region": REGION, "withAccessToken": True}
            for number in range(first, min(first + CHUNK, stores))
        ]
        made += amazon.control("grants", wanted)["grants"]
    return made


def open_with_consents(amazon: Amazon, data: Path, stores: int, life: int, url: Secret) -> Vault:
    """Return an open vault with stores that the stand-in knows, whose tokens end one after the other.

    `life`: seconds; one token in as many ends within each second of it, and none was refreshed lately.
    """
    made = consented(amazon, stores)
    chance = random.Random(stores)
    now = int(time.time())

    def tokens_of(number: int) -> Tokens:
        one = made[number]
        ends_at = now + chance.randrange(life)
        return Tokens(Secret(one["accessToken"]), Secret(one["refreshToken"]), "bearer", ends_at)

    return open_seeded(amazon, data, stores, refreshed=life, tokens_of=tokens_of, database_url=url)


def account(amazon: Amazon, data: Path, url: Secret) -> dict[str, Any]:
    """Ask Amazon with each refresh token of a vault; tell how many it refuses, and how the stores stand."""
    statuses: dict[str, int] = {}
    kept: list[tuple[str, Secret]] = []
    with open_vault(settings_for(amazon, data, database_url=url), SystemClock()) as vault:
        with vault.database.reading() as connection:
            rows = connection.execute(select(*GRANT_AND_TOKEN_COLUMNS).order_by(grants.c.id)).all()
        for row in rows:
            grant, tokens = grant_and_tokens_from(vault.keys, row)
            statuses[grant.status] = statuses.get(grant.status, 0) + 1
            kept.append((str(grant.seller_id), tokens.refresh_token))
    refused = _refused(amazon, kept)
    return {
        "stores": len(kept),
        "by status": statuses,
        "refresh tokens that Amazon refuses": len(refused),
        "whose, the first ten": refused[:10],
        "sellers": {seller_id for seller_id, _ in kept},
    }


def _refused(amazon: Amazon, kept: Sequence[tuple[str, Secret]]) -> list[str]:
    """Return the sellers whose refresh token the stand-in does not take."""
    each = threading.local()

    def is_refused(one: tuple[str, Secret]) -> bool:
        if not hasattr(each, "session"):
            each.session = http()
        session: requests.Session = each.session
        answer = session.post(
            f"{amazon.url}/api.amazon.com/auth/o2/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": one[1].reveal(),
                "client_id": amazon.spapi["clientId"],
                "client_secret": amazon.spapi["clientSecret"],
            },
        )
        return answer.status_code != 200

    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return [one[0] for one, bad in zip(kept, pool.map(is_refused, kept), strict=True) if bad]
