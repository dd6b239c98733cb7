"""No secret of a whole journey stands anywhere but where it was put on purpose."""

import base64
import json
import re
import signal
import sys
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gateway.vault.vault import DATABASE_FILE
from tests.support.canary import files_below, leaks
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import SCRIPTS, Finished, House, open_house, until
from tests.support.vaults import forget_forced_refreshes

# Every token of this Amazon holds it: whichever one leaks is found.
MARKER = "CANARYxSINGSxINxEVERYxTOKEN"
MASTER_KEY = base64.b64encode(b"the canary's first master key...").decode()
NEW_MASTER_KEY = base64.b64encode(b"the canary's other master key...").decode()
# One builds an environment and a gateway of its own, the other serves: tests/journeys/test_quickstart.py and
# test_mcp.py run them.
NOT_HERE = {"quickstart.py", "mcp_server.py"}
SELLER, OTHER = "A1SANDBOXNA001", "A1SANDBOXNA002"


def test_a_leak_is_found_in_each_form() -> None:
    """The search itself works: a planted token is found however it is written."""
    import urllib.parse

    token = "Atza|IwEBIPlanted+Token/With=Signs" * 3
    for planted in (
        token.encode(),
        urllib.parse.quote(token, safe="").encode(),
        base64.b64encode(b"x" + token.encode() + b"y"),
        base64.urlsafe_b64encode(b"xy" + token.encode()),
        json.dumps({"a": token}).encode(),
    ):
        assert leaks({"token": token}, {"place": b"-" * 20_000 + planted}) == ["token in place"]
    assert leaks({"token": token}, {"place": b"-" * 20_000}) == []


@pytest.mark.parametrize(
    ("secrets", "places"),
    [
        ({}, {"place": b"-" * 20_000}),
        ({"token": ""}, {"place": b"-" * 20_000}),
        ({"token": "short"}, {"place": b"-" * 20_000}),
        ({"token": "Atza|" + "x" * 60}, {}),
        ({"token": "Atza|" + "x" * 60}, {"place": b"", "another": b"-" * 100}),
    ],
    ids=["no secret", "an empty one", "a short one", "no place", "empty places"],
)
def test_a_search_for_nothing_or_in_nothing_fails(secrets: dict[str, str], places: dict[str, bytes]) -> None:
    """So that finding no leak means something."""
    with pytest.raises(AssertionError):
        leaks(secrets, places)


