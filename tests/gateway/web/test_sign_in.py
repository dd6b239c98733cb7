"""Signing in with an API key, and whose forms are believed."""

from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest
import requests

from gateway.vault.sessions import LIFETIME, LOOPBACK_LIFETIME
from gateway.web import appstore, confirmation, console, sign_in
from gateway.web.sign_in import own_page
from tests.support.gateway_server import Amazon, Gateway
from tests.support.public_gateway import HOST, PUBLIC, public_gateway
from tests.support.visitor import Page, Visitor


def cookie_of(answer: requests.Response, purpose: str) -> Morsel[str]:
    """The cookie that an answer sets."""
    cookies: SimpleCookie = SimpleCookie()
    for header in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(header)
    (found,) = [morsel for name, morsel in cookies.items() if name.endswith(purpose)]
    return found


def test_who_is_not_signed_in_is_asked_to(gateway: Gateway) -> None:
    """Each page leads to the sign-in page, and that back to it."""
    visitor = Visitor(gateway)
    assert visitor.get("/").headers["Location"] == "/signin"
    for path in ("/stores/authorize", "/accounts/authorize?again=7", "/remove/7"):
        answer = visitor.get(path)
        assert answer.status_code == 303
        page = Page(visitor.get(answer.headers["Location"]).text)
        assert page.hidden()["next"] == path


def test_a_valid_key_opens_the_page_that_was_wanted(gateway: Gateway) -> None:
    """And the sign-in page then leads on at once."""
    visitor = Visitor(gateway)
    answer = visitor.submit("/signin?next=%2Fstores%2Fauthorize", key=f" {gateway.keys['owner']} ")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/stores/authorize"
    assert "Authorize a store" in visitor.page("/stores/authorize").text
    assert visitor.get("/signin").headers["Location"] == "/"


def test_the_pages_tell_which_key_is_signed_in(gateway: Gateway) -> None:
    """By its label, where it has one."""
    visitor = Visitor(gateway)
    visitor.submit("/signin", key=gateway.keys["owner"])
    assert "Signed in as owner" in visitor.page("/").text
    labeled = gateway.vault.users.issue_key("owner", label="小红的 <b>")[1].reveal()
    visitor = Visitor(gateway)
    visitor.submit("/signin", key=labeled)
    assert "Signed in as owner (小红的 <b>)" in visitor.page("/").text


def test_the_cookie_is_out_of_reach(gateway: Gateway) -> None:
    """No script reads it, no other site's form brings it along, and plain http is fine on loopback only."""
    answer = Visitor(gateway).submit("/signin", key=gateway.keys["owner"])
    cookie = cookie_of(answer, "session")
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    assert not cookie.key.startswith("__")
    assert len(cookie.value) == 43


def test_the_cookie_is_secure_where_others_come_by(amazon: Amazon, tmp_path: Path) -> None:
    """Bound to the host too, so that no subdomain can set it; on loopback the same gateway does without."""
    with public_gateway(amazon, tmp_path) as gateway:
        visitor = Visitor(gateway)
        page = visitor.get("/signin", Host=HOST)
        before = cookie_of(page, "form")
        assert before["secure"]
        headers = {
            "Host": HOST,
            "Origin": PUBLIC,
            "Cookie": f"{before.key}={before.value}",
        }
        form = {**Page(page.text).hidden(), "key": gateway.keys["owner"]}
        cookie = cookie_of(visitor.post("/signin", form, headers), "session")
        assert cookie.key == "__Host-linkfox-sandbox-session"
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert cookie["max-age"] == str(LIFETIME)
        signed_in = {"Host": HOST, "Cookie": f"{cookie.key}={cookie.value}"}
        gateway.clock.step(LIFETIME - 1)
        assert visitor.get("/", **signed_in).status_code == 200
        gateway.clock.step(1)
        assert visitor.get("/", **signed_in).status_code == 303
        assert not cookie_of(visitor.get("/signin"), "form")["secure"]


