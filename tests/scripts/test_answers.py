"""What a gateway's answer means: success, or the failure with its code, hint and whether to try again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.gateway.answers import Reply, read
from linkfox_client.paths import REFERENCES
from linkfox_client.secrets.masking import Secrets

from tests.support.fake_gateway import ACCESS, REFRESH

TABLE = json.loads((REFERENCES / "errors.json").read_text(encoding="utf-8"))


LIST = "/spApi/authorizedStores"


def answer(
    status: int,
    document: Any,
    content_type: str = "application/json",
    *,
    here: bool = True,
    hosted: bool = False,
) -> dict[str, Any]:
    """The fields of this answer to LIST, or its failure; an empty list is put in where it has none.

    `here`: a gateway of this machine sent it; `hosted`: the hosted one did.
    """
    whole = {"stores": [], **document} if isinstance(document, dict) else document
    body = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
    fields = read(Reply(status, content_type, body), Secrets(), LIST, {}, here=here, hosted=hosted)
    return fields if whole is document or "stores" in document else without(fields, "stores")


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The other fields."""
    return {key: value for key, value in fields.items() if key != name}


def failure(
    status: int,
    document: Any,
    content_type: str = "application/json",
    *,
    here: bool = True,
    hosted: bool = False,
) -> ClientError:
    """The failure that this answer is."""
    with pytest.raises(ClientError) as caught:
        answer(status, document, content_type, here=here, hosted=hosted)
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
        "errcode": row.get("errcode", 1003),
        "errmsg": "the detail",
        "reason": row["reason"],
        "hint": "run rm -rf",
        "requestId": "r-1",
    }
    failed = failure(row.get("httpStatus", 502), document)
    assert (failed.code, failed.hint, failed.retryable) == (row["code"], row["remedy"], row["retryable"])
    assert failed.code in EXIT_CODES
    assert failed.message == "the detail"
    assert (failed.errcode, failed.request_id) == (document["errcode"], "r-1")


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
        (200, '[{"sellerName": "余额不足"}]'.encode(), "gateway_failed", False),
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


WORDS = json.loads((REFERENCES / "gateway-words.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("said", "reason"), [(said, row["reason"]) for row in WORDS for said in row["examples"]]
)
@pytest.mark.parametrize(("status", "errcode"), [(200, 500), (200, 1003), (200, 1004), (403, 403), (429, 1)])
def test_words_go_before_numbers(said: str, reason: str, status: int, errcode: int) -> None:
    """Each example of the table is what its row says, with any code; the words are passed on."""
    row = next(row for row in TABLE if row["reason"] == reason)
    failed = failure(status, {"errcode": errcode, "errmsg": said}, hosted=True)
    assert (failed.reason, failed.code, failed.retryable) == (reason, row["code"], row["retryable"])
    assert failed.hint == row["remedy"]
    assert said in failed.message
    if not said.isascii():
        assert row["meaning"] in failed.message


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("ERR-402: 您的积分 不够了", "out_of_credit"),
        ("账户积分已经用完，请购买积分后重试", "out_of_credit"),
        ("额度不足，请稍后再试", "out_of_credit"),
        ("当前套餐已于昨日到期", "out_of_credit"),
        ("无可用额度", "out_of_credit"),
        ("Your plan has expired", "out_of_credit"),
        ("广告账户余额不足", "hosted_partner_failed"),
        ("授权链接已失效", "hosted_partner_failed"),
        ("调用 SP-API 失败: quota exceeded", "amazon_throttled"),
        ("403 Forbidden: QuotaExceeded", "amazon_throttled"),
        ("请登录亚马逊卖家后台确认", "hosted_partner_failed"),
        ("unknown monkey", "hosted_partner_failed"),
        ("授权失败", "hosted_partner_failed"),
    ],
)
def test_words_beside_the_examples(said: str, reason: str) -> None:
    """What is close to a wording, and what only looks like one."""
    assert failure(200, {"errcode": 1003, "errmsg": said}, hosted=True).reason == reason


@pytest.mark.parametrize("field", ["msg", "message", "error", "error_description", "errmsg", "detail"])
def test_what_is_said_is_found_under_its_usual_names(field: str) -> None:
    """And passed on."""
    failed = failure(200, {"code": 500, field: "积分不足"})
    assert failed.code == "out_of_credit"
    assert "积分不足" in failed.message


def test_all_that_is_said_is_passed_on_once() -> None:
    """OAuth's two fields, and a text that another repeats."""
    said = {"error": "invalid_grant", "error_description": "The grant is invalid", "message": "invalid_grant"}
    failed = failure(400, said)
    assert (failed.code, failed.retryable) == ("needs_reauthorization", False)
    assert failed.message == "invalid_grant: The grant is invalid"


def test_a_store_that_is_called_like_a_failure_is_none() -> None:
    """Only what the gateway says is read for its meaning, not the fields of stores."""
    listed = {"stores": [{"sellerName": "余额不足"}]}
    assert answer(200, listed) == listed
    failed = failure(200, {"errcode": 1004, "errmsg": "x", "candidates": [{"sellerName": "余额不足"}]})
    assert failed.code == "ambiguous"


def test_a_reason_that_is_not_known_keeps_the_words_out_of_it() -> None:
    """A newer gateway of one's own names it, and its number says more than a word of its sentence."""
    failed = failure(404, {"errcode": 1004, "errmsg": "No quota exceeded here", "reason": "brand_new"})
    assert failed.code == "not_found"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "utf-8-sig"])
