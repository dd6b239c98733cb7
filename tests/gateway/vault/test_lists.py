"""Lists in parts: the same order whatever the database, each entry once, and how many there are."""

from collections.abc import Callable

import pytest

from gateway.model import Grant, Page
from gateway.vault.vault import Vault
from tests.support.vaults import account, profile, store

SELLERS = ["A1", "A10", "A2", "B", "a.1", "a1"]  # by code point; a language would sort them otherwise


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def in_parts(read: Callable[[Page], tuple[list[Grant], int]], size: int) -> tuple[list[Grant], int]:
    """Read a list to its end, so many at a time."""
    rows: list[Grant] = []
    while True:
        part, total = read(Page(size, len(rows)))
        rows += part
        if len(part) < size:
            return rows, total


def test_stores_come_in_parts(vault: Vault, user: int) -> None:
    """Sorted by seller id, then region; another user's are neither listed nor counted."""
    store(vault, vault.users.create("bob"), "A3")
    for seller_id in reversed(SELLERS):
        store(vault, user, seller_id)
    store(vault, user, "A1", region="EU")
    everything, total = vault.lists.stores(user, Page())
    assert [grant.seller_id for grant in everything] == ["A1", *SELLERS]
    assert [grant.region for grant in everything[:2]] == ["EU", "NA"]
    assert total == 7
    assert in_parts(lambda page: vault.lists.stores(user, page), 2) == (everything, 7)
    assert vault.lists.stores(user, Page(None, 5)) == (everything[5:], 7)
    assert vault.lists.stores(user, Page(10, 7)) == ([], 7)


def test_profiles_come_in_parts(vault: Vault, user: int) -> None:
    """A profile counts once, however many accounts cover it, and is not torn apart."""
    others = account(vault, vault.users.create("bob"))
    vault.profiles.replace(others.id, [profile(others.id, 4)])
    for name in ("one", "two"):
        grant = account(vault, user, name)
        vault.profiles.replace(grant.id, [profile(grant.id, number) for number in (1, 2, 3)])
    everything = vault.profiles.of_user(user)
    assert len(everything) == 6
    assert vault.profiles.page(user, Page()) == (everything, 3)
    assert vault.profiles.page(user, Page(2)) == (everything[:4], 3)
    assert vault.profiles.page(user, Page(2, 2)) == (everything[4:], 3)


def test_accounts_without_profiles_come_in_parts(vault: Vault, user: int) -> None:
    """By name; an account that covers a profile is not among them."""
    grant = account(vault, user, "covered")
    vault.profiles.replace(grant.id, [profile(grant.id)])
    account(vault, vault.users.create("bob"), "theirs")
    store(vault, user)
    names = ["B", "a", "ä", "店"]
    for name in reversed(names):
        account(vault, user, name)
    everything, total = vault.lists.accounts_without_profiles(user, Page())
    assert ([each.name for each in everything], total) == (names, 4)
    assert in_parts(lambda page: vault.lists.accounts_without_profiles(user, page), 3) == (everything, 4)
