"""The token endpoint in the shape of Login with Amazon's: what programs that are made for that one get."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from gateway.api.login_with_amazon import ERRORS, LATER, PATH, SOON, lwa_error
from gateway.asgi.failed_keys import MOST_FAILURES
from gateway.errors import TABLE
from gateway.model import Right
from gateway.tokens.stand_in_tokens import LIFETIME
from gateway.util.secret import Secret
from gateway.vault.errors import VaultError
from tests.support.gateway_server import Gateway, http
from tests.support.house import ROOT

SELLER = "A1SANDBOXNA001"
STORE = f"store:{SELLER}:NA"
FORM = "application/x-www-form-urlencoded"
REVOKED = {"status": 400, "body": '{"error": "invalid_grant", "error_description": "revoked"}'}


def fields(gateway: Gateway, handle: str = STORE, user: str = "owner", **changes: Any) -> dict[str, Any]:
    """What a library sends."""
    sent = {
        "grant_type": "refresh_token",
        "client_id": "amzn1.application-oa2-client.any",
        "client_secret": gateway.keys.get(user, user),
        "refresh_token": handle,
    }
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def send(gateway: Gateway, body: bytes | str, kind: str | None = FORM, **headers: str) -> requests.Response:
    """POST a body as it is."""
    with http() as session:
        types = {} if kind is None else {"Content-Type": kind}
        data = body.encode() if isinstance(body, str) else body
        answer = session.post(gateway.url + PATH, data=data, headers={**types, **headers})
    check_shape(answer)
    return answer


def check_shape(answer: requests.Response) -> None:
    """Fail where an answer is not in Login with Amazon's shape, or might be cached."""
    wanted = {"access_token", "refresh_token", "token_type", "expires_in"}
    document = answer.json()
    assert document.keys() == (wanted if answer.ok else {"error", "error_description"})
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    if not answer.ok:
        description = document["error_description"]
        assert description.isascii()
        assert description.isprintable()
        assert not set('"\\') & set(description)
        assert answer.headers["X-Gateway-Reason"] == description.partition(":")[0]


def token(gateway: Gateway, handle: str = STORE, user: str = "owner") -> dict[str, Any]:
    """The answer to a good request."""
    answer = send(gateway, urlencode(fields(gateway, handle, user)))
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """The status and the error of a refusal, and the gateway's reason."""
    document = answer.json()
    return answer.status_code, document["error"], document["error_description"].partition(":")[0]


def refused(
    gateway: Gateway, handle: str = STORE, user: str = "owner", **changes: Any
) -> tuple[int, str, str]:
    """How a request is refused."""
    return refusal(send(gateway, urlencode(fields(gateway, handle, user, **changes))))


def key_with(gateway: Gateway, *rights: Right) -> str:
    """A key of the owner's with these rights alone."""
    return gateway.vault.users.issue_key("owner", rights)[1].reveal()


def test_a_store_is_answered_as_login_with_amazon_would(gateway: Gateway) -> None:
    """Its present token, with the time that it has left, and the handle in place of the refresh token."""
    gateway.authorize_store()
    kept = gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"})
    assert token(gateway, f"store:{SELLER}:na")["access_token"] == kept["accessToken"]
    assert token(gateway) == {
        "access_token": kept["accessToken"],
        "refresh_token": STORE,
        "token_type": "bearer",
        "expires_in": 3600,
    }
    gateway.clock.step(350)
    assert token(gateway)["expires_in"] == 3250
    assert gateway.amazon.refreshes() == []
    gateway.clock.step(1)
    fresh = token(gateway)
    assert (fresh["expires_in"], fresh["access_token"] == kept["accessToken"]) == (3600, False)
    assert fresh["access_token"] == token(gateway)["access_token"]
    assert len(gateway.amazon.refreshes()) == 1


