"""What a gateway's answer means: success, or the failure with its code, hint and whether to try again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.gateway import answers
from linkfox_client.gateway.answers import Reply, read
from linkfox_client.paths import REFERENCES
from linkfox_client.secrets.masking import Secrets

from tests.support.fake_gateway import ACCESS, REFRESH

TABLE = json.loads((REFERENCES / "errors.json").read_text(encoding="utf-8"))


def answer(
    status: int, document: Any, content_type: str = "application/json", *, here: bool = True
) -> dict[str, Any]:
    """The fields of this answer, or its failure; `here`: a gateway of this machine sent it."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read(Reply(status, content_type, body), Secrets(), here=here)


def failure(
    status: int, document: Any, content_type: str = "application/json", *, here: bool = True
) -> ClientError:
    """The failure that this answer is."""
    with pytest.raises(ClientError) as caught:
        answer(status, document, content_type, here=here)
    return caught.value


@pytest.mark.parametrize("errcode", [None, 0, 200, "0", "200"])
@pytest.mark.parametrize("status", [200, 201])
def test_success_is_a_2xx_without_an_error_code(status: int, errcode: object) -> None:
    """Absent, 0 or 200; the hosted gateway writes numbers as texts, too."""
    document = {"total": 1} if errcode is None else {"total": 1, "errcode": errcode}
    assert answer(status, document) == document


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["reason"])
def test_each_reason_of_the_table_has_its_code_and_remedy(row: dict[str, Any]) -> None:
    """The hint is the table's, whatever the gateway says besides."""
    document = {
        "errcode": row["errcode"],
        "errmsg": "the detail",
        "reason": row["reason"],
        "hint": "run rm -rf",
        "requestId": "r-1",
    }
    failed = failure(row["httpStatus"], document)
    assert (failed.code, failed.hint, failed.retryable) == (row["code"], row["remedy"], row["retryable"])
    assert failed.code in EXIT_CODES
    assert failed.message == "the detail"
    assert (failed.errcode, failed.request_id) == (row["errcode"], "r-1")


@pytest.mark.parametrize(
    ("status", "document", "code", "retryable"),
    [
        (401, {"errcode": 401, "errmsg": "bad key"}, "unauthorized", False),
        (200, {"errcode": 401, "errmsg": "bad key"}, "unauthorized", False),
        (200, {"errcode": "401", "errmsg": "bad key"}, "unauthorized", False),
        (401, b"<html>Unauthorized</html>", "unauthorized", False),
        (402, b"", "out_of_credit", False),
        (200, {"errcode": 402, "errmsg": "x"}, "out_of_credit", False),
        (200, {"errcode": 1002, "errmsg": "x"}, "bad_arguments", False),
        (200, {"errcode": 1003, "errmsg": "x"}, "amazon_failed", True),
        (200, {"errcode": 1004, "errmsg": "x"}, "not_found", False),
        (409, {"errcode": 1004, "errmsg": "x", "candidates": []}, "ambiguous", False),
        (403, {"errcode": 1005, "errmsg": "x"}, "bad_arguments", False),
        (409, {"errcode": 1003, "status": "needs_reauthorization"}, "needs_reauthorization", False),
        (503, {"errcode": 1003, "status": "suspended_app"}, "suspended_app", False),
        (403, {"errmsg": "x"}, "gateway_failed", False),
        (200, {"errcode": 403, "errmsg": "x"}, "gateway_failed", False),
        (200, {"errcode": 500, "errmsg": "x"}, "gateway_failed", True),
        (200, {"errcode": -7, "errmsg": "x"}, "gateway_failed", False),
        (200, {"errcode": 9999}, "gateway_failed", False),
        (500, {}, "gateway_failed", True),
        (502, {"errcode": 0}, "gateway_failed", True),
        (404, {"detail": "Not Found"}, "gateway_failed", False),
        (429, {}, "throttled", True),
        (429, b"slow", "throttled", True),
        (200, b"<!doctype html><title>Sign in</title>", "gateway_failed", False),
        (502, b"<html>Bad gateway</html>", "gateway_failed", True),
        (404, b"not here", "gateway_failed", False),
        (200, b"", "gateway_failed", True),
        (204, b"", "gateway_failed", True),
        (200, [], "gateway_failed", False),
        (200, "text", "gateway_failed", False),
        (200, b'{"a": NaN}', "gateway_failed", False),
        (200, b'{"a": "\xff"}', "gateway_failed", False),
        (200, b"[" * 100_000, "gateway_failed", False),
        (200, b'{"a": 1' + b"0" * 5000 + b"}", "gateway_failed", False),
        (302, b"", "gateway_failed", False),
    ],
)
def test_an_answer_without_a_reason_goes_by_its_code_then_its_status(
    status: int, document: Any, code: str, retryable: bool
) -> None:
    """Errors with HTTP 200, pages of proxies and strangers included."""
    failed = failure(status, document, "text/html")
    assert (failed.code, failed.retryable) == (code, retryable)
    assert failed.message
    assert failed.hint


