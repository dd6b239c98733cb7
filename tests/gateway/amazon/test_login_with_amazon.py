"""The token endpoint's answers: what is believed of them, and what each of the others means."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client, LoginWithAmazon, TokenAnswer
from gateway.amazon.session import AmazonAnswer
from gateway.util.secret import Secret
from tests.support.clock import START, SteppingClock

GOOD = {
    "access_token": "Atza|" + "a" * 60,
    "refresh_token": "Atzr|" + "r" * 60,
    "token_type": "bearer",
    "expires_in": 3600,
}
LEFT_OUT = object()
STORES = Client("spapi", "EU", "the client", Secret("the secret"))


class Scripted:
    """A session that gives one answer, `seconds` after it was asked, and keeps what it was asked."""

    def __init__(
        self, status: int, body: bytes, clock: SteppingClock, seconds: float, headers: Mapping[str, str]
    ) -> None:
        self._answer = AmazonAnswer(status, headers, body)
        self._clock = clock
        self._seconds = seconds
        self.asked: list[tuple[Any, ...]] = []
        self.options: dict[str, Any] = {}

    def request(self, *where: str, **options: Any) -> AmazonAnswer:
        """Take one call."""
        self.asked.append(where)
        self.options = options
        self._clock.step(self._seconds)
        return self._answer


def endpoint(
    document: Any = GOOD, status: int = 200, seconds: float = 0.0, **headers: str
) -> tuple[LoginWithAmazon, Scripted]:
    """A token endpoint that answers this; text goes as it is."""
    clock = SteppingClock()
    body = document if isinstance(document, str) else json.dumps(document)
    session = Scripted(status, body.encode(), clock, seconds, headers)
    return LoginWithAmazon(session, clock), session  # type: ignore[arg-type]


def refreshed(document: Any, **options: Any) -> TokenAnswer:
    """What a refresh brings."""
    return endpoint(document, **options)[0].refresh(STORES, Secret("Atzr|old"))


def failure(document: Any, status: int = 200, **headers: str) -> AmazonFailure:
    """How a refresh fails."""
    with pytest.raises(AmazonFailure) as caught:
        refreshed(document, status=status, **headers)
    return caught.value


def with_value(name: str, value: Any) -> dict[str, Any]:
    """A good answer with one value changed or left out."""
    changed = GOOD | {name: value}
    if value is LEFT_OUT:
        del changed[name]
    return changed


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [(3600, 3600), ("3600", 3600), (1, 1), (86_400, 86_400), (10**12, 86_400), ("999999999", 86_400)],
)
def test_a_lifetime_is_a_number_or_digits_and_a_day_at_most(lifetime: Any, seconds: int) -> None:
    """A token that claims a thousand years is asked for again tomorrow."""
    assert refreshed(with_value("expires_in", lifetime)).expires_at == START + seconds


def test_a_lifetime_counts_from_before_the_question() -> None:
    """Amazon may take twenty seconds: the token never lives longer here than there."""
    assert refreshed(GOOD, seconds=20).expires_at == START + 3600


def test_a_clock_that_is_set_back_while_amazon_answers_makes_no_token_live_longer() -> None:
    """The life counts from the earlier of the two times."""
    assert refreshed(GOOD, seconds=-8 * 3600).expires_at == START - 8 * 3600 + 3600


@pytest.mark.parametrize(
    "lifetime",
    [LEFT_OUT, None, 0, -1, 1.5, True, "", "0", "-1", "1.5", "soon", "٣٦", "9" * 10, [3600], {}],
)
def test_another_lifetime_makes_the_answer_unusable(lifetime: Any) -> None:
    """A guess would hand out tokens that have ended."""
    assert failure(with_value("expires_in", lifetime)).kind == "unusable"


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    "value", ["", 7, ["Atza|x"], "two words", "line\nend", "☕", "x" * 2049, "x" * 5000, "\ud800"]
)
def test_what_is_no_token_is_not_stored(name: str, value: Any) -> None:
    """A refresh token that nothing can be asked with would take the place of a good one."""
    told = failure(with_value(name, value))
    assert told.kind == "unusable"
    assert "xxxx" not in told.detail


def test_a_token_of_the_longest_length_is_one() -> None:
    """2,048 bytes, by Amazon's word."""
    longest = "Atza|" + "x" * 2043
    assert refreshed(with_value("access_token", longest)).access_token.reveal() == longest