@dataclass
class Journey:
    """What a journey leaves for the search: every stream and page, and the secrets that it met."""

    house: House
    amazon: Amazon
    streams: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    scripts: set[str] = field(default_factory=set)
    failed: int = 0

    def run(self, name: str, *arguments: str, **more: Any) -> Finished:
        """Run a script and keep what it wrote."""
        done = self.house.script(name, *arguments, **more)
        self.scripts.add(name)
        self.failed += done.code != 0
        self.streams[f"{len(self.streams)} {name} {arguments[:1]}"] = (done.stdout + done.stderr).encode()
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        return done

    def good(self, name: str, *arguments: str, **more: Any) -> dict[str, Any]:
        """Run a script that has to succeed."""
        done = self.run(name, *arguments, **more)
        assert done.code == 0, f"{name}: {done.stdout}{done.stderr[-1000:]}"
        return done.document

    def look(self, what: str, method: str, url: str, **options: Any) -> requests.Response:
        """Fetch a page and keep it with its headers."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, allow_redirects=False, **options)
        self.streams[f"{len(self.streams)} {what}"] = f"{answer.headers} {answer.text}".encode()
        return answer

    def consent(self, link: str, **choices: str) -> str:
        """Consent as a person would; return the callback, whose code is a secret from then on."""
        back = self.amazon.consent(link, decision="confirm", **choices)
        query = parse_qs(urlsplit(back).query)
        (code,) = query.get("spapi_oauth_code") or query["code"]
        self.secrets[f"code {len(self.secrets)}"] = code
        return back

    def come_back(self, callback: str) -> None:
        """Open a callback in a browser and follow it to its page."""
        answer = self.look("callback", "GET", callback)
        where = answer.headers["Location"]
        self.streams[f"{len(self.streams)} redirect"] = where.encode()
        self.look("page", "GET", self.house.url + where)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    """A house beside an Amazon whose tokens can be recognized; every secret of it is known."""
    with running_amazon() as amazon:
        amazon.control("settings", {"tokenMarker": MARKER})
        environment = {
            "AMAZON_ORIGIN": amazon.url,
            "GATEWAY_MASTER_KEY": MASTER_KEY,
            "SPAPI_APP_ID": amazon.spapi["appId"],
            "SPAPI_CLIENT_ID": amazon.spapi["clientId"],
            "SPAPI_CLIENT_SECRET": amazon.spapi["clientSecret"],
            "ADS_CLIENT_ID": amazon.ads["clientId"],
            "ADS_CLIENT_SECRET": amazon.ads["clientSecret"],
        }
        with open_house(tmp_path, **environment) as house:
            made = Journey(house, amazon)
            made.secrets |= {
                "a token": MARKER,
                "the owner's API key": house.api_key(),
                "the master key": MASTER_KEY,
                "the master key, raw": base64.b64decode(MASTER_KEY).decode(),
                "the SP-API client secret": amazon.spapi["clientSecret"],
                "the ads client secret": amazon.ads["clientSecret"],
            }
            yield made


def test_no_secret_of_a_journey_is_left_anywhere(journey: Journey) -> None:
    """Streams, logs, pages, audit, database, caches and backups hold no token, code, key or client secret."""
    on_purpose = _authorize(journey)
    on_purpose += _use(journey)
    _fail(journey)
    on_purpose += _operate(journey)
    house = journey.house
    files = _files_while_it_runs(journey, on_purpose)
    places = {"gateway's standard error": house.log.read_bytes()} | journey.streams | files
    house.stop(signal.SIGKILL)
    places |= {f"{name} (killed)": data for name, data in files_below([house.home], but=on_purpose).items()}
    house.environment["GATEWAY_MASTER_KEY"] = NEW_MASTER_KEY
    house.start()
    house.stop()
    # Once more after a proper end: the write-ahead log is folded in then.
    places |= {f"{name} (stopped)": data for name, data in files_below([house.home], but=on_purpose).items()}
    _check_the_search(journey, places)
    assert leaks(journey.secrets, places) == []


def _files_while_it_runs(journey: Journey, on_purpose: list[Path]) -> dict[str, bytes]:
    """Read every file, with something in the write-ahead log, which the gateway empties each minute."""
    house, files = journey.house, dict[str, bytes]()
    while not files.get(f"{house.data_dir / DATABASE_FILE}-wal"):
        journey.good("authorize_url.py", "--seller-name", "In the log", "--region", "NA")
        files = files_below([house.home], but=on_purpose)
    return files


def _check_the_search(journey: Journey, places: dict[str, bytes]) -> None:
    """It looked where leaks would be, for what would leak, after every script and enough failures."""
    assert {path.name for path in SCRIPTS.glob("*.py")} - journey.scripts == NOT_HERE
    assert journey.failed >= 15
    for part in ("vault.db", "vault.db-wal", "copy.db", "standard error", "page", "audit", "feedback.jsonl"):
        assert any(part in name and data for name, data in places.items()), f"{part} was not searched"
    assert len(journey.secrets) >= 12
    log = places["gateway's standard error"]
    assert b"app_suspended" in log
    assert b"refresh_failed" in log
    # The tokens were really there, and really looked like this.
    tokens = journey.amazon.control("ledger?limit=1000")["calls"]
    assert sum(call["token"] is not None for call in tokens) > 10


def _authorize(journey: Journey) -> list[Path]:
    """Every way in: by browser, by a pasted address, by an imported token."""
    house = journey.house
    link = journey.good("authorize_url.py", "--seller-name", "Canary", "--region", "NA")
    journey.come_back(journey.consent(link["authorizeUrl"], selling_partner_id=SELLER))
    journey.good("authorize_url.py", "--authorization-id", link["authorizationId"], "--wait", "60")
    link = journey.good("ads_authorize_url.py", "--account-name", "Canary")
    journey.come_back(journey.consent(link["authorizeUrl"], advertiser_id="SANDBOX_BRANDS"))
    journey.good("ads_authorize_url.py", "--authorization-id", link["authorizationId"], "--wait", "60")
    link = journey.good("authorize_url.py", "--seller-name", "Pasted", "--region", "NA")
    back = journey.consent(link["authorizeUrl"], selling_partner_id=OTHER)
    journey.good("complete_authorization.py", stdin=back)
    journey.run("complete_authorization.py", stdin=back)
    link = journey.good("ads_authorize_url.py", "--account-name", "Pasted")
    back = journey.consent(link["authorizeUrl"], advertiser_id="SANDBOX_BRANDS")
    journey.good("ads_complete_authorization.py", stdin=back)
    journey.run("ads_complete_authorization.py", stdin=back.replace("code=", "kode="))
    (store,) = journey.amazon.control("grants", [{"sellerId": "A1SANDBOXEU002", "region": "EU"}])["grants"]
    europe = ["--seller-id", "A1SANDBOXEU002", "--region", "EU"]
    journey.good("import_store.py", *europe, "--seller-name", "Imported", stdin=store["refreshToken"])
    journey.run("import_store.py", *europe, "--seller-name", "Bad", stdin=store["refreshToken"] + "x")
    (account,) = journey.amazon.control("grants", [{"advertiserId": "SANDBOX_PARTNERS"}])["grants"]
    token_file = house.home / "token"
    token_file.touch(0o600)
    token_file.write_text(account["refreshToken"])
    which = ["--account-name", "Imported", "--region", "NA", "--token-file", str(token_file)]
    imported = journey.good("ads_import_account.py", *which)
    journey.good("ads_remove_account.py", "--auth-record-id", str(imported["authRecordId"]), "--yes")
    journey.good("remove_store.py", *europe, "--yes")
    return [token_file, house.data_dir / "owner.key"]


def _use(journey: Journey) -> list[Path]:
    """Lists, tokens in every hand-over that there is, and calls to Amazon."""
    house = journey.house
    seller = ["--seller-id", SELLER, "--region", "NA"]
    profile = journey.good("ads_resolve_profile.py", "--site", "US", "--account", "Canary")
    advertiser = ["--profile-id", str(profile["profileId"])]
    files = []
    for number, (script, which) in enumerate(
        [("store_tokens.py", seller), ("ads_store_tokens.py", advertiser)]
    ):
        files.append(house.home / f"handed-{number}.json")
        journey.good(script, *which, "--output-file", str(files[-1]), "--with-refresh-token")
        raw = json.loads(files[-1].read_text(encoding="utf-8"))
        assert MARKER in raw["accessToken"]
        assert MARKER in raw["refreshToken"]
        journey.secrets |= {
            f"access token {number}": raw["accessToken"],
            f"refresh token {number}": raw["refreshToken"],
        }
        journey.good(script, *which)
        journey.good(script, "--all")
        journey.run(script, *which, "--output-file", str(files[-1]))
    journey.good("refresh_token.py", *seller)
    journey.good("ads_refresh_token.py", *advertiser)
    journey.good("authorized_stores.py", "--refresh", "--full")
    journey.good("ads_authorized_stores.py", "--full")
    journey.good("resolve_store.py", "--name", "Canary", "--site", "US")
    journey.good("rename_store.py", *seller, "--new-name", "Canary 2")
    journey.good("ads_rename_account.py", "--account", "Canary", "--new-name", "Canary 2")
    journey.good("call_amazon.py", "GET", "/sellers/v1/marketplaceParticipations", *seller)
    journey.run("call_amazon.py", "GET", "/orders/v0/orders", *seller, "--query", "MarketplaceIds=X")
    journey.run("doctor.py", "--store", "Canary 2")
    journey.good("ads_profiles.py", "--refresh")
    read = "import os; assert os.environ['AMAZON_ACCESS_TOKEN']; print('{}')"
    journey.good("with_token.py", *seller, "--", sys.executable, "-c", read)
    read = "import os; assert open(os.environ['AMAZON_ACCESS_TOKEN_FILE']).read(); print('{}')"
    journey.good("with_token.py", *seller, "--keep-fresh", "--", sys.executable, "-c", read)
    orders = {"region": "NA", "path": "/orders/v0/orders", "method": "GET", "queryString": "MarketplaceIds=X"}
    for body in ({**orders, "sellerId": SELLER}, {**orders, "sellerId": SELLER, "path": "/nonsense"}):
        _post(journey, "/spApi/developerProxy", body)
    _as_from_login_with_amazon(journey)
    key_file = house.home / "login.key"
    key_file.touch(0o600)
    key_file.write_text(house.api_key())
    gateway = {"LINKFOX_TOOL_GATEWAY": house.url}
    journey.good("login.py", "--key-file", str(key_file), "--insecure-file", **gateway)
    files += [key_file, *(house.home / ".config" / "linkfox" / "keys").rglob("*")]
    journey.good("login.py", "--status", **gateway)
    said = f"The token {journey.secrets['access token 0']} did not work with {house.api_key()}"
    feedback = ["--sentiment", "NEGATIVE", "--category", "BUG", "--content", said]
    journey.run("feedback.py", *feedback)
    journey.run("doctor.py")
    journey.good("install_skill.py", "--into", str(house.home / "skills"), "--dry-run")
    return files


def _post(journey: Journey, path: str, body: dict[str, Any]) -> None:
    """Call the gateway as another skill does, and keep what it answers, except for tokens."""
    try:
        answer = journey.house.post(path, body)
    except urllib.error.HTTPError as refusal:
        with refusal:
            answer = json.loads(refusal.read())
    journey.streams[f"{len(journey.streams)} {path}"] = json.dumps(answer).encode()


def _as_from_login_with_amazon(journey: Journey) -> None:
    """Get a stand-in token and call Amazon with it; then send each secret in a place of another's."""
    url, key, handle = journey.house.url, journey.house.api_key(), f"proxy:store:{SELLER}:NA"
    fields = {"grant_type": "refresh_token", "client_secret": key, "refresh_token": handle}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{url}/auth/o2/token", data=fields)
    stand_in = journey.secrets["a stand-in token"] = answer.json()["access_token"]
    address = f"{url}/spapi/na/sellers/v1/marketplaceParticipations"
    journey.look("call at the address", "GET", address, headers={"x-amz-access-token": stand_in})
    journey.look("call with half of it", "GET", address, headers={"x-amz-access-token": stand_in[:-4]})
    for name in fields:
        for secret in (key, stand_in, journey.secrets["refresh token 0"]):
            if (name, secret) != ("client_secret", key):
                wrong = {**fields, name: secret}
                journey.look(f"token for a wrong {name}", "POST", f"{url}/auth/o2/token", data=wrong)
    journey.look("token by its address", "GET", f"{url}/auth/o2/token/{stand_in}")


