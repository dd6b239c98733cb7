"""The scripts with the hosted gateway, as an agent of a user there sees them."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import KEY, FakeGateway

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
AUTHORIZE = "/spApi/authorizeUrl"


def test_a_key_alone_reaches_the_hosted_gateway(hosted: FakeGateway, run_hosted: Run) -> None:
    """With that key, at its own address."""
    assert run_hosted("authorized_stores.py").good()["stores"] == []
    (call,) = hosted.calls
    assert (call.headers["Host"], call.headers["Authorization"]) == ("tool-gateway.linkfox.com", KEY)


# A store's link


@pytest.mark.parametrize(
    "words",
    [
        ("--seller-name", "x"),
        ("--seller-name", "x", "--region", "EU"),
        ("--seller-name", "x", "--region", "NA", "--seller-id", "A1"),
        ("--seller-name", "x", "--vendor"),
        ('{"sellerName": "x", "region": "NA"}',),
    ],
)
def test_a_link_without_a_site_is_not_asked_for(
    hosted: FakeGateway, run_hosted: Run, words: tuple[str, ...]
) -> None:
    """The partner there makes none without one, and only the user knows which site is meant."""
    done = run_hosted("authorize_url.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "--marketplace" in done.error["message"]
    assert done.error["hint"] == (
        "Ask the user for the site (US, DE, JP …) and give it with --marketplace; "
        "do not guess it from the region."
    )
    assert hosted.calls == []


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("--marketplace", "德国站"), {"region": "EU", "marketplace": "DE", "central": "seller"}),
        (
            ("--marketplace", "US", "--seller-id", "A1", "--region", "NA"),
            {"region": "NA", "marketplace": "US", "central": "seller", "sellerId": "A1"},
        ),
        (("--marketplace", "JP", "--vendor"), {"region": "FE", "marketplace": "JP", "central": "vendor"}),
        (
            ("--marketplace", "JP", "--central", "vendor"),
            {"region": "FE", "marketplace": "JP", "central": "vendor"},
        ),
    ],
)
def test_a_link_is_asked_for_with_site_and_central(
    hosted: FakeGateway, run_hosted: Run, words: tuple[str, ...], sent: dict[str, Any]
) -> None:
    """In both forms."""
    hosted.answers[AUTHORIZE] = (200, {"authorizeUrl": LINK})
    assert run_hosted("authorize_url.py", "--seller-name", "x", *words).good()["authorizeUrl"] == LINK
    in_json = json.dumps({"sellerName": "x", **sent}, ensure_ascii=False)
    assert run_hosted("authorize_url.py", in_json).good()["authorizeUrl"] == LINK
    assert hosted.bodies(AUTHORIZE) == 2 * [{"sellerName": "x", **sent}]


def test_ones_own_gateway_needs_no_site(gateway: FakeGateway, run: Run) -> None:
    """It is told the central of a new store; of a known one it may know better."""
    gateway.answers[AUTHORIZE] = (200, {"authorizeUrl": LINK})
    assert run("authorize_url.py", "--seller-name", "x").code == 0
    assert run("authorize_url.py", "--seller-name", "x", "--seller-id", "A1", "--region", "NA").code == 0
    new, known = gateway.bodies(AUTHORIZE)
    assert new == {"sellerName": "x", "region": "NA", "central": "seller"}
    assert "central" not in known


def test_a_refusal_for_want_of_a_site_asks_the_user(hosted: FakeGateway, run_hosted: Run) -> None:
    """Whatever number the partner's words come with."""
    hosted.answers[AUTHORIZE] = (200, {"errcode": 1003, "errmsg": "marketplace不能为空"})
    done = run_hosted("authorize_url.py", "--seller-name", "x", "--marketplace", "US")
    assert (done.code, done.error["retryable"]) == (2, False)
    assert "do not guess" in done.error["hint"]


def test_a_store_that_is_not_at_a_site_is_authorized_there(hosted: FakeGateway, run_hosted: Run) -> None:
    """The command has the site that was named, so that it works as it stands."""
    listed = [{"sellerId": "A1", "region": "NA", "sellerName": "北极光户外"}]
    hosted.answers["/spApi/authorizedStores"] = (200, {"stores": listed})
    hosted.answers[AUTHORIZE] = (200, {"authorizeUrl": LINK})
    hint = run_hosted("refresh_token.py", "--store", "北极光户外", "--site", "德国站").error["hint"]
    run_hosted("authorize_url.py", *shlex.split(hint.split("`")[-2])[2:]).good()
    (sent,) = hosted.bodies(AUTHORIZE)
    assert (sent["region"], sent["marketplace"]) == ("EU", "DE")


