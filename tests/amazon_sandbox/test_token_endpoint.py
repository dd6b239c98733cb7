"""The token endpoint: bodies, headers and statuses as Amazon's were recorded."""

import re
from collections.abc import Callable

import pytest
import requests

from tests.support.sandbox_process import CALLBACK, SandboxProcess, callback

HOSTS = ("api.amazon.com", "api.amazon.co.uk", "api.amazon.co.jp")
REVOKED = (
    "The request has an invalid grant parameter : refresh_token. "
    "User may have revoked or didn't grant the permission."
)
NOTIFICATIONS = "sellingpartnerapi::notifications"
CODE_REFUSED = {
    "error_description": "The request has an invalid grant parameter : code",
    "error": "invalid_grant",
}


def assert_revoked(answer: requests.Response) -> None:
    """Check the recorded answer to a refresh token that is not good."""
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == "invalid_grant"
    assert body["error_description"] == REVOKED
    assert body["error_index"]
    assert body["request_id"] == answer.headers["x-amzn-requestid"]
    assert answer.headers["x-amzn-errortype"] == (
        "OA2InvalidRequestException:http://internal.amazon.com/coral/com.amazon.panda/"
    )


def assert_invalid_client(answer: requests.Response) -> None:
    """Check the recorded answer to a wrong client id or secret."""
    assert answer.status_code == 401
    assert answer.json() == {"error_description": "Client authentication failed", "error": "invalid_client"}
    assert answer.headers["x-amzn-errortype"] == (
        "OA2InvalidClientException:http://internal.amazon.com/coral/com.amazon.panda/"
    )


@pytest.mark.parametrize("flow", ["spapi", "ads"])
@pytest.mark.parametrize("host", HOSTS)
def test_code_is_exchanged_for_tokens(sandbox: SandboxProcess, flow: str, host: str) -> None:
    """Four fields, tokens of Amazon's shape and length, an hour."""
    code = sandbox.consent()["spapi_oauth_code"] if flow == "spapi" else sandbox.ads_consent()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = sandbox.token_call(flow, host, **form)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert re.fullmatch(r"Atza\|[A-Za-z0-9_-]{345}", body["access_token"])
    assert re.fullmatch(r"Atzr\|[A-Za-z0-9_-]{345}", body["refresh_token"])
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600


