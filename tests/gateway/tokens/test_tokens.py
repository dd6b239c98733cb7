"""Tokens: read, refreshed once however many ask, and what happens when Amazon does not play along."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.amazon.session import AmazonSession
from gateway.settings.webhook import Webhook
from gateway.tokens.service import JUST_REFRESHED
from gateway.util.secret import Secret
from gateway.vault.database.tables import grants
from gateway.vault.errors import VaultError
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import until

SELLER = "A1SANDBOXNA001"
WANTED = {"sellerId": SELLER, "region": "NA"}
FRESH = {**WANTED, "minTtl": 600}
WEBHOOK = Webhook("http://127.0.0.1:1/hook", Secret("s" * 32))
NEVER = {"status": 400, "body": '{"error": "invalid_grant", "error_description": "revoked"}'}


def store_tokens(gateway: Gateway, body: Any = WANTED) -> dict[str, Any]:
    """A store's tokens."""
    return gateway.good("/spApi/storeTokens", body)


def test_store_tokens_only_reads(gateway: Gateway) -> None:
    """Without `minTtl` nothing is asked of Amazon, however old the token is."""
    gateway.authorize_store()
    tokens = store_tokens(gateway)
    assert set(tokens) == {
        "sellerId",
        "sellerName",
        "region",
        "authRecordId",
        "accessToken",
        "refreshToken",
        "tokenType",
        "expiresIn",
        "expiresAt",
        "amazonOrigin",
        "sandbox",
    }
    assert tokens["accessToken"].startswith("Atza|")
    assert tokens["refreshToken"].startswith("Atzr|")
    assert (tokens["expiresIn"], tokens["expiresAt"]) == (3600, "2027-01-15T09:00:00Z")
    gateway.clock.step(3000.5)
    assert store_tokens(gateway)["expiresIn"] == 599
    gateway.clock.step(7200)
    assert store_tokens(gateway)["expiresIn"] == 0
    assert gateway.amazon.refreshes() == []


def test_a_refresh_brings_a_new_access_token(gateway: Gateway) -> None:
    """The refresh token stays what it was, as at Amazon; the next read sees the new token."""
    gateway.authorize_store()
    before = store_tokens(gateway)
    gateway.clock.step(1000)
    refreshed = gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    assert refreshed["accessToken"] != before["accessToken"]
    assert refreshed["refreshToken"] == before["refreshToken"]
    assert refreshed["expiresIn"] == 3600
    assert refreshed["message"]
    assert store_tokens(gateway)["accessToken"] == refreshed["accessToken"]


def test_a_refresh_token_that_amazon_rotates_is_kept(gateway: Gateway) -> None:
    """What comes back is stored, and the next refresh is made with it."""
    gateway.authorize_store()
    before = store_tokens(gateway)
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    after = gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    assert after["refreshToken"] != before["refreshToken"]
    gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    assert store_tokens(gateway)["refreshToken"] == after["refreshToken"]


def test_an_answer_without_a_refresh_token_keeps_the_old_one(gateway: Gateway) -> None:
    """Amazon may leave it out (RFC 6749, section 6)."""
    gateway.authorize_store()
    before = store_tokens(gateway)
    gateway.amazon.fault({"token": {"omit": ["refresh_token"]}}, grantType="refresh_token")
    assert gateway.good("/spApi/refreshToken", {"sellerId": SELLER})["refreshToken"] == before["refreshToken"]


def test_min_ttl_refreshes_only_what_is_too_old(gateway: Gateway) -> None:
    """A token with enough time left is answered as it is."""
    gateway.authorize_store()
    first = store_tokens(gateway, FRESH)
    gateway.clock.step(3000)
    assert store_tokens(gateway, FRESH)["accessToken"] == first["accessToken"]
    assert gateway.amazon.refreshes() == []
    gateway.clock.step(1)
    second = store_tokens(gateway, FRESH)
    assert second["accessToken"] != first["accessToken"]
    assert second["expiresIn"] == 3600
    assert "freshness" not in second
    assert len(gateway.amazon.refreshes()) == 1