# What it says


@pytest.mark.parametrize(
    ("answer", "exit_code", "code", "hint"),
    [
        ({"errcode": 500, "errmsg": "积分不足"}, 7, "out_of_credit", "https://os.linkfox.com/"),
        ({"code": 1003, "msg": "套餐已到期，请续费"}, 7, "out_of_credit", "https://os.linkfox.com/"),
        ({"errcode": 1002, "errmsg": "认证失败"}, 4, "unauthorized", "scripts/login.py"),
        ({"errcode": 401, "errmsg": "团队不存在"}, 4, "unauthorized", "https://agent.linkfox.com/"),
        ({"errcode": 1003, "errmsg": "请求过于频繁"}, 6, "throttled", "retryAfter"),
        ({"errcode": 1003, "errmsg": "回调URL未加白名单"}, 6, "gateway_failed", "LinkFox's support"),
        ({"errcode": 403, "errmsg": "无权限访问该接口"}, 6, "gateway_failed", "LinkFox's support"),
        ({"errcode": 500, "errmsg": "未知异常"}, 6, "gateway_failed", "LinkFox's support"),
        ({"errcode": 1003, "errmsg": "未知异常"}, 6, "amazon_failed", "LinkFox's support"),
        ({"errcode": 1004, "errmsg": "店铺不存在"}, 5, "not_found", "authorized_stores.py"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_its_words_decide_and_are_passed_on(
    hosted: FakeGateway,
    run_hosted: Run,
    answer: dict[str, Any],
    exit_code: int,
    code: str,
    hint: str,
    encoding: str,
) -> None:
    """In either encoding; only what is a matter of time may be tried again."""
    hosted.answers["*"] = (200, json.dumps(answer, ensure_ascii=False).encode(encoding))
    done = run_hosted("store_tokens.py", "--seller-id", "A1", "--region", "NA")
    assert (done.code, done.error["code"]) == (exit_code, code)
    assert (answer.get("errmsg") or answer["msg"]) in done.error["message"]
    assert hint in done.error["hint"]
    assert "LINKFOX_TOOL_GATEWAY" not in done.error["hint"]
    assert done.error["retryable"] == ("频繁" in str(answer) or "未知" in str(answer))


@pytest.mark.parametrize("script", ["authorized_stores.py", "ads_authorized_stores.py"])
def test_a_right_that_a_key_lacks_is_not_the_operators_to_give(
    hosted: FakeGateway, run_hosted: Run, script: str
) -> None:
    """The user has the site for it, and no command of a gateway's machine."""
    lacking = {"errcode": 1005, "errmsg": "x", "reason": "key_lacks_right", "neededRights": ["tokens"]}
    for path in ("/spApi/authorizedStores", "/amazonAds/authorizedStores"):
        hosted.answers[path] = (403, lacking | {"keyId": "0a1b2c3d4e5f"})
    hint = run_hosted(script).error["hint"]
    assert "https://agent.linkfox.com/" in hint
    assert "local_gateway.py" not in hint


def test_a_page_in_chinese_is_shown_as_it_is(hosted: FakeGateway, run_hosted: Run) -> None:
    """A proxy's, in its own encoding; support can look, a setting cannot help."""
    hosted.answers["*"] = (502, "<html><title>网关错误".encode("gbk"))
    done = run_hosted("authorized_stores.py")
    assert (done.code, done.error["code"], done.error["retryable"]) == (6, "gateway_failed", True)
    assert "网关错误" in done.error["message"]
    assert "LINKFOX_TOOL_GATEWAY" not in done.error["hint"]


def test_a_key_is_kept_whose_account_has_no_credit(
    hosted: FakeGateway, run_hosted: Run, tmp_path: Path
) -> None:
    """The key is one that the gateway knows; one without a team is not stored."""
    hosted.answers["*"] = (200, {"errcode": 1003, "errmsg": "积分已用完"})
    words = ("login.py", "--insecure-file")
    stored = run_hosted(*words, stdin=KEY, LINKFOX_AGENT_API_KEY="").good()
    assert stored["stored"] == "file"
    assert "积分已用完" in stored["notes"][-1] + stored["notes"][0]
    hosted.answers["*"] = (401, {"errcode": 401, "errmsg": "团队不存在"})
    refused = run_hosted(*words, stdin=KEY, LINKFOX_AGENT_API_KEY="")
    assert (refused.code, refused.document["stored"]) == (4, None)
    assert "make an API key there" in refused.error["hint"]


# What may cost credit


@pytest.mark.parametrize(
    "answer", [(503, {"errcode": 500, "errmsg": "系统繁忙"}), (429, {"errmsg": "请求过于频繁"})]
)
@pytest.mark.parametrize("script", ["refresh_token.py", "store_tokens.py"])
def test_nothing_is_repeated_by_itself(
    hosted: FakeGateway, run_hosted: Run, script: str, answer: tuple[int, Any]
) -> None:
    """A call that was taken may have cost credit; the seconds to wait are told."""
    hosted.headers["Retry-After"] = "0"
    hosted.answers["*"] = answer
    done = run_hosted(script, "--seller-id", "A1", "--region", "NA")
    assert (done.code, done.error["retryAfter"]) == (6, 0)
    assert answer[1]["errmsg"] in done.error["message"]
    assert len(hosted.calls) == 1


# An authorization that has ended


@pytest.mark.parametrize("said", ["授权已失效，请重新授权", "invalid_grant", "token 已失效"])
@pytest.mark.parametrize("script", ["refresh_token.py", "store_tokens.py"])
def test_an_authorization_that_has_ended_is_made_again(
    hosted: FakeGateway, run_hosted: Run, script: str, said: str
) -> None:
    """By the command of this flow, with what is known; the site is asked for."""
    hosted.answers["*"] = (200, {"errcode": 1004, "errmsg": said})
    done = run_hosted(script, "--seller-id", "A1", "--region", "NA")
    assert (done.code, done.error["code"], done.error["retryable"]) == (4, "needs_reauthorization", False)
    assert said in done.error["message"]
    hint = done.error["hint"]
    assert "python3 scripts/authorize_url.py --seller-id A1 --region NA" in hint
    assert "ask the user for the site" in hint.lower()
    assert "ads_authorize_url" not in hint


def test_the_hints_command_makes_the_link(hosted: FakeGateway, run_hosted: Run) -> None:
    """With the site that the user named, under the name that the store has."""
    hosted.answers["/spApi/refreshToken"] = (200, {"errcode": 1003, "errmsg": "invalid_grant"})
    hosted.answers["/spApi/authorizedStores"] = (
        200,
        {"stores": [{"sellerId": "A1", "region": "NA", "sellerName": "北极光户外"}]},
    )
    hosted.answers[AUTHORIZE] = (200, {"authorizeUrl": LINK})
    hint = run_hosted("refresh_token.py", "--seller-id", "A1", "--region", "NA").error["hint"]
    words = shlex.split(hint.split("`")[1])[2:]
    run_hosted("authorize_url.py", *words, "--marketplace", "US").good()
    (sent,) = hosted.bodies(AUTHORIZE)
    assert sent == {
        "sellerId": "A1",
        "region": "NA",
        "sellerName": "北极光户外",
        "marketplace": "US",
        "central": "seller",
    }


@pytest.mark.parametrize("which", [("--profile-id", "7"), ("--auth-record-id", "8")])
def test_an_ads_authorization_that_has_ended_is_made_again(
    hosted: FakeGateway, run_hosted: Run, which: tuple[str, str]
) -> None:
    """By the command of that flow."""
    hosted.answers["*"] = (200, {"errcode": 1003, "errmsg": "授权已过期"})
    done = run_hosted("ads_refresh_token.py", *which)
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    assert "python3 scripts/ads_authorize_url.py" in done.error["hint"]
    assert ("--auth-record-id 8`" in done.error["hint"]) == (which[1] == "8")
    assert "scripts/authorize_url.py" not in done.error["hint"]


@pytest.mark.parametrize(
    ("details", "asks"),
    [("", True), ("The access token you provided has expired.", True), ("not valid for region", False)],
)
def test_a_refusal_of_amazons_asks_for_what_a_link_wants_here(
    hosted: FakeGateway, run_hosted: Run, details: str, asks: bool
) -> None:
    """The command that authorizes again wants the site, and the application is the service's."""
    refusal = {"errors": [{"code": "Unauthorized", "message": "Access is denied.", "details": details}]}
    hosted.answers["*"] = (200, {"errcode": 200, "httpStatus": 403, "body": refusal})
    store = ("--seller-id", "A1", "--region", "NA")
    hint = run_hosted("call_amazon.py", "GET", "/sellers/v1/marketplaceParticipations", *store).error["hint"]
    assert ("--marketplace" in hint, "LinkFox" in hint) == (asks, asks)
    assert ("scripts/authorize_url.py" in hint) == asks


# What this skill cannot do there


@pytest.mark.parametrize(
    ("script", "words", "places"),
    [
        (
            "remove_store.py",
            ("--seller-id", "A1", "--region", "NA", "--yes"),
            (
                "https://agent.linkfox.com/",
                "Manage Your Apps",
                "https://sellercentral.amazon.com/apps/manage",
            ),
        ),
        (
            "ads_remove_account.py",
            ("--auth-record-id", "7", "--yes"),
            ("https://agent.linkfox.com/", "Amazon"),
        ),
    ],
)
def test_a_removal_says_where_the_user_can_do_it(
    hosted: FakeGateway, run_hosted: Run, script: str, words: tuple[str, ...], places: tuple[str, ...]
) -> None:
    """No path is made up, and nobody is sent to a setting."""
    done = run_hosted(script, *words)
    assert done.code == 2
    for place in places:
        assert place in done.error["hint"]
    assert "LINKFOX_TOOL_GATEWAY" not in done.error["hint"]
    assert hosted.calls == []


# A key alone, beside a gateway on this machine


@pytest.mark.parametrize(
    ("script", "words"),
    [("authorized_stores.py", ()), ("ads_authorized_stores.py", ()), ("login.py", ("--status",))],
)
def test_a_key_alone_says_that_it_passes_by_a_local_gateway(
    run_hosted: Run, data_dir: Path, script: str, words: tuple[str, ...]
) -> None:
    """Its stores would seem to have vanished."""
    done = run_hosted(script, *words, GATEWAY_DATA_DIR=str(data_dir))
    (note,) = done.good()["notes"]
    assert str(data_dir) in note
    assert "LINKFOX_AGENT_API_KEY (environment)" in note
    assert note in done.stderr
    assert "notes" not in run_hosted(script, *words).good()


def test_the_doctor_says_it_too(run_hosted: Run, data_dir: Path) -> None:
    """As a warning of its settings."""
    done = run_hosted("doctor.py", "--offline", GATEWAY_DATA_DIR=str(data_dir))
    (found,) = [check for check in done.document["checks"] if check["name"] == "settings"]
    assert found["state"] == "warning"
    assert str(data_dir) in found["remedy"]
    assert "tool-gateway.linkfox.com" in found["detail"]


def test_the_hosted_gateway_named_on_purpose_says_nothing(run_hosted: Run, data_dir: Path) -> None:
    """Who names it beside the key has chosen."""
    named = {"LINKFOX_TOOL_GATEWAY": "https://tool-gateway.linkfox.com", "GATEWAY_DATA_DIR": str(data_dir)}
    done = run_hosted("authorized_stores.py", **named)
    assert "notes" not in done.good()
    assert "local gateway" not in done.stderr


@pytest.mark.parametrize(
    "words", [("--return-url", "https://a.example"), ("--external-id", "18"), ("--replace",)]
)
@pytest.mark.parametrize(
    "name", [("authorize_url.py", "--seller-name", "x"), ("ads_authorize_url.py", "--account-name", "x")]
)
def test_a_customer_is_for_ones_own_gateway(
    hosted: FakeGateway, run_hosted: Run, name: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """The hosted one would take no notice, and the person would never come back."""
    done = run_hosted(*name, *words, *(("--marketplace", "US") if name[0] == "authorize_url.py" else ()))
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "--return-url" in done.error["hint"]
    assert hosted.calls == []