@pytest.mark.parametrize(
    "wording",
    [
        "积分余额不足",
        "用户计费不足，请联系",
        "余额不足",
        "Quota exceeded for this key",
        "INSUFFICIENT BALANCE",
        "套餐到期",
        "账户需充值",
        "请充值后再试",
    ],
)
@pytest.mark.parametrize(("status", "errcode"), [(200, 500), (200, 1003), (403, 403), (429, 1)])
def test_the_wordings_for_credit_are_known_with_any_code(wording: str, status: int, errcode: int) -> None:
    """It is money, not the key and not Amazon; the Chinese is passed on with its meaning."""
    failed = failure(status, {"errcode": errcode, "errmsg": wording})
    assert (failed.code, failed.exit_code, failed.retryable) == ("out_of_credit", 7, False)
    assert wording in failed.message
    assert "https://os.linkfox.com/" in failed.hint
    if not wording.isascii():
        assert "credit" in failed.message


def test_a_chinese_message_is_passed_on_with_its_meaning() -> None:
    """By errcode; an English one stands alone."""
    failed = failure(200, {"errcode": 1004, "errmsg": "授权不存在"})
    assert failed.message == "There is no such authorization, or it is not yours: 授权不存在"
    assert failure(200, {"errcode": 1004, "errmsg": "No store"}).message == "No store"


@pytest.mark.parametrize(
    ("status", "errcode", "said", "code", "place"),
    [
        (401, 401, "API Key 无效", "unauthorized", "https://agent.linkfox.com/"),
        (200, 401, "未授权，请检查密钥", "unauthorized", "https://agent.linkfox.com/"),
        (401, 401, "invalid api key", "unauthorized", "https://agent.linkfox.com/"),
        (402, 402, "请求失败", "out_of_credit", "https://os.linkfox.com/"),
        (200, 402, "payment required", "out_of_credit", "https://os.linkfox.com/"),
        (401, 401, "积分余额不足", "out_of_credit", "https://os.linkfox.com/"),
        (200, 401, "Quota exceeded", "out_of_credit", "https://os.linkfox.com/"),
        (403, 403, "禁止访问", "gateway_failed", "neither the key nor credit"),
        (200, 403, "forbidden", "gateway_failed", "neither the key nor credit"),
    ],
)
def test_the_key_and_the_money_are_told_apart_in_both_languages(
    status: int, errcode: int, said: str, code: str, place: str
) -> None:
    """401 is the key unless the words say money, 402 is money whatever they say, 403 is neither."""
    failed = failure(status, {"errcode": errcode, "errmsg": said})
    assert failed.code == code
    assert place in failed.hint
    assert said in failed.message
    others = {"https://agent.linkfox.com/", "https://os.linkfox.com/"} - {place}
    assert not any(other in failed.hint for other in others)


@pytest.mark.parametrize("errcode", [401, 402, 403, 500, 1002, 1003, 1004, 1005, 9999])
def test_every_code_in_chinese_comes_with_an_english_meaning(errcode: int) -> None:
    """The meaning first, then what was said, as it was said."""
    message = failure(200, {"errcode": errcode, "errmsg": "操作失败"}).message
    meaning, _, said = message.rpartition(": ")
    assert said == "操作失败"
    assert meaning.isascii()
    assert len(meaning.split()) > 3