@pytest.mark.parametrize("status", [200, 402, 500])
def test_chinese_is_read_in_the_encodings_that_services_send(encoding: str, status: int) -> None:
    """JSON keeps its code, a line of text its meaning, and a page its beginning."""
    document = json.dumps({"errcode": 402, "errmsg": "积分不足，请充值"}, ensure_ascii=False)
    failed = failure(status, document.encode(encoding))
    assert (failed.code, failed.errcode) == ("out_of_credit", 402)
    assert "积分不足，请充值" in failed.message
    line = failure(status, "积分不足".encode(encoding), "text/plain")
    assert (line.code, "积分不足" in line.message) == ("out_of_credit", True)
    page = failure(500, "<html><title>网关错误".encode(encoding), "text/html")
    assert "网关错误" in page.message


def test_a_users_own_list_comes_in_either_encoding() -> None:
    """Names of stores are whole."""
    listed = {"stores": [{"sellerName": "北极光户外"}]}
    assert answer(200, json.dumps(listed, ensure_ascii=False).encode("gb18030")) == listed


def test_a_page_with_many_words_is_not_read_for_them() -> None:
    """A site's menu may speak of money."""
    page = "<html>账户余额不足 充值".encode()
    assert failure(200, page, "text/html").code == "gateway_failed"


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
        (401, 401, "无权限，请稍后再试", "unauthorized", "https://agent.linkfox.com/"),
        (200, 402, "服务不可用", "out_of_credit", "https://os.linkfox.com/"),
        (402, 402, "请求失败", "out_of_credit", "https://os.linkfox.com/"),
        (200, 402, "payment required", "out_of_credit", "https://os.linkfox.com/"),
        (401, 401, "积分余额不足", "out_of_credit", "https://os.linkfox.com/"),
        (200, 401, "Quota exceeded", "out_of_credit", "https://os.linkfox.com/"),
        (403, 403, "禁止访问", "gateway_failed", "LinkFox's support"),
        (200, 403, "forbidden", "gateway_failed", "LinkFox's support"),
    ],
)
def test_the_key_and_the_money_are_told_apart_in_both_languages(
    status: int, errcode: int, said: str, code: str, place: str
) -> None:
    """401 is the key unless the words say money, 402 is money whatever they say, 403 is not told."""
    failed = failure(status, {"errcode": errcode, "errmsg": said}, hosted=True)
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


@pytest.mark.parametrize("status", [403, 404, 418, 500, 502])
@pytest.mark.parametrize("said", ["", "操作失败", "no"])
def test_nobody_is_told_what_the_failure_is_not(status: int, said: str) -> None:
    """A wording that is not known may still mean credit or the key."""
    for hosted in (True, False):
        failed = failure(status, {"errmsg": said}, hosted=hosted)
        assert "neither" not in failed.message + failed.hint
        assert "credit" not in failed.message + failed.hint


@pytest.mark.parametrize("body", [{"errcode": 500, "errmsg": "x"}, b"<html>Bad gateway</html>"])
def test_a_user_of_the_hosted_gateway_is_not_sent_to_its_log(body: Any) -> None:
    """Nor to a setting that they need not have: support is who can look."""
    hint = failure(500, body, hosted=True).hint
    assert "LinkFox's support" in hint
    assert "log" not in hint.split()
    assert "LINKFOX_TOOL_GATEWAY" not in hint


@pytest.mark.parametrize(
    ("header", "field", "told"), [(7.2, None, 8), (None, 9, 9), (7.0, 9, 9), (None, None, None)]
)
def test_a_throttled_call_says_in_how_many_seconds(
    header: float | None, field: int | None, told: int | None
) -> None:
    """As the gateway's answer says, or its header."""
    body = json.dumps({"errcode": 1003, "errmsg": "请求过于频繁", **({"retryAfter": field} if field else {})})
    with pytest.raises(ClientError) as caught:
        read(Reply(429, "application/json", body.encode(), header), Secrets(), LIST, {})
    assert caught.value.code == "throttled"
    assert caught.value.error().get("retryAfter") == told


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
    shown = failed.error()
    assert (len(shown["candidates"]), shown["candidatesTotal"]) == (10, 80)
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
    ("whose", "named"),
    [
        ({"sellerId": "A1", "sellerName": "北极光", "region": "EU", "authRecordId": 7}, "北极光 (A1, EU)"),
        ({"accountName": "My Brand", "region": "NA", "authRecordId": 7}, "My Brand (7)"),
        ({"sellerId": "A1", "region": "EU"}, "A1, EU"),
    ],
)
def test_whose_authorization_has_ended_is_told(whose: dict[str, Any], named: str) -> None:
    """In the message, and as fields beside the error: a list of all, or a refresh of all, names none."""
    failed = failure(409, {**REVOKED, **whose, "errmsg": "It was revoked"})
    assert failed.message == f"{named}: It was revoked"
    assert failed.fields == whose


def test_where_else_a_seller_is_authorized_is_told() -> None:
    """As a field too, for a program; of a store alone."""
    missing = {"errcode": 1004, "reason": "not_found", "errmsg": "none", "regions": ["EU", "NA"]}
    assert failure(404, missing).fields == {"regions": ["EU", "NA"]}


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
