"""What a browser sees."""

import re
from html.parser import HTMLParser

import pytest

from gateway.amazon.marketplaces import marketplaces
from gateway.api.description import ROUTERS
from gateway.errors import TABLE, Problem
from gateway.web import appstore, console, sign_in
from gateway.web.page_context import PageContext
from gateway.web.relative_time import RelativeTime
from gateway.web.renderer import Pages
from gateway.web.texts import CHINESE, ENGLISH, LANGUAGES, language_for
from tests.support.clock import SteppingClock
from tests.support.gateway_server import Gateway, http, text_of
from tests.support.house import ROOT

HOSTILE = '"><script>alert(1)</script>'


class Elements(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.attributes.extend(attrs)


def test_a_hostile_name_is_shown_as_text(gateway: Gateway) -> None:
    """On the page of a success and on that of a refusal."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": HOSTILE})
    _, refused = gateway.open(gateway.amazon.consent(begun["authorizeUrl"], decision="cancel"))
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": HOSTILE})
    back = gateway.amazon.consent(
        begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXNA001"
    )
    _, authorized = gateway.open(back)
    for page in (refused, authorized):
        elements = Elements(page.text)
        assert "script" not in elements.tags
        assert not any(name.startswith("on") or name == "style" for name, _ in elements.attributes)
        assert HOSTILE in text_of(page)


def test_pages_say_that_they_are_a_sandboxs(gateway: Gateway) -> None:
    """Nobody takes the stand-in for Amazon."""
    page = gateway.get("/oauth/result?problem=expired")
    assert "Sandbox" in text_of(page)


def test_a_page_loads_nothing_but_its_stylesheet(gateway: Gateway) -> None:
    """And the policy lets it do no more."""
    page = gateway.get("/oauth/result?problem=state_used")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    links = [value for name, value in Elements(page.text).attributes if name in ("href", "src", "action")]
    assert links == ["/pages/style.css", "#content"]
    style = gateway.get("/pages/style.css")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    policy = page.headers["Content-Security-Policy"]
    assert "style-src 'self'" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy


@pytest.mark.parametrize(
    "path",
    ["/oauth/result", "/oauth/result?problem=nonsense", "/oauth/result/x", "/oauth/result/" + "A" * 22],
)
def test_a_result_that_is_not_there_is_404(gateway: Gateway, path: str) -> None:
    """What stands in the address is not put on the page."""
    page = gateway.get(path)
    assert page.status_code == 404
    assert "nonsense" not in page.text


@pytest.mark.parametrize("problem", ["state_unknown", "state_used", "expired"])
def test_each_problem_says_what_to_do(gateway: Gateway, problem: str) -> None:
    """In words of its own."""
    page = gateway.get(f"/oauth/result?problem={problem}")
    assert page.status_code == 400
    assert "Make a new link" in text_of(page)


def test_an_account_without_profiles_has_a_word_to_quote(gateway: Gateway) -> None:
    """In every language the one of the documents."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Newcomer"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_EMPTY")
    path, page = gateway.open(back)
    assert "Code: profile_sync_failed" in " ".join(text_of(page).split())
    chinese = gateway.get(path, headers={"Accept-Language": "zh"})
    assert "代码： profile_sync_failed" in " ".join(text_of(chinese).split())


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/oauth/confirm", 404), ("/spApi/storeTokens", 405), ("/signout", 405)],
)
def test_who_opens_a_wrong_address_is_told_on_a_page(gateway: Gateway, path: str, status: int) -> None:
    """A person, who gets no JSON; a program gets what it got. The address is not put on the page.

    The way to the overview is there for who signed in with that browser: others would have to sign in first.
    """
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
    page = gateway.get(path, headers=browser)
    assert page.status_code == status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert 'href="/"' not in page.text
    signed_in = {**browser, "Cookie": "linkfox-sandbox-session=" + "A" * 43}
    assert 'href="/"' in gateway.get(path, headers=signed_in).text
    assert "LINKFOX_TOOL_GATEWAY" not in text_of(page)
    assert path not in page.text
    for accept in ("*/*", "application/json"):
        assert gateway.get(path, headers={"Accept": accept}).headers["Content-Type"] == "application/json"
    with http() as session:
        posted = session.post(gateway.url + "/nothing", headers=browser)
    assert (posted.status_code, posted.json()["reason"]) == (404, "unknown_path")


@pytest.mark.parametrize("host", ["[::1", "[x]:y", "evil.example", "a b", ""])
def test_a_host_that_is_none_is_told_on_a_page_too(gateway: Gateway, host: str) -> None:
    """Whatever stands in its place: the page needs no address to be made."""
    page = gateway.get("/", headers={"Host": host, "Accept": "text/html", "Cookie": "linkfox-session=x"})
    assert page.status_code in (400, 403, 421)
    assert 'href="/"' not in page.text


def test_the_icon_that_browsers_ask_for_is_answered(gateway: Gateway) -> None:
    """There is none; browsers remember that for a day, and the log has no 404 for each page."""
    answer = gateway.get("/favicon.ico")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Cache-Control"] == "max-age=86400"


def test_a_pending_attempt_says_so(gateway: Gateway) -> None:
    """Somebody who opens the result page early is told to go on."""
    attempt_id = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizationId"]
    page = gateway.get(f"/oauth/result/{attempt_id}")
    assert page.status_code == 200
    assert "not finished" in text_of(page)


def test_no_page_holds_a_token(gateway: Gateway) -> None:
    """Neither an access token nor a refresh token, nor the state."""
    gateway.authorize_store()
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(
        begun["authorizeUrl"], decision="confirm", selling_partner_id="A1SANDBOXNA001"
    )
    _, page = gateway.open(back)
    assert len(page.text) > 500
    assert "Atza|" not in page.text
    assert "Atzr|" not in page.text