@pytest.mark.parametrize(("life", "again"), [(60, 5), (1800, 150), (3000, 250)])
def test_a_token_whose_life_is_short_is_not_refreshed_by_each_caller(
    gateway: Gateway, life: int, again: int
) -> None:
    """Whatever is asked for, eleven twelfths of what Amazon gives are enough: 3,300 of 3,600 seconds."""
    gateway.authorize_store()
    gateway.clock.step(3000)
    gateway.amazon.fault({"token": {"set": {"expires_in": life}}}, times=None, grantType="refresh_token")
    wanted = {**WANTED, "minTtl": 3300}
    first = store_tokens(gateway, wanted)
    assert (first["expiresIn"], first["freshness"]) == (life, "below_minimum")
    gateway.clock.step(again)
    for _ in range(3):
        later = store_tokens(gateway, wanted)
        assert later["accessToken"] == first["accessToken"]
        assert (later["expiresIn"], later["freshness"]) == (life - again, "below_minimum")
    assert len(gateway.amazon.refreshes()) == 1
    gateway.clock.step(1)
    assert store_tokens(gateway, wanted)["expiresIn"] == life
    assert len(gateway.amazon.refreshes()) == 2


def test_as_much_as_can_be_asked_for_is_had(gateway: Gateway) -> None:
    """Of an hour 55 minutes, to the second."""
    gateway.authorize_store()
    gateway.clock.step(300)
    wanted = {**WANTED, "minTtl": 3300}
    assert store_tokens(gateway, wanted)["expiresIn"] == 3300
    assert gateway.amazon.refreshes() == []
    gateway.clock.step(1)
    assert store_tokens(gateway, wanted)["expiresIn"] == 3600


def test_fifty_callers_cause_one_refresh(gateway: Gateway) -> None:
    """They all get the same new token, and reads of other stores do not wait for it."""
    gateway.authorize_store()
    gateway.authorize_store("A1SANDBOXNA002")
    gateway.clock.step(3500)
    gateway.amazon.fault({"hold": "storm"}, grantType="refresh_token")
    with ThreadPoolExecutor(50) as pool:
        calls = [pool.submit(store_tokens, gateway, FRESH) for _ in range(50)]
        gateway.amazon.until_held("storm")
        other = store_tokens(gateway, {"sellerId": "A1SANDBOXNA002", "region": "NA"})
        assert gateway.good("/spApi/authorizedStores")["total"] == 2
        assert not any(call.done() for call in calls)
        gateway.amazon.release("storm")
        tokens = [call.result() for call in calls]
    assert other["accessToken"]
    assert len({answer["accessToken"] for answer in tokens}) == 1
    assert {answer["expiresIn"] for answer in tokens} == {3600}
    assert len(gateway.amazon.refreshes()) == 1


def test_two_gateways_on_one_database_cause_one_refresh(gateway: Gateway, tmp_path: Path) -> None:
    """The lease in the row decides who asks; who waits gets what the other stored."""
    gateway.authorize_store()
    gateway.clock.step(3500)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        gateway.amazon.fault({"hold": "race"}, grantType="refresh_token")
        with ThreadPoolExecutor(20) as pool:
            calls = [pool.submit(store_tokens, each, FRESH) for each in (gateway, other) * 10]
            gateway.amazon.until_held("race")
            gateway.amazon.release("race")
            tokens = {call.result()["accessToken"] for call in calls}
    assert len(tokens) == 1
    assert len(gateway.amazon.refreshes()) == 1


