"""Many refresh tokens at once: a list from standard input, and one document that tells of each."""

import json
from typing import Any

import pytest

from tests.support.fake_gateway import REFRESH, FakeGateway

STORES = [
    {
        "sellerId": f"A{number}",
        "region": "NA",
        "sellerName": "我的店铺 ☕",
        "refreshToken": f"{REFRESH}{number}",
    }
    for number in range(3)
]
ACCOUNTS = [
    {"accountName": f"Brand {number}", "region": "EU", "refreshToken": f"{REFRESH}{number}"}
    for number in range(3)
]
KINDS = [
    ("import_store.py", "/spApi/importStore", STORES),
    ("ads_import_account.py", "/amazonAds/importAccount", ACCOUNTS),
]
REFUSED = (502, {"errcode": 1003, "errmsg": f"no: {REFRESH}1", "reason": "import_refused", "requestId": "r1"})


def lines(entries: list[dict[str, Any]]) -> str:
    """The list as JSON lines, with an empty one between."""
    return "\n\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n"


@pytest.mark.parametrize("form", [json.dumps, lines])
@pytest.mark.parametrize(("script", "path", "entries"), KINDS)
def test_a_list_is_imported_entry_by_entry(
    gateway: FakeGateway,
    piped: Any,
    script: str,
    path: str,
    entries: list[dict[str, Any]],
    form: Any,
) -> None:
    """As a JSON array or as lines; no token is in what is printed."""
    gateway.answers[path] = (200, {"authRecordId": 7, "status": "authorized", "replaced": False})
    done = piped(script, "--list", "-", stdin=form(entries))
    assert done.code == 0, done.stdout
    assert gateway.bodies(path) == entries
    assert (done.document["total"], done.document["failed"]) == (3, 0)
    names = [name for name in entries[0] if name != "refreshToken"]
    for told, entry in zip(done.document["imports"], entries, strict=True):
        assert told["ok"] is True
        assert told["authRecordId"] == 7
        assert all(told[name] == entry[name] for name in names)
    assert REFRESH not in done.stdout + done.stderr


def test_one_that_fails_stands_beside_the_others(gateway: FakeGateway, piped: Any) -> None:
    """Those after it are imported all the same, and the exit code is the failure's."""
    good = (200, {"authRecordId": 7})
    answers = iter([good, REFUSED, good])
    gateway.answers["/spApi/importStore"] = lambda handler: reply(handler, *next(answers))
    done = piped("import_store.py", "--list", "-", stdin=json.dumps(STORES))
    assert (done.code, done.error["code"], done.document["failed"]) == (6, "authorization_failed", 1)
    begins = "Of 3 in the list 1 failed, and 2 are imported. The first failure, A1 NA: "
    assert done.error["message"].startswith(begins)
    assert [told["ok"] for told in done.document["imports"]] == [True, False, True]
    failed = done.document["imports"][1]
    assert failed["sellerId"] == "A1"
    assert failed["error"]["requestId"] == "r1"
    assert REFRESH not in done.stdout + done.stderr


def test_what_a_hundred_became_is_still_read_whole(gateway: FakeGateway, piped: Any) -> None:
    """No more is printed than a harness takes: what failed, and as many of the others as fit."""
    entries = [
        {**STORES[0], "sellerId": f"A{number:013}", "sellerName": "北极光户外用品旗舰店 " * 6}
        for number in range(100)
    ]
    good = (200, {"authRecordId": 7, "status": "authorized", "replaced": False, "verification": "verified"})
    answers = iter([good] * 98 + [REFUSED, good])
    gateway.answers["/spApi/importStore"] = lambda handler: reply(handler, *next(answers))
    done = piped("import_store.py", "--list", "-", stdin=json.dumps(entries))
    assert len(done.stdout) <= 20_000
    assert (done.document["total"], done.document["failed"]) == (100, 1)
    assert [told["ok"] for told in done.document["imports"][:2]] == [False, True]
    (note,) = done.document["notes"]
    assert note.startswith(f"{len(done.document['imports'])} of 100 are printed, those that failed first;")
    assert "`python3 scripts/authorized_stores.py`" in note


def reply(handler: Any, status: int, document: dict[str, Any]) -> None:
    """Answer a call of the fake gateway's."""
    content = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def test_a_refused_key_ends_it(gateway: FakeGateway, piped: Any) -> None:
    """The rest would be refused like the first, and count as guesses."""
    refused = {"errcode": 401, "errmsg": "no", "reason": "unauthorized", "requestId": "r1"}
    gateway.answers["/spApi/importStore"] = (401, refused)
    done = piped("import_store.py", "--list", "-", stdin=json.dumps(STORES))
    assert (done.code, len(gateway.calls)) == (4, 1)
    assert [told["ok"] for told in done.document["imports"]] == [False]
    assert (done.document["total"], done.document["failed"], done.document["notTried"]) == (3, 1, 2)


@pytest.mark.parametrize(
    ("stdin", "named"),
    [
        ("[]", "empty"),
        ("{", "JSON"),
        ('"x"', "JSON"),
        (json.dumps([STORES[0], 7]), "entry 2"),
        (json.dumps([STORES[0], {**STORES[1], "region": 7}]), "entry 2: region"),
        (
            json.dumps([{name: value for name, value in STORES[0].items() if name != "sellerName"}]),
            "sellerName",
        ),
        (json.dumps([STORES[0] | {"token": REFRESH}]), "entry 1"),
    ],
)
def test_a_list_that_is_none_is_refused_as_a_whole(
    gateway: FakeGateway,
    piped: Any,
    stdin: str,
    named: str,
) -> None:
    """Before anything is sent, and without an echo."""
    done = piped("import_store.py", "--list", "-", stdin=stdin)
    assert (done.code, gateway.calls) == (2, [])
    assert named in done.error["message"]
    assert REFRESH not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [("--seller-id", "A1"), ("--region", "NA"), ("--seller-name", "X"), ("--token-file", "t")]
)
def test_a_list_says_everything_itself(gateway: FakeGateway, piped: Any, words: tuple[str, ...]) -> None:
    """What is for one import is refused beside it; and without a list it is needed."""
    assert piped("import_store.py", "--list", "-", *words, stdin=json.dumps(STORES)).code == 2
    assert piped("import_store.py", *words, stdin=REFRESH).code == 2
    assert gateway.calls == []
