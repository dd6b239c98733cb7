"""The ledger: which calls were received and how they ended. It never holds a whole token, code or secret."""

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from amazon_sandbox.http_messages import Answer, Caller, Request

LONGEST = 200_000
FIELDS = (
    "number", "at", "host", "path", "method", "grantType", "clientId", "sellerId", "advertiserId", "region",
    "grantId", "token", "tokenPrint", "fault", "status", "outcome",
    "contentType", "accept", "scope", "headerNames", "bodyBytes", "bodyPrint",
)  # fmt: skip

Entry = dict[str, Any]


def mask(secret: str) -> str:
    """Return the first ten characters and "...", and "***" for what is too short to show any of."""
    return f"{secret[:10]}..." if len(secret) >= 40 else "***"


class Ledger:
    """The newest 200,000 calls in the order of arrival; `outcome` is "pending" until one is answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=LONGEST)
        self._number = 0

    def open(self, at: str, request: Request, caller: Caller, fault: int | None) -> Entry:
        """Note a call that has arrived."""
        token = caller.token
        entry = {
            "number": 0,
            "at": at,
            "host": request.host,
            "path": request.path,
            "method": request.method,
            "grantType": caller.grant_type,
            "clientId": caller.client_id,
            "sellerId": caller.seller_id,
            "advertiserId": caller.advertiser_id,
            "region": caller.region,
            "grantId": caller.grant_id,
            "token": mask(token) if token else None,
            "tokenPrint": hashlib.sha256(token.encode()).hexdigest()[:12] if token else None,
            "fault": fault,
            "status": None,
            "outcome": "pending",
            "contentType": request.headers.get("content-type"),
            "accept": request.headers.get("accept"),
            "scope": request.headers.get("amazon-advertising-api-scope"),
            "headerNames": sorted(request.headers),
            "bodyBytes": len(request.body),
            "bodyPrint": hashlib.sha256(request.body).hexdigest(),
        }
        with self._lock:
            self._number += 1
            entry["number"] = self._number
            self._entries.append(entry)
        return entry

    def close(self, entry: Entry, answer: Answer) -> None:
        """Note how a call ended; a dropped one has no status."""
        with self._lock:
            entry["status"] = None if answer.dropped else answer.status
            entry["outcome"] = answer.outcome

    def entries(self, wanted: Mapping[str, str], limit: int | None = None) -> list[Entry]:
        """Return the entries whose fields equal `wanted`, oldest first; with a limit the newest of them."""
        with self._lock:
            found = [
                dict(entry)
                for entry in self._entries
                if all(str(entry[name]) == value for name, value in wanted.items())
            ]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def counts(self) -> dict[str, Any]:
        """Return how many calls there were, and how many of each kind and outcome."""
        names = ("host", "path", "grantType", "outcome")
        with self._lock:
            groups = Counter(tuple(entry[name] for name in names) for entry in self._entries)
        listed = [dict(zip(names, group, strict=True), count=count) for group, count in groups.items()]
        return {"total": groups.total(), "groups": listed}

    def reset(self) -> None:
        """Forget every call so far; the numbers go on."""
        with self._lock:
            self._entries.clear()