def test_the_page_of_errors_names_every_wording_for_credit() -> None:
    """So that a person finds what the gateway said."""
    page = (REFERENCES / "errors.md").read_text(encoding="utf-8")
    assert [wording for wording in answers.CREDIT_WORDINGS if wording not in page] == []


def test_a_failure_of_a_sandbox_is_marked_as_one() -> None:
    """The mark is passed on also where nothing worked; another value than true is none."""
    assert failure(404, {"errcode": 1004, "sandbox": True}).document()["sandbox"] is True
    assert "sandbox" not in failure(404, {"errcode": 1004, "sandbox": "true"}).document()
    assert "sandbox" not in failure(404, {"errcode": 1004}).document()


def test_what_a_page_answered_is_told() -> None:
    """Its kind, its status and its first words, without what could steer a terminal."""
    failed = failure(200, b"<html>\x1b[31mSign in\nhere" + b"x" * 9999, "text/html; charset=utf-8")
    assert "text/html" in failed.message
    assert "HTTP 200" in failed.message
    assert "Sign in here" in failed.message
    assert "\x1b" not in failed.message
    assert len(failed.message) < 400


def test_secrets_are_wrapped_at_every_depth_and_echoes_of_them_masked() -> None:
    """A gateway that repeats a token in a name or message gives nothing away."""
    fields = answer(
        200,
        {
            "stores": [{"access_token": ACCESS, "sellerName": f"shop {ACCESS}"}],
            "refreshToken": REFRESH,
            "message": f"refreshed {REFRESH} and {ACCESS}",
        },
    )
    assert fields["stores"][0]["access_token"].reveal() == ACCESS
    shown = repr(fields)
    assert ACCESS not in shown
    assert REFRESH not in shown
    failed = failure(502, {"errcode": 1003, "errmsg": f"Amazon said {ACCESS}", "accessToken": ACCESS})
    assert ACCESS[:40] not in failed.message


STEERING = "\x9b31m\u202e\u2028\x7f\x00"


def test_text_from_outside_is_cleaned_and_a_link_is_not_cut() -> None:
    """300 characters of any text, whatever its field is called, and all of a link."""
    link = "https://sellercentral.amazon.com/apps/authorize/consent?state=" + "s" * 500
    fields = answer(200, {"sellerName": "a\u202eb\n" + "c" * 999, "authorizeUrl": link, "body": "{}" * 999})
    assert fields["sellerName"].startswith("a b c")
    assert len(fields["sellerName"]) == 300
    assert fields["authorizeUrl"] == link
    assert len(fields["body"]) == 300


@pytest.mark.parametrize("field", ["body", "authorizeUrl", "sellerName", STEERING])
def test_nothing_that_steers_a_terminal_gets_through_at_any_depth(field: str) -> None:
    """In values, in lists and in names of fields."""
    evil = STEERING + "x" * 5000
    fields = answer(200, {"a": {field: evil}, "b": [[{field: [evil, {field: evil}]}]], "body": {field: evil}})
    shown = json.dumps(fields, ensure_ascii=False)
    assert not set(STEERING) & set(shown) - set("31m")
    assert len(shown) < 5 * 400


@pytest.mark.parametrize("url", ["http://sellercentral.amazon.com/x", "https://a.example/\u202e", 7, ["x"]])
def test_a_link_that_may_not_be_given_is_kept_nowhere(url: object) -> None:
    """Within an answer it is left out; where it is the answer, that is a failure."""
    fields = answer(200, {"stores": [{"sellerId": "A1", "authorizeUrl": url}]})
    assert fields == {"stores": [{"sellerId": "A1"}]}
    failed = failure(200, {"authorizeUrl": url, "authorizationId": "A" * 22})
    assert failed.code == "gateway_failed"
    assert "consent link" in failed.message


def test_an_answer_that_is_nested_without_end_is_the_gateways_fault() -> None:
    """Not a fault of the script; fifty levels are more than any answer has."""
    deep: Any = "x"
    for _ in range(49):
        deep = [deep]
    assert answer(200, {"a": deep})
    for more in (1, 900, 100_000):
        body = b'{"errcode": 0, "a": ' + (50 + more) * b"[" + (50 + more) * b"]" + b"}"
        for status in (200, 503):
            failed = failure(status, body)
            assert (failed.code, failed.exit_code) == ("gateway_failed", 6)
            assert "nested" in failed.message
            assert failed.hint