def test_refreshes_that_arrive_while_one_is_under_way_share_it(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes later asks anew."""
    gateway.authorize_store()
    joined = joining(gateway, monkeypatch)
    gateway.amazon.fault({"hold": "shared"}, grantType="refresh_token")

    def refresh(_: int) -> str:
        return gateway.good("/spApi/refreshToken", {"sellerId": SELLER})["accessToken"]

    with ThreadPoolExecutor(10) as pool:
        calls: list[Future[str]] = [pool.submit(refresh, number) for number in range(10)]
        gateway.amazon.until_held("shared")
        # Those that have not arrived yet would make a refresh of their own: all have to be in.
        until(lambda: len(joined) == 10, "all ten wait for it")
        gateway.amazon.release("shared")
        assert len({call.result() for call in calls}) == 1
    assert len(gateway.amazon.refreshes()) == 1
    gateway.clock.step(JUST_REFRESHED)
    refresh(0)
    assert len(gateway.amazon.refreshes()) == 2


def test_reads_that_need_a_new_token_share_the_refresh_that_others_asked_for(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`storeTokens` with `minTtl` and `refreshToken` go one way: one call to Amazon serves both."""
    gateway.authorize_store()
    joined = joining(gateway, monkeypatch)
    gateway.clock.step(3500)
    gateway.amazon.fault({"hold": "both"}, grantType="refresh_token")
    with ThreadPoolExecutor(10) as pool:
        ways = [("/spApi/storeTokens", FRESH), ("/spApi/refreshToken", WANTED)] * 5
        calls = [pool.submit(gateway.good, path, body) for path, body in ways]
        gateway.amazon.until_held("both")
        until(lambda: len(joined) == 10, "all ten wait for it")
        gateway.amazon.release("both")
        assert len({call.result()["accessToken"] for call in calls}) == 1
    assert len(gateway.amazon.refreshes()) == 1


def joining(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the record id of each caller who joins a refresh under way, or begins one.

    A caller is on it before the next step of the gateway's loop, so before Amazon's answer can be taken in.
    """
    tokens = gateway.app.state.services.tokens
    join, joined = tokens._renewed, []

    def noted(seen: Any, **how: Any) -> Any:
        joined.append(seen.grant.id)
        return join(seen, **how)

    monkeypatch.setattr(tokens, "_renewed", noted)
    return joined


def test_a_holder_that_is_gone_costs_the_others_a_bounded_wait(amazon: Amazon, tmp_path: Path) -> None:
    """A lease that nobody renews ends by itself."""
    with running_gateway(amazon, tmp_path, refresh_lease=0.5) as gateway:
        record_id = gateway.authorize_store()["store"]["authRecordId"]
        gateway.clock.step(3500)
        assert gateway.vault.leases.take(record_id, "a process that was killed", 500)
        assert store_tokens(gateway, FRESH)["expiresIn"] == 3600


def test_a_paused_holder_cannot_overwrite_newer_tokens(amazon: Amazon, tmp_path: Path) -> None:
    """Its lease was taken over meanwhile: what it brings is not stored over what the other one stored."""
    with running_gateway(amazon, tmp_path, refresh_lease=0.5) as gateway:
        record_id = gateway.authorize_store()["store"]["authRecordId"]
        lease = gateway.vault.leases.take(record_id, "a process that was paused", 1)
        assert lease is not None
        old = gateway.vault.grants.tokens(record_id)
        seen = gateway.vault.grants.get(record_id)
        assert old is not None
        assert seen is not None
        newer = gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
        assert not gateway.vault.leases.store_refresh(lease, seen.token_version, old)
        assert store_tokens(gateway)["accessToken"] == newer["accessToken"]


def test_a_slow_amazon_does_not_cost_the_lease(amazon: Amazon, tmp_path: Path) -> None:
    """The lease is renewed while the call is under way, so nobody else asks a second time."""
    with (
        running_gateway(amazon, tmp_path, refresh_lease=0.6) as gateway,
        running_gateway(amazon, tmp_path, gateway.clock, refresh_lease=0.6) as other,
    ):
        record_id = gateway.authorize_store()["store"]["authRecordId"]
        gateway.clock.step(3500)
        amazon.fault({"hold": "slow"}, grantType="refresh_token")
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(store_tokens, gateway, FRESH)
            amazon.until_held("slow")
            second = pool.submit(store_tokens, other, FRESH)
            renewed = renewals(gateway, record_id)
            until(
                lambda: renewals(gateway, record_id) >= renewed + 900,
                "the lease was renewed past its first end",
            )
            amazon.release("slow")
            assert first.result()["accessToken"] == second.result()["accessToken"]
        assert len(amazon.refreshes()) == 1


def renewals(gateway: Gateway, record_id: int) -> int:
    """When the lease ends, in the database's milliseconds."""
    with gateway.vault.database.reading() as connection:
        return connection.exec_driver_sql(
            f"SELECT lease_expires_ms FROM grants WHERE id = {record_id}"
        ).scalar_one()


def test_a_revoked_store_is_marked_kept_and_told(gateway: Gateway) -> None:
    """Every call says that it has to be authorized again, and authorizing again mends it."""
    record_id = gateway.authorize_store()["store"]["authRecordId"]
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    refused = gateway.bad("/spApi/refreshToken", {"sellerId": SELLER}, status=409)
    assert (refused["errcode"], refused["reason"]) == (1003, "store_revoked")
    assert refused["status"] == "needs_reauthorization"
    asked = len(gateway.amazon.refreshes())
    for path, body in (
        ("/spApi/storeTokens", WANTED),
        ("/spApi/storeTokens", FRESH),
        ("/spApi/refreshToken", WANTED),
    ):
        assert gateway.bad(path, body, status=409)["status"] == "needs_reauthorization"
    assert len(gateway.amazon.refreshes()) == asked == 1
    (store,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert (store["authRecordId"], store["status"]) == (record_id, "needs_reauthorization")
    gateway.authorize_store(sellerId=SELLER)
    assert store_tokens(gateway, FRESH)["authRecordId"] == record_id
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "authorized"


def test_a_revoked_store_is_told_even_while_its_token_lives(gateway: Gateway) -> None:
    """A refresh has proved it: no token is handed out that ends any moment, for good."""
    gateway.authorize_store()
    gateway.clock.step(3100)
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    assert gateway.bad("/spApi/storeTokens", FRESH, status=409)["reason"] == "store_revoked"


def test_a_refusal_of_a_token_that_was_replaced_meanwhile_says_nothing(gateway: Gateway) -> None:
    """Amazon refuses the old refresh token while the store is authorized again: nothing is wrong with it."""
    gateway.authorize_store()
    gateway.amazon.fault({**NEVER, "hold": "old", "holdAt": "before"}, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(gateway.good, "/spApi/refreshToken", WANTED)
        gateway.amazon.until_held("old")
        gateway.authorize_store()
        again = store_tokens(gateway)
        gateway.amazon.release("old")
        assert call.result()["accessToken"] == again["accessToken"]
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "authorized"


def test_a_token_of_another_client_concerns_that_store_alone(gateway: Gateway) -> None:
    """`unauthorized_client` says nothing about the others."""
    gateway.authorize_store()
    gateway.authorize_store("A1SANDBOXNA002")
    gateway.amazon.fault(
        {"status": 400, "body": '{"error": "unauthorized_client"}'}, grantType="refresh_token"
    )
    assert gateway.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "grant_of_another_client"
    gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA002"})


def test_an_application_at_fault_marks_no_store(gateway: Gateway) -> None:
    """A client secret that has ended is nobody's revocation: the living token serves, later all is well."""
    gateway.authorize_store()
    gateway.clock.step(3100)
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "secretRefused": True})
    refused = gateway.bad("/spApi/refreshToken", WANTED, status=503)
    assert (refused["errcode"], refused["status"]) == (1003, "suspended_app")
    assert store_tokens(gateway, FRESH)["freshness"] == "below_minimum"
    gateway.clock.step(600)
    gateway.bad("/spApi/storeTokens", FRESH, status=503)
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "suspended_app"
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "secretRefused": False})
    gateway.end_pauses()
    assert store_tokens(gateway, FRESH)["expiresIn"] == 3600


