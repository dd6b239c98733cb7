"""What a browser sees."""

from html.parser import HTMLParser

import pytest

from gateway.pages.texts import DEFAULT_LANGUAGE, TEXTS, texts_for
from tests.gateway.running import Gateway, text_of

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
    _, authorised = gateway.open(back)
    for page in (refused, authorised):
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
    assert links == ["/pages/style.css"]
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
    """A further language cannot leave a hole in a page."""
    words = set(TEXTS[DEFAULT_LANGUAGE])
    assert all(set(texts) == words and all(texts.values()) for texts in TEXTS.values())


@pytest.mark.parametrize(
    "header", [None, "", "xx", "de;q=0.5, fr", "en-GB,en;q=0.9", ";;;", "en;q=x", "*", "," * 1000]
)
def test_any_accept_language_leads_to_a_language(header: str | None) -> None:
    """English where nothing else fits."""
    assert texts_for(header)[0] in TEXTS
