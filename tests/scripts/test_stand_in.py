"""with_token.py --proxy: the command calls the gateway in place of Amazon, and holds no token of its."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.commands.choice import Choice
from linkfox_client.commands.program_token import StandInToken
from linkfox_client.errors import ClientError
from linkfox_client.gateway.client import connect

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, KEY, FakeGateway
from tests.support.house import Finished

DOOR = "/auth/o2/token"
STORES, ACCOUNTS = "/spApi/authorizedStores", "/amazonAds/authorizedStores"
STORE = ("with_token.py", "--seller-id", "A1", "--region", "EU", "--proxy")
PROFILE = ("with_token.py", "--profile-id", "7", "--proxy")
STAND_IN = "lfxp_" + "s7And" * 12
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
SITES = [{"marketplaceId": "A1PA6795UKMFR9", "countryCode": "DE", "participating": True}]
ROW = {"sellerId": "A1", "region": "EU", "sellerName": "北极光", "sites": SITES}
PROFILE_ROW = {"profileId": 7, "region": "NA", "countryCode": "US", "marketplaceStringId": "ATVPDKIKX0DER"}


def stand_in(handle: str = "proxy:store:A1:EU", token: str = STAND_IN, **more: Any) -> tuple[int, Any]:
    """What the door answers, as Login with Amazon does."""
    return 200, {
        "access_token": token,
        "refresh_token": handle,
        "token_type": "bearer",
        "expires_in": 3600,
        **more,
    }


def refused(status: int, error: str, description: str) -> tuple[int, Any]:
    """A refusal of the door's, as Login with Amazon's are."""
    return status, {"error": error, "error_description": description}


@pytest.fixture
def store(gateway: FakeGateway) -> FakeGateway:
    """A gateway with a store and a profile, which hands no token of Amazon's out."""
    gateway.answers[STORES] = (200, {"stores": [ROW], "total": 1})
    gateway.answers[ACCOUNTS] = (200, {"stores": [PROFILE_ROW], "total": 1})
    gateway.answers[DOOR] = stand_in()
    return gateway


def seen_by_the_command(done: Finished) -> dict[str, str]:
    """The command's environment, as it printed it."""
    assert done.code == 0, done.stdout + done.stderr
    environment: dict[str, str] = json.loads(done.stdout)
    return environment


def test_a_stores_command_calls_the_gateway_with_a_stand_in_token(store: FakeGateway, run: Run) -> None:
    """The same variables as ever, with the gateway's address and no token of Amazon's."""
    seen = seen_by_the_command(run(*STORE, "--", sys.executable, "-c", SHOW, AMAZON_ADS_ENDPOINT="inherited"))
    assert seen["AMAZON_SPAPI_ENDPOINT"] == f"{store.url}/spapi/eu"
    assert seen["AMAZON_ACCESS_TOKEN"] == STAND_IN
    assert seen["AMAZON_TOKEN_EXPIRES_AT"] > "2026-"
    assert seen["AMAZON_SELLER_ID"] == "A1"
    assert seen["AMAZON_REGION"] == "EU"
    assert seen["AMAZON_MARKETPLACE_IDS"] == "A1PA6795UKMFR9"
    assert "AMAZON_ADS_ENDPOINT" not in seen
    assert KEY not in seen.values()
    (asked,) = store.bodies(DOOR)
    assert asked["grant_type"] == "refresh_token"
    assert asked["client_secret"] == KEY
    assert asked["refresh_token"] == "proxy:store:A1:EU"
    assert {call.path for call in store.calls} == {STORES, DOOR}


def test_a_profiles_command_calls_the_gateway_too(store: FakeGateway, run: Run) -> None:
    """Without the client's id, which the gateway puts in."""
    store.answers[DOOR] = stand_in("proxy:profile:7")
    seen = seen_by_the_command(run(*PROFILE, "--", sys.executable, "-c", SHOW, AMAZON_ADS_CLIENT_ID="old"))
    assert seen["AMAZON_ADS_ENDPOINT"] == f"{store.url}/ads/na"
    assert seen["AMAZON_ACCESS_TOKEN"] == STAND_IN
    assert seen["AMAZON_ADS_PROFILE_ID"] == "7"
    assert "AMAZON_ADS_CLIENT_ID" not in seen
    assert store.bodies(DOOR)[0]["refresh_token"] == "proxy:profile:7"


