"""The Login URI that Amazon's Appstore opens: whom it believes, and whom it binds a seller to."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from gateway.amazon.marketplaces import marketplaces
from gateway.authorization.appstore import STATE_SECONDS, AppstoreRequest
from gateway.errors import Problem
from tests.support.gateway_server import Gateway, query_of
from tests.support.visitor import Page, Visitor

CONFIRM = "https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sellerapps.app.x"
SELLER = "A1SANDBOXNA001"


def real(host: str, path: str) -> str:
    """The address of Amazon itself."""
    return f"https://{host}{path}"


def read(callback_uri: str, address: Any = real, **changes: str) -> AppstoreRequest:
    """Read a query with this `amazon_callback_uri`."""
    query = {"amazon_callback_uri": callback_uri, "amazon_state": "s", "selling_partner_id": "A1", **changes}
    return AppstoreRequest.from_query(query.items(), address)


def login_query(**changes: str) -> str:
    """The query that Amazon opens the Login URI with."""
    query = {
        "amazon_callback_uri": CONFIRM,
        "amazon_state": "amazon/state+=&ü",
        "selling_partner_id": SELLER,
        **changes,
    }
    return urlencode({name: value for name, value in query.items() if value}, quote_via=quote, safe="")


def opened(gateway: Gateway, **form: str) -> str:
    """Agree in the stand-in's Appstore; the address at the gateway that the browser is sent to."""
    page = f"{gateway.amazon.url}/sellercentral.amazon.com/apps/store/dp/{gateway.amazon.spapi['appId']}"
    fields = {"selling_partner_id": SELLER, "login_uri": f"{gateway.url}/spApi/oauth/login", **form}
    return gateway.amazon.consent(page, decision="confirm", **fields).removeprefix(gateway.url)


def asked(visitor: Visitor, path: str) -> str:
    """Open the Login URI; the page that it leads to."""
    answer = visitor.get(path)
    assert answer.status_code == 303, answer.text[:300]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return answer.headers["Location"]


@pytest.mark.parametrize("site", marketplaces(), ids=lambda site: site.code)
def test_every_central_is_amazons(site: Any) -> None:
    """Seller and Vendor Central of each site, with the site's region."""
    for host in (site.seller_central, site.vendor_central):
        wanted = read(f"https://{host}/apps/authorize/confirm/x?a=b")
        assert (wanted.host, wanted.region) == (host, site.region)
        assert wanted.callback_uri == f"https://{host}/apps/authorize/confirm/x?a=b"


DOCUMENTED = {
    "amazon.com": "NA",
    "www.amazon.com": "NA",
    "www.amazon.co.uk": "EU",
    "amazon.de": "EU",
    "www.amazon.co.jp": "FE",
    "sellercentral-europe.amazon.com": "EU",
    "sellercentral-japan.amazon.com": "FE",
    **{f"sellercentral.amazon.{land}": "EU" for land in ("ie", "co.uk", "de", "fr", "it", "es")},
}


@pytest.mark.parametrize("host", DOCUMENTED)
def test_hosts_of_amazons_guides_are_amazons(host: str) -> None:
    """The shops themselves, as the developer guide writes it, and what public integrations come from."""
    wanted = read(f"https://{host}/apps/authorize/confirm/amzn1.sellerapps.app.x")
    assert (wanted.host, wanted.region) == (host, DOCUMENTED[host])


