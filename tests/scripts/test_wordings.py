"""The wordings of a failure as gateways vary them, and names that only look like one."""

from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.scripts.test_answers import failure
from tests.support.fake_gateway import FakeGateway

VARIANTS = {
    "out_of_credit": [
        "请前往 https://os.linkfox.com/ 充值",
        "充值后再试",
        "需要先充值",
        "您的套餐已于2026-01-01到期",
        "服务已到期",
        "扣费失败",
        "扣除积分失败",
        "积分扣减失败",
        "余额为0",
        "没积分了",
        "算力不足",
        "额度超限",
        "试用期已过",
        "资源包已用完",
        "quota_exceeded",
        "INSUFFICIENT_BALANCE",
        "Your balance is insufficient",
        "Balance is not enough",
        "Credits insufficient",
        "Credit limit reached",
    ],
    "unauthorized": [
        "无效的API Key",
        "无效密钥",
        "缺少 API Key",
        "缺少Authorization",
        "Authorization 不能为空",
        "Missing Authorization header",
        "API key not found",
        "INVALID_API_KEY",
        "用户未认证",
        "认证信息无效",
        "Unauthorized",
        "Not authenticated",
        "Full authentication is required to access this resource",
    ],
    "gateway_throttled": [
        "访问频率过高",
        "调用频率超限",
        "请求太快",
        "触发流控",
        "QPS超限",
        "并发过高",
        "TOO_MANY_REQUESTS",
    ],
    "hosted_not_listed": ["回调URL未加白"],
    "hosted_site_missing": [
        "marketplace cannot be empty",
        "必须传marketplace",
        "Required request parameter 'marketplace' for method parameter type String is not present",
    ],
    "store_revoked": ["卖家已取消授权", "店铺已解除授权", "卖家已取消对应用的授权", "INVALID_GRANT"],
    "not_found": [
        "profileId 不存在",
        "sellerId不存在",
        "没有该店铺",
        "没有授权记录",
        "Store does not exist",
        "No authorization found",
    ],
    "hosted_refused": ["Access Denied", "禁止访问"],
    "hosted_no_team": ["未找到团队", "用户未加入任何团队"],
    "bad_parameter": ["参数校验失败", "参数无效", "缺少sellerId", "region is required"],
    "hosted_failed": ["服务器开小差了", "INTERNAL_ERROR"],
    # What only looks like another: the number decides.
    "hosted_partner_failed": [
        "marketplace 未开通",
        "keyword is missing",
        "会话链接已过期",
        "Key product features are missing",
    ],
}


@pytest.mark.parametrize(
    ("reason", "said"), [(row, said) for row, all_said in VARIANTS.items() for said in all_said]
)
def test_a_variant_of_a_wording_means_the_same(reason: str, said: str) -> None:
    """Whatever its letters' case and its separators."""
    assert failure(200, {"errcode": 1003, "errmsg": said}, hosted=True).reason == reason


@pytest.mark.parametrize("name", ["余额不足店", "请充值", "白名单数码", "频繁闪购", "Quota Exceeded Shop"])
@pytest.mark.parametrize("said", ["{}已被使用", "店铺“{}”已被使用", "「{}」 is taken"])
def test_the_name_that_was_sent_is_not_what_went_wrong(
    hosted: FakeGateway, run_hosted: Run, name: str, said: str
) -> None:
    """The gateway may repeat it in its sentence, which is passed on whole."""
    hosted.answers["*"] = (200, {"errcode": 1003, "errmsg": said.format(name)})
    done = run_hosted("authorize_url.py", "--seller-name", name, "--marketplace", "US")
    assert done.error["code"] == "amazon_failed"
    assert said.format(name) in done.error["message"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("店铺“余额不足店”授权已失效，请重新授权", "needs_reauthorization"), ("“积分不足”", "out_of_credit")],
)
def test_a_name_in_quotation_marks_is_not_what_went_wrong(said: str, code: str) -> None:
    """But for a sentence that is all in them."""
    assert failure(200, {"errcode": 1003, "errmsg": said}, hosted=True).code == code


@pytest.mark.parametrize("body", ["余额不足", {"errors": [{"code": "QuotaExceeded", "message": "积分不足"}]}])
def test_what_amazon_answers_is_not_what_the_gateway_says(
    hosted: FakeGateway, run_hosted: Run, body: Any
) -> None:
    """A call that was passed on tells Amazon's own words as Amazon's."""
    hosted.answers["*"] = (200, {"errcode": 200, "httpStatus": 200, "body": body})
    words = ("GET", "/sellers/v1/marketplaceParticipations", "--seller-id", "A1", "--region", "NA")
    assert run_hosted("call_amazon.py", *words).good()["body"] == body
