"""A command under with_token.py --proxy calls a real gateway in place of Amazon, without a token of it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.calling import profile_of
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import Finished, clean_environment, run_script

SELLER = "A1SANDBOXNA001"
STORE = ("--seller-id", SELLER, "--region", "NA")
TO_THE_SPAPI = """
import http.client, json, os, urllib.parse
endpoint = urllib.parse.urlsplit(os.environ["AMAZON_SPAPI_ENDPOINT"])
connection = http.client.HTTPConnection(endpoint.netloc)
headers = {"User-Agent": "job", "x-amz-access-token": os.environ["AMAZON_ACCESS_TOKEN"]}
connection.request("GET", endpoint.path + "/sellers/v1/marketplaceParticipations", headers=headers)
answer = connection.getresponse()
print(json.dumps([answer.status, json.loads(answer.read()), dict(os.environ)]))
"""
TO_THE_ADS_API = """
import http.client, json, os, urllib.parse
endpoint = urllib.parse.urlsplit(os.environ["AMAZON_ADS_ENDPOINT"])
connection = http.client.HTTPConnection(endpoint.netloc)
media_type = "application/vnd.spCampaign.v3+json"
headers = {
    "Authorization": "Bearer " + os.environ["AMAZON_ACCESS_TOKEN"],
    "Amazon-Advertising-API-Scope": os.environ["AMAZON_ADS_PROFILE_ID"],
    "Content-Type": media_type,
    "Accept": media_type,
}
connection.request("POST", endpoint.path + "/sp/campaigns/list", "{}", headers)
answer = connection.getresponse()
print(json.dumps([answer.status, json.loads(answer.read()), dict(os.environ)]))
"""
Command = Callable[..., Finished]


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with a store and an ads account."""
    (tmp_path / "data").mkdir(0o700)
    with running_gateway(amazon, tmp_path / "data") as running:
        running.authorize_store(SELLER)
        running.authorize_account()
        yield running


@pytest.fixture
def run(gateway: Gateway, tmp_path: Path) -> Command:
    """Run with_token.py --proxy with the owner's key, or another one."""

    def call(*words: str, key: str | None = None) -> Finished:
        environment = clean_environment(
            tmp_path, LINKFOX_TOOL_GATEWAY=gateway.url, LINKFOX_AGENT_API_KEY=key or gateway.keys["owner"]
        )
        return run_script("with_token.py", *words, environment=environment, folder=tmp_path)

    return call


def test_a_store_is_called_at_the_gateways_address(run: Command, gateway: Gateway) -> None:
    """What the command holds is a stand-in token, worth nothing at Amazon."""
    status, body, environment = json.loads(
        run(*STORE, "--proxy", "--", sys.executable, "-c", TO_THE_SPAPI).stdout
    )
    assert status == 200
    assert body["payload"]
    assert environment["AMAZON_SPAPI_ENDPOINT"] == f"{gateway.url}/spapi/na"
    assert environment["AMAZON_ACCESS_TOKEN"].startswith("lfxp_")
    assert environment["AMAZON_SANDBOX"] == "1"
    assert "Atza|" not in json.dumps(environment)


def test_a_profile_is_called_at_the_gateways_address(run: Command, gateway: Gateway) -> None:
    """Without a client's id, which the gateway knows."""
    profile = str(profile_of(gateway))
    words = ("--profile-id", profile, "--proxy", "--", sys.executable, "-c", TO_THE_ADS_API)
    status, body, environment = json.loads(run(*words).stdout)
    assert status == 200, body
    assert environment["AMAZON_ADS_ENDPOINT"] == f"{gateway.url}/ads/na"
    assert environment["AMAZON_ACCESS_TOKEN"].startswith("lfxp_")
    assert "AMAZON_ADS_CLIENT_ID" not in environment


def test_a_key_without_the_right_is_told_which(run: Command, gateway: Gateway) -> None:
    """And a key with that right alone will do."""
    without = gateway.vault.users.issue_key("owner", ("tokens", "manage"))[1].reveal()
    done = run(*STORE, "--proxy", "--", "true", key=without)
    assert (done.code, done.error["code"]) == (4, "unauthorized")
    assert "proxy" in done.error["message"]
    alone = gateway.vault.users.issue_key("owner", ("proxy",))[1].reveal()
    status, _, environment = json.loads(
        run(*STORE, "--proxy", "--", sys.executable, "-c", TO_THE_SPAPI, key=alone).stdout
    )
    assert (status, environment["AMAZON_REGION"]) == (200, "NA")


def test_a_store_that_was_revoked_is_told_before_the_command_runs(
    run: Command, gateway: Gateway, tmp_path: Path
) -> None:
    """With what to do about it, as by every other script."""
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    gateway.post("/spApi/refreshToken", {"sellerId": SELLER, "region": "NA"})
    done = run(*STORE, "--proxy", "--", "touch", str(tmp_path / "started"))
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    assert f"authorize_url.py --seller-id {SELLER} --region NA" in done.error["hint"]
    assert done.document["authorizeUrl"].startswith(gateway.amazon.url)
    assert done.document["sandbox"] is True
    assert not (tmp_path / "started").exists()


def test_a_store_of_nobody_is_told_with_where_it_is(run: Command) -> None:
    """Its region is not the one that was named."""
    done = run("--seller-id", SELLER, "--region", "EU", "--proxy", "--", "true")
    assert (done.code, done.error["code"]) == (5, "not_found")
    assert "NA" in done.error["message"] + done.error["hint"]