@pytest.mark.parametrize(
    "callback_uri",
    [
        "",
        "http://sellercentral.amazon.com/apps/authorize/x",
        "https://evil.example/apps/authorize/x",
        "https://sellercentral.amazon.com.evil.example/apps/authorize/x",
        "https://evilsellercentral.amazon.com/apps/authorize/x",
        "https://x.sellercentral.amazon.com/apps/authorize/x",
        "https://amazon.com.evil.example/apps/authorize/x",
        "https://evilamazon.com/apps/authorize/x",
        "https://amazon.evil/apps/authorize/x",
        "https://smile.amazon.com/apps/authorize/x",
        "https://s3.amazon.com/apps/authorize/x",
        "https://sellercentral-evil.amazon.com/apps/authorize/x",
        "https://sellercentral-europe.amazon.de/apps/authorize/x",
        "https://www.sellercentral.amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.example/apps/authorize/x",
        "https://sellercentral.amazon.com@evil.example/apps/authorize/x",
        "https://evil@sellercentral.amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.com:8443/apps/authorize/x",
        "https://sellercentral.amazon.com:443/apps/authorize/x",
        "https://sellercentral.amazon.com\\@evil.example/apps/authorize/x",
        "https://evil.example\\.sellercentral.amazon.com/apps/authorize/x",
        "https://SELLERCENTRAL.AMAZON.COM/apps/authorize/x",
        "https://sellercentral.amazon.com./apps/authorize/x",
        "https:sellercentral.amazon.com/apps/authorize/x",
        "https:///sellercentral.amazon.com/apps/authorize/x",
        "//sellercentral.amazon.com/apps/authorize/x",
        "javascript:alert(1)//https://sellercentral.amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.com/apps/authorize/x#fragment",
        "https://sellercentral.amazon.com/apps/authorize/x y",
        "https://sellercentral.amazon.com/apps/authorize/x\r\nLocation: x",
        "https://sellercentral.am\u0430zon.com/apps/authorize/x",
        "https://[sellercentral.amazon.com/apps/authorize/x",
        "\thttps://sellercentral.amazon.com/apps/authorize/x",
        " https://sellercentral.amazon.com/apps/authorize/x",
        "https://xn--sellercentral-amazon-0nf.com/apps/authorize/x",
        "https://sellercentral.amazon.com%2eevil.example/apps/authorize/x",
        "https://sellercentral.amazon.com%00.evil.example/apps/authorize/x",
        "https://sellercentral%2Eamazon.com/apps/authorize/x",
        "https://sellercentral\u3002amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.com;evil.example/apps/authorize/x",
        "https://sellercentral.amazon.com,evil.example/apps/authorize/x",
        "https://evil.example?@sellercentral.amazon.com/apps/authorize/x",
        "https://evil.example/https://sellercentral.amazon.com/apps/authorize/x",
        "https:////sellercentral.amazon.com/apps/authorize/x",
        "https:\\\\sellercentral.amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.com\\apps/authorize/x",
        "ftp://sellercentral.amazon.com/apps/authorize/x",
        "data:text/html,https://sellercentral.amazon.com/apps/authorize/x",
        "wss://sellercentral.amazon.com/apps/authorize/x",
        "https://sellercentral.amazon.com/apps/authorize/" + "x" * 3000,
        "http://127.0.0.1:9/sellercentral.amazon.com/apps/authorize/x",
    ],
)
def test_nothing_else_is_amazons(callback_uri: str) -> None:
    """So the Login URI cannot be used to send somebody elsewhere."""
    with pytest.raises(Problem, match="Appstore"):
        read(callback_uri)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/x",
        "/apps/authorize",
        "/apps/authorize/",
        "/apps/authorized/x",
        "/gp/sign-out?openid.return_to=https%3A%2F%2Fevil.example",
        "//evil.example/x",
        "/@evil.example",
        "/..//evil.example",
        "/apps/authorize/../../gp/sign-out",
        "/apps/authorize/./x",
        "/apps/authorize/%2e%2e/x",
        "/apps/authorize//x",
        "/apps/authorize/x%2F..%2F..",
        "/apps/authorize/x;y",
        "/APPS/authorize/x",
    ],
)
def test_other_places_at_amazon_are_refused(path: str) -> None:
    """Amazon takes the answer there alone: a sign-out, or a redirect of its own, is nobody's wish."""
    with pytest.raises(Problem, match="Appstore"):
        read(f"https://sellercentral.amazon.com{path}")