def _fail(journey: Journey) -> None:
    """Everything that goes wrong, with secrets in the places where they do not belong."""
    amazon, house, seller = journey.amazon, journey.house, ["--seller-id", SELLER, "--region", "NA"]
    token, key = journey.secrets["access token 0"], journey.secrets["the owner's API key"]
    journey.run("store_tokens.py", "--seller-id", "ANOBODY", "--region", "NA")
    journey.run("store_tokens.py", "--seller-id", token, "--region", "NA")
    journey.run("refresh_token.py", "--nonsense", journey.secrets["refresh token 0"])
    journey.run("authorize_url.py", json.dumps({"sellerName": "A", "apiKey": key}))
    journey.run(
        "store_tokens.py",
        *seller,
        LINKFOX_AGENT_API_KEY=key[:-1] + "X",
        LINKFOX_TOOL_GATEWAY=house.url,
    )
    journey.run(
        "store_tokens.py", *seller, LINKFOX_AGENT_API_KEY=key, LINKFOX_TOOL_GATEWAY="http://127.0.0.1:9"
    )
    quoting = json.dumps({"error": "invalid_request", "error_description": f"bad: {token}"})
    for do in (
        {"status": 200, "headers": {"Content-Type": "text/html"}, "body": f"<html>{token}"},
        {"status": 400, "body": quoting},
        {"status": 500, "body": token},
        {"status": 503},
        {"status": 429},
        {"drop": "after"},
        {"cutAfterBytes": 200},
        {"token": {"length": 5000}},
        {"token": {"omit": ["expires_in"]}},
        {"token": {"set": {"token_type": token}}},
    ):
        amazon.control("faults", [{"match": {"grantType": "refresh_token"}, "times": None, "do": do}])
        forget_forced_refreshes(house.data_dir / DATABASE_FILE)  # so that each of these is really met
        journey.run("refresh_token.py", *seller)
        amazon.control("faults/clear", {})
    client_id = amazon.spapi["clientId"]
    amazon.control("apps", {"clientId": client_id, "secretRefused": True})
    forget_forced_refreshes(house.data_dir / DATABASE_FILE)
    journey.run("refresh_token.py", *seller)
    until(lambda: _is_suspended(journey), "the application is suspended")
    link = journey.good("authorize_url.py", "--seller-name", "Refused", "--region", "NA")
    journey.come_back(journey.consent(link["authorizeUrl"], selling_partner_id=SELLER))
    house.ended(link["authorizationId"])
    amazon.control("apps", {"clientId": client_id, "secretRefused": False})
    until(lambda: not _is_suspended(journey), "the application recovers")
    link = journey.good("authorize_url.py", "--seller-name", "Echo", "--region", "NA")
    back = journey.consent(link["authorizeUrl"], selling_partner_id=SELLER)
    (code,) = parse_qs(urlsplit(back).query)["spapi_oauth_code"]
    echo = json.dumps({"error": "invalid_grant", "error_description": "bad code"})
    amazon.control("faults", [{"match": {"path": "/auth/*"}, "do": {"status": 400, "body": echo}}])
    journey.come_back(back)
    house.ended(link["authorizationId"])
    journey.look("callback again", "GET", back)
    journey.look("unknown path", "GET", f"{house.url}/{code}")
    amazon.control("revoke", {"sellerId": SELLER})
    forget_forced_refreshes(house.data_dir / DATABASE_FILE)
    journey.run("refresh_token.py", *seller)
    journey.run("store_tokens.py", "--all")