def test_good_answer_has_the_recorded_headers(sandbox: SandboxProcess) -> None:
    """What was captured from the real endpoint."""
    headers = sandbox.refresh(sandbox.grant()["refreshToken"]).headers
    assert headers["cache-control"] == "no-cache, no-store, must-revalidate"
    assert headers["pragma"] == "no-cache"
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["server"] == "Server"
    assert headers["strict-transport-security"] == "max-age=47474747; includeSubDomains; preload"
    assert headers["vary"] == "User-Agent,Accept-Encoding"
    assert re.fullmatch(r"[A-Z0-9]{20}", headers["x-amz-rid"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-amzn-requestid"])
    assert headers["x-amz-date"].endswith("GMT")


def test_refresh_answers_the_same_refresh_token_and_a_new_access_token(sandbox: SandboxProcess) -> None:
    """Older access tokens live on beside the new one."""
    grant = sandbox.grant()
    first = sandbox.refresh(grant["refreshToken"]).json()
    second = sandbox.refresh(grant["refreshToken"]).json()
    assert first["refresh_token"] == second["refresh_token"] == grant["refreshToken"]
    assert len({grant["accessToken"], first["access_token"], second["access_token"]}) == 3
    assert "scope" not in first
    for token in (grant["accessToken"], first["access_token"], second["access_token"]):
        assert sandbox.participations(token).status_code == 200


def test_code_works_once(sandbox: SandboxProcess) -> None:
    """The second exchange is refused, the tokens of the first stay good."""
    code = sandbox.consent()["spapi_oauth_code"]
    tokens = sandbox.exchange(code).json()
    again = sandbox.exchange(code)
    assert (again.status_code, again.json()) == (400, CODE_REFUSED)
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 200


def test_code_lives_five_minutes(sandbox: SandboxProcess) -> None:
    """It is good just before, refused at the end."""
    early, late = (sandbox.consent()["spapi_oauth_code"] for _ in range(2))
    sandbox.control("clock", {"advance": 295})
    assert sandbox.exchange(early).status_code == 200
    sandbox.control("clock", {"advance": 5})
    answer = sandbox.exchange(late)
    assert (answer.status_code, answer.json()) == (400, CODE_REFUSED)


def test_code_is_bound_to_client_and_redirect_address(sandbox: SandboxProcess) -> None:
    """Another client or another address gets nothing, and does not use the code up."""
    code = sandbox.consent()["spapi_oauth_code"]
    assert sandbox.exchange(code, redirect_uri="http://127.0.0.1:9/other").json() == CODE_REFUSED
    assert sandbox.exchange(code, flow="ads").json() == CODE_REFUSED
    assert sandbox.exchange(code).status_code == 200


def test_a_store_s_code_needs_no_redirect_address(sandbox: SandboxProcess) -> None:
    """Several libraries leave it out for the SP-API; Amazon Ads wants it."""
    assert sandbox.exchange(sandbox.consent()["spapi_oauth_code"], redirect_uri="").status_code == 200
    answer = sandbox.exchange(sandbox.ads_consent()["code"], flow="ads", redirect_uri="")
    assert answer.status_code == 400
    assert answer.json() == {
        "error_description": "The request is missing a required parameter : redirect_uri",
        "error": "invalid_request",
    }


def test_unknown_and_malformed_codes(sandbox: SandboxProcess) -> None:
    """A well-formed code that nobody issued is an invalid grant, a malformed one an invalid request."""
    unknown = sandbox.exchange("ANabcdefghijklmnopqr")
    assert (unknown.status_code, unknown.json()) == (400, CODE_REFUSED)
    malformed = sandbox.exchange("invalid_auth_code")
    assert malformed.status_code == 400
    assert malformed.json() == {
        "error_description": "The request has an invalid parameter : code",
        "error": "invalid_request",
    }


@pytest.mark.parametrize(
    "alter",
    [
        lambda token: "Atzr|IwEBInonsense",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token + "A",
        lambda token: token.replace("Atzr|", "Atza|"),
        lambda token: "Atzr|" + "ü" * 345,
        lambda token: "x",
    ],
)
def test_bad_refresh_tokens_are_an_invalid_grant(
    sandbox: SandboxProcess, alter: Callable[[str], str]
) -> None:
    """Unknown, tampered with, or of the other kind: always the same answer."""
    assert_revoked(sandbox.refresh(alter(sandbox.grant()["refreshToken"])))


def test_revoked_grants_refuse_both_tokens(sandbox: SandboxProcess) -> None:
    """The seller took it back; others, and the same seller elsewhere, are not concerned."""
    mine = sandbox.grant(sellerId="A1SANDBOXWORLD", region="NA")
    elsewhere = sandbox.grant(sellerId="A1SANDBOXWORLD", region="EU")
    assert sandbox.control("revoke", {"sellerId": "A1SANDBOXWORLD", "region": "NA"}) == {"grants": 1}
    assert_revoked(sandbox.refresh(mine["refreshToken"]))
    assert sandbox.participations(mine["accessToken"]).status_code == 403
    assert sandbox.refresh(elsewhere["refreshToken"]).status_code == 200


def test_authorizing_again_after_a_revocation_works(sandbox: SandboxProcess) -> None:
    """A new consent is a grant of its own."""
    sandbox.exchange(sandbox.consent()["spapi_oauth_code"])
    sandbox.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    tokens = sandbox.exchange(sandbox.consent()["spapi_oauth_code"]).json()
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 200


def test_a_consent_lasts_a_year(sandbox: SandboxProcess) -> None:
    """After 365 days the refresh token is refused; one from the developer console is not bound to that."""
    consented = sandbox.exchange(sandbox.consent()["spapi_oauth_code"]).json()["refresh_token"]
    minted = sandbox.grant()["refreshToken"]
    sandbox.control("clock", {"advance": 364 * 86_400})
    assert sandbox.refresh(consented).status_code == 200
    sandbox.control("clock", {"advance": 86_400})
    assert_revoked(sandbox.refresh(consented))
    assert sandbox.refresh(minted).status_code == 200


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
def test_wrong_client_is_401(sandbox: SandboxProcess, field: str) -> None:
    """Wrong id or secret, for either grant type, whatever the token is worth."""
    assert_invalid_client(sandbox.refresh(sandbox.grant()["refreshToken"], **{field: "wrong-ü"}))
    assert_invalid_client(sandbox.refresh("Atzr|nonsense", **{field: "wrong"}))
    assert_invalid_client(sandbox.exchange(sandbox.consent()["spapi_oauth_code"], **{field: "wrong"}))


def test_refused_secret_recovers(sandbox: SandboxProcess) -> None:
    """The app at fault: refused while it lasts, good again afterwards, no grant touched."""
    token = sandbox.grant()["refreshToken"]
    client = {"clientId": sandbox.ready["spapi"]["clientId"]}
    sandbox.control("apps", {**client, "secretRefused": True})
    assert_invalid_client(sandbox.refresh(token))
    sandbox.control("apps", {**client, "secretRefused": False})
    assert sandbox.refresh(token).status_code == 200


def test_token_of_another_client_is_unauthorized_client(sandbox: SandboxProcess) -> None:
    """The ambiguous one: a good token, presented by a good client that it was not made for."""
    answer = sandbox.refresh(sandbox.grant()["refreshToken"], flow="ads")
    assert answer.status_code == 400
    assert answer.json() == {
        "error_description": "Not authorized for requested operation",
        "error": "unauthorized_client",
    }


@pytest.mark.parametrize(
    ("grant_type", "missing"),
    [
        ("refresh_token", "refresh_token"),
        ("refresh_token", "client_id"),
        ("refresh_token", "client_secret"),
        ("authorization_code", "code"),
        ("refresh_token", "grant_type"),
        ("client_credentials", "scope"),
    ],
)
def test_missing_parameters_are_named(sandbox: SandboxProcess, grant_type: str, missing: str) -> None:
    """An invalid request that says which parameter."""
    form = {"grant_type": grant_type, "refresh_token": "x", "code": "x", "redirect_uri": "x", "scope": "x"}
    answer = sandbox.token_call(**{**form, missing: ""})
    assert answer.status_code == 400
    assert answer.json() == {
        "error_description": f"The request is missing a required parameter : {missing}",
        "error": "invalid_request",
    }


def test_json_is_read_as_forms_are(sandbox: SandboxProcess) -> None:
    """Amazon's own SDKs and npm's amazon-sp-api send JSON; the ledger tells whose call it was."""
    grant, client = sandbox.grant(), sandbox.ready["spapi"]
    document = {
        "grant_type": "refresh_token",
        "refresh_token": grant["refreshToken"],
        "client_id": client["clientId"],
        "client_secret": client["clientSecret"],
    }
    answer = sandbox.call("POST", "api.amazon.com/auth/o2/token", json=document)
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] == grant["refreshToken"]
    (entry,) = sandbox.calls(grantType="refresh_token")
    assert entry["grantId"] == grant["grantId"]


@pytest.mark.parametrize("body", ["{", "[]", '"text"', '{"grant_type": ["refresh_token"]}', "\xff"])
def test_json_that_holds_no_fields_is_as_good_as_none(sandbox: SandboxProcess, body: str) -> None:
    """Broken JSON, and JSON that is no object of texts."""
    answer = sandbox.call(
        "POST",
        "api.amazon.com/auth/o2/token",
        data=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["error_description"] == "The request is missing a required parameter : grant_type"


def test_unsupported_grant_type(sandbox: SandboxProcess) -> None:
    """A grant type that the endpoint does not know."""
    answer = sandbox.token_call(grant_type="password")
    assert answer.status_code == 400
    assert answer.json() == {
        "error_description": "The authorization grant type is not supported by the authorization server",
        "error": "unsupported_grant_type",
    }


def test_client_credentials_are_checked_for_their_scope(sandbox: SandboxProcess) -> None:
    """A scope that is none of the grantless ones is invalid; an Ads client has no grantless calls."""
    answer = sandbox.token_call(grant_type="client_credentials", scope="sellingpartnerapi::orders")
    assert answer.status_code == 400
    assert answer.json() == {
        "error_description": "The request has an invalid parameter : scope",
        "error": "invalid_scope",
    }
    answer = sandbox.token_call("ads", grant_type="client_credentials", scope=NOTIFICATIONS)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


@pytest.mark.parametrize("scope", [NOTIFICATIONS, "sellingpartnerapi::client_credential:rotation"])
def test_client_credentials_give_a_token_of_the_application(sandbox: SandboxProcess, scope: str) -> None:
    """An access token for an hour, without a refresh token; each call another."""
    first, second = (sandbox.token_call(grant_type="client_credentials", scope=scope) for _ in range(2))
    assert first.status_code == 200
    assert set(first.json()) == {"access_token", "token_type", "expires_in"}
    assert (first.json()["token_type"], first.json()["expires_in"]) == ("bearer", 3600)
    assert first.json()["access_token"] != second.json()["access_token"]
    assert first.json()["access_token"].startswith("Atc|")
    (entry, _) = sandbox.calls(grantType="client_credentials")
    assert entry["clientId"] == sandbox.ready["spapi"]["clientId"]
    assert sandbox.control("state")["counts"]["grants"] == 0


def test_other_methods_and_paths_are_404(sandbox: SandboxProcess) -> None:
    """Nothing else is served there."""
    assert sandbox.call("GET", "api.amazon.com/auth/o2/token").status_code == 404
    assert sandbox.call("POST", "api.amazon.com/auth/o2/other").status_code == 404


def test_another_app_has_credentials_of_its_own(sandbox: SandboxProcess) -> None:
    """An app registered by control can do what the first can, with its own tokens."""
    app = sandbox.control("apps", {"flow": "spapi", "name": "Second"})
    grant = sandbox.grant(sellerId="A1SANDBOXNA001", region="NA", clientId=app["clientId"])
    own = {"client_id": app["clientId"], "client_secret": app["clientSecret"]}
    assert sandbox.refresh(grant["refreshToken"], **own).status_code == 200
    assert sandbox.refresh(grant["refreshToken"]).json()["error"] == "unauthorized_client"
    link = sandbox.consent_link(application_id=app["appId"])
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001"}
    code = callback(sandbox.call("POST", link, data=form))["spapi_oauth_code"]
    assert sandbox.exchange(code, **own).status_code == 200


def test_rotated_secret_replaces_the_old_one(sandbox: SandboxProcess) -> None:
    """After a rotation the old secret is refused and the new one is good."""
    app = sandbox.control("apps", {"flow": "spapi"})
    token = sandbox.grant(sellerId="A1SANDBOXNA001", region="NA", clientId=app["clientId"])["refreshToken"]
    rotated = sandbox.control("apps", {"clientId": app["clientId"], "rotateSecret": True})
    assert rotated["clientSecret"] != app["clientSecret"]
    own = {"client_id": app["clientId"]}
    assert_invalid_client(sandbox.refresh(token, client_secret=app["clientSecret"], **own))
    assert sandbox.refresh(token, client_secret=rotated["clientSecret"], **own).status_code == 200