@pytest.mark.parametrize(
    "query",
    [
        "state=theirs",
        "a=b&state=theirs",
        "redirect_uri=https%3A%2F%2Fevil.example",
        "amazon_state=theirs",
        "version=beta",
        "State=theirs",
        "st%61te=theirs",
        "+state=theirs",
        "a=b;state=theirs",
        "state",
        "state=",
    ],
)
def test_a_query_that_brings_what_is_added_is_refused(query: str) -> None:
    """Of two values Amazon may believe the first: then the seller's consent ends in another's account."""
    with pytest.raises(Problem, match="Appstore"):
        read(f"{CONFIRM}?{query}")
    assert read(f"{CONFIRM}?estate=a&stateless=b").callback_uri == f"{CONFIRM}?estate=a&stateless=b"


@pytest.mark.parametrize(
    "changes",
    [
        {"amazon_state": ""},
        {"amazon_state": "a\nb"},
        {"amazon_state": "x" * 3000},
        {"selling_partner_id": ""},
        {"selling_partner_id": "<b>"},
        {"selling_partner_id": "A" * 65},
    ],
)
def test_an_incomplete_request_is_refused(changes: dict[str, str]) -> None:
    """Each parameter has its shape."""
    with pytest.raises(Problem):
        read(CONFIRM, **changes)


def test_a_parameter_that_comes_twice_is_refused() -> None:
    """Whoever reads the other one would see another request."""
    pairs = [*parse_qsl(login_query()), ("selling_partner_id", SELLER)]
    with pytest.raises(Problem):
        AppstoreRequest.from_query(pairs, real)


def test_a_stand_in_is_believed_at_its_own_address_only() -> None:
    """Amazon's own addresses lead to it, and it takes no other host."""

    def stood_in(host: str, path: str) -> str:
        return f"http://127.0.0.1:9/{host}{path}"

    there = "http://127.0.0.1:9/sellercentral.amazon.com/apps/authorize/confirm/x"
    assert read(CONFIRM.replace("amzn1.sellerapps.app.x", "x"), stood_in).callback_uri == there
    assert read(there, stood_in).callback_uri == there
    for other in (
        "http://127.0.0.1:9/evil.example/apps/authorize/x",
        "http://127.0.0.1:90/sellercentral.amazon.com/apps/authorize/x",
        "http://127.0.0.1:9/sellercentral.amazon.com.evil.example/apps/authorize/x",
        "http://evil.example/sellercentral.amazon.com/apps/authorize/x",
        "http://evil.example/?sellercentral.amazon.com/apps/authorize/x",
        "http://127.0.0.1:9/sellercentral.amazon.com/gp/sign-out",
        f"{there}?state=theirs",
    ):
        with pytest.raises(Problem):
            read(other, stood_in)


def test_a_refused_request_leads_nowhere(gateway: Gateway) -> None:
    """A page says so, in the browser's language, to signed-in people and strangers alike."""
    for visitor in (Visitor(gateway), Visitor(gateway).sign_in()):
        for path in ("/spApi/oauth/login", "/appstore"):
            query = login_query(amazon_callback_uri="https://evil.example/x")
            answer = visitor.get(f"{path}?{query}", **{"Accept-Language": "zh"})
            assert answer.status_code == 400
            assert "Location" not in answer.headers
            assert "evil.example" not in answer.text
            assert "亚马逊应用商店" in answer.text


def test_nothing_is_bound_before_somebody_agrees(gateway: Gateway) -> None:
    """Not by a stranger's visit, not by signing in, not by looking at the question."""
    visitor = Visitor(gateway)
    path = asked(visitor, opened(gateway))
    answer = visitor.get(path)
    assert answer.headers["Location"].startswith("/signin?next=%2Fappstore%3F")
    signed_in = visitor.submit(answer.headers["Location"], key=gateway.keys["owner"])
    assert signed_in.headers["Location"] == path
    page = visitor.page(path)
    assert f"the seller {SELLER} wants to connect to your account owner" in page.text
    (name,) = [field for field in page.all("input") if field.get("name") == "name"]
    assert (name["value"], "required" in name) == ("", True)  # nobody's name for it is made up
    assert "What lists call it" in page.text
    with gateway.vault.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar() == 0