def test_a_store_is_asked_for_where_it_is_kept(store: FakeGateway, run: Run) -> None:
    """India, which is asked for under FE and kept under EU: the address has to be that of its region."""
    words = ("with_token.py", "--seller-id", "A1", "--region", "FE", "--proxy")
    seen = seen_by_the_command(run(*words, "--", sys.executable, "-c", SHOW))
    assert (seen["AMAZON_REGION"], seen["AMAZON_SPAPI_ENDPOINT"]) == ("EU", f"{store.url}/spapi/eu")
    assert store.bodies(DOOR)[0]["refresh_token"] == "proxy:store:A1:EU"


def test_a_store_by_its_name_is_looked_up_once(store: FakeGateway, run: Run) -> None:
    """Its row has told its region."""
    words = ("with_token.py", "--store", "北极光", "--site", "DE", "--proxy")
    seen = seen_by_the_command(run(*words, "--", sys.executable, "-c", SHOW))
    assert seen["AMAZON_SPAPI_ENDPOINT"] == f"{store.url}/spapi/eu"
    assert len(store.bodies(STORES)) == 1


def test_a_sandbox_is_marked_as_one(store: FakeGateway, run: Run) -> None:
    """The address is the gateway's there, too."""
    store.answers[STORES] = (200, {"stores": [ROW], "total": 1, "sandbox": True})
    seen = seen_by_the_command(run(*STORE, "--", sys.executable, "-c", SHOW))
    assert (seen["AMAZON_SANDBOX"], seen["AMAZON_SPAPI_ENDPOINT"]) == ("1", f"{store.url}/spapi/eu")


def test_with_keep_fresh_the_file_holds_a_stand_in_token(
    store: FakeGateway, run: Run, tmp_path: Path
) -> None:
    """And no variable does."""
    code = "import json, os; print(json.dumps([dict(os.environ), open(os.environ[FILE]).read()]))"
    code = code.replace("FILE", "'AMAZON_ACCESS_TOKEN_FILE'")
    done = run(*STORE, "--keep-fresh", "--", sys.executable, "-c", code, TMPDIR=str(tmp_path))
    assert done.code == 0, done.stdout + done.stderr
    environment, token = json.loads(done.stdout)
    assert token == STAND_IN
    assert "AMAZON_ACCESS_TOKEN" not in environment
    assert environment["AMAZON_SPAPI_ENDPOINT"] == f"{store.url}/spapi/eu"
    assert not Path(environment["AMAZON_ACCESS_TOKEN_FILE"]).parent.exists()


def test_a_gateway_that_is_elsewhere_now_gets_no_say(
    store: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command goes on calling the former address, where a token of the other is worth nothing."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    with connect() as former:
        source = StandInToken(former, Choice({"sellerId": "A1", "region": "EU"}, {}))
    assert source.again()["accessToken"].reveal() == STAND_IN
    monkeypatch.setenv("LINKFOX_TOOL_GATEWAY", store.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(ClientError, match="at another address now") as caught:
        source.again()
    assert "start it again" in caught.value.hint


@pytest.mark.parametrize("more", [(), ("--keep-fresh",)])
def test_the_hosted_gateway_is_not_asked(hosted: FakeGateway, run_hosted: Run, more: tuple[str, ...]) -> None:
    """It has no such addresses, and each call of it costs credit."""
    done = run_hosted(*STORE, *more, "--", "true")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "without --proxy" in done.error["hint"]
    assert hosted.calls == []


def test_a_gateway_that_is_older_is_named_as_that(store: FakeGateway, run: Run, tmp_path: Path) -> None:
    """The command is not started."""
    store.answers[DOOR] = (404, {"errcode": 1002, "errmsg": "no such path", "reason": "unknown_path"})
    done = run(*STORE, "--", "touch", str(tmp_path / "started"))
    assert done.code == 5
    assert "hands out no stand-in tokens" in done.error["message"]
    assert "without --proxy" in done.error["hint"]
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"access_token": ACCESS, "token_type": "bearer"}),
        (200, {"token_type": "bearer", "expires_in": 3600}),
        stand_in(token=""),
        stand_in(token="two words"),
        stand_in(expires_in="soon"),
        stand_in(expires_in=-1),
    ],
    ids=["endless", "none", "empty", "two words", "no number", "ended"],
)
def test_what_is_no_token_is_not_handed_on(store: FakeGateway, run: Run, answer: tuple[int, Any]) -> None:
    """Of a stand-in token its end is always told."""
    store.answers[DOOR] = answer
    done = run(*STORE, "--", "true")
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert ACCESS not in done.stdout + done.stderr