def test_accounts_are_answered_by_profile_and_by_number(gateway: Gateway) -> None:
    """The same token either way."""
    record = gateway.authorize_account()["account"]["authRecordId"]
    profile = gateway.good("/amazonAds/authorizedStores")["stores"][0]["profileId"]
    handles = [f"account:{record}", f"profile:{profile}"]
    answers = [token(gateway, handle) for handle in handles]
    assert [answer["refresh_token"] for answer in answers] == handles
    kept = gateway.good("/amazonAds/storeTokens", {"authRecordId": record})
    assert {answer["access_token"] for answer in answers} == {kept["accessToken"]}


KINDS = [
    FORM,
    f"{FORM}; charset=UTF-8",
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "application/octet-stream",
    "nonsense",
    None,
]


def test_a_body_is_read_by_what_it_is(gateway: Gateway) -> None:
    """A form or JSON under any Content-Type, with a byte order mark, spaces around it, and more fields."""
    gateway.authorize_store()
    sent = fields(gateway, scope="anything", redirect_uri="", 我="的")
    for kind in KINDS:
        for text in (urlencode(sent), json.dumps(sent), json.dumps({**sent, "more": {"a": [None, {}]}})):
            for body in (text, f"\ufeff{text}", f"\r\n {text} \n"):
                assert send(gateway, body, kind).status_code == 200, body[:20]


NO_REQUESTS = [
    "",
    "{",
    "[]",
    '["grant_type"]',
    "null",
    '"text"',
    "{}",
    '{"grant_type": NaN}',
    "{" * 5000,
    '{"a":' * 5000,
    "&".join(f"f{number}=x" for number in range(200)),
    b"\xff\xfe{\x00}\x00",
    b"grant_type=%ff",
    b"\x00\x01\x02",
    "--x\r\nContent-Disposition: form-data; name=grant_type\r\n\r\nrefresh_token\r\n--x--",
]


def test_what_is_no_request_is_an_invalid_one(gateway: Gateway) -> None:
    """Neither a form nor JSON, or one that says nothing."""
    for body in NO_REQUESTS:
        answer = send(gateway, body)
        assert refusal(answer) == (400, "invalid_request", "bad_parameter")


@pytest.mark.parametrize("name", ["grant_type", "client_secret", "refresh_token"])
def test_a_field_is_needed_once_and_as_text(gateway: Gateway, name: str) -> None:
    """Left out, empty, null and given twice are said by its name; the client id may be anything."""
    gateway.authorize_store()
    whole = fields(gateway)
    rest = {other: value for other, value in whole.items() if other != name}
    twice = f"{urlencode(whole)}&{name}=other"
    bodies = [urlencode(rest), urlencode({**rest, name: ""}), json.dumps({**rest, name: None}), twice]
    bodies += [json.dumps({**rest, name: value}) for value in (7, True, [whole[name]], {"a": 1})]
    bodies += [json.dumps(whole)[:-1] + f', "{name}": "other"}}']
    for body in bodies:
        answer = send(gateway, body)
        assert refusal(answer) == (400, "invalid_request", "bad_parameter"), body[:40]
        assert f" {name}: " in answer.json()["error_description"]
    for client_id in (None, "", "我的应用", "x" * 3000):
        assert send(gateway, urlencode(fields(gateway, client_id=client_id))).status_code == 200


@pytest.mark.parametrize(
    "grant_type", ["client_credentials", "authorization_code", "password", "REFRESH_TOKEN"]
)
def test_no_other_grant_type_is_taken(gateway: Gateway, grant_type: str) -> None:
    """With what to do for a grantless call; also where such a request brings no refresh token."""
    for handle in (STORE, None):
        answer = send(gateway, urlencode(fields(gateway, grant_type=grant_type, refresh_token=handle)))
        assert refusal(answer) == (400, "unsupported_grant_type", "unsupported_grant_type")
        assert "below /spapi/" in answer.json()["error_description"]


NO_HANDLES = [
    "Atzr|IwEBIexample",
    SELLER,
    f"{SELLER}|NA",
    f"store:{SELLER}",
    f"store:{SELLER}:US",
    "store::NA",
    f"store:{SELLER}:NA:x",
    f"stores:{SELLER}:NA",
    f"proxy:proxy:{STORE}",
    "profile:",
    "profile:0",
    "profile:9223372036854775808",
    "profile:12x",
    "account:-1",
    "account:١",
    f"store:{'x' * 65}:NA",
    "store:../../etc:NA",
    "我的店铺",
    f"store:{SELLER}:NA\x00",
]


