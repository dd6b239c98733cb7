"""What a user sees and does once signed in."""

import re

import pytest

from gateway.authorization.details import LONGEST_NAME
from gateway.util.version import version
from gateway.vault.database.engine import Database
from gateway.web.console import PER_PAGE
from tests.support.gateway_server import Gateway, query_of
from tests.support.visitor import Page, Visitor

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def visitor(gateway: Gateway) -> Visitor:
    """The owner, signed in."""
    return Visitor(gateway).sign_in()


def record_id(gateway: Gateway, path: str = "/spApi/authorizedStores") -> int:
    """The first listed authorization's id."""
    return gateway.good(path)["stores"][0]["authRecordId"]


def test_an_empty_overview_says_what_to_do(visitor: Visitor) -> None:
    """Nothing there yet, and the buttons that change it."""
    page = visitor.page("/")
    assert "No store is authorized yet" in page.text
    assert "No ads account is authorized yet" in page.text
    assert page.link("/stores/authorize")
    assert page.link("/accounts/authorize")


@pytest.mark.parametrize(("language", "words"), [("en", "Version {}"), ("zh", "版本 {}")])
def test_the_foot_tells_the_version_to_who_signed_in(
    gateway: Gateway, visitor: Visitor, language: str, words: str
) -> None:
    """A seller who follows a link is not told."""
    foot = words.format(version())
    assert foot in visitor.page("/", **{"Accept-Language": language}).text
    assert foot not in gateway.get("/signin", headers={"Accept-Language": language}).text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "1 to {} characters"), ("zh", "1 到 {} 个字符")], ids=["en", "zh"]
)
def test_the_form_says_how_long_a_name_may_be(visitor: Visitor, language: str, words: str) -> None:
    """In words, and to the browser."""
    page = visitor.page("/stores/authorize", **{"Accept-Language": language})
    assert words.format(LONGEST_NAME) in page.text
    (field,) = [each for each in page.all("input") if each.get("name") == "name"]
    assert field["maxlength"] == str(LONGEST_NAME)


def test_the_overview_shows_how_everything_stands(gateway: Gateway, visitor: Visitor) -> None:
    """Status, region, time left, last refresh, profiles, and permissions granted and missing."""
    scopes = ["sellingpartnerapi::orders", "sellingpartnerapi::reports"]
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Mine", "scopes": scopes})
    back = gateway.amazon.consent(
        begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXNA001", scope=scopes[:1]
    )
    gateway.open(back)
    gateway.authorize_account()
    gateway.clock.step(25 * 60)
    text = visitor.page("/").text
    for expected in (
        "Mine Authorized",
        "Seller ID A1SANDBOXNA001",
        "Region North America",
        "Authorization ends in 364 days",
        "Access token 35 minutes left",
        "Last refresh 25 minutes ago",
        "Permissions granted sellingpartnerapi::orders",
        "Permissions not granted sellingpartnerapi::reports",
        "Account SANDBOX_BRANDS Authorized",
        "Japan",
    ):
        assert expected in text, expected


def test_a_revoked_store_says_so_and_is_authorized_again(gateway: Gateway, visitor: Visitor) -> None:
    """Bound to the same seller, and with the same permissions asked for."""
    gateway.authorize_store(scopes=["sellingpartnerapi::orders"])
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    gateway.post("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"})
    page = visitor.page("/")
    assert "Needs authorization again" in page.text
    assert "Last refresh" in page.text
    for over in ("Authorization ends", "Access token", "left"):
        assert over not in page.text
    again = page.link("/stores/authorize?again=")
    answer = visitor.submit(again, name="Renamed")
    link = Page(answer.text).link(gateway.amazon.url)
    assert query_of(link)["scope"] == "sellingpartnerapi::orders"
    other = gateway.amazon.consent(link, decision="confirm", selling_partner_id="A1SANDBOXNA002")
    assert "You signed in to another store" in gateway.open(other)[1].text
    link = Page(visitor.submit(again, name="Renamed").text).link(gateway.amazon.url)
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id="A1SANDBOXNA001"))
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (store["sellerName"], store["status"]) == ("Renamed", "authorized")


def test_a_store_that_was_removed_meanwhile_is_not_made_anew(gateway: Gateway, visitor: Visitor) -> None:
    """Whoever removed it does not find it again because somebody had a link to renew it."""
    gateway.authorize_store()
    again = visitor.page("/").link("/stores/authorize?again=")
    link = Page(visitor.submit(again, name="Again").text).link(gateway.amazon.url)
    gateway.good("/spApi/removeStore", {"sellerId": "A1SANDBOXNA001", "region": "NA"})
    back = gateway.amazon.consent(link, decision="confirm", selling_partner_id="A1SANDBOXNA001")
    assert "has been removed from this gateway" in gateway.open(back)[1].text
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


