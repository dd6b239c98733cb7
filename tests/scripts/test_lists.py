"""Lists of any length: an answer holds 8 MB, so one's own gateway is asked for them in parts."""

import json
from typing import Any

import pytest
from linkfox_client.commands import lists
from linkfox_client.errors import ClientError
from linkfox_client.gateway.settings import Settings
from linkfox_client.secrets.secret import Secret

from tests.scripts.conftest import Run
from tests.support.fake_gateway import FakeGateway, Handler

LIST = "/spApi/authorizedStores"
NAME = "我的亚马逊店铺" * 14
MANY = 14_000


class Listed:
    """A gateway that has so many stores, and answers the part that is asked for."""

    def __init__(self, count: int, hosted: bool = False) -> None:
        self.stores = [{"sellerId": f"A{number:06}", "region": "NA"} for number in range(count)]
        self.is_hosted = hosted
        self.settings = Settings("https://gateway.example.com", Secret("k"), "environment", "environment")
        self.asked: list[dict[str, Any]] = []
        self.between: Any = lambda: None

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer one part."""
        self.asked.append(dict(body))
        offset = body.get("offset", 0)
        part = self.stores[offset : offset + body.get("limit", len(self.stores))]
        answer = {"stores": part, "total": len(self.stores), "accountsWithoutProfiles": []}
        self.between()
        return answer


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (30_000, 30)])
def test_a_list_is_read_to_its_end(count: int, calls: int) -> None:
    """In as few calls as it takes."""
    gateway = Listed(count)
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]
    assert len(gateway.asked) == calls


def test_the_hosted_gateway_is_asked_as_ever() -> None:
    """It knows no parts."""
    gateway = Listed(3000, hosted=True)
    assert len(lists.whole(gateway, LIST)["stores"]) == 3000  # type: ignore[arg-type]
    assert gateway.asked == [{}]


def test_a_gateway_that_knows_no_parts_answers_the_whole() -> None:
    """As an older one of one's own does."""
    gateway = Listed(3000)
    gateway.post = lambda path, body: {"stores": gateway.stores, "total": 3000}  # type: ignore[method-assign]
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]


def test_what_is_removed_meanwhile_makes_nobody_go_missing() -> None:
    """The entries behind it move up, so the list is read again; for ever it is not."""
    gateway = Listed(2500)

    def remove_once() -> None:
        if len(gateway.stores) == 2500:
            del gateway.stores[0]

    gateway.between = remove_once
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]
    gateway.between = lambda: gateway.stores.pop(0)
    with pytest.raises(ClientError) as caught:
        lists.whole(gateway, LIST)  # type: ignore[arg-type]
    assert caught.value.retryable


def test_a_list_that_is_shorter_than_it_says_is_refused() -> None:
    """It would be asked for without end."""
    gateway = Listed(0)
    for part in ([], [{"sellerId": "A1"}]):
        gateway.post = lambda path, body, part=part: {"stores": part[:], "total": 10**9}  # type: ignore[method-assign]
        with pytest.raises(ClientError) as caught:
            lists.whole(gateway, LIST)  # type: ignore[arg-type]
        assert caught.value.code == "gateway_failed"


@pytest.mark.parametrize(
    ("name", "words"),
    [("authorized_stores.py", ("--limit", "5")), ("login.py", ("--status",)), ("doctor.py", ())],
)
def test_more_stores_than_an_answer_holds_can_be_worked_with(
    name: str, words: tuple[str, ...], run: Run, gateway: FakeGateway
) -> None:
    """Whose list as one answer would be larger than any that is taken."""
    stores = [{"sellerId": f"A{number:012}", "region": "EU", "sellerName": NAME} for number in range(MANY)]
    assert len(json.dumps({"stores": stores})) > 8 * 1024 * 1024

    def part(handler: Handler) -> None:
        body = gateway.calls[-1].body
        offset = body.get("offset", 0)
        listed = stores[offset : offset + body.get("limit", len(stores))]
        content = json.dumps({"stores": listed, "total": len(stores)}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    gateway.answers["*"] = part
    done = run(name, *words)
    assert "8 MB" not in done.stdout
    if name == "authorized_stores.py":
        assert (done.good()["total"], len(done.document["stores"]), done.document["nextOffset"]) == (
            MANY,
            5,
            5,
        )
    elif name == "login.py":
        assert done.good()["check"] == "accepted"
