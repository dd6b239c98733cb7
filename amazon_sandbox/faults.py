"""Misbehavior on demand: rules that a test sets, and gates that hold calls until it lets them go."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from amazon_sandbox.http_messages import Caller, Request

LONGEST_HOLD = 600.0  # seconds; a forgotten hold must not keep its thread for ever
MATCHED = ("host", "path", "method", "grantType", "sellerId", "advertiserId", "region", "clientId")


@dataclass(frozen=True)
class TokenChange:
    """How a good answer of the token endpoint is altered."""

    set: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    rotate: bool = False
    length: int | None = None


@dataclass(frozen=True)
class Action:
    """What a rule does; see the package's docstring."""

    delay_ms: float = 0
    hold: str | None = None
    hold_after: bool = False
    drop: str | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    answer: str | None = None
    cut_after_bytes: int | None = None
    token: TokenChange | None = None


class Gate:
    """Holds calls until it is opened for good, or lets a number of them through."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = False
        self._permits = 0
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many calls are held now."""
        return self._waiting

    def wait(self) -> None:
        """Hold the calling thread until it is let through, at most ten minutes."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._open or self._permits > 0, LONGEST_HOLD)
            self._waiting -= 1
            self._permits = max(0, self._permits - 1)

    def release(self, count: int | None = None) -> None:
        """Let `count` calls through, those to come included; None opens the gate for good."""
        with self._changed:
            if count is None:
                self._open = True
            else:
                self._permits += count
            self._changed.notify_all()


@dataclass
class Rule:
    """One rule; `skip` and `times` are how many calls it still skips and is good for (None = for ever)."""

    number: int
    match: dict[str, str]
    times: int | None
    skip: int
    action: Action
    source: dict[str, Any]
    hits: int = 0
    gate: Gate = field(default_factory=Gate)


class Faults:
    """The rules in the order in which they were set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._number = 0

    def add(
        self, match: dict[str, str], times: int | None, skip: int, action: Action, source: dict[str, Any]
    ) -> int:
        """Add a rule and return its number; `source` is the rule as the test sent it."""
        with self._lock:
            self._number += 1
            self._rules.append(Rule(self._number, match, times, skip, action, source))
            return self._number

    def take(self, request: Request, caller: Caller) -> Rule | None:
        """Return the rule for this call and count the call against it, None where no rule is for it."""
        with self._lock:
            if not self._rules:
                return None
            values = {
                "host": request.host,
                "path": request.path,
                "method": request.method,
                "grantType": caller.grant_type,
                "sellerId": caller.seller_id,
                "advertiserId": caller.advertiser_id,
                "region": caller.region,
                "clientId": caller.client_id,
            }
            for rule in self._rules:
                if rule.times == 0 or not _matches(rule.match, values):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                rule.hits += 1
                return rule
        return None

    def listed(self) -> list[dict[str, Any]]:
        """Return every rule with what is left of it and how often it was used."""
        with self._lock:
            return [
                {**rule.source, "id": rule.number, "times": rule.times, "skip": rule.skip, "hits": rule.hits}
                for rule in self._rules
            ]

    def clear(self, number: int | None = None) -> int:
        """Remove one rule or all, let go whom they hold, and return how many were removed."""
        with self._lock:
            gone = [rule for rule in self._rules if number is None or rule.number == number]
            self._rules = [rule for rule in self._rules if rule not in gone]
        for rule in gone:
            rule.gate.release()
        return len(gone)

    def holds(self) -> dict[str, int]:
        """Return for each name of a hold how many calls it holds now."""
        waiting: dict[str, int] = {}
        with self._lock:
            for rule in self._rules:
                if rule.action.hold:
                    waiting[rule.action.hold] = waiting.get(rule.action.hold, 0) + rule.gate.waiting
        return waiting

    def release(self, name: str | None, count: int | None) -> int:
        """Open the gates of this name (None = all), or let `count` calls through each; return how many."""
        with self._lock:
            rules = [rule for rule in self._rules if rule.action.hold and name in (None, rule.action.hold)]
        for rule in rules:
            rule.gate.release(count)
        return len(rules)


def _matches(match: dict[str, str], values: dict[str, str | None]) -> bool:
    return all(values[name] is not None and fnmatchcase(values[name] or "", match[name]) for name in match)
