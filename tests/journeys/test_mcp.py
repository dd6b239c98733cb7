"""All tools of an MCP server beside a gateway and the stand-in Amazon: the job, and no token anywhere."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from linkfox_client.local.sandbox_browser import give_consent
from linkfox_client.mcp.tools import TABLE
from mcp import types

from tests.support.canary import leaks
from tests.support.house import PATIENCE, ROOT, House
from tests.support.installed import node_packages, or_skip
from tests.support.mcp_client import OPENINGS, SERVER, McpClient, mcp_client

# Every token of the stand-in holds it while this module runs.
MARKER = "CANARYxSINGSxINxEVERYxTOKENxOFxMCP"
SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}
NAME = "北风 Nordwind"
INSPECTOR = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"


class Skills(types.Result):
    """What `skills/list` answers."""

    skills: list[dict[str, Any]]


def consents(params: types.ElicitRequestParams) -> types.ElicitResult:
    """Open the link as a host does, and consent as the person."""
    assert isinstance(params, types.ElicitRequestURLParams)
    choices = {"selling_partner_id": SELLER} if "/apps/authorize" in params.url else {}
    give_consent(params.url, choices)
    return types.ElicitResult(action="accept")


@pytest.fixture(scope="module")
def marked(house: House) -> Iterator[House]:
    """The house beside a stand-in whose tokens can be recognized."""
    house.sandbox("settings", {"tokenMarker": MARKER})
    yield house
    house.forget_grants()


@pytest.fixture(scope="module")
def client(marked: House) -> Iterator[McpClient]:
    """A client that opens links, with a server that may write."""
    with mcp_client(
        marked.environment, marked.home, "--write", opens=OPENINGS["2026-07-28"], answers=consents
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def authorized(client: McpClient) -> dict[str, Any]:
    """A store and an ads account, each authorized in one call."""
    store = client.good("authorize_url", sellerName=NAME, region="NA")
    account = client.good("ads_authorize_url", accountName="Brand", region="NA")
    assert (store["state"], account["state"]) == ("authorized", "authorized")
    assert store["store"]["sellerId"] == SELLER
    return {"store": store, "account": account}


def test_the_job_over_mcp(client: McpClient, authorized: dict[str, Any]) -> None:
    """From the consent to Amazon's own answer, by the names that people say."""
    assert client.good("authorized_stores")["stores"][0]["sellerName"] == NAME
    assert client.good("resolve_store", name=NAME, site="加拿大")["marketplaceId"] == "A2EUQ1WTGCTBG2"
    called = client.good(
        "call_amazon", method="GET", path="/sellers/v1/marketplaceParticipations", store=NAME
    )
    assert {each["marketplace"]["countryCode"] for each in called["body"]["payload"]} >= {"US", "CA"}
    profile = client.good("ads_resolve_profile", site="US", account="Brand")
    listed = client.good(
        "call_amazon", method="POST", path="/sp/campaigns/list", profileId=str(profile["profileId"]), body={}
    )
    assert listed["httpStatus"] == 200
    client.good("rename_store", **STORE, newName="店铺二号")
    assert client.good("resolve_store", name="店铺二号")["sellerId"] == SELLER
    client.good("rename_store", **STORE, newName=NAME)
    attempt = authorized["store"]["authorizationId"]
    assert client.good("follow_authorization", authorizationId=attempt)["state"] == "authorized"
    refused = client.error("call_amazon", method="GET", path="/nothing", **STORE)
    assert refused["code"] == "bad_arguments"