def test_a_misspelt_handle_is_an_invalid_grant(gateway: Gateway) -> None:
    """With what a handle looks like, and nothing of what was sent."""
    gateway.authorize_store()
    for handle in NO_HANDLES:
        answer = send(gateway, urlencode(fields(gateway, handle)))
        assert refusal(answer) == (400, "invalid_grant", "unknown_handle")
        description = answer.json()["error_description"]
        assert "store:sellerId:region" in description
        assert "IwEBIexample" not in description


def test_a_store_is_only_found_in_its_region(gateway: Gateway) -> None:
    """The description says in which that is; of another user's store nothing is said at all."""
    gateway.authorize_store()
    gateway.add_user("guest")
    answer = send(gateway, urlencode(fields(gateway, f"store:{SELLER}:EU")))
    assert refusal(answer) == (400, "invalid_grant", "not_found")
    assert "authorized in NA" in answer.json()["error_description"]
    told = {
        send(gateway, urlencode(fields(gateway, handle, "guest"))).text
        for handle in (
            STORE,
            f"proxy:{STORE}",
            "store:NOBODY:NA",
            "account:7",
            "profile:7",
            "proxy:account:7",
        )
    }
    assert len(told) == 1
    gateway.good("/spApi/removeStore", {"sellerId": SELLER, "region": "NA"})
    assert refused(gateway) == (400, "invalid_grant", "not_found")


def test_a_key_that_is_none_is_an_invalid_client_before_anything_else(gateway: Gateway) -> None:
    """Whatever else is wrong; the audit has it, and no answer repeats it."""
    gateway.authorize_store()
    for key in ("lfx_local_" + "x" * 43, "short", "Bearer x", "我" * 50, "x" * 5000):
        for handle, changes in ((STORE, {}), ("nonsense", {}), (STORE, {"grant_type": "password"})):
            answer = send(gateway, urlencode(fields(gateway, handle, key, **changes)))
            assert refusal(answer) == (401, "invalid_client", "unauthorized")
            assert "client_secret" in answer.json()["error_description"]
            assert key not in answer.text
    key_id, key = gateway.vault.users.issue_key("owner")
    gateway.keys["revoked"] = key.reveal()
    assert token(gateway, user="revoked")
    gateway.vault.users.revoke_key(key_id)
    assert refused(gateway, user="revoked") == (401, "invalid_client", "unauthorized")


def test_each_kind_of_handle_wants_its_right(gateway: Gateway) -> None:
    """`tokens` for Amazon's token, `proxy` for a stand-in; the description names what is missing."""
    gateway.authorize_store()
    for rights, good, bad in (
        (("tokens",), STORE, f"proxy:{STORE}"),
        (("proxy",), f"proxy:{STORE}", STORE),
        (("tokens", "proxy"), STORE, None),
        (("manage",), None, STORE),
    ):
        key = key_with(gateway, *rights)
        if good:
            assert token(gateway, good, key)
        if bad:
            answer = send(gateway, urlencode(fields(gateway, bad, key)))
            assert refusal(answer) == (401, "invalid_client", "key_lacks_right")
            right = "proxy" if bad.startswith("proxy:") else "tokens"
            assert f"it needs the right {right}" in answer.json()["error_description"]


def test_too_many_bad_keys_have_to_wait(gateway: Gateway) -> None:
    """As at every other address, and counted with them; a good key works all the same."""
    gateway.authorize_store()
    for _ in range(MOST_FAILURES):
        gateway.bad("/spApi/storeTokens", {}, status=401, user="none")
    answer = send(gateway, urlencode(fields(gateway, user="none")))
    assert refusal(answer) == (429, "temporarily_unavailable", "too_many_failures")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert token(gateway)