@pytest.mark.parametrize("key", ["", "wrong", "lfx_local_" + "a" * 43, "x" * 5000, "我的"])
def test_another_key_is_refused_beside_its_field(gateway: Gateway, key: str) -> None:
    """With the status of a bad key; the key is not repeated on the page."""
    visitor = Visitor(gateway)
    answer = visitor.submit("/signin", key=key)
    assert answer.status_code == 401
    page = Page(answer.text)
    (field,) = [each for each in page.all("input") if each.get("name") == "key"]
    assert field["aria-invalid"] == "true"
    assert "value" not in field
    assert "unknown or was revoked" in page.text
    assert not key or key not in answer.text
    assert visitor.get("/").status_code == 303


def test_a_failed_sign_in_is_in_the_audit(gateway: Gateway) -> None:
    """As what it was, and a good one under the user's name."""
    Visitor(gateway).submit("/signin", key="wrong")
    Visitor(gateway).sign_in()
    gateway.vault.audit.flush()
    entries, _ = gateway.vault.audit.newest(10)
    outcomes = [(entry.who, entry.outcome) for entry in entries if entry.action == "/signin"]
    assert outcomes == [("owner", "ok"), ("(unknown key)", "unauthorized")]


def test_too_many_bad_keys_have_to_wait(gateway: Gateway) -> None:
    """And are told how long; a valid key works all the same."""
    visitor = Visitor(gateway)
    statuses = [visitor.submit("/signin", key="wrong").status_code for _ in range(31)]
    assert set(statuses[:30]) == {401}
    assert statuses[30] == 429
    answer = visitor.submit("/signin", key="wrong")
    assert answer.headers["Retry-After"] == "60"
    assert "Wait 60 seconds" in Page(answer.text).text
    visitor.sign_in()


def test_a_key_that_may_do_nothing_here_is_refused(gateway: Gateway) -> None:
    """A key for the proxy alone."""
    gateway.keys["proxy"] = gateway.vault.users.issue_key("owner", ("proxy",))[1].reveal()
    visitor = Visitor(gateway)
    answer = visitor.submit("/signin", key=gateway.keys["proxy"])
    assert answer.status_code == 403
    assert "neither list nor manage" in Page(answer.text).text


def test_signing_out_ends_the_session(gateway: Gateway) -> None:
    """Also for who kept the cookie."""
    visitor = Visitor(gateway).sign_in()
    kept = dict(visitor.session.cookies)
    assert visitor.post("/signout", visitor.page("/").hidden()).headers["Location"] == "/signin"
    assert visitor.get("/").status_code == 303
    visitor.session.cookies.update(kept)
    assert visitor.get("/").status_code == 303
    assert visitor.post("/signout", {}).status_code == 303


def test_a_session_ends_with_its_time_or_its_key(gateway: Gateway) -> None:
    """Whichever comes first; soon on loopback, where servers on other ports are sent the cookie, too."""
    visitor = Visitor(gateway)
    answer = visitor.submit("/signin", key=gateway.keys["owner"])
    assert cookie_of(answer, "session")["max-age"] == str(LOOPBACK_LIFETIME)
    gateway.clock.step(LOOPBACK_LIFETIME - 1)
    assert visitor.get("/").status_code == 200
    gateway.clock.step(1)
    assert visitor.get("/").status_code == 303
    visitor.sign_in()
    assert visitor.get("/").status_code == 200
    caller = gateway.vault.users.authenticate(gateway.keys["owner"])
    assert caller is not None
    gateway.vault.users.revoke_key(caller.key_id)
    assert visitor.get("/").status_code == 303


def test_a_made_up_session_is_nobodys(gateway: Gateway) -> None:
    """Whatever the cookie holds."""
    visitor = Visitor(gateway)
    for value in ("", "A" * 43, "x" * 4000, "%00", '"'):
        visitor.session.cookies.set("linkfox-sandbox-session", value)
        assert visitor.get("/").status_code == 303


