"""Getting tokens: the time left is made sure of where the gateway can tell, and said where it cannot."""

from typing import Any

import pytest
from linkfox_client.commands import tokens
from linkfox_client.errors import ClientError

WHICH = {"sellerId": "A1", "region": "NA"}


class Recording:
    """A gateway that notes what it is sent; answers are functions of the body."""

    def __init__(self, hosted: bool = False, **answers: Any) -> None:
        self.is_hosted = hosted
        self.sandbox = False
        self.answers = answers
        self.calls: list[tuple[str, Any]] = []

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Note and answer."""
        self.calls.append((path, dict(body)))
        answer = self.answers[path.rsplit("/", 1)[1]]
        return dict(answer(body) if callable(answer) else answer)

    def map(self, function: Any, items: Any, progress: Any) -> list[Any]:
        """One after the other."""

        def one(item: Any) -> Any:
            try:
                return function(item)
            except ClientError as failure:
                return failure

        return [one(item) for item in items]


def test_the_self_hosted_gateway_is_asked_for_five_minutes() -> None:
    """Unless the caller says otherwise."""
    gateway = Recording(storeTokens={"accessToken": "x", "expiresAt": "2030-01-01T00:00:00Z"})
    assert "notes" not in tokens.fetch(gateway, "/spApi", WHICH)
    tokens.fetch(gateway, "/spApi", WHICH, 0)
    tokens.fetch(gateway, "/spApi", WHICH, 900)
    assert [body["minTtl"] for _, body in gateway.calls] == [300, 0, 900]


def test_a_token_with_less_time_than_asked_for_comes_with_a_note() -> None:
    """Amazon was out of reach, the token still lives."""
    gateway = Recording(storeTokens={"expiresAt": "x", "freshness": "below_minimum", "notes": ["first"]})
    notes = tokens.fetch(gateway, "/spApi", WHICH)["notes"]
    assert notes[0] == "first"
    assert "less time" in notes[1]


def test_the_hosted_gateway_is_not_asked_for_what_it_does_not_know() -> None:
    """No minTtl; and the answer says that the age is not known."""
    gateway = Recording(hosted=True, storeTokens={"accessToken": "x", "expiresIn": 3600})
    answer = tokens.fetch(gateway, "/spApi", WHICH)
    assert gateway.calls == [("/spApi/storeTokens", WHICH)]
    assert "how old" in answer["notes"][0]


def test_there_a_minimum_that_was_asked_for_means_a_refresh() -> None:
    """Nothing else makes sure of it; zero asks for nothing."""
    gateway = Recording(
        hosted=True,
        storeTokens={"sellerId": "A1", "accessToken": "old", "expiresIn": 3600},
        refreshToken={"accessToken": "new", "expiresIn": 3600, "message": "ok"},
    )
    answer = tokens.fetch(gateway, "/amazonAds", {"profileId": 7}, 900)
    assert [path for path, _ in gateway.calls] == ["/amazonAds/storeTokens", "/amazonAds/refreshToken"]
    assert (answer["accessToken"], answer["sellerId"]) == ("new", "A1")
    assert "message" not in answer
    assert "refreshed" in answer["notes"][0]
    gateway.calls.clear()
    assert "notes" not in tokens.fetch(gateway, "/spApi", WHICH, 0)
    assert len(gateway.calls) == 1


@pytest.mark.parametrize(
    ("seconds", "expires_at"),
    [(3600, "2030-01-01T01:00:00Z"), (None, None), (0, None), (-5, None), ("soon", None), (10**12, None)],
)
def test_the_end_of_a_token_that_was_just_refreshed_is_known(seconds: object, expires_at: str | None) -> None:
    """It counts from before the call, never too late; what is no number of seconds tells nothing."""
    gateway = Recording(
        hosted=True,
        storeTokens={"accessToken": "old"},
        refreshToken={"accessToken": "n", "expiresIn": seconds},
    )
    answer = tokens.fetch(gateway, "/spApi", WHICH, 900, clock=lambda: 1_893_456_000.0)
    assert answer.get("expiresAt") == expires_at


def test_a_gateway_that_tells_the_end_itself_is_believed() -> None:
    """Nothing is worked out then."""
    gateway = Recording(
        hosted=True,
        storeTokens={"accessToken": "old"},
        refreshToken={"accessToken": "n", "expiresIn": 3600, "expiresAt": "2031-01-01T00:00:00Z"},
    )
    answer = tokens.fetch(gateway, "/spApi", WHICH, 900, clock=lambda: 0.0)
    assert answer["expiresAt"] == "2031-01-01T00:00:00Z"


def test_all_keeps_what_worked_beside_what_did_not() -> None:
    """`ok` is false and the error is the first one's; every store is there, in the list's order."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if body["sellerId"] in ("A2", "A3"):
            raise ClientError("not_found" if body["sellerId"] == "A2" else "suspended_app", "no", "hint")
        return {"accessToken": "x", "expiresAt": "y"}

    listed = [{"sellerId": f"A{number}", "region": "NA", "sellerName": "n"} for number in (1, 2, 3, 4)]
    document = tokens.fetch_all(Recording(storeTokens=answer), "/spApi", listed, ("sellerId", "region"))
    assert document["ok"] is False
    assert document["error"]["code"] == "not_found"
    assert (document["total"], document["failed"]) == (4, 2)
    assert [entry["ok"] for entry in document["stores"]] == [True, False, False, True]
    assert document["stores"][2]["error"]["code"] == "suspended_app"
    assert document["stores"][3]["sellerName"] == "n"


def test_all_tells_with_each_store_how_to_authorize_it_again() -> None:
    """The link stands beside that store's error, the mark of the sandbox only on the whole."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        beside = {"authorizeUrl": f"https://amazon.example/{body['sellerId']}", "sandbox": True}
        raise ClientError("needs_reauthorization", "no", fields=beside)

    listed = [{"sellerId": seller, "region": "NA"} for seller in ("A1", "A2")]
    document = tokens.fetch_all(Recording(storeTokens=answer), "/spApi", listed, ("sellerId", "region"))
    assert [entry["authorizeUrl"] for entry in document["stores"]] == [
        "https://amazon.example/A1",
        "https://amazon.example/A2",
    ]
    assert not any("sandbox" in entry for entry in document["stores"])
    assert document["authorizeUrl"] == "https://amazon.example/A1", (
        "the error is the first one's, and its hint"
    )


def test_all_of_nothing_is_nothing() -> None:
    """No store is no failure."""
    document = tokens.fetch_all(Recording(), "/spApi", [], ("sellerId",))
    assert document == {"ok": True, "stores": [], "total": 0, "failed": 0}


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_sandbox_mark_is_on_the_whole(sandbox: bool) -> None:
    """And absent where it is none."""
    gateway = Recording()
    gateway.sandbox = sandbox
    assert tokens.fetch_all(gateway, "/spApi", [], ()).get("sandbox", False) is sandbox