def test_a_revoked_store_is_told_with_its_consent_link(gateway: Gateway) -> None:
    """To a key that may make links, for a stand-in token too; Amazon is asked once."""
    gateway.authorize_store()
    gateway.clock.step(400)
    gateway.amazon.fault(REVOKED, times=None, grantType="refresh_token")
    for handle in (STORE, STORE, f"proxy:{STORE}"):
        answer = send(gateway, urlencode(fields(gateway, handle)))
        assert refusal(answer) == (400, "invalid_grant", "store_revoked")
        description = answer.json()["error_description"]
        link = description.rpartition(" ")[2]
        assert "/apps/authorize/consent" in link
    assert len(gateway.amazon.refreshes()) == 1
    answer = send(gateway, urlencode(fields(gateway, user=key_with(gateway, "tokens"))))
    assert refusal(answer) == (400, "invalid_grant", "store_revoked")
    assert "http" not in answer.json()["error_description"]
    gateway.amazon.control("faults/clear", {})
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=SELLER))
    assert token(gateway)["expires_in"] == 3600


def test_a_token_that_lives_is_answered_while_amazon_is_away(gateway: Gateway) -> None:
    """With what it has left; one that has ended is told as what passes by itself."""
    gateway.authorize_store()
    gateway.clock.step(3000)
    gateway.amazon.fault({"status": 503}, times=None, grantType="refresh_token")
    assert token(gateway)["expires_in"] == 600
    gateway.clock.step(700)
    gateway.end_pauses()
    answer = send(gateway, urlencode(fields(gateway)))
    assert refusal(answer) == (503, "temporarily_unavailable", "amazon_failed")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_database_that_is_away_is_told_as_what_passes(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a good request as for one that only shows a key: nobody takes it for a key that is none."""

    async def away(*_: object) -> None:
        raise VaultError("the database does not answer", "Check that it runs.", retryable=True)

    monkeypatch.setattr(gateway.vault.rows, "first", away)
    for handle in (STORE, f"proxy:{STORE}", "nonsense"):
        answer = send(gateway, urlencode(fields(gateway, handle)))
        assert refusal(answer) == (503, "temporarily_unavailable", "vault_unavailable")
        assert answer.headers["Retry-After"] == str(SOON)


def test_amazons_rest_is_passed_on(gateway: Gateway) -> None:
    """429 with the seconds that Amazon asked for."""
    gateway.authorize_store()
    gateway.clock.step(3700)
    gateway.amazon.fault({"status": 429, "headers": {"Retry-After": "240"}}, grantType="refresh_token")
    answer = send(gateway, urlencode(fields(gateway)))
    assert refusal(answer) == (429, "temporarily_unavailable", "amazon_throttled")
    assert 230 <= int(answer.headers["Retry-After"]) <= 240


@pytest.mark.parametrize("life", [60, 1800])
def test_a_token_that_amazon_gives_a_short_life_is_not_refreshed_by_each_caller(
    gateway: Gateway, life: int
) -> None:
    """It is answered for as long as it truly lives."""
    gateway.authorize_store()
    gateway.clock.step(3590)
    gateway.amazon.fault({"token": {"set": {"expires_in": life}}}, times=None, grantType="refresh_token")
    answers = [token(gateway) for _ in range(5)]
    assert len({answer["access_token"] for answer in answers}) == 1
    assert {answer["expires_in"] for answer in answers} == {life}
    assert len(gateway.amazon.refreshes()) == 1


def test_a_stand_in_token_asks_nothing_of_amazon(gateway: Gateway) -> None:
    """However old the store's own is, and whatever Amazon says just then."""
    gateway.authorize_store()
    record = gateway.authorize_account()["account"]["authRecordId"]
    profile = gateway.good("/amazonAds/authorizedStores")["stores"][0]["profileId"]
    gateway.clock.step(4000)
    gateway.amazon.fault(REVOKED, times=None, grantType="refresh_token")
    for handle in (f"proxy:{STORE}", f"proxy:account:{record}", f"proxy:profile:{profile}"):
        answer = token(gateway, handle)
        assert answer["access_token"].startswith("lfxp_")
        assert (answer["refresh_token"], answer["token_type"]) == (handle, "bearer")
        assert answer["expires_in"] == LIFETIME
    assert gateway.amazon.refreshes() == []


def test_a_stand_in_token_names_the_key_the_store_and_the_profile(gateway: Gateway) -> None:
    """What it is good for is what its handle and its key said, and nothing else."""
    gateway.authorize_store()
    record = gateway.authorize_account()["account"]["authRecordId"]
    profile = gateway.good("/amazonAds/authorizedStores")["stores"][0]["profileId"]
    store = gateway.good("/spApi/authorizedStores")["stores"][0]["authRecordId"]
    key_id, key = gateway.vault.users.issue_key("owner")
    read = gateway.app.state.services.stand_in_tokens.read
    ends = int(gateway.clock.now()) + LIFETIME
    for handle, named in (
        (STORE, (key_id, store, None, ends)),
        (f"account:{record}", (key_id, record, None, ends)),
        (f"profile:{profile}", (key_id, record, profile, ends)),
    ):
        answer = token(gateway, f"proxy:{handle}", key.reveal())
        assert read(Secret(answer["access_token"])) == named


@pytest.mark.parametrize(
    ("method", "path", "options", "expected"),
    [
        ("GET", PATH, {}, (405, "invalid_request", "method_not_allowed")),
        ("GET", PATH, {"headers": {"Accept": "text/html"}}, (405, "invalid_request", "method_not_allowed")),
        ("DELETE", PATH, {}, (405, "invalid_request", "method_not_allowed")),
        ("POST", f"{PATH}/", {}, (404, "invalid_request", "unknown_path")),
        ("POST", "/auth/o2/other", {}, (404, "invalid_request", "unknown_path")),
        ("POST", PATH, {"headers": {"Host": "evil.example"}}, (403, "invalid_request", "host_not_allowed")),
        (
            "POST",
            PATH,
            {"headers": {"Origin": "https://evil.example"}},
            (403, "invalid_request", "origin_not_allowed"),
        ),
        ("POST", PATH, {"data": b"x" * 20_000_000}, (413, "invalid_request", "body_too_large")),
    ],
)
def test_what_is_refused_before_there_is_a_request_is_told_alike(
    gateway: Gateway, method: str, path: str, options: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """Libraries read the error's two fields, and nothing else."""
    with http() as session:
        answer = session.request(method, gateway.url + path, **options)
    check_shape(answer)
    assert refusal(answer) == expected


def test_elsewhere_nothing_changes(gateway: Gateway) -> None:
    """A path that only begins alike has the envelope."""
    assert gateway.bad("/auth/o2", {}, status=404)["reason"] == "unknown_path"


def test_every_failure_has_an_error_of_login_with_amazons() -> None:
    """With a status that a library knows; 401 is about the key alone, 503 is never the caller's fault."""
    assert ERRORS.keys() <= TABLE.keys()
    for reason, row in TABLE.items():
        status, error = lwa_error(row)
        if error == "invalid_client":
            assert (status, row.code) == (401, "unauthorized")
        elif error in ("invalid_grant", "unsupported_grant_type"):
            assert status == 400, reason
        elif error == "invalid_request":
            assert (status, row.http_status < 500) == (row.http_status, True)
        else:
            assert error == "temporarily_unavailable"
            assert status == (429 if row.http_status == 429 else 503)
        if row.code == "needs_reauthorization":
            assert error == "invalid_grant", reason
    rows = (ROOT / "references/api.md").read_text(encoding="utf-8").splitlines()
    for reason, (status, error) in ERRORS.items():
        assert [row for row in rows if row.startswith(f"| {status} | `{error}` |") and f"`{reason}`" in row]
    assert 0 < SOON < LATER


def test_a_call_stands_in_the_audit_with_what_it_named(gateway: Gateway) -> None:
    """And nothing that looks like a secret does, whatever was sent as a handle."""
    gateway.authorize_store()
    token(gateway)
    refused(gateway, "Atzr|IwEBIexample")
    gateway.vault.audit.flush()
    entries, _ = gateway.vault.audit.newest(100)
    calls = [(one.who, one.subject, one.outcome) for one in entries if one.action == PATH]
    assert calls == [("owner", None, "unknown_handle"), ("owner", f"{SELLER} NA", "ok")]
