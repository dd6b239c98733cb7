"""A consent link in the person's hands: clients that open addresses, that cannot, and that lie about it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from linkfox_client.mcp import consent
from linkfox_client.mcp.running import Scripts
from linkfox_client.mcp.server import Handlers
from mcp import Client, types

from tests.support.fake_gateway import FakeGateway
from tests.support.mcp_client import OPENINGS, McpClient, mcp_client

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
MADE = {"authorizeUrl": LINK, "authorizationId": "id-1"}
STORE = {"sellerId": "A1", "region": "NA", "sellerName": "店铺"}
AUTHORIZED = {"authorizationId": "id-1", "state": "authorized", "store": STORE}
DENIED = {"authorizationId": "id-1", "state": "denied", "reason": "denied"}
STATUS = "/spApi/authorizationStatus"


class Person:
    """Answers elicitations as a test lays down; `asked` are those that came."""

    def __init__(self) -> None:
        self.action = "accept"
        self.asked: list[types.ElicitRequestParams] = []

    def __call__(self, params: types.ElicitRequestParams) -> Any:
        """Note the question and answer it."""
        self.asked.append(params)
        if self.action == "refuse":
            return types.ErrorData(code=types.INVALID_REQUEST, message="cannot after all")
        return types.ElicitResult(action=self.action)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def person() -> Person:
    """The person at the client that opens links."""
    return Person()


@pytest.fixture(scope="module", params=OPENINGS)
def opener(
    request: pytest.FixtureRequest, person: Person, environment: dict[str, str], home: Path
) -> Iterator[McpClient]:
    """A client that opens links, in each of the protocol's two ways."""
    with mcp_client(environment, home, opens=request.param, answers=person) as opened:
        yield opened


def asks(opener: McpClient, person: Person, gateway: FakeGateway, action: str) -> dict[str, Any]:
    """Authorize, with a person who answers so; return the document."""
    person.action = action
    person.asked.clear()
    gateway.answers["/spApi/authorizeUrl"] = (200, MADE)
    document = opener.call("authorize_url", sellerName="店铺", region="NA")
    (asked,) = person.asked
    assert (asked.mode, asked.url) == ("url", LINK)
    assert "店铺" not in asked.message, "a name is for lists"
    return document


def test_an_accepted_link_is_followed_to_its_end(
    opener: McpClient, person: Person, gateway: FakeGateway
) -> None:
    """One call from the wish to the store, and one link."""
    gateway.answers[STATUS] = [(200, {"authorizationId": "id-1", "state": "pending"}), (200, AUTHORIZED)]
    document = asks(opener, person, gateway, "accept")
    assert document["ok"] is True
    assert (document["elicitation"], document["state"], document["store"]) == (
        "accepted",
        "authorized",
        STORE,
    )
    assert len(gateway.bodies("/spApi/authorizeUrl")) == 1
    assert "clipboard" not in str(document.get("notes", ""))


def test_a_consent_that_failed_is_a_failure(opener: McpClient, person: Person, gateway: FakeGateway) -> None:
    """With its code, as of the script."""
    gateway.answers[STATUS] = (200, DENIED)
    document = asks(opener, person, gateway, "accept")
    assert (document["ok"], document["error"]["code"]) == (False, "denied")


@pytest.mark.parametrize(
    ("action", "outcome"), [("decline", "declined"), ("cancel", "canceled"), ("refuse", "unanswered")]
)
def test_a_link_that_was_not_opened_is_in_the_answer(
    opener: McpClient, person: Person, gateway: FakeGateway, action: str, outcome: str
) -> None:
    """It stays good, nobody is waited for, and what to do is told."""
    if action == "refuse" and opener.client.protocol_version != OPENINGS["legacy"]:
        pytest.skip("the SDK's client ends the call itself")
    document = asks(opener, person, gateway, action)
    assert document["ok"] is True
    assert (document["elicitation"], document["authorizeUrl"]) == (outcome, LINK)
    assert consent.NOT_OPENED[outcome] in document["notes"]
    assert gateway.bodies(STATUS) == []


def test_no_link_no_question(opener: McpClient, person: Person, gateway: FakeGateway) -> None:
    """A failure to make one is told as it is."""
    person.asked.clear()
    gateway.answers["/spApi/authorizeUrl"] = (401, {"errcode": 401, "errmsg": "key", "reason": "unknown_key"})
    error = opener.error("authorize_url", sellerName="a", region="NA")
    assert error["code"] == "unauthorized"
    assert person.asked == []


def test_a_gateway_that_tells_no_attempt(opener: McpClient, person: Person, gateway: FakeGateway) -> None:
    """As the hosted one: the list tells later."""
    person.action = "accept"
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK})
    document = opener.good("authorize_url", sellerName="a", region="NA")
    assert document["elicitation"] == "accepted"
    assert "Look at the list" in document["notes"][-1]


def test_a_client_that_cannot_gets_the_link(client: McpClient, gateway: FakeGateway) -> None:
    """And a tool to follow the attempt."""
    gateway.answers["/spApi/authorizeUrl"] = (200, MADE)
    gateway.answers[STATUS] = (200, AUTHORIZED)
    document = client.good("authorize_url", sellerName="店铺", region="NA")
    assert (document["authorizeUrl"], "elicitation" in document) == (LINK, False)
    assert Path(document["linkFile"]).read_text() == LINK
    followed = client.good("follow_authorization", authorizationId=document["authorizationId"], wait=5)
    assert followed["store"] == STORE


def test_a_client_that_never_answers_is_not_waited_for(
    gateway: FakeGateway, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is in the answer then."""
    gateway.answers["/spApi/authorizeUrl"] = (200, MADE)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    async def silent(_context: object, _params: object) -> types.ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async def play() -> dict[str, Any]:
        hasty = Handlers(may_write=False, scripts=Scripts(), patience=consent.Patience(answer=0.01))
        async with Client(hasty.server(), mode="legacy", elicitation_callback=silent) as client:
            result = await client.call_tool("authorize_url", {"sellerName": "a", "region": "NA"})
            return result.structured_content  # type: ignore[no-any-return]

    document = anyio.run(play)
    assert (document["elicitation"], document["authorizeUrl"]) == ("unanswered", LINK)