def test_a_profile_that_the_list_lacks_has_no_address(store: FakeGateway, run: Run) -> None:
    """The list alone knows in which region a profile is: nothing is guessed."""
    done = run("with_token.py", "--profile-id", "8", "--proxy", "--", "true")
    assert (done.code, done.error["code"]) == (5, "not_found")


def test_a_list_that_cannot_be_had_is_the_failure(store: FakeGateway, run: Run) -> None:
    """With what the gateway said of it."""
    store.answers[STORES] = (401, {"errcode": 401, "errmsg": "no such key", "reason": "unauthorized"})
    done = run(*STORE, "--", "true")
    assert (done.code, done.error["code"]) == (4, "unauthorized")
    assert store.bodies(DOOR) == []


LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"


def test_a_store_that_has_to_be_authorized_again_comes_with_its_link(store: FakeGateway, run: Run) -> None:
    """As from every other call, though the answer has the shape of Login with Amazon's."""
    sentence = "store_revoked: Amazon no longer accepts this authorization. To authorize it again, "
    store.answers[DOOR] = refused(400, "invalid_grant", f"{sentence}a person opens {LINK}")
    done = run(*STORE, "--", "true")
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    assert done.document["authorizeUrl"] == LINK
    assert done.error["message"] == "Amazon no longer accepts this authorization"
    assert "--seller-id A1 --region EU" in done.error["hint"]


def test_a_link_that_leads_to_this_machine_is_not_given(store: FakeGateway, run: Run) -> None:
    """As little as from the other calls, unless a sandbox of this machine sent it."""
    said = "store_revoked: Amazon no longer accepts it. A person opens https://127.0.0.1/authorize"
    store.answers[DOOR] = refused(400, "invalid_grant", said)
    done = run(*STORE, "--", "true")
    assert (done.code, "authorizeUrl" in done.document) == (4, False)
    assert "127.0.0.1/authorize" not in done.stdout


def test_a_key_that_lacks_the_right_is_told_from_one_that_is_none(store: FakeGateway, run: Run) -> None:
    """With the right that it lacks; both are an invalid client to Login with Amazon."""
    said = "key_lacks_right: This API key does not have the right proxy. Use a key that has it."
    store.answers[DOOR] = refused(401, "invalid_client", said)
    done = run(*STORE, "--", "true")
    assert (done.code, done.error["code"]) == (4, "unauthorized")
    assert "the right proxy" in done.error["message"]
    assert "list-keys" in done.error["hint"]
    store.answers[DOOR] = refused(401, "invalid_client", "unauthorized: The API key is unknown. Send one.")
    done = run(*STORE, "--", "true")
    assert "LINKFOX_AGENT_API_KEY" in done.error["hint"]


@pytest.mark.parametrize(
    ("answer", "code", "exit_code"),
    [
        (
            refused(400, "invalid_grant", "not_found: There is no such store. Look at the list."),
            "not_found",
            5,
        ),
        (refused(429, "temporarily_unavailable", "gateway_throttled: Too many. Wait."), "throttled", 6),
        (refused(503, "temporarily_unavailable", "internal: It failed. Try again."), "gateway_failed", 6),
        (refused(400, "invalid_request", "new_reason: Nobody knows it. Do something."), "gateway_failed", 6),
        (refused(400, "invalid_request", ""), "gateway_failed", 6),
        ((400, {"error": "invalid_request"}), "gateway_failed", 6),
    ],
    ids=["not found", "throttled", "failed", "a new reason", "empty", "no description"],
)
def test_each_refusal_has_its_exit_code(
    store: FakeGateway, run: Run, answer: tuple[int, Any], code: str, exit_code: int
) -> None:
    """By the gateway's own reason, else by the status."""
    store.answers[DOOR] = answer
    done = run(*STORE, "--", "true")
    assert (done.code, done.error["code"]) == (exit_code, code), done.stdout


def test_nothing_secret_is_told_in_a_failure(store: FakeGateway, run: Run) -> None:
    """Not even where the gateway echoes what it was sent."""
    store.answers[DOOR] = refused(401, "invalid_client", f"unauthorized: no key {KEY}, {STAND_IN}")
    done = run(*STORE, "--", "true")
    assert KEY not in done.stdout + done.stderr
    assert done.error["code"] == "unauthorized"