def test_no_tool_answers_a_token(client: McpClient, marked: House, authorized: dict[str, Any]) -> None:
    """All of them, as they are meant and otherwise: not in answers, in progress, or in the server's log."""
    number = authorized["account"]["account"]["authRecordId"]
    attempts = {key: value["authorizationId"] for key, value in authorized.items()}
    restricted = {"restrictedResources": [{"method": "GET", "path": "/orders/v0/orders"}]}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("authorized_stores", {"refresh": True, "full": True}),
        ("resolve_store", STORE),
        ("authorize_url", {"sellerName": NAME, "region": "NA"}),
        ("follow_authorization", {"authorizationId": attempts["store"]}),
        ("rename_store", {**STORE, "newName": NAME}),
        ("ads_authorized_stores", {"full": True}),
        ("ads_profiles", {"refresh": True, "full": True}),
        ("ads_resolve_profile", {"site": "US"}),
        ("ads_authorize_url", {"accountName": "Brand", "region": "NA"}),
        ("ads_follow_authorization", {"authorizationId": attempts["account"]}),
        ("ads_rename_account", {"authRecordId": number, "newName": "Brand 2"}),
        ("call_amazon", {"method": "GET", "path": "/sellers/v1/marketplaceParticipations", **STORE}),
        (
            "call_amazon",
            {
                "method": "POST",
                "path": "/tokens/2021-03-01/restrictedDataToken",
                "body": restricted,
                "write": True,
                **STORE,
            },
        ),
        ("doctor", STORE),
        ("ads_remove_account", {"authRecordId": number, "yes": True}),
        ("remove_store", {**STORE, "yes": True}),
    ]
    assert {name for name, _ in calls} == {row.name for row in TABLE}
    assert MARKER in marked.post("/spApi/storeTokens", STORE)["accessToken"], "a token would be known"
    for name, given in calls:
        client.call(name, **given)
        client.call(name, **{**given, "sellerId": "A9", "region": "EU", "authRecordId": 1})
        client.call(name, nothing=1)
    for page in client.do(client.client.list_resources).resources:
        client.do(client.client.read_resource, page.uri)
    secrets = {"a token of Amazon's": MARKER, "the owner's key": marked.api_key()}
    places = places_of(client)
    assert leaks(secrets, places) == []
    assert not re.search(r"Atz[ar]\|[\w+/=-]{20}", places["answers"].decode())


def places_of(client: McpClient) -> dict[str, bytes]:
    """Whatever the server let out."""
    told = {"answers": "\n".join(client.heard).encode(), "progress": json.dumps(client.progress).encode()}
    return told | {"log": client.log.read_bytes()}


def test_the_skills_extension_lists_what_resources_are(client: McpClient) -> None:
    """The frontmatter as written, and each file with its digest."""
    asked = types.Request(method="skills/list", params=None)
    (skill,) = client.portal.call(client.client.session.send_request, asked, Skills).skills
    text = client.do(client.client.read_resource, skill["uri"]).contents[0].text
    assert skill["frontmatter"] == yaml.safe_load(text.split("---\n")[1])
    uris = {page.uri for page in client.do(client.client.list_resources).resources}
    assert {file["uri"] for file in skill["resources"]} == uris
    for file in skill["resources"]:
        content = client.do(client.client.read_resource, file["uri"]).contents[0].text.encode()
        assert file["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert file["size"] == len(content)


@pytest.mark.parametrize(
    ("words", "has"),
    [
        (("tools/list", "--strict"), "authorized_stores"),
        (("tools/call", "--tool-name", "authorized_stores", "--tool-arg", "limit=5"), '"stores"'),
        (("resources/list",), "skill://linkfox-amazon-auth/SKILL.md"),
        (("skills/list", "--verify", "--require-digests", "--protocol-era", "modern"), '"ok": true'),
    ],
)
def test_the_inspector_is_content(marked: House, words: tuple[str, ...], has: str) -> None:
    """MCP's own tool for looking at servers, from its command line: with schemas and the skill's files."""
    with or_skip():
        folder = node_packages(ROOT / ".libraries-inspector", ROOT / "tests" / "libraries" / "node-inspector")
    # The server gets no variables but these and the few that every program has.
    given = ["-e", f"GATEWAY_DATA_DIR={marked.data_dir}"]
    done = subprocess.run(
        ["node", folder / INSPECTOR, "--cli", *given, sys.executable, SERVER, "--method", *words],
        env=marked.environment,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-1000:]
    assert has in json.dumps(json.loads(done.stdout))
