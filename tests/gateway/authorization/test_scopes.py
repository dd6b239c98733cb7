"""Permissions: the closed set, and what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authorization.scopes import SPAPI_SCOPES, missing_scopes, parse_scopes


def test_there_are_eight() -> None:
    """The seven of the older guides and the migration one."""
    assert len(set(SPAPI_SCOPES)) == 8


@given(st.lists(st.sampled_from(SPAPI_SCOPES)))
def test_known_scopes_are_kept_once_and_in_order(scopes: list[str]) -> None:
    """Asking twice for one permission asks once."""
    assert parse_scopes(scopes) == tuple(dict.fromkeys(scopes))


@given(st.text().filter(lambda text: text not in SPAPI_SCOPES))
def test_nothing_else_is_a_scope(scope: str) -> None:
    """Not in other case, not with spaces, not two in one."""
    with pytest.raises(ValueError, match="expected some of"):
        parse_scopes(["sellingpartnerapi::orders", scope])


@given(st.lists(st.sampled_from(SPAPI_SCOPES)), st.lists(st.sampled_from(SPAPI_SCOPES)))
def test_missing_is_what_was_asked_for_and_not_granted(requested: list[str], granted: list[str]) -> None:
    """And nothing is known to be missing where Amazon did not say."""
    assert missing_scopes(requested, granted) == [scope for scope in requested if scope not in granted]
    assert missing_scopes(requested, None) is None
