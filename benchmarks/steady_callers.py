"""Callers at a steady rate that do what programs do: another gateway where one fails, then again later."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks.load import percentile
from benchmarks.stores import seller
from tests.support.consent import consent
from tests.support.replicas import Replica

REGION = "NA"
CALLERS = 8
# One in so many calls is for one of so many stores that are used much.
HOT_STORES = 1000
# How often a call is repeated that failed at all gateways, and the seconds in between where none are named.
REPEATS = 8
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 10.0
ANSWER_SECONDS = 60
# An exchange whose gateway was killed is told as interrupted after a minute and a half.
AUTHORIZATION_SECONDS = 180
# What a balancer takes to another gateway: no answer at all, and these.
ELSEWHERE = (0, 502, 503, 504)
FRESH = 300

Body = dict[str, Any]
# Each kind of call: its share, its path, and what is asked beside the store.
KINDS: dict[str, tuple[float, str, Body]] = {
    "token as it is": (0.50, "/spApi/storeTokens", {}),
    "token for five minutes": (0.36, "/spApi/storeTokens", {"minTtl": FRESH}),
    "forced refresh": (0.02, "/spApi/refreshToken", {}),
    "proxied call": (
        0.10,
        "/spApi/developerProxy",
        {"method": "GET", "path": "/sellers/v1/marketplaceParticipations"},
    ),
    "list": (0.02, "/spApi/authorizedStores", {}),
}


@dataclass
class Told:
    """What was met: of each kind of call its milliseconds, statuses, and how failures were mended."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    most_repeats: int = 0
    longest_mending: float = 0.0
    never: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    not_authorized: list[str] = field(default_factory=list)
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def summary(self) -> dict[str, Any]:
        """Return all of it as a document."""
        return {
            "calls": sum(len(each) for each in self.milliseconds.values()),
            "statuses of single tries": dict(sorted(self.statuses.items())),
            "failed at first and mended": dict(self.mended),
            "most repeats that one took": self.most_repeats,
            "longest until one was mended, seconds": round(self.longest_mending, 1),
            "failed for good": len(self.never),
            "failed for good, the first ten": self.never[:10],
            "answers about another store": len(self.wrong),
            "authorized meanwhile": len(self.added),
            "removed meanwhile": len(self.removed),
            "authorizations that did not come about": self.not_authorized,
            "milliseconds: p50, p99, longest": {
                kind: [round(percentile(each, share), 1) for share in (0.5, 0.99, 1)]
                for kind, each in sorted(self.milliseconds.items())
            },
        }