def test_every_language_has_every_word() -> None:
    """A further language cannot leave a hole in a page, nor forget what is to be filled in."""
    for language in LANGUAGES.values():
        assert set(language.words) == set(ENGLISH.words)
        assert set(language.actions) == set(ENGLISH.actions)
        for name, words in language.words.items():
            assert words
            assert set(re.findall(r"{\w+}", words)) == set(re.findall(r"{\w+}", ENGLISH.words[name])), name


def test_every_word_is_used() -> None:
    """What no page says any more is taken out."""
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("web/templates", "web", "authorization")
        for path in (ROOT / "gateway" / folder).glob("*.*")
        if not path.name.startswith("words_")
    )
    families = ("region_", "sites_", "status_", "notice_")
    unused = [
        word
        for word in ENGLISH.words
        if not re.search(rf"\bt\.{word}\b|[\"']{word}[\"']", sources) and not word.startswith(families)
    ]
    assert unused == []


def test_every_failure_is_said_in_chinese() -> None:
    """Whatever a page can answer, and however a line of the activity can have ended."""
    assert set(CHINESE.problems) == set(TABLE)
    assert set(ENGLISH.problems) <= set(TABLE)


def test_pages_speak_to_a_person() -> None:
    """Whatever a result or a card can say names no command and nothing of the JSON's."""
    shown = {
        row.reason for row in TABLE.values() if row.code in ("authorization_failed", "denied", "expired")
    }
    shown -= {reason for reason in shown if "import" in reason}
    shown |= {"store_revoked", "tokens_damaged", "grant_of_another_client", "suspended_app", "not_found"}
    assert len(shown) > 25
    for language in LANGUAGES.values():
        for reason in shown:
            said = " ".join(language.problem(reason))
            assert not re.search(r"scripts/|retryAfter|Ask the person|\.py\b", said), said


def test_every_call_has_a_name_in_the_activity() -> None:
    """Whatever a user's key can do, so that no path stands there for people to guess at."""
    pages = (appstore, console, sign_in)
    routers = [*ROUTERS, *(page.router for page in pages)]
    named = {route.path for router in routers for route in router.routes if "POST" in route.methods}
    assert len(named) > 20
    for language in LANGUAGES.values():
        assert named <= set(language.actions)


def test_a_fault_of_the_gateways_is_found_in_its_log() -> None:
    """The page names the request; a page about anything else has nothing to look up."""
    pages = Pages(sandbox=False, clock=SteppingClock())
    page = pages.problem(Problem("internal"), PageContext("zh"), "0123456789abcdef")
    assert page.status_code == 500
    assert "请求 ID：0123456789abcdef" in bytes(page.body).decode()
    page = pages.problem(Problem("not_found"), PageContext("zh"), "0123456789abcdef")
    assert "0123456789abcdef" not in bytes(page.body).decode()


def test_every_site_has_a_chinese_name() -> None:
    """Those of the marketplaces' file."""
    assert set(CHINESE.sites) == {site.code for site in marketplaces()}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("xx", "en"),
        ("de;q=0.5, fr", "en"),
        ("en-GB,en;q=0.9", "en"),
        (";;;", "en"),
        ("en;q=x", "en"),
        ("*", "en"),
        ("," * 1000, "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH-hans-cn", "zh"),
        ("en;q=0.8, zh;q=0.9", "zh"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("de, zh;q=0.4", "zh"),
        ("en ; q=0.5 , zh ; Q=0.6", "zh"),
        ("en;q=0.999, zh;q=1.000", "zh"),
        ("zh;q=0.2, *;q=0.8", "en"),
        ("en;q=0, *", "zh"),
        ("en;q=0, zh;q=0, *", "en"),
        ("*;q=0", "en"),
        ("zh;q=nan, en;q=0.1", "en"),
        ("zh;q=inf, en;q=0.1", "en"),
        ("zh;q=-1, en;q=0.1", "en"),
        ("zh;q=2, en;q=0.1", "en"),
        ("zh;q=0.1, zh-TW;q=0.9, en;q=0.5", "zh"),
    ],
)
def test_any_accept_language_leads_to_a_language(header: str | None, code: str) -> None:
    """The one that is preferred most; English where nothing fits."""
    assert language_for(header).code == code


def test_a_chinese_browser_gets_chinese(gateway: Gateway) -> None:
    """The page says in which language it is, and that this depends on the browser."""
    page = gateway.get("/oauth/result?problem=expired", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "链接已过期" in text_of(page)
    assert 'lang="zh-CN"' in page.text
    assert page.headers["Content-Language"] == "zh-CN"
    assert "Accept-Language" in page.headers["Vary"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (119, "1 minute"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (365 * 86400, "365 days"),
    ],
)
def test_a_span_is_said_in_the_largest_fitting_unit(seconds: int, words: str) -> None:
    """Two of a unit at least, so that there is one plural only."""
    assert RelativeTime(0, ENGLISH).span(seconds) == words


def test_moments_are_seen_from_now() -> None:
    """Past, present and future, and a token whose time is over."""
    moments = RelativeTime(1_000_000, ENGLISH)
    assert moments.ago(1_000_000) == moments.ago(1_000_030) == "just now"
    assert moments.ago(996_000) == "66 minutes ago"
    assert moments.until(1_000_000) == "ended"
    assert moments.until(1_600_000) == "in 6 days"
    assert moments.left(1_000_000) is None
    assert moments.left(1_003_600) == "60 minutes left"
    assert moments.machine(0) == "1970-01-01T00:00:00Z"