def _is_suspended(journey: Journey) -> bool:
    stores = journey.house.post("/spApi/authorizedStores", {})["stores"]
    if {store["status"] for store in stores} == {"suspended_app"}:
        return True
    if journey.amazon.control("state")["apps"][0]["secretRefused"]:
        journey.run("refresh_token.py", "--seller-id", SELLER, "--region", "NA")
    return False


def _operate(journey: Journey) -> list[Path]:
    """What an operator does: users, pages, audit, another master key, backups."""
    house, run = journey.house, journey.good
    user_key = house.home / "anna.key"
    run("local_gateway.py", "add-user", "anna", "--key-file", str(user_key))
    journey.secrets["anna's API key"] = user_key.read_text().strip()
    _see_the_pages(journey)
    run("local_gateway.py", "list-keys")
    run("local_gateway.py", "status")
    new_key = house.home / "new-master.key"
    new_key.touch(0o600)
    new_key.write_text(NEW_MASTER_KEY + "\n")
    run("local_gateway.py", "rotate-master-key", "--new-key-file", str(new_key))
    journey.secrets["the new master key"] = NEW_MASTER_KEY
    house.environment["GATEWAY_MASTER_KEY"] = NEW_MASTER_KEY
    run("local_gateway.py", "backup", str(house.home / "copy.db"))
    run("local_gateway.py", "audit", "--limit", "500")
    return [user_key, new_key]


def _see_the_pages(journey: Journey) -> None:
    """Sign in with the API key, wrong and right, and look at every page."""
    house = journey.house
    key = journey.secrets["the owner's API key"]
    with requests.Session() as session:
        session.trust_env = False
        for attempt in (key[:-2] + "zz", key):
            form = session.get(f"{house.url}/signin").text
            (token,) = re.findall(r'name="token" value="([^"]+)"', form)
            answer = session.post(f"{house.url}/signin", data={"token": token, "next": "/", "key": attempt})
            journey.streams[f"{len(journey.streams)} page after signing in"] = answer.content
        for path in ("/", "/stores/authorize", "/accounts/authorize", "/healthz", "/readyz", "/metrics"):
            journey.streams[f"page {path}"] = session.get(house.url + path).content
        assert b"Canary" in journey.streams["page /"]