class SteadyCallers:
    """Threads that call `rate` times a second in all, of `stores` stores, until they are stopped."""

    def __init__(self, found: list[Replica], key: str, stores: int, rate: float) -> None:
        self._found = found
        self._key = key
        self._stores = stores
        self._gap = CALLERS / rate
        self._over = threading.Event()
        self._connections = threading.local()
        self.told = Told()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def authorize_and_remove(self, numbers: list[int], every: float) -> None:
        """Authorize one of these sellers at a time and remove it at the next but one, in another thread."""
        self._threads.append(threading.Thread(target=self._come_and_go, args=(numbers, every)))

    def stop(self) -> Told:
        """End all of them, each after the call that it is at, and return what they met."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.told

    def _call(self, number: int) -> None:
        chance = random.Random(number)
        kinds, shares = list(KINDS), [share for share, _, _ in KINDS.values()]
        due = time.monotonic() + self._gap * number / CALLERS
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._gap, time.monotonic() - self._gap)
            kind = chance.choices(kinds, shares)[0]
            _, path, more = KINDS[kind]
            which = HOT_STORES if chance.random() < 0.5 else self._stores
            seller_id = seller(chance.randrange(min(which, self._stores)))
            if kind == "list":
                self.ask(kind, path, {"limit": 20, "offset": chance.randrange(self._stores)})
                continue
            answer = self.ask(kind, path, {"sellerId": seller_id, "region": REGION, **more})
            if answer is not None and answer.get("sellerId", seller_id) != seller_id:
                self.told.wrong.append(seller_id)

    def ask(self, kind: str, path: str, body: Body) -> Body | None:
        """Call until there is a success; None where it failed for good, or at once for the caller's fault."""
        began = time.monotonic()
        order = random.sample(self._found, len(self._found))
        statuses: list[str] = []
        for repeat in range(REPEATS + 1):
            for replica in order:
                status, document, pause = self._once(replica, path, body)
                reason = "" if status == 200 else document.get("reason", "")
                statuses.append(f"{status} {reason}".strip())
                if status not in ELSEWHERE:
                    break
            if status == 200 or not (status in ELSEWHERE or status == 429):
                break
            if repeat < REPEATS:
                self._over.wait(min(LONGEST_PAUSE, FIRST_PAUSE * 2**repeat if pause is None else pause))
        self._note(kind, time.monotonic() - began, statuses, repeat, status)
        return document if status == 200 else None

    def _note(self, kind: str, seconds: float, statuses: list[str], repeat: int, status: int) -> None:
        told = self.told
        with told.lock:
            told.milliseconds.setdefault(kind, []).append(seconds * 1000)
            told.statuses.update(f"{kind}: {each}" for each in statuses)
            if status != 200:
                told.never.append(f"{kind}: {' '.join(statuses)}")
            elif len(statuses) > 1:
                told.mended["by the other gateway" if not repeat else f"{kind}: by repeating"] += 1
                told.most_repeats = max(told.most_repeats, repeat)
                told.longest_mending = max(told.longest_mending, seconds)

    def _once(self, replica: Replica, path: str, body: Body) -> tuple[int, Body, float | None]:
        """Return status, document and Retry-After of one try; status 0 where no whole answer came."""
        connection = self._connection(replica)
        try:
            connection.request("POST", path, json.dumps(body), {"Authorization": self._key})
            answer = connection.getresponse()
            pause = answer.getheader("Retry-After")
            return answer.status, json.loads(answer.read()), float(pause) if pause else None
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            return 0, {}, None

    def _connection(self, replica: Replica) -> http.client.HTTPConnection:
        """Return this thread's connection to a gateway, a new one where it listens elsewhere by now."""
        kept: dict[str, http.client.HTTPConnection] = self._connections.__dict__.setdefault("kept", {})
        address = urlsplit(replica.url)
        if replica.url not in kept:
            kept[replica.url] = http.client.HTTPConnection(
                str(address.hostname), address.port, timeout=ANSWER_SECONDS
            )
        return kept[replica.url]

    def _come_and_go(self, numbers: list[int], every: float) -> None:
        before: str | None = None
        for number in numbers:
            if self._over.wait(every):
                return
            seller_id = seller(number)
            if self._authorized(seller_id):
                self.told.added.add(seller_id)
            if before in self.told.added:
                which = {"sellerId": before, "region": REGION}
                if self.ask("removal", "/spApi/removeStore", which) is not None:
                    self.told.removed.add(str(before))
            before = seller_id

    def _authorized(self, seller_id: str) -> bool:
        """Authorize a store from its link to its end; False where that failed for good."""
        link = self.ask("link", "/spApi/authorizeUrl", {"sellerName": seller_id, "region": REGION})
        if link is None:
            return False
        callback = urlsplit(consent(link["authorizeUrl"], selling_partner_id=seller_id))
        self._browse(f"{callback.path}?{callback.query}")
        wanted = {"authorizationId": link["authorizationId"]}
        state, reason = "pending", ""
        deadline = time.monotonic() + AUTHORIZATION_SECONDS
        while state == "pending" and time.monotonic() < deadline:
            time.sleep(0.5)
            status = self.ask("status", "/spApi/authorizationStatus", wanted) or {}
            state, reason = status.get("state", "no answer"), status.get("reason") or ""
        if state != "authorized":
            self.told.not_authorized.append(f"{state} {reason}".strip())
        return state == "authorized"

    def _browse(self, path: str) -> None:
        """Open a callback as a browser behind a balancer does, and once more while no gateway answers."""
        for repeat in range(REPEATS):
            for replica in random.sample(self._found, len(self._found)):
                connection = self._connection(replica)
                try:
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    continue
                if answer.status not in ELSEWHERE:
                    return
            self._over.wait(FIRST_PAUSE * 2**repeat)


def every_so_often(
    seconds: float, pause: float, steps: list[tuple[float, Callable[[], None]]], sample: Callable[[], None]
) -> int:
    """Take a sample every `pause` seconds for `seconds`, and each step at its second; tell how many were."""
    began = time.monotonic()
    waiting = sorted(steps, key=lambda step: step[0])
    done, next_sample = 0, 0.0
    while (now := time.monotonic() - began) < seconds:
        if done < len(waiting) and now >= waiting[done][0]:
            waiting[done][1]()
            done += 1
        elif now >= next_sample:
            sample()
            next_sample += pause
        else:
            next_step = waiting[done][0] if done < len(waiting) else seconds
            time.sleep(min(seconds, next_sample, next_step) - now)
    return done