FAILING: list[tuple[dict[str, Any], int]] = [
    ({"status": 500}, 502),
    ({"status": 503}, 502),
    ({"status": 429}, 429),
    ({"status": 200, "body": "<html>"}, 502),
    ({"status": 200, "body": '{"access_token": 7}'}, 502),
    ({"drop": "before"}, 502),
    ({"drop": "after"}, 502),
    ({"cutAfterBytes": 30}, 502),
    ({"token": {"length": 5000}}, 502),
    ({"token": {"omit": ["expires_in"]}}, 502),
    ({"token": {"set": {"expires_in": 0}}}, 502),
    ({"token": {"set": {"expires_in": -5}}}, 502),
    ({"token": {"set": {"expires_in": True}}}, 502),
    ({"token": {"set": {"expires_in": "soon"}}}, 502),
    ({"token": {"set": {"access_token": "two words"}}}, 502),
]


@pytest.mark.parametrize(("do", "status"), FAILING)
def test_while_amazon_fails_the_living_token_serves(
    gateway: Gateway, do: dict[str, Any], status: int
) -> None:
    """A refresh is tried a few times; then the old token is answered while it lives, an error after that."""
    gateway.authorize_store()
    before = store_tokens(gateway)
    gateway.clock.step(3500)
    gateway.amazon.fault(do, times=None, grantType="refresh_token")
    served = store_tokens(gateway, FRESH)
    assert (served["accessToken"], served["freshness"]) == (before["accessToken"], "below_minimum")
    assert served["expiresIn"] == 100
    assert len(gateway.amazon.refreshes()) == 3
    gateway.clock.step(101)
    assert gateway.bad("/spApi/storeTokens", FRESH, status=status)["errcode"] == 1003
    assert gateway.bad("/spApi/refreshToken", WANTED, status=status)["errcode"] == 1003
    gateway.amazon.control("faults/clear", {})
    gateway.end_pauses()
    assert store_tokens(gateway, FRESH)["expiresIn"] == 3600


