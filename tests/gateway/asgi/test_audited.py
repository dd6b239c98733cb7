"""What the audit says of calls over HTTP."""

from typing import Any

from sqlalchemy import select, update

from gateway.model import AuditEntry
from gateway.vault.database.tables import audit, grants
from tests.support.gateway_server import Gateway, query_of

SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}


def written(gateway: Gateway) -> list[AuditEntry]:
    """Everything that is written down, the newest first."""
    gateway.vault.audit.flush()
    return gateway.vault.audit.newest(1000)[0]


def test_a_call_is_written_down_with_its_request(gateway: Gateway) -> None:
    """Who by which key, what, which store, how it ended, and the id that the caller was given."""
    gateway.authorize_store()
    answer = gateway.post("/spApi/storeTokens", STORE)
    entry = written(gateway)[0]
    assert (entry.who, entry.action, entry.subject) == ("owner", "/spApi/storeTokens", f"{SELLER} NA")
    assert (entry.outcome, entry.request_id) == ("ok", answer.headers["X-Request-Id"])
    assert entry.key_id in [key.id for key in gateway.vault.users.list_keys()]


def test_a_failure_is_written_down_with_its_reason(gateway: Gateway) -> None:
    """Also one of another's store, of a bad body, of a missing right and of a bad key."""
    gateway.add_user("guest")
    gateway.authorize_store()
    weak = gateway.vault.users.issue_key("guest", ("proxy",))[1].reveal()
    gateway.bad("/spApi/storeTokens", STORE, status=404, user="guest")
    gateway.bad("/spApi/removeStore", STORE, status=404, user="guest")
    gateway.bad("/spApi/storeTokens", {"sellerId": SELLER}, status=400, user="guest")
    gateway.bad("/spApi/storeTokens", STORE, status=403, user=weak)
    gateway.bad("/spApi/storeTokens", STORE, status=401, user="lfx_local_" + "x" * 43)
    told = [(entry.who, entry.action, entry.subject, entry.outcome) for entry in written(gateway)[:5]]
    assert told == [
        ("(unknown key)", "/spApi/storeTokens", "127.0.0.1", "unauthorized"),
        ("guest", "/spApi/storeTokens", f"{SELLER} NA", "key_lacks_right"),
        ("guest", "/spApi/storeTokens", None, "bad_parameter"),
        ("guest", "/spApi/removeStore", f"{SELLER} NA", "not_found"),
        ("guest", "/spApi/storeTokens", f"{SELLER} NA", "not_found"),
    ]


def test_a_change_and_its_call_share_the_request(gateway: Gateway) -> None:
    """An import, a removal and an authorization by a browser."""
    gateway.authorize_store()
    authorized = next(entry for entry in written(gateway) if entry.action == "authorized")
    assert (authorized.who, authorized.key_id, authorized.subject) == ("owner", None, f"{SELLER} NA")
    assert authorized.request_id
    answer = gateway.post("/spApi/removeStore", STORE)
    call, change = written(gateway)[:2]
    assert (call.action, change.action, change.who) == ("/spApi/removeStore", "removed", "owner")
    assert call.request_id == change.request_id == answer.headers["X-Request-Id"]
    assert call.key_id == change.key_id is not None


def test_pages_and_health_are_not_written_down(gateway: Gateway) -> None:
    """They are nobody's call."""
    before = len(written(gateway))
    gateway.get("/healthz")
    gateway.get("/oauth/result?problem=expired")
    gateway.get("/spApi/oauth/callback?state=x")
    assert len(written(gateway)) == before


def test_the_audit_holds_no_secret(gateway: Gateway) -> None:
    """Wherever a caller put it: tokens, keys, codes and states in every field."""
    gateway.authorize_store()
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    tokens = gateway.good("/spApi/storeTokens", STORE)
    query = query_of(back)
    secrets = [
        tokens["accessToken"],
        tokens["refreshToken"],
        gateway.keys["owner"],
        query["state"],
        query["spapi_oauth_code"],
        gateway.amazon.spapi["clientSecret"],
    ]
    gateway.good("/spApi/completeAuthorization", {"callbackUrl": back})
    for secret in secrets:
        for name in ("sellerId", "authRecordId", "profileId", "authorizationId", "region", "refreshToken"):
            for path in (
                "/spApi/storeTokens",
                "/amazonAds/storeTokens",
                "/spApi/authorizationStatus",
                "/spApi/importStore",
            ):
                gateway.post(path, {**STORE, "sellerName": "S", name: secret})
    gateway.vault.audit.flush()
    with gateway.vault.database.reading() as connection:
        rows = str(connection.execute(select(audit)).all())
    assert rows.count("/spApi/importStore") >= 36
    for secret in secrets:
        assert secret not in rows
        assert secret[10:] not in rows


def test_unknown_keys_do_not_fill_the_audit(gateway: Gateway) -> None:
    """However many requests come, a source has two rows an hour: its first request, and how many more."""
    bad = "lfx_local_" + "x" * 43
    for _ in range(5):
        for _ in range(40):
            gateway.post("/spApi/storeTokens", STORE, user=bad)
        gateway.clock.step(60)
    assert len([entry for entry in written(gateway) if entry.who == "(unknown key)"]) == 1
    gateway.clock.step(3600)
    told = [entry for entry in written(gateway) if entry.who == "(unknown key)"]
    assert [(entry.action, entry.subject, entry.outcome) for entry in told] == [
        ("refused_keys", "127.0.0.1: 199 more", "unauthorized"),
        ("/spApi/storeTokens", "127.0.0.1", "unauthorized"),
    ]


def test_swapped_and_broken_ciphertexts_are_a_clear_refusal(gateway: Gateway, caplog: Any) -> None:
    """The caller hears that the vault cannot be read; the log names row, column and key id."""
    gateway.authorize_store()
    gateway.authorize_store("A1SANDBOXNA002")
    database = gateway.vault.database
    with database.writing() as connection:
        ids = dict(connection.execute(select(grants.c.seller_id, grants.c.id)).all())
        sealed = select(grants.c.access_token_sealed).where(grants.c.id == ids["A1SANDBOXNA002"])
        connection.execute(
            update(grants)
            .where(grants.c.id == ids[SELLER])
            .values(access_token_sealed=sealed.scalar_subquery())
        )
    for path, body in (("/spApi/storeTokens", STORE), ("/spApi/refreshToken", STORE)):
        answer = gateway.bad(path, body, status=500)
        assert (answer["errcode"], answer["reason"]) == (500, "vault_failed")
    assert f"grants.access_token of {ids[SELLER]}" in caplog.text
    assert gateway.vault.master_key.key.id in caplog.text
    assert "Traceback" not in caplog.text
    gateway.good("/spApi/storeTokens", {"sellerId": "A1SANDBOXNA002", "region": "NA"})
    assert gateway.good("/spApi/authorizedStores")["total"] == 2
    gateway.good("/spApi/removeStore", STORE)
