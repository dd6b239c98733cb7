"""The pages as a Chinese seller reads them: the trade's words, Chinese punctuation, what is to be done."""

import re

import pytest

from gateway.web import problems_zh, words_zh
from tests.gateway.web.test_console import record_id
from tests.support.chinese import FOREIGN, HALF_WIDTH
from tests.support.gateway_server import Gateway, text_of
from tests.support.visitor import Page, Visitor

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}


@pytest.fixture
def visitor(gateway: Gateway) -> Visitor:
    """The owner, signed in."""
    return Visitor(gateway).sign_in()


@pytest.fixture
def lived_in(gateway: Gateway) -> Gateway:
    """A gateway with a store, one whose authorization ended, one about to end, and ads accounts."""
    gateway.authorize_store(sellerName="北极光户外")
    gateway.authorize_store("A1SANDBOXNA002", sellerName="极光")
    gateway.authorize_account(accountName="主账户")
    gateway.authorize_account("SANDBOX_EMPTY", accountName="新账户")
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA002"})
    gateway.post("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA002"})
    gateway.clock.step(340 * 86_400)
    gateway.vault.audit.flush()
    return gateway


def test_the_words_are_the_trades() -> None:
    """One term for a thing, and that the one which sellers and Amazon's Chinese pages use."""
    said = [*words_zh.WORDS.values(), *words_zh.ACTIONS.values(), *sum(problems_zh.PROBLEMS.values(), ())]
    assert len(said) > 250
    assert [text for text in said if any(word in text for word in FOREIGN)] == []


def test_pages_have_chinese_punctuation(lived_in: Gateway) -> None:
    """Also where words are put together, in attributes and in titles."""
    visitor = Visitor(lived_in).sign_in()
    begun = lived_in.good("/amazonAds/authorizeUrl", {"accountName": "取消的"})
    refused, _ = lived_in.open(lived_in.amazon.consent(begun["authorizeUrl"], decision="cancel"))
    number = record_id(lived_in)
    paths = ("/", "/stores/authorize", f"/stores/authorize?again={number}", f"/remove/{number}")
    paths += (f"/rename/{number}",)
    paths += ("/accounts/authorize", refused, "/oauth/result?problem=state_used", "/nothing")
    for path in paths:
        answer = visitor.get(path, Accept="text/html", **CHINESE)
        page = Page(answer.text)
        attributes = [value for _, each in page.elements for value in each.values()]
        for text in (page.text, *attributes):
            shown = re.sub(r"\s+", " ", text)
            assert not HALF_WIDTH.search(shown.replace(" ：", "：").replace(" 。", "。")), f"{path}: {shown}"


def test_the_link_is_opened_where_the_store_is_run(visitor: Visitor) -> None:
    """Elsewhere Amazon could take two stores for one owner's; a private window comes last."""
    form = {"name": "北极光户外", "region": "EU", **visitor.page("/stores/authorize").hidden()}
    said = text_of(visitor.post("/stores/authorize", form, CHINESE))
    assert "平时登录用的浏览器环境（如紫鸟浏览器）" in said
    assert said.index("紫鸟") < said.index("无痕窗口")
    said = text_of(visitor.post("/stores/authorize", form))
    assert said.index("in which this store is normally run") < said.index("private window")


def test_the_form_says_what_one_authorization_covers(visitor: Visitor) -> None:
    """One seller account, not a part of the world; of ads accounts all of it."""
    store = visitor.page("/stores/authorize", **CHINESE).text
    assert "每次授权只对应一个卖家账号、一个区域；同区域的独立店铺（如日本和澳洲）也要分别授权。" in store
    assert "北美站（美、加、墨、巴西） 欧洲站（含中东、非洲和印度） 远东站（日本、澳洲、新加坡）" in store
    assert "店铺名称" in store
    account = visitor.page("/accounts/authorize", **CHINESE).text
    assert "一次授权会获取所有区域的广告站点" in account
    assert "广告账户名称" in account


def test_sites_are_in_the_order_in_which_sellers_know_them(visitor: Visitor) -> None:
    """The big ones of each region first."""
    options = [each["value"] for each in visitor.page("/stores/authorize").all("option")]
    sites = [value for value in options if len(value) == 2 and value not in {"NA", "EU", "FE"}]
    assert sites[:9] == ["US", "CA", "MX", "BR", "UK", "DE", "FR", "IT", "ES"]
    assert sites[-3:] == ["JP", "AU", "SG"]


def test_the_overview_speaks_of_sites_and_of_beijing_time(lived_in: Gateway) -> None:
    """Profiles by their sites' names; moments by the reader's clock, which has a name."""
    page = Visitor(lived_in).sign_in().page("/", **CHINESE)
    assert "广告站点（profile） 美国、加拿大、墨西哥、英国、德国、法国、日本、澳大利亚" in page.text
    assert "广告站点（profile） 未获取到" in page.text
    written = {each["title"] for each in page.all("time")}
    assert written
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d（北京时间）", each) for each in written)
    english = {each["title"] for each in Visitor(lived_in).sign_in().page("/").all("time")}
    assert all(each.endswith(" UTC") for each in english)