@pytest.mark.parametrize("do", [do for do, _ in FAILING])
def test_one_failure_is_not_noticed(gateway: Gateway, do: dict[str, Any]) -> None:
    """The second try brings the token."""
    gateway.authorize_store()
    gateway.amazon.fault(do, grantType="refresh_token")
    assert gateway.good("/spApi/refreshToken", WANTED)["expiresIn"] == 3600
    assert len(gateway.amazon.refreshes()) == 2


def test_a_pause_that_is_too_long_is_passed_on(gateway: Gateway) -> None:
    """Where Amazon asks for a minute the caller is told instead of kept waiting."""
    gateway.authorize_store()
    gateway.amazon.fault({"status": 429, "headers": {"Retry-After": "60"}}, grantType="refresh_token")
    answer = gateway.post("/spApi/refreshToken", WANTED)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["retryAfter"]) == (429, "60", 60)
    assert len(gateway.amazon.refreshes()) == 1


def test_an_amazon_that_never_answers_is_given_up(amazon: Amazon, tmp_path: Path) -> None:
    """Callers get the living token after the time-out."""

    def impatient(settings: Any) -> AmazonSession:
        return AmazonSession(settings.amazon_origin, read_timeout=0.2)

    with running_gateway(amazon, tmp_path, session=impatient) as gateway:
        gateway.authorize_store()
        gateway.clock.step(3500)
        amazon.fault({"hold": "silent"}, times=None, grantType="refresh_token")
        assert store_tokens(gateway, FRESH)["freshness"] == "below_minimum"
        amazon.control("faults/clear", {})
        amazon.release("silent")


def test_storing_is_tried_again_before_it_is_given_up(gateway: Gateway) -> None:
    """A disk that is full, or a database that is locked, for a moment is not noticed."""
    gateway.authorize_store()
    before = store_tokens(gateway)["refreshToken"]
    use_leases(gateway, BrokenLeases(gateway.vault.leases, times=2))
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    assert gateway.good("/spApi/refreshToken", WANTED)["refreshToken"] != before
    assert len(gateway.amazon.refreshes()) == 1


def test_a_refresh_that_could_not_be_stored_is_stored_by_the_next(gateway: Gateway) -> None:
    """The answer, which may hold a rotated refresh token, is kept; Amazon is not asked for another."""
    record_id = gateway.authorize_store()["store"]["authRecordId"]
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    use_leases(gateway, BrokenLeases(gateway.vault.leases))
    assert gateway.bad("/spApi/refreshToken", WANTED, status=500)["reason"] == "not_stored"
    use_leases(gateway, gateway.vault.leases)
    refreshed = gateway.good("/spApi/refreshToken", WANTED)
    assert refreshed["authRecordId"] == record_id
    assert len(gateway.amazon.refreshes()) == 1
    gateway.good("/spApi/refreshToken", WANTED)