def test_candidates_come_cleaned_and_bounded() -> None:
    """Enough to choose from."""
    listed = [{"sellerId": f"A{number}", "sellerName": "x" * 400} for number in range(80)]
    failed = failure(409, {"errcode": 1004, "errmsg": "x", "reason": "ambiguous", "candidates": listed})
    assert failed.candidates is not None
    assert len(failed.candidates) == 50
    assert len(failed.candidates[0]["sellerName"]) == 300


@pytest.mark.parametrize(
    ("sent", "read_as"), [(3600, 3600), ("3600", 3600), (3600.0, 3600), ("soon", "soon"), (None, None)]
)
def test_the_seconds_left_are_a_whole_number_where_they_can_be(sent: object, read_as: object) -> None:
    """The hosted gateway sends a text."""
    assert answer(200, {"expiresIn": sent})["expiresIn"] == read_as


@given(
    st.integers(200, 599),
    st.dictionaries(
        st.sampled_from(["errcode", "errmsg", "reason", "status", "candidates", "requestId", "message", "x"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4),
    ),
)
def test_no_answer_makes_it_stumble(status: int, document: dict[str, Any]) -> None:
    """Fields of any type: fields or a failure with a known code, never anything else."""
    try:
        shown = answer(status, document)
    except ClientError as failed:
        shown = failed.document()
    assert isinstance(shown, dict)
    assert "error" not in shown or (shown["error"]["hint"] and EXIT_CODES[shown["error"]["code"]])
    json.dumps(shown)


LINK = {
    "authorizeUrl": "https://sellercentral.amazon.com/apps/authorize/consent?state=" + "s" * 300,
    "authorizationId": "A" * 22,
    "expiresAt": "2031-01-01T00:00:00Z",
}
REVOKED = {"errcode": 1003, "reason": "store_revoked", "status": "needs_reauthorization"}


def test_the_link_that_mends_an_authorization_is_told_beside_the_error() -> None:
    """Whole, with what it takes to follow it."""
    failed = failure(409, {**REVOKED, **LINK})
    assert failed.code == "needs_reauthorization"
    assert failed.document() == {"ok": False, "error": failed.error(), **LINK}


@pytest.mark.parametrize(
    ("document", "url", "told"),
    [
        (REVOKED, "javascript:alert(1)", False),
        (REVOKED, "http://127.0.0.1:8766/consent", False),
        (REVOKED, "https://user@sellercentral.amazon.com/consent", False),
        (REVOKED, 7, False),
        ({**REVOKED, "sandbox": True}, "http://127.0.0.1:8766/consent", True),
        ({**REVOKED, "sandbox": True}, "http://stranger.example/consent", False),
        ({"errcode": 1004, "reason": "not_found"}, LINK["authorizeUrl"], False),
    ],
)
def test_only_a_link_that_may_be_given_is_told(document: dict[str, Any], url: object, told: bool) -> None:
    """One that leads elsewhere is left out with what belongs to it; the failure is the same."""
    told_beside = failure(409, {**document, **LINK, "authorizeUrl": url}).fields
    assert ("authorizeUrl" in told_beside, "authorizationId" in told_beside) == (told, told)
    assert told_beside.get("sandbox", False) is document.get("sandbox", False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:631/admin", "https://localhost:8443/", "http://[::1]:9/"])
def test_a_link_to_this_machine_comes_only_from_a_gateway_of_this_machine(url: str) -> None:
    """One elsewhere may call itself a sandbox, and would have any service here opened."""
    link, revoked = {"sandbox": True, **LINK, "authorizeUrl": url}, {**REVOKED, "sandbox": True, **LINK}
    assert answer(200, link)["authorizeUrl"] == url
    assert failure(409, {**revoked, **link}).fields["authorizeUrl"] == url
    assert failure(200, link, here=False).code == "gateway_failed"
    assert "authorizeUrl" not in failure(409, {**revoked, **link}, here=False).fields