def test_a_store_is_shown_with_its_sites(gateway: Gateway) -> None:
    """Those at which Amazon says that the seller takes part, so that nobody takes a region for granted."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Söhne", "region": "EU"})
    back = gateway.amazon.consent(
        begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXEU001"
    )
    path, page = gateway.open(back)
    assert "Sites United Kingdom, Germany, France, Italy, Spain" in Page(page.text).text
    shown = "站点 英国、德国、法国、意大利、西班牙"
    assert shown in Page(gateway.get(path, headers=CHINESE).text).text
    assert shown in Visitor(gateway).sign_in().page("/", **CHINESE).text


def test_a_store_whose_sites_nobody_told_shows_none(gateway: Gateway) -> None:
    """As where the application may not ask: then there is no word of sites."""
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "sellersRole": False})
    gateway.authorize_store()
    page = Visitor(gateway).sign_in().page("/")
    assert "A1SANDBOXNA001" in page.text
    assert "Sites" not in page.text


def test_the_activity_names_stores(gateway: Gateway) -> None:
    """By the name that the user gave, whatever id the call named; of a link, what it was made for."""
    gateway.authorize_store(sellerName="北极光户外")
    gateway.authorize_account(accountName="主账户")
    account = record_id(gateway, "/amazonAds/authorizedStores")
    (profile,) = [
        each for each in gateway.good("/amazonAds/profiles")["profiles"] if each["countryCode"] == "JP"
    ]
    gateway.good("/amazonAds/storeTokens", {"authRecordId": account})
    gateway.good("/amazonAds/storeTokens", {"profileId": profile["profileId"]})
    gateway.good("/spApi/authorizeUrl", {"sellerName": "极光-日本", "region": "FE"})
    gateway.vault.audit.flush()
    activity = Visitor(gateway).sign_in().page("/", **CHINESE).text.partition("最近活动")[2]
    for line in (
        "授权成功 北极光户外（北美站） 成功",
        "授权成功 主账户 成功",
        "获取令牌 主账户 成功",
        "获取令牌 主账户（日本） 成功",
        "生成店铺授权链接 极光-日本 成功",
    ):
        assert line in activity, line
    assert not re.search(r"authorizationId|authRecordId|profileId", activity)


def test_the_activity_tells_no_name_of_anothers_attempt(gateway: Gateway) -> None:
    """Somebody who asks for another user's attempt sees the id that they sent."""
    gateway.add_user("guest")
    attempt = gateway.good("/spApi/authorizeUrl", {"sellerName": "秘密店铺"})["authorizationId"]
    gateway.post("/spApi/authorizationStatus", {"authorizationId": attempt}, user="guest")
    gateway.vault.audit.flush()
    activity = Visitor(gateway).sign_in("guest").page("/", **CHINESE).text.partition("最近活动")[2]
    assert f"查询授权状态 {attempt} 找不到该授权" in activity
    assert "秘密店铺" not in activity


def test_a_name_that_looks_like_an_id_is_a_name(gateway: Gateway) -> None:
    """The page is shown whatever a user calls an account."""
    gateway.authorize_account(accountName="authRecordId x")
    gateway.vault.audit.flush()
    assert "authRecordId x" in Visitor(gateway).sign_in().page("/").text


def test_removing_says_that_amazon_keeps_the_consent(gateway: Gateway, visitor: Visitor) -> None:
    """And where a seller ends it."""
    gateway.authorize_store(sellerName="极光")
    page = visitor.page(f"/remove/{record_id(gateway)}", **CHINESE)
    assert "解绑“极光”？" in page.text
    assert "亚马逊后台的授权不会随之取消" in page.text
    assert "“管理您的应用”" in page.text
    assert "暂不解绑" in page.text


def test_who_canceled_is_spoken_to_as_such(gateway: Gateway) -> None:
    """The reader of the page is the person who pressed the button."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "主账户"})
    path, page = gateway.open(gateway.amazon.consent(begun["authorizeUrl"], decision="cancel"))
    assert "Ask whether" not in text_of(page)
    chinese = " ".join(text_of(gateway.get(path, headers=CHINESE)).split())
    assert "您在亚马逊页面上取消了授权。" in chinese
    assert "亚马逊返回： Access not permitted." in chinese


def test_who_signed_in_to_another_store_is_told_what_to_do(gateway: Gateway) -> None:
    """A new link, in the right browser."""
    gateway.authorize_store()
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "北极光户外", "sellerId": "A1SANDBOXNA001"})
    back = gateway.amazon.consent(
        begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXNA002"
    )
    path, page = gateway.open(back)
    assert "in which that store is normally run" in text_of(page)
    said = text_of(gateway.get(path, headers=CHINESE))
    assert "您登录的不是要重新授权的店铺" in said
    assert "平时登录用的浏览器环境" in said


@pytest.mark.parametrize(
    ("headers", "first", "last"),
    [
        (CHINESE, "让助手刷新广告站点", "再重新授权"),
        ({}, "ask the assistant to refresh", "authorize again only if"),
    ],
)
def test_an_account_without_sites_is_linked_and_asked_again_first(
    gateway: Gateway, headers: dict[str, str], first: str, last: str
) -> None:
    """Another consent is only needed where that finds none."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "新账户"})
    path, _ = gateway.open(
        gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_EMPTY")
    )
    said = Page(gateway.get(path, headers=headers).text).text
    assert said.index(first) < said.index(last)