def test_a_form_without_its_token_is_refused(gateway: Gateway) -> None:
    """The sign-in form too, and nothing happens."""
    gateway.authorize_store()
    record_id = gateway.good("/spApi/authorizedStores")["stores"][0]["authRecordId"]
    stranger = Visitor(gateway)
    stranger.get("/signin")
    for form in ({}, {"token": ""}, {"token": "A" * 43}, {"token": "ä"}):
        assert stranger.post("/signin", {"key": gateway.keys["owner"], **form}).status_code == 403
    visitor = Visitor(gateway).sign_in()
    others_token = Page(stranger.get("/signin").text).hidden()["token"]
    for path in (
        "/stores/authorize",
        "/accounts/authorize",
        f"/remove/{record_id}",
        "/appstore",
        "/signout",
    ):
        for token in ("", others_token):
            answer = visitor.post(path, {"name": "Store", "region": "NA", "token": token})
            assert answer.status_code == 403, path
            assert "was not sent from this gateway" in Page(answer.text).text
    assert gateway.good("/spApi/authorizedStores")["total"] == 1
    assert visitor.get("/").status_code == 200


ELSEWHERE = (
    *("https://evil.example", "null", "http://127.0.0.1:1", "nonsense", "http://[", "http://[::1", "", "é"),
    *("http://127.0.0.1@evil.example", "//", "://"),
)


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_a_form_of_another_site_is_refused(gateway: Gateway, origin: str) -> None:
    """Even one that knows the token; so is a call of the JSON API by a page."""
    visitor = Visitor(gateway)
    form = {**visitor.page("/signin").hidden(), "key": gateway.keys["owner"]}
    answer = visitor.post("/signin", form, {"Origin": origin.encode()})
    assert answer.status_code == 403
    assert answer.json()["reason"] == "origin_not_allowed"
    assert gateway.post("/spApi/authorizedStores", Origin=origin.encode()).status_code == 403
    assert visitor.get("/").status_code == 303


FORMS = [
    route.path
    for pages in (appstore, confirmation, console, sign_in)
    for route in pages.router.routes
    if "POST" in route.methods
]


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_taken_from_another_site(gateway: Gateway, path: str) -> None:
    """Whichever it is, and whoever is signed in: the one check stands before all of them."""
    visitor = Visitor(gateway).sign_in()
    path = path.format(record_id="7", attempt_id="A" * 22)
    form = visitor.page("/").hidden()
    answer = visitor.post(path, form, {"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert answer.json()["reason"] == "origin_not_allowed"
    assert visitor.get("/").status_code == 200


def test_a_form_of_this_gateway_is_taken(gateway: Gateway) -> None:
    """A browser says where it comes from."""
    visitor = Visitor(gateway)
    form = {**visitor.page("/signin").hidden(), "key": gateway.keys["owner"]}
    assert visitor.post("/signin", form, {"Origin": gateway.url}).status_code == 303


def test_a_foreign_host_is_refused(gateway: Gateway) -> None:
    """A name that points here from elsewhere gets no page."""
    answer = Visitor(gateway).get("/signin", Host="evil.example")
    assert answer.status_code == 403
    assert answer.json()["reason"] == "host_not_allowed"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("multipart/form-data; boundary=x", "--x--"),
        ("application/x-www-form-urlencoded", "&".join(f"a{number}=1" for number in range(100))),
        ("application/x-www-form-urlencoded", b"key=\xff"),
        ("application/x-www-form-urlencoded", "key=%ff"),
    ],
)
def test_a_body_that_is_no_form_is_refused(gateway: Gateway, content_type: str, body: str | bytes) -> None:
    """With a page that says so."""
    visitor = Visitor(gateway)
    answer = visitor.session.post(
        gateway.url + "/signin", data=body, headers={"Content-Type": content_type}, allow_redirects=False
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/signin",
        "/signout",
        "/remove/7/../..",
        "/appstore/../x",
        "/x",
        "",
        "/appstore?" + "x" * 9000,
    ],
)
def test_signing_in_leads_to_own_pages_only(address: str) -> None:
    """Anything else is the overview."""
    assert own_page(address) == "/"


@pytest.mark.parametrize("address", ["/", "/stores/authorize?again=12", "/remove/12", "/appstore?a=b%2F&c=d"])
def test_own_pages_are_led_to(address: str) -> None:
    """With their query."""
    assert own_page(address) == address
