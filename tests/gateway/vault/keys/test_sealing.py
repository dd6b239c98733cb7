"""Sealed values open in their own place, with their own key, and not otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.util.secret import Secret
from gateway.vault.errors import SealBroken
from gateway.vault.keys.sealing import MasterKey, Sealer, key_id_of

KEY = MasterKey(bytes(32))
OTHER = MasterKey(bytes(31) + b"\1")
SECRET = Secret("Atzr|" + "s" * 60)


@given(st.text())
def test_whatever_is_sealed_opens_again(text: str) -> None:
    """Any text comes back as it was."""
    sealer = Sealer([KEY])
    assert sealer.open(sealer.seal(Secret(text), "t", 1, "c"), "t", 1, "c").reveal() == text


@given(st.data())
def test_a_changed_value_never_opens(data: st.DataObject) -> None:
    """One changed bit anywhere, or a piece cut off, and nothing opens."""
    sealer = Sealer([KEY])
    sealed = sealer.seal(SECRET, "t", 1, "c")
    position = data.draw(st.integers(0, len(sealed) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = sealed[:position] + bytes([sealed[position] ^ (1 << bit)]) + sealed[position + 1 :]
    for broken in (changed, sealed[:position]):
        with pytest.raises(SealBroken) as refused:
            sealer.open(broken, "t", 1, "c")
        assert "Atzr" not in str(refused.value)


@pytest.mark.parametrize("place", [("u", 1, "c"), ("t", 2, "c"), ("t", 1, "d")])
def test_a_value_opens_in_its_own_place_only(place: tuple[str, int, str]) -> None:
    """In another table, row or column the same bytes do not open, and the error names the key."""
    sealer = Sealer([KEY])
    sealed = sealer.seal(SECRET, "t", 1, "c")
    with pytest.raises(SealBroken, match=KEY.id):
        sealer.open(sealed, *place)


def test_the_error_names_the_key_that_is_wanted() -> None:
    """With another key the error says which one the data wants and which one there is."""
    sealed = Sealer([KEY]).seal(SECRET, "t", 1, "c")
    with pytest.raises(SealBroken) as refused:
        Sealer([OTHER]).open(sealed, "t", 1, "c")
    assert KEY.id in refused.value.message
    assert OTHER.id in refused.value.message
    assert key_id_of(sealed) == KEY.id


def test_several_keys_can_be_open() -> None:
    """While keys are rotated, old values still open and new ones are sealed with the first key."""
    old = Sealer([KEY]).seal(SECRET, "t", 1, "c")
    both = Sealer([OTHER, KEY])
    assert both.open(old, "t", 1, "c") == SECRET
    assert key_id_of(both.seal(SECRET, "t", 1, "c")) == OTHER.id


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    """Equal secrets cannot be told by equal ciphertexts."""
    sealer = Sealer([KEY])
    assert sealer.seal(SECRET, "t", 1, "c") != sealer.seal(SECRET, "t", 1, "c")


def test_a_key_prints_its_id_only() -> None:
    """Neither repr nor str of a key shows its bytes."""
    key = MasterKey(b"k" * 32)
    assert repr(key) == str(key) == f"MasterKey(id={key.id})"
    assert "kkkk" not in repr(key)