def test_what_could_not_be_stored_is_stored_without_anybody_asking(amazon: Amazon, tmp_path: Path) -> None:
    """Once the disk has room again the rotated token is kept, and Amazon is not asked a second time."""
    with running_gateway(amazon, tmp_path, caretaker_pause=0.05) as gateway:
        gateway.authorize_store()
        before = store_tokens(gateway)["refreshToken"]
        amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
        use_leases(gateway, BrokenLeases(gateway.vault.leases))
        assert gateway.bad("/spApi/refreshToken", WANTED, status=500)["reason"] == "not_stored"
        assert store_tokens(gateway)["refreshToken"] == before
        use_leases(gateway, gateway.vault.leases)
        until(lambda: store_tokens(gateway)["refreshToken"] != before, "the kept answer is stored")
        assert len(amazon.refreshes()) == 1
        assert gateway.good("/spApi/refreshToken", WANTED)["accessToken"]


def test_what_cannot_be_stored_for_one_store_holds_up_no_other(gateway: Gateway) -> None:
    """The first's tokens do not open; the second's answer is stored, and the failure is told."""
    first = gateway.authorize_store()["store"]["authRecordId"]
    gateway.authorize_store("A1SANDBOXNA002")
    second = {**WANTED, "sellerId": "A1SANDBOXNA002"}
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, times=2, grantType="refresh_token")
    use_leases(gateway, BrokenLeases(gateway.vault.leases))
    for wanted in (WANTED, second):
        assert gateway.bad("/spApi/refreshToken", wanted, status=500)["reason"] == "not_stored"
    use_leases(gateway, gateway.vault.leases)
    before = store_tokens(gateway, second)["refreshToken"]
    with gateway.vault.database.writing() as connection:
        connection.execute(update(grants).where(grants.c.id == first).values(access_token_sealed=b"x"))
    with pytest.raises(VaultError):
        asyncio.run(gateway.app.state.services.tokens.store_unstored())
    assert store_tokens(gateway, second)["refreshToken"] != before


