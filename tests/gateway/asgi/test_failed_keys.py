"""Bad API keys: counted by their source, told to wait, and never in the way of a good key."""

import json

import pytest

from gateway.asgi.failed_keys import MOST_FAILURES, MOST_SOURCES, WINDOW_SECONDS, FailedKeys, source_of
from tests.support.clock import START, SteppingClock
from tests.support.gateway_server import Gateway

STORES = "/spApi/authorizedStores"
TOKENS = "/spApi/storeTokens"
BAD = "lfx_local_" + "x" * 43


def exhaust(gateway: Gateway) -> None:
    """Fail as often as is let pass, in every way there is."""
    ways = ((STORES, {}), (TOKENS, {"sellerId": "A1", "region": "NA"}), (TOKENS, {}))
    for number in range(MOST_FAILURES):
        path, body = ways[number % 3]
        assert gateway.bad(path, body, status=401, user=BAD)["reason"] == "unauthorized"


@pytest.mark.parametrize("path", [STORES, TOKENS, "/amazonAds/developerProxy"])
def test_too_many_are_told_to_wait(gateway: Gateway, path: str) -> None:
    """With the seconds, until the minute is over."""
    exhaust(gateway)
    gateway.clock.step(20)
    answer = gateway.post(path, {}, user=BAD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
    document = answer.json()
    assert (document["errcode"], document["reason"], document["retryAfter"]) == (401, "too_many_failures", 40)
    gateway.clock.step(40)
    assert gateway.bad(path, {}, status=401, user=BAD)["reason"] == "unauthorized"


def test_a_valid_key_works_all_the_while(gateway: Gateway) -> None:
    """From the same address, and it does not reset the count either."""
    gateway.authorize_store()
    exhaust(gateway)
    assert gateway.good(STORES)["total"] == 1
    gateway.good(TOKENS, {"sellerId": "A1SANDBOXNA001", "region": "NA"})
    gateway.bad(STORES, {}, status=429, user=BAD)


def test_a_revoked_key_counts_as_bad(gateway: Gateway) -> None:
    """Like any that never was."""
    key_id, key = gateway.vault.users.issue_key("owner")
    gateway.vault.users.revoke_key(key_id)
    for _ in range(MOST_FAILURES):
        gateway.bad(STORES, {}, status=401, user=key.reveal())
    gateway.bad(STORES, {}, status=429, user=BAD)


def test_a_key_without_the_right_does_not_count(gateway: Gateway) -> None:
    """Its owner is known."""
    key = gateway.vault.users.issue_key("owner", ("proxy",))[1].reveal()
    for _ in range(MOST_FAILURES + 1):
        assert gateway.bad(STORES, {}, status=403, user=key)["reason"] == "key_lacks_right"


def test_sources_are_counted_apart() -> None:
    """An address of its own; of IPv6 a network."""
    failed = FailedKeys(SteppingClock())
    for _ in range(MOST_FAILURES):
        assert failed.failed("192.0.2.1") is None
    assert failed.failed("192.0.2.1") == WINDOW_SECONDS
    assert failed.failed("192.0.2.2") is None
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff:1") != source_of("2001:db8:0:1::1")
    assert source_of("192.0.2.1") == "192.0.2.1"
    assert source_of(None) == source_of("not an address") == "unknown"


def test_memory_is_bounded() -> None:
    """However many sources there are, the oldest is forgotten first."""
    failed = FailedKeys(SteppingClock())
    for number in range(MOST_SOURCES + 500):
        failed.failed(str(number))
    assert len(failed._failures) == MOST_SOURCES
    assert "0" not in failed._failures


def test_a_clock_that_goes_back_locks_nobody_out() -> None:
    """The count begins anew."""
    clock = SteppingClock(START)
    failed = FailedKeys(clock)
    for _ in range(MOST_FAILURES + 1):
        failed.failed("a")
    clock.step(-3600)
    assert failed.failed("a") is None


def test_no_key_is_in_the_answer(gateway: Gateway) -> None:
    """Neither whole nor in part."""
    exhaust(gateway)
    assert BAD[10:] not in json.dumps(gateway.bad(STORES, {}, status=429, user=BAD))