@pytest.mark.parametrize("value", [LEFT_OUT, None])
def test_without_a_refresh_token_a_refresh_is_good_and_an_exchange_is_not(value: Any) -> None:
    """After a refresh the old one stays in force (RFC 6749, section 6); after an exchange there is none."""
    document = with_value("refresh_token", value)
    assert refreshed(document).refresh_token is None
    with pytest.raises(AmazonFailure) as caught:
        endpoint(document)[0].exchange_code(STORES, Secret("code"), "http://localhost/cb")
    assert caught.value.kind == "unusable"


@pytest.mark.parametrize("value", [LEFT_OUT, "bearer", "Bearer"])
def test_the_type_is_bearer(value: Any) -> None:
    """In any case; left out, it is that."""
    assert refreshed(with_value("token_type", value)).token_type.lower() == "bearer"


@pytest.mark.parametrize("value", ["mac", "", 1, None])
def test_a_token_of_another_type_is_unusable(value: Any) -> None:
    """Nobody here would know how to show it."""
    assert failure(with_value("token_type", value)).kind == "unusable"


@pytest.mark.parametrize(
    ("scope", "granted"),
    [(LEFT_OUT, None), (None, None), ("", None), (7, None), ("a b a", ("a", "b")), ("\u202ea", ("a",))],
)
def test_scopes_are_told_where_the_answer_names_some(scope: Any, granted: tuple[str, ...] | None) -> None:
    """Each once, free of marks."""
    assert refreshed(with_value("scope", scope) if scope is not LEFT_OUT else GOOD).granted_scopes == granted


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '"text"', '{"access_token": NaN}', "[" * 9999])
def test_a_200_without_tokens_is_unusable(body: str) -> None:
    """A page of some proxy, or half an answer."""
    assert failure(body).kind == "unusable"


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "said why"}, "invalid_grant"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (400, {"error": "unauthorized_client"}, "unauthorized_client"),
        (400, {"error": "invalid_scope"}, "invalid_scope"),
        (400, {"error": "invalid_request"}, "invalid_request"),
        (400, {"error": "unsupported_grant_type"}, "invalid_request"),
        (400, {"error": "something_new"}, "unusable"),
        (400, {"error": ["invalid_grant"]}, "unusable"),
        (403, "<html>", "unusable"),
        (302, "", "unusable"),
        (429, "", "throttled"),
        (500, "", "unavailable"),
        (503, {"error": "invalid_grant"}, "unavailable"),
        (429, {"error": "invalid_client"}, "throttled"),
    ],
)
def test_each_refusal_is_of_its_kind(status: int, document: Any, kind: str) -> None:
    """Only Amazon's own word revokes a store or suspends an application, and no word of a failing Amazon."""
    assert failure(document, status).kind == kind


def test_a_pause_and_a_reason_are_passed_on() -> None:
    """What Amazon says of them."""
    assert failure("", 429, **{"retry-after": "7"}).retry_after == 7
    assert "said why" in failure({"error": "invalid_grant", "error_description": "said\nwhy"}, 400).detail


@pytest.mark.parametrize(
    ("flow", "region", "host"),
    [
        ("spapi", "NA", "api.amazon.com"),
        ("spapi", "EU", "api.amazon.com"),
        ("spapi", "FE", "api.amazon.com"),
        ("ads", "NA", "api.amazon.com"),
        ("ads", "EU", "api.amazon.co.uk"),
        ("ads", "FE", "api.amazon.co.jp"),
    ],
)
def test_each_region_has_its_endpoint(flow: Any, region: Any, host: str) -> None:
    """Ads asks at its region's, the SP-API at one for all."""
    login, session = endpoint()
    login.refresh(Client(flow, region, "c", Secret("s")), Secret("Atzr|old"))
    assert session.asked == [("POST", host, "/auth/o2/token")]


def test_a_code_goes_out_once_on_a_connection_of_its_own() -> None:
    """One from the pool may have gone stale, and then nobody knows whether Amazon has seen the code."""
    login, session = endpoint()
    login.exchange_code(STORES, Secret("the code"), "http://localhost/cb")
    assert (len(session.asked), session.options["fresh_connection"]) == (1, True)
    assert session.options["form"] == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": "http://localhost/cb",
        "client_id": "the client",
        "client_secret": "the secret",
    }
    login.refresh(STORES, Secret("Atzr|old"))
    assert session.options["fresh_connection"] is False
    assert session.options["form"]["refresh_token"] == "Atzr|old"