def test_what_could_not_be_stored_is_stored_at_the_end(
    amazon: Amazon, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A gateway that is stopped tries once more, and says it where that fails, too."""
    for room in (True, False):
        amazon.control("reset", {})
        folder = tmp_path / str(room)
        folder.mkdir()
        with running_gateway(amazon, folder) as gateway:
            gateway.authorize_store()
            amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
            use_leases(gateway, BrokenLeases(gateway.vault.leases))
            gateway.bad("/spApi/refreshToken", WANTED, status=500)
            if room:
                use_leases(gateway, gateway.vault.leases)
        assert ("refresh_lost" in caplog.text) is not room
        with running_gateway(amazon, folder) as gateway:
            answer = gateway.post("/spApi/refreshToken", WANTED)
            assert answer.status_code == (200 if room else 409)


def test_a_rotated_token_that_waits_to_be_stored_outlives_the_others_verdict(
    gateway: Gateway, tmp_path: Path
) -> None:
    """Another process still has the token before it, which Amazon refuses: the store is not lost for that."""
    gateway.authorize_store()
    before = store_tokens(gateway)["refreshToken"]
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    use_leases(gateway, BrokenLeases(gateway.vault.leases))
    assert gateway.bad("/spApi/refreshToken", WANTED, status=500)["reason"] == "not_stored"
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        assert other.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "store_revoked"
        assert gateway.bad("/spApi/storeTokens", WANTED, status=409)["status"] == "needs_reauthorization"
        use_leases(gateway, gateway.vault.leases)
        rescued = gateway.good("/spApi/refreshToken", WANTED)
        assert rescued["refreshToken"] != before
        assert len(gateway.amazon.refreshes()) == 2
        assert other.good("/spApi/refreshToken", WANTED)["refreshToken"] == rescued["refreshToken"]
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "authorized"


def cut_off_with_a_rotated_token(gateway: Gateway) -> int:
    """Let Amazon rotate the refresh token while this process loses the database, for longer than a lease.

    Return the record id of the store, which was authorized before.
    """
    record_id = gateway.authorize_store()["store"]["authRecordId"]
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    use_leases(gateway, UnreachableLeases(gateway.vault.leases))
    assert gateway.bad("/spApi/refreshToken", WANTED, status=500)["reason"] == "not_stored"
    assert gateway.vault.leases.take(record_id, "another process", 30_000) is None
    set_grant(gateway, "lease_expires_ms = 1")
    return record_id


def set_grant(gateway: Gateway, change: str) -> None:
    """Let time pass for the leases of all grants."""
    with gateway.vault.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE grants SET {change}")


def told_of(gateway: Gateway) -> set[str]:
    """What the audit says happened to stores, and the webhook is told."""
    gateway.vault.audit.flush()
    entries, _ = gateway.vault.audit.newest(100)
    return {entry.action for entry in entries} | {one.event for one in gateway.vault.outbox.claim(9, 1)}


def test_who_takes_over_a_lease_that_ran_out_believes_no_refusal(amazon: Amazon, tmp_path: Path) -> None:
    """Its owner may have the token that Amazon takes now: callers come again, and nobody is told a thing."""
    with (
        running_gateway(amazon, tmp_path, webhook=WEBHOOK) as gateway,
        running_gateway(amazon, tmp_path, gateway.clock, webhook=WEBHOOK) as other,
    ):
        other.keys = gateway.keys
        cut_off_with_a_rotated_token(gateway)
        for _ in range(2):
            told = other.post("/spApi/refreshToken", WANTED)
            assert (told.status_code, told.json()["reason"]) == (502, "refusal_in_doubt")
            assert 1 <= told.json()["retryAfter"] == int(told.headers["Retry-After"]) <= 30
        assert store_tokens(other)["expiresIn"] == 3600
        other.clock.step(3500)
        assert store_tokens(other, FRESH)["freshness"] == "below_minimum"
        assert "needs_reauthorization" not in told_of(other)
        asked = len(amazon.refreshes())
        use_leases(gateway, gateway.vault.leases)
        rescued = store_tokens(gateway, FRESH)
        assert store_tokens(other)["accessToken"] == rescued["accessToken"]
        assert len(amazon.refreshes()) == asked
        other.clock.step(3600)
        assert store_tokens(other, FRESH)["expiresIn"] == 3600
        assert "needs_reauthorization" not in told_of(other)


def test_a_refusal_is_believed_at_the_second_look(gateway: Gateway, tmp_path: Path) -> None:
    """One lease later nobody has stored anything: what the other process may have had is lost."""
    cut_off_with_a_rotated_token(gateway)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        other.bad("/spApi/refreshToken", WANTED, status=502)
        set_grant(other, "refusals_doubted_ms = 1")
        assert other.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "store_revoked"
        assert "needs_reauthorization" in told_of(other)


def test_a_refusal_to_who_took_a_lease_over_says_nothing_of_newer_tokens(
    gateway: Gateway, tmp_path: Path
) -> None:
    """The store is authorized again while Amazon answers."""
    cut_off_with_a_rotated_token(gateway)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        gateway.amazon.fault({**NEVER, "hold": "doubted", "holdAt": "before"}, grantType="refresh_token")
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(other.good, "/spApi/refreshToken", WANTED)
            gateway.amazon.until_held("doubted")
            other.authorize_store()
            again = store_tokens(other)
            gateway.amazon.release("doubted")
            assert call.result()["accessToken"] == again["accessToken"]


def test_an_answer_without_another_refresh_token_does_not_outlive_a_revocation(
    gateway: Gateway, tmp_path: Path
) -> None:
    """What waits to be stored holds nothing that Amazon would still take: the store is revoked."""
    gateway.authorize_store()
    use_leases(gateway, BrokenLeases(gateway.vault.leases))
    assert gateway.bad("/spApi/refreshToken", WANTED, status=500)["reason"] == "not_stored"
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        other.bad("/spApi/refreshToken", WANTED, status=409)
    use_leases(gateway, gateway.vault.leases)
    assert gateway.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "store_revoked"
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["status"] == "needs_reauthorization"


def test_nothing_is_kept_for_a_store_that_was_removed_meanwhile(gateway: Gateway) -> None:
    """Amazon's answer comes to a row that is gone: the caller hears so, and no token stays in memory."""
    gateway.authorize_store()
    gateway.amazon.fault({"hold": "removed"}, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(gateway.bad, "/spApi/refreshToken", WANTED, status=404)
        gateway.amazon.until_held("removed")
        gateway.good("/spApi/removeStore", WANTED)
        gateway.amazon.release("removed")
        assert call.result()["reason"] == "not_found"
    assert list(gateway.app.state.services.tokens._unstored) == []


def test_while_the_vault_cannot_be_written_the_living_token_serves(gateway: Gateway) -> None:
    """The database is locked: nobody can refresh, and a token that lives is answered all the same."""
    gateway.authorize_store()
    before = store_tokens(gateway)
    gateway.clock.step(3500)
    use_leases(gateway, LockedLeases(gateway.vault.leases))
    served = store_tokens(gateway, FRESH)
    assert (served["accessToken"], served["freshness"]) == (before["accessToken"], "below_minimum")
    gateway.clock.step(101)
    assert gateway.bad("/spApi/storeTokens", FRESH, status=503)["reason"] == "vault_unavailable"
    assert gateway.amazon.refreshes() == []


class BrokenLeases:
    """Leases on a full disk: a refresh cannot be stored, the first `times` times or ever."""

    def __init__(self, leases: Any, times: int | None = None) -> None:
        self._leases = leases
        self._left = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._leases, name)

    def store_refresh(self, *arguments: Any) -> bool:
        """Fail as a full disk does."""
        if self._left == 0:
            return self._leases.store_refresh(*arguments)
        if self._left is not None:
            self._left -= 1
        raise VaultError("the disk is full", "Make room.")


class UnreachableLeases(BrokenLeases):
    """Leases that could be taken, and then the database was away: nothing can be stored or given back."""

    def renew(self, *_: Any) -> bool:
        """Fail as a database that is away does."""
        raise VaultError("the database is away", "Wait.", retryable=True)

    release = renew


class LockedLeases(BrokenLeases):
    """Leases of which none can be taken: another program has locked the vault."""

    def take(self, *_: Any) -> None:
        """Fail as a locked database does."""
        raise VaultError("the database is locked", "Wait.", retryable=True)


def use_leases(gateway: Gateway, leases: Any) -> None:
    """Let the gateway refresh under these leases."""
    gateway.app.state.services.tokens._leases._leases = leases


def test_a_seller_in_two_regions_has_to_be_named_exactly(gateway: Gateway) -> None:
    """The candidates are told, and each region has its own tokens."""
    gateway.authorize_store("A1SANDBOXWORLD", "NA")
    gateway.authorize_store("A1SANDBOXWORLD", "EU")
    refused = gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXWORLD"}, status=409)
    assert (refused["errcode"], refused["reason"]) == (1004, "ambiguous")
    assert [candidate["region"] for candidate in refused["candidates"]] == ["EU", "NA"]
    assert set(refused["candidates"][0]) == {"sellerId", "sellerName", "region"}
    gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXWORLD", "region": "eu"})
    tokens = {
        store_tokens(gateway, {"sellerId": "A1SANDBOXWORLD", "region": region})["accessToken"]
        for region in ("NA", "EU")
    }
    assert len(tokens) == 2


def test_ads_tokens_come_by_profile_or_by_record(gateway: Gateway) -> None:
    """A profile id is taken as a number and in digits; the client id that the Ads API wants comes along."""
    record_id = gateway.authorize_account()["account"]["authRecordId"]
    profile_id = gateway.good("/amazonAds/profiles")["profiles"][0]["profileId"]
    by_record = gateway.good("/amazonAds/storeTokens", {"authRecordId": record_id})
    for body in ({"profileId": profile_id}, {"profileId": str(profile_id)}, {"authRecordId": str(record_id)}):
        assert gateway.good("/amazonAds/storeTokens", body) == by_record
    assert by_record["clientId"] == gateway.amazon.ads["clientId"]
    refreshed = gateway.good("/amazonAds/refreshToken", {"profileId": profile_id})
    assert refreshed["authRecordId"] == record_id
    assert refreshed["accessToken"] != by_record["accessToken"]
    gateway.clock.step(3500)
    again = gateway.good("/amazonAds/storeTokens", {"profileId": profile_id, "minTtl": 300})
    assert again["expiresIn"] == 3600