def test_an_authorization_about_to_end_says_so(gateway: Gateway, visitor: Visitor) -> None:
    """From 30 days before on; and once it is over."""
    gateway.authorize_store()
    gateway.clock.step(334 * 86_400)
    assert "authorize it again soon" not in visitor.sign_in().page("/").text
    gateway.clock.step(2 * 86_400)
    assert "in 29 days : authorize it again soon" in visitor.sign_in().page("/").text
    gateway.clock.step(40 * 86_400)
    assert "ended : authorize it again soon" in visitor.sign_in().page("/").text


def test_an_application_at_fault_is_no_stores_fault(gateway: Gateway, visitor: Visitor) -> None:
    """The card says whose fault it is, in the status that the JSON list has."""
    gateway.authorize_store()
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "secretRefused": True})
    assert gateway.post("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}).status_code == 503
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "suspended_app"
    page = visitor.page("/")
    assert "Application suspended" in page.text
    assert "no store is at fault" in page.text


def test_an_ads_account_is_authorized_again(gateway: Gateway, visitor: Visitor) -> None:
    """It keeps its record, under its new name."""
    gateway.authorize_account()
    before = record_id(gateway, "/amazonAds/authorizedStores")
    answer = visitor.submit(f"/accounts/authorize?again={before}", name="Brands")
    link = Page(answer.text).link(gateway.amazon.url)
    gateway.open(gateway.amazon.consent(link, decision="confirm", advertiser_id="SANDBOX_BRANDS"))
    accounts = gateway.good("/amazonAds/authorizedStores")["stores"]
    assert {(each["authRecordId"], each["accountName"]) for each in accounts} == {(before, "Brands")}


def test_a_site_decides_where_the_link_leads(gateway: Gateway, visitor: Visitor) -> None:
    """Seller Central or Vendor Central of the site, or the region's usual one."""
    for fields, host in (
        ({"region": "EU"}, "sellercentral-europe.amazon.com"),
        ({"region": "FE", "marketplace": "JP"}, "sellercentral.amazon.co.jp"),
        ({"region": "NA", "marketplace": "US", "vendor": "yes"}, "vendorcentral.amazon.com"),
        ({"region": "EU", "marketplace": "IN"}, "sellercentral.amazon.in"),
    ):
        answer = visitor.submit("/stores/authorize", name="Store", **fields)
        page = Page(answer.text)
        assert page.link(f"{gateway.amazon.url}/{host}/apps/authorize/consent?")
        assert host in page.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"region": "XX"}, "region"),
        ({"region": ""}, "region"),
        ({"marketplace": "ZZ"}, "marketplace"),
        ({"marketplace": "JP"}, "marketplace"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(visitor: Visitor, fields: dict[str, str], field: str) -> None:
    """The form comes back with what was entered, and the field names its error for screen readers."""
    answer = visitor.submit("/stores/authorize", **{"name": HOSTILE, "region": "NA", **fields})
    assert answer.status_code == 400
    page = Page(answer.text)
    (wrong,) = [each for _, each in page.elements if each.get("aria-invalid") == "true"]
    assert wrong["name"] == field
    assert f"{field}-error" in wrong["aria-describedby"]
    ids = {each.get("id") for _, each in page.elements}
    assert set(wrong["aria-describedby"].split()) <= ids
    assert not page.all("img")


def test_the_page_that_leads_away_tells_nobody_of_itself(visitor: Visitor) -> None:
    """No form, no referrer; a page with a form tells its Origin, and nothing of its address."""
    form = visitor.get("/stores/authorize")
    assert form.headers["Referrer-Policy"] == "strict-origin"
    assert "form-action 'self'" in form.headers["Content-Security-Policy"]
    answer = visitor.submit("/stores/authorize", name="Store", region="NA")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "form-action 'none'" in answer.headers["Content-Security-Policy"]
    for page in (form, answer):
        assert page.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert not Page(page.text).all("script")


def test_removing_asks_first(gateway: Gateway, visitor: Visitor) -> None:
    """Then the store and the account are gone, and the overview says so."""
    gateway.authorize_store()
    gateway.authorize_account()
    for path, listed in (("store", "/spApi/authorizedStores"), ("account", "/amazonAds/authorizedStores")):
        asked = visitor.page(f"/remove/{record_id(gateway, listed)}")
        assert "Its tokens are deleted" in asked.text, path
        assert gateway.good(listed)["total"] > 0
        answer = visitor.submit(f"/remove/{record_id(gateway, listed)}")
        assert answer.headers["Location"] == "/?notice=removed"
        assert "Removed." in visitor.page("/?notice=removed").text
        assert gateway.good(listed)["total"] == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_another_name_is_given(gateway: Gateway, visitor: Visitor, language: str) -> None:
    """To a store and an account, from the name that each has, without Amazon."""
    gateway.authorize_store(sellerName="T2")
    gateway.authorize_account(accountName="T3")
    gateway.amazon.control("ledger/reset", {})
    for listed, field in (
        ("/spApi/authorizedStores", "sellerName"),
        ("/amazonAds/authorizedStores", "accountName"),
    ):
        (before,) = gateway.good(listed)["stores"][:1]
        path = f"/rename/{before['authRecordId']}"
        assert visitor.page("/").link(path)
        asked = visitor.page(path, **{"Accept-Language": language})
        (given,) = [each["value"] for each in asked.all("input") if each.get("name") == "name"]
        assert given == before[field]
        assert given in asked.text
        answer = visitor.submit(path, name=" 北极光户外 ")
        assert answer.headers["Location"] == "/?notice=renamed"
        assert gateway.good(listed)["stores"][0][field] == "北极光户外"
    page = visitor.page("/?notice=renamed", **{"Accept-Language": language})
    assert {"en": "Renamed.", "zh": "已改名。"}[language] in page.text
    assert gateway.amazon.calls() == []


def test_a_wrong_name_is_said_beside_its_field(gateway: Gateway, visitor: Visitor) -> None:
    """One that is none, and that of another account: two could not be told apart."""
    gateway.authorize_account("SANDBOX_BRANDS", accountName="Brand")
    gateway.authorize_account("SANDBOX_PARTNERS", accountName="Partners")
    rows = gateway.good("/amazonAds/authorizedStores")["stores"]
    path = f"/rename/{next(row['authRecordId'] for row in rows if row['accountName'] == 'Brand')}"
    for name, words in (("", "1 to 100 characters"), ("a\u202eb", "1 to 100"), ("Partners", "has this name")):
        answer = visitor.submit(path, name=name)
        assert answer.status_code == 400
        page = Page(answer.text)
        (field,) = [each for each in page.all("input") if each.get("name") == "name"]
        assert field["aria-invalid"] == "true"
        (error,) = [each for each in page.all("p") if each.get("role") == "alert"]
        assert words in page.text[page.text.index("Ads account name") :]
        assert error["id"] == "name-error"
    assert gateway.good("/amazonAds/authorizedStores")["stores"] == rows


def test_removing_empties_the_log(
    gateway: Gateway, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sealed tokens go from the write-ahead log, too, as they do for a removal by call."""
    gateway.authorize_store()
    emptied: list[bool] = []
    monkeypatch.setattr(Database, "truncate_log", lambda _: emptied.append(True))
    assert visitor.submit(f"/remove/{record_id(gateway)}").status_code == 303
    assert emptied == [True]


def test_a_notice_is_one_of_ours(visitor: Visitor) -> None:
    """What stands in the address is not put on the page."""
    assert "nonsense" not in visitor.page("/?notice=nonsense").text


def test_what_is_anothers_is_as_if_it_were_not_there(gateway: Gateway, visitor: Visitor) -> None:
    """To see, to authorize again and to remove; an answer like that for what nobody has."""
    gateway.add_user("guest")
    gateway.authorize_store(user="guest")
    others = gateway.good("/spApi/authorizedStores", user="guest")["stores"][0]["authRecordId"]
    assert "A1SANDBOXNA001" not in visitor.page("/").text
    for path in (
        "/remove/{}",
        "/rename/{}",
        "/stores/authorize?again={}",
        "/accounts/authorize?again={}",
    ):
        answers = [visitor.get(path.format(wanted)) for wanted in (others, 7, 2**63, "x" * 9)]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
    token = visitor.page("/").hidden()
    assert visitor.post(f"/remove/{others}", token).status_code == 404
    assert visitor.post(f"/rename/{others}", {**token, "name": "Mine"}).status_code == 404
    form = {**token, "name": "Store", "again": str(others)}
    assert visitor.post("/stores/authorize", form).status_code == 404
    assert gateway.good("/spApi/authorizedStores", user="guest")["total"] == 1


def test_a_key_without_manage_only_looks(gateway: Gateway) -> None:
    """No button, and no page behind it."""
    gateway.authorize_store()
    gateway.keys["reader"] = gateway.vault.users.issue_key("owner", ("tokens",))[1].reveal()
    reader = Visitor(gateway).sign_in("reader")
    page = reader.page("/")
    assert "A1SANDBOXNA001" in page.text
    assert "may look but not change" in page.text
    assert not [each for each in page.all("a") if re.search("authorize|remove|rename", each["href"])]
    number = record_id(gateway)
    paths = ("/stores/authorize", "/accounts/authorize", f"/remove/{number}", f"/rename/{number}")
    for path in paths:
        assert reader.get(path).status_code == 403
        assert reader.post(path, {**page.hidden(), "name": "Store", "region": "NA"}).status_code == 403
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_a_long_list_is_shown_in_pages(gateway: Gateway, visitor: Visitor) -> None:
    """Each store on exactly one of them; a page that is not there is the nearest one."""
    sellers = [f"A{number:04d}" for number in range(PER_PAGE + 2)]
    for seller in sellers:
        gateway.authorize_store(seller)
    first, second = visitor.page("/"), visitor.page("/?stores=2")
    shown = [
        set(re.findall(r"Store (A\d{4})", page.text.partition("Ads accounts 0")[0]))
        for page in (first, second)
    ]
    assert shown[0] | shown[1] == set(sellers)
    assert not shown[0] & shown[1]
    assert "Page 1 of 2" in first.text
    for number in ("999", "0", "x", "9" * 30, "-1"):
        assert re.search("Page [12] of 2", visitor.page(f"/?stores={number}").text)


def test_recent_activity_is_the_users_own(gateway: Gateway, visitor: Visitor) -> None:
    """What was done, to what and how it ended; nothing of another user, and no looking at pages."""
    gateway.add_user("guest")
    gateway.authorize_store("A1SANDBOXNA002", user="guest")
    gateway.authorize_store()
    gateway.vault.audit.flush()
    visitor.page("/")
    gateway.vault.audit.flush()
    activity = visitor.page("/").text.partition("Recent activity")[2]
    assert "Store A1SANDBOXNA001 (North America)" in activity
    assert "Signed in here" in activity
    assert "A1SANDBOXNA002" not in activity


def test_the_activity_is_told_in_words(gateway: Gateway, visitor: Visitor) -> None:
    """What was called and why it failed, in the reader's language; the table names its columns."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    gateway.post("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"})
    gateway.vault.audit.flush()
    page = visitor.page("/")
    activity = page.text.partition("Recent activity")[2]
    assert (
        "Token refreshed Store A1SANDBOXNA001 (North America) Amazon no longer accepts this refresh token"
        in activity
    )
    assert "/spApi/" not in activity
    assert [each["scope"] for each in page.all("th")] == ["col"] * 4
    chinese = visitor.page("/", **{"Accept-Language": "zh-CN"}).text.partition("最近活动")[2]
    assert "刷新令牌 Store A1SANDBOXNA001（北美站） 授权已失效" in chinese


def test_no_page_holds_a_token(gateway: Gateway, visitor: Visitor) -> None:
    """Neither of Amazon's kinds, nor an API key, nor the session's id."""
    gateway.amazon.control("settings", {"tokenMarker": "canary"})
    attempt = gateway.authorize_store()["authorizationId"]
    gateway.authorize_account()
    tokens = gateway.good("/spApi/storeTokens", {"sellerId": "A1SANDBOXNA001", "region": "NA"})
    assert "canary" in tokens["accessToken"]
    assert "canary" in tokens["refreshToken"]
    gateway.vault.audit.flush()
    number = record_id(gateway)
    paths = (
        *("/", "/stores/authorize", f"/stores/authorize?again={number}", f"/remove/{number}"),
        *("/accounts/authorize", f"/oauth/result/{attempt}", "/oauth/result?problem=state_used"),
    )
    pages = [visitor.get(path).text for path in paths]
    pages.append(visitor.submit("/stores/authorize", name="Store", region="NA").text)
    pages.append(visitor.submit("/stores/authorize", name="", region="NA").text)
    assert sum(map(len, pages)) > 10_000
    for page in pages:
        assert "canary" not in page
        assert "Atza|" not in page
        assert "Atzr|" not in page
        assert "lfx_local_" not in page
        assert not any(value in page for value in visitor.session.cookies.values())


def test_a_missing_application_is_told_on_a_page(gateway: Gateway, visitor: Visitor) -> None:
    """With what to set."""
    services = gateway.app.state.services
    object.__setattr__(services.settings, "spapi", None)
    answer = visitor.submit("/stores/authorize", name="Store", region="NA")
    assert answer.status_code == 503
    assert "SPAPI_APP_ID" in Page(answer.text).text
