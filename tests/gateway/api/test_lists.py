"""The lists of stores, accounts and profiles: in parts, and whatever writes are under way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.api.requests.accounts import ProfilesRequest
from gateway.api.requests.base import ListRequest
from gateway.errors import Problem
from gateway.util.threads import WRITE_THREADS
from tests.support.gateway_server import PATIENCE, Gateway
from tests.support.vaults import account, profile, store


def owner_of(gateway: Gateway) -> int:
    """The id of the user who owns the gateway."""
    caller = gateway.vault.users.authenticate(gateway.keys["owner"])
    assert caller is not None
    return caller.user_id


def test_stores_are_listed_in_parts(gateway: Gateway) -> None:
    """`total` counts the whole list; without a limit all of it comes, as ever."""
    for number in range(5):
        store(gateway.vault, owner_of(gateway), f"A{number}")

    def listed(body: dict[str, Any]) -> list[str]:
        document = gateway.good("/spApi/authorizedStores", body)
        assert document["total"] == 5
        return [each["sellerId"] for each in document["stores"]]

    assert listed({}) == listed({"limit": None, "offset": None}) == ["A0", "A1", "A2", "A3", "A4"]
    assert listed({"limit": 2}) == ["A0", "A1"]
    assert listed({"limit": 2, "offset": 4}) == ["A4"]
    assert listed({"offset": 3}) == ["A3", "A4"]
    assert listed({"limit": 1000, "offset": 5}) == []


def test_accounts_and_profiles_are_listed_in_parts(gateway: Gateway) -> None:
    """The accounts without profiles are a list of their own, with a count of its own."""
    vault = gateway.vault
    owner = owner_of(gateway)
    for name in ("one", "two"):
        grant = account(vault, owner, name)
        vault.profiles.replace(grant.id, [profile(grant.id, number) for number in (1, 2, 3)])
    for name in ("bare", "bald"):
        account(vault, owner, name)

    def listed(body: dict[str, Any]) -> tuple[list[int], list[str]]:
        document = gateway.good("/amazonAds/authorizedStores", body)
        assert (document["total"], document["totalWithoutProfiles"]) == (3, 2)
        bare = [each["accountName"] for each in document["accountsWithoutProfiles"]]
        for each in document["stores"]:
            assert sorted(each["accountNames"]) == ["one", "two"]
        profiles = gateway.good("/amazonAds/profiles", body)
        assert profiles["total"] == 3
        numbers = [each["profileId"] for each in profiles["profiles"]]
        assert numbers == [each["profileId"] for each in document["stores"]]
        return numbers, bare

    assert listed({}) == ([1, 2, 3], ["bald", "bare"])
    assert listed({"limit": 1}) == ([1], ["bald"])
    assert listed({"limit": 1, "offset": 1}) == ([2], ["bare"])
    assert listed({"limit": 2, "offset": 2}) == ([3], [])


def test_lists_do_not_wait_for_writes(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait for the one lock that SQLite has for all who write."""
    store(gateway.vault, owner_of(gateway))
    unlocked = threading.Event()
    waiting = threading.Semaphore(0)
    write = gateway.vault.database.writing

    def wait_for_the_lock() -> Any:
        waiting.release()
        unlocked.wait(PATIENCE)
        return write()

    with ThreadPoolExecutor(21) as callers:
        with monkeypatch.context() as locked:
            locked.setattr(gateway.vault.database, "writing", wait_for_the_lock)
            link = {"sellerName": "Store"}
            writers = [callers.submit(gateway.good, "/spApi/authorizeUrl", link) for _ in range(20)]
            try:
                for _ in range(WRITE_THREADS):
                    assert waiting.acquire(timeout=PATIENCE)
                listed = callers.submit(gateway.good, "/spApi/authorizedStores")
                assert listed.result(PATIENCE)["total"] == 1
                assert not any(writer.done() for writer in writers)
            finally:
                unlocked.set()
        assert all(writer.result(PATIENCE)["authorizeUrl"] for writer in writers)


@pytest.mark.parametrize("request_model", [ListRequest, ProfilesRequest])
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *(("limit", value, "limit: expected a whole number from 1 to 1000") for value in (0, 1001, "5", 1.5)),
        *(("offset", value, "offset: expected a whole number from 0 to 2147483647") for value in (-1, 2**31)),
        ("limit", True, "limit: expected"),
    ],
)
def test_a_part_that_is_none_is_refused(
    request_model: type[ListRequest], field: str, value: Any, words: str
) -> None:
    """With the field, and what it takes."""
    with pytest.raises(Problem) as caught:
        request_model.read({field: value})
    assert caught.value.reason == "bad_parameter"
    assert words in caught.value.message