def test_a_seller_is_connected_from_the_appstore(gateway: Gateway) -> None:
    """From Amazon's page over the question to the callback; the store has the name that was given."""
    visitor = Visitor(gateway).sign_in()
    path = asked(visitor, opened(gateway))
    answer = visitor.submit(path, name="From the Appstore")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    link = Page(answer.text).link(gateway.amazon.url)
    assert "version" not in query_of(link)
    sent = gateway.get(link)
    assert sent.status_code == 302
    _, result = gateway.open(sent.headers["Location"])
    assert "The store is authorized" in result.text
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (store["sellerId"], store["sellerName"], store["region"]) == (SELLER, "From the Appstore", "NA")


def test_amazons_state_goes_back_unchanged(gateway: Gateway) -> None:
    """Beside one of our own; `version=beta` only in testing."""
    visitor = Visitor(gateway).sign_in()
    for version in ("", "beta"):
        path = asked(visitor, f"/spApi/oauth/login?{login_query(version=version)}")
        link = Page(visitor.submit(path, name="Store").text).link(gateway.amazon.url)
        query = query_of(link)
        assert query["amazon_state"] == "amazon/state+=&ü"
        assert len(query["state"]) == 43
        assert query["redirect_uri"] == gateway.url + "/spApi/oauth/callback"
        assert query.get("version", "") == version
        assert urlsplit(link).path.startswith("/sellercentral.amazon.com/apps/authorize/confirm/")


def test_a_draft_is_always_in_testing(gateway: Gateway) -> None:
    """The whole way, with an application that Amazon calls a draft."""
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "draft": True})
    visitor = Visitor(gateway).sign_in()
    path = asked(visitor, opened(gateway))
    assert "version=beta" in path
    link = Page(visitor.submit(path, name="Draft").text).link(gateway.amazon.url)
    gateway.open(gateway.get(link).headers["Location"])
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_another_seller_coming_back_is_refused(gateway: Gateway) -> None:
    """The state is bound to the seller that Amazon named; no code is exchanged."""
    visitor = Visitor(gateway).sign_in()
    path = asked(visitor, opened(gateway))
    link = Page(visitor.submit(path, name="Store").text).link(gateway.amazon.url)
    back = gateway.get(link).headers["Location"]
    _, result = gateway.open(back.replace(SELLER, "A1SANDBOXNA002"))
    assert "You signed in to another store" in result.text
    assert gateway.good("/spApi/authorizedStores")["total"] == 0
    assert gateway.amazon.calls(grantType="authorization_code") == []


def test_the_state_lives_five_minutes(gateway: Gateway) -> None:
    """A second later the callback is refused."""
    visitor = Visitor(gateway).sign_in()
    path = asked(visitor, opened(gateway))
    link = Page(visitor.submit(path, name="Store").text).link(gateway.amazon.url)
    assert STATE_SECONDS == 300
    gateway.clock.step(STATE_SECONDS)
    _, result = gateway.open(gateway.get(link).headers["Location"])
    assert "The link has expired" in result.text
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


def test_the_question_is_checked_again_when_it_is_answered(gateway: Gateway) -> None:
    """What a form carries is believed as little as an address."""
    visitor = Visitor(gateway).sign_in()
    form = visitor.page(asked(visitor, opened(gateway))).hidden()
    changed = {**form, "name": "Store", "amazon_callback_uri": "https://evil.example/x"}
    assert visitor.post("/appstore", changed).status_code == 400
    answer = visitor.post("/appstore", {**form, "name": " "})
    assert answer.status_code == 400
    assert "Enter a name" in Page(answer.text).text
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


def test_who_may_not_manage_connects_nothing(gateway: Gateway) -> None:
    """A key for tokens alone."""
    gateway.keys["reader"] = gateway.vault.users.issue_key("owner", ("tokens",))[1].reveal()
    reader = Visitor(gateway).sign_in("reader")
    assert reader.get(asked(reader, opened(gateway))).status_code == 403
