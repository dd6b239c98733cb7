"""What a browser may bring back, and what is refused before a code is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authorization.callback import CODE, STATE, Callback, refusal_of
from gateway.model import Attempt

GOOD = {"state": "s" * 43, "spapi_oauth_code": "RHcode", "selling_partner_id": "A1SELLER"}
CALLBACK = "http://localhost/callback"


def attempt(flow: str = "spapi", seller_id: str | None = None) -> Attempt:
    """An attempt whose state has just been consumed."""
    return Attempt(
        id="a" * 22,
        user_id=1,
        user_name="owner",
        flow=flow,
        app_id="app",
        redirect_uri=CALLBACK,
        region="NA",
        name="Store",
        marketplace=None,
        central=None,
        requested_scopes=(),
        expected_seller_id=seller_id,
        expected_record_id=None,
        phase="exchanging",
        reason=None,
        detail=None,
        grant_id=None,
        profile_sync=None,
        verification=None,
        created_at=0,
        expires_at=900,
        consumed_at=1,
        ended_at=None,
    )


def refused(query: dict[str, str], at: Attempt | None = None, **changes: str) -> tuple[str, str] | None:
    """The phase and reason of a refusal, or None."""
    settings = {"app_id": "app", "redirect_uri": CALLBACK, **changes}
    refusal = refusal_of(at or attempt(), Callback.from_query(query.items()), **settings)
    return (refusal.phase, refusal.reason) if refusal else None


def without(name: str) -> dict[str, str]:
    """The good query without one parameter."""
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_callback_is_not_refused() -> None:
    """Both names of the code serve for a store, and an ads callback needs no seller."""
    assert refused(GOOD) is None
    assert refused({**without("spapi_oauth_code"), "code": "RHcode"}) is None
    assert refused({"state": GOOD["state"], "code": "ANcode"}, attempt("ads")) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (without("spapi_oauth_code"), ("failed", "code_missing")),
        ({**GOOD, "spapi_oauth_code": ""}, ("failed", "code_missing")),
        ({**GOOD, "spapi_oauth_code": "a b"}, ("failed", "code_missing")),
        ({**GOOD, "spapi_oauth_code": "c" * 2049}, ("failed", "code_missing")),
        (without("selling_partner_id"), ("failed", "seller_missing")),
        ({**GOOD, "selling_partner_id": '"><script>'}, ("failed", "seller_missing")),
        ({**GOOD, "error": "access_denied"}, ("denied", "access_denied")),
        ({**GOOD, "error": "invalid_scope"}, ("failed", "scope_refused")),
        ({**GOOD, "error": "server_error"}, ("failed", "consent_failed")),
        ({**GOOD, "error": ""}, ("failed", "consent_failed")),
    ],
)
def test_a_callback_that_cannot_be_used_says_why(query: dict[str, str], expected: tuple[str, str]) -> None:
    """Each has a reason of its own."""
    assert refused(query) == expected


def test_another_seller_than_the_one_asked_for_is_refused() -> None:
    """Authorizing a store again must not quietly bring in another one."""
    assert refused(GOOD, attempt(seller_id="A1OTHER")) == ("failed", "wrong_seller")
    assert refused(GOOD, attempt(seller_id="A1SELLER")) is None


def test_an_application_or_address_that_changed_meanwhile_is_refused() -> None:
    """Amazon would refuse the code, and it must not be sent with another application's secret."""
    assert refused(GOOD, app_id="another") == ("failed", "app_changed")
    assert refused(GOOD, redirect_uri="http://localhost/other") == ("failed", "app_changed")


@pytest.mark.parametrize("name", ["state", "spapi_oauth_code", "selling_partner_id"])
def test_a_parameter_that_comes_twice_counts_as_missing(name: str) -> None:
    """Two readers must not be able to take different ones."""
    callback = Callback.from_query([*GOOD.items(), (name, "x" * 43)])
    values = (callback.state, callback.code, callback.seller_id)
    assert values[list(GOOD).index(name)] is None


def test_a_code_does_not_show() -> None:
    """A callback can be printed without giving its code away."""
    assert "RHcode" not in repr(Callback.from_query(GOOD.items()))


@given(st.lists(st.tuples(st.sampled_from([*GOOD, "code", "error", "error_description"]), st.text())))
def test_any_query_is_read_without_failing(pairs: list[tuple[str, str]]) -> None:
    """Whatever a browser sends, what is read has the shape that it should have."""
    callback = Callback.from_query(pairs)
    assert callback.state is None or STATE.fullmatch(callback.state)
    assert callback.code is None or CODE.fullmatch(callback.code.reveal())
    assert (callback.error is not None) == any(name == "error" for name, _ in pairs)
    refusal_of(attempt(), callback, app_id="app", redirect_uri=CALLBACK)
