"""Everything that the document describes really comes: one journey, on which each field is answered once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from gateway.amazon.session import AmazonSession
from gateway.settings.settings import Settings
from gateway.settings.webhook import Webhook
from gateway.util import local_proof, owner_key
from gateway.util.clock_check import ClockCheck
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import seals
from gateway.vault.keys.sealing import MANY_SEALS
from tests.support.clock import START
from tests.support.documented import DOCUMENT, JSON, fields_of, operations
from tests.support.gateway_server import Amazon, Gateway, running_gateway, settings_for
from tests.support.vaults import read_only

STORE = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
INDIAN = {"sellerId": "A1SANDBOXEU002", "region": "FE"}
SCOPES = ["sellingpartnerapi::orders", "sellingpartnerapi::reports"]
SEVERAL = "A1SANDBOXWORLD"
HOUR, DAY = 3_600, 86_400
APP = "https://app.example"
CUSTOMER = {"externalId": "customer-4711", "returnUrl": f"{APP}/connected"}
NAMED_SCOPE = {"token": {"set": {"scope": "advertising::campaign_management"}}}


SUCCESSES = {
    path: operation["responses"]["200"]["content"][JSON]["schema"]
    for _, path, operation in operations(DOCUMENT)
    if JSON in operation["responses"].get("200", {}).get("content", {})
}
ERROR = {"$ref": "#/components/schemas/Error"}


@dataclass
class Journey:
    """Calls a gateway and keeps the described fields that it answered."""

    gateway: Gateway
    answered: set[str] = field(default_factory=set)

    def good(self, path: str, body: Any = None, user: str = "owner") -> dict[str, Any]:
        """Make a call that succeeds."""
        document = self.gateway.good(path, body, user=user)
        self.answered |= fields_of(SUCCESSES[path], path, document)
        return document

    def bad(self, path: str, body: Any, status: int, user: str = "owner") -> None:
        """Make a call that fails."""
        refused = self.gateway.bad(path, body, status=status, user=user)
        self.answered |= fields_of(ERROR, path, refused)

    def read(self, path: str) -> None:
        """GET a document."""
        described = SUCCESSES[path.partition("?")[0]]
        self.answered |= fields_of(described, path, self.gateway.get(path).json())

    def consented(self, path: str, body: dict[str, Any], **decision: Any) -> tuple[dict[str, Any], str]:
        """Begin and decide: return what began, and the address that the browser is sent to."""
        begun = self.good(f"{path}/authorizeUrl", {**CUSTOMER, **body})
        decided = {"decision": "confirm", **decision}
        return begun, self.gateway.amazon.consent(begun["authorizeUrl"], **decided)

    def come_back(self, callback: str) -> None:
        """Open a callback in a browser, which the customer's application gets back."""
        assert self.gateway.get(callback).headers["Location"].startswith(CUSTOMER["returnUrl"])

    def ended(self, path: str, body: dict[str, Any], **decision: Any) -> dict[str, Any]:
        """Begin, decide and follow the browser: return how it ended."""
        begun, back = self.consented(path, body, **decision)
        self.come_back(back)
        attempt = {"authorizationId": begun["authorizationId"]}
        return self.good(f"{path}/authorizationStatus", attempt)


@pytest.fixture
def journey(amazon: Amazon, tmp_path: Path) -> Iterator[Journey]:
    """A gateway with old client secrets, a clock that is ahead, and a webhook that nobody listens at."""
    settings = settings_for(amazon, tmp_path)
    assert settings.spapi
    assert settings.ads
    since = (datetime.fromtimestamp(START, UTC) - timedelta(days=170)).date()
    old = {name: replace(getattr(settings, name), secret_since=since) for name in ("spapi", "ads")}
    webhook = Webhook("http://127.0.0.1:9/", Secret("a-secret-of-nobody-who-listens"))
    with running_gateway(
        amazon, tmp_path, session=ahead_of_amazon, webhook=webhook, return_origins=(APP,), **old
    ) as gateway:
        yield Journey(gateway)


def ahead_of_amazon(settings: Settings) -> AmazonSession:
    """Connections on which Amazon seems an hour late."""
    return AmazonSession(settings.amazon_origin, clocks=ClockCheck(lambda: time.time() + HOUR))


@dataclass
class ReplicaThatIsAway:
    """Stands in for a read replica that does not answer: the database itself does, what is read."""

    database: Database
    lag: float = 60.0
    usable: bool = False

    def look(self) -> None:
        """It stays away."""

    def read(self, work: Callable[[Connection], Any], of_user: int | None) -> Any:
        """Read on the database itself."""
        with self.database.reading() as connection:
            return work(connection)

    def close(self) -> None:
        """It has no connections."""


def test_every_field_that_is_described_is_answered(journey: Journey) -> None:
    """By each call of the JSON API and each document for operators, with all that an error can carry."""
    store, account = stores(journey), accounts(journey)
    named(journey)
    calls(journey)
    endings(journey)
    journey.good("/spApi/authorizationStatus", {"authorizationId": store})
    journey.good("/amazonAds/authorizationStatus", {"authorizationId": account})
    secret, handle = journey.gateway.keys["owner"], "proxy:store:A1SANDBOXEU002:FE"
    journey.good(
        "/auth/o2/token",
        {"grant_type": "refresh_token", "client_secret": secret, "refresh_token": handle},
    )
    journey.good("/spApi/removeStore", INDIAN)
    journey.gateway.app.state.services.overview.watch(lambda: ["audit"])
    database = journey.gateway.vault.database
    database.replica = ReplicaThatIsAway(database)
    journey.gateway.vault.keys.record_seals()
    with database.writing() as connection:
        connection.execute(update(seals).values(count=MANY_SEALS))
    with read_only(database):
        database.probe_writes()
        for path in ("/healthz", "/readyz"):
            journey.read(path)
    database.probe_writes()
    weak = journey.gateway.vault.users.issue_key("owner", ("proxy",))[1].reveal()
    journey.bad("/spApi/storeTokens", STORE, 403, user=weak)
    (journey.gateway.settings.data_dir / owner_key.FILE).write_text(journey.gateway.keys["owner"])
    journey.read(f"{local_proof.PATH}?nonce={64 * '0'}")
    described = fields_of(ERROR, "")
    for path, schema in SUCCESSES.items():
        described |= fields_of(schema, path)
    assert "\n".join(sorted(described - journey.answered)) == ""


def stores(journey: Journey) -> str:
    """Authorize, refuse, look, read and refresh stores; return the first attempt."""
    amazon = journey.gateway.amazon
    body = {"sellerName": "Store", "scopes": SCOPES}
    chosen = {"selling_partner_id": STORE["sellerId"]}
    amazon.fault({"answer": "spApi.roleMissing"}, path="/sellers/*")
    store = journey.ended("/spApi", body, **chosen, scope=SCOPES[:1])
    indian = {"sellerName": "India", "marketplace": "IN", "region": "FE"}
    amazon.fault({"answer": "spApi.roleMissing"}, path="/sellers/*")
    _, back = journey.consented("/spApi", indian, selling_partner_id=INDIAN["sellerId"])
    journey.good("/spApi/completeAuthorization", {"callbackUrl": back})
    journey.bad("/spApi/completeAuthorization", {"callbackUrl": back}, 400)
    for region in ("NA", "EU"):
        journey.ended("/spApi", {"sellerName": region, "region": region}, selling_partner_id=SEVERAL)
    journey.bad("/spApi/refreshToken", {"sellerId": SEVERAL}, 409)
    # A code that Amazon refuses ends the attempt, in Amazon's words.
    for complete in (False, True):
        begun, back = journey.consented("/spApi", body, **chosen)
        amazon.fault(
            {"status": 400, "body": {"error": "invalid_grant", "error_description": "spent"}},
            grantType="authorization_code",
        )
        if complete:
            journey.good("/spApi/completeAuthorization", {"callbackUrl": back})
        else:
            journey.come_back(back)
            journey.good("/spApi/authorizationStatus", {"authorizationId": begun["authorizationId"]})
    for _ in range(2):  # the second one is told that it was refreshed a moment ago
        journey.good("/spApi/refreshToken", INDIAN)
    kept = journey.good("/spApi/storeTokens", INDIAN)["refreshToken"]
    begun, back = journey.consented(
        "/spApi", {"sellerName": "India", "region": "FE"}, selling_partner_id=INDIAN["sellerId"]
    )
    journey.good("/spApi/completeAuthorization", {"callbackUrl": back})
    journey.good("/spApi/authorizationStatus", {"authorizationId": begun["authorizationId"]})
    amazon.fault({"answer": "spApi.roleMissing"}, times=2, path="/sellers/*")
    journey.good("/spApi/importStore", {**INDIAN, "sellerName": "India", "refreshToken": kept})
    kept = journey.good("/spApi/storeTokens", STORE)["refreshToken"]
    amazon.fault(NAMED_SCOPE, grantType="refresh_token")
    journey.good("/spApi/importStore", {**STORE, "sellerName": "Again", "refreshToken": kept})
    return store["authorizationId"]


def named(journey: Journey) -> None:
    """Read the sites of stores anew, give them names, and come back as another seller."""
    amazon = journey.gateway.amazon
    amazon.fault({"status": 503}, path="/sellers/*")
    journey.good("/spApi/authorizedStores", {"refresh": True})
    known = {"sellerName": "NA", "sellerId": STORE["sellerId"], "region": "NA"}
    journey.ended("/spApi", known, selling_partner_id=STORE["sellerId"])
    _, back = journey.consented("/spApi", known, selling_partner_id=STORE["sellerId"])
    journey.good("/spApi/completeAuthorization", {"callbackUrl": back})
    for name in ("Other", "NA"):
        journey.good("/spApi/renameStore", {**STORE, "sellerName": name})
    journey.good("/spApi/renameStore", {**INDIAN, "sellerName": "India"})
    kept = journey.good("/spApi/storeTokens", STORE)["refreshToken"]
    journey.good("/spApi/importStore", {**STORE, "sellerName": "EU", "refreshToken": kept})
    journey.bad("/spApi/storeTokens", {**STORE, "region": "FE"}, 404)
    for complete in (False, True):
        begun, back = journey.consented("/spApi", known, selling_partner_id=SEVERAL)
        if complete:
            journey.good("/spApi/completeAuthorization", {"callbackUrl": back})
        else:
            journey.come_back(back)
            journey.good("/spApi/authorizationStatus", {"authorizationId": begun["authorizationId"]})


def accounts(journey: Journey) -> str:
    """Authorize, refuse, look, read and refresh ads accounts; return the first attempt."""
    amazon = journey.gateway.amazon
    for grant_type in ("authorization_code", "refresh_token"):
        amazon.fault(NAMED_SCOPE, times=None, grantType=grant_type)
    status = journey.ended("/amazonAds", {"accountName": "Brand"}, advertiser_id="SANDBOX_BRANDS")
    journey.ended("/amazonAds", {"accountName": "Empty"}, advertiser_id="SANDBOX_EMPTY")
    journey.ended("/amazonAds", {"accountName": "Refused"}, decision="cancel")
    for advertiser in ("SANDBOX_BRANDS", "SANDBOX_EMPTY"):
        _, back = journey.consented("/amazonAds", {"accountName": advertiser}, advertiser_id=advertiser)
        journey.good("/amazonAds/completeAuthorization", {"callbackUrl": back})
    _, back = journey.consented("/amazonAds", {"accountName": "Refused"}, decision="cancel")
    journey.good("/amazonAds/completeAuthorization", {"callbackUrl": back})
    journey.good("/amazonAds/profiles", {"refresh": True})
    named = {"authRecordId": status["account"]["authRecordId"]}
    for _ in range(2):
        journey.good("/amazonAds/refreshToken", named)
    journey.good("/amazonAds/renameAccount", {**named, "accountName": "Brands"})
    again = {"accountName": "Brand", **named}
    journey.ended("/amazonAds", again, advertiser_id="SANDBOX_BRANDS")
    _, back = journey.consented(
        "/amazonAds", {**again, "accountName": "Brands"}, advertiser_id="SANDBOX_BRANDS"
    )
    journey.good("/amazonAds/completeAuthorization", {"callbackUrl": back})
    journey.good("/amazonAds/renameAccount", again)
    for advertiser in ("SANDBOX_BRANDS", "SANDBOX_EMPTY"):
        made = amazon.control("grants", [{"advertiserId": advertiser}])["grants"][0]["refreshToken"]
        body = {"accountName": f"Imported {advertiser}", "region": "NA", "refreshToken": made}
        imported = journey.good("/amazonAds/importAccount", body)
        # Nobody knows when it ends: what was consented to shall be the newest again.
        journey.good("/amazonAds/removeAccount", {"authRecordId": imported["authRecordId"]})
    unread_accounts(journey)
    amazon.control("faults/clear", {})
    return status["authorizationId"]


def unread_accounts(journey: Journey) -> None:
    """Look at accounts whose profiles Amazon does not answer for: wholly, and in one region."""
    amazon = journey.gateway.amazon
    for host in (None, "advertising-api-eu.amazon.com"):
        amazon.fault(
            {"status": 503}, times=None, path="/v2/profiles", **({} if host is None else {"host": host})
        )
        journey.ended("/amazonAds", {"accountName": "Unread"}, advertiser_id="SANDBOX_BRANDS")
        _, back = journey.consented("/amazonAds", {"accountName": "Unread"}, advertiser_id="SANDBOX_BRANDS")
        journey.good("/amazonAds/completeAuthorization", {"callbackUrl": back})
        journey.good("/amazonAds/authorizedStores")
        journey.good("/amazonAds/profiles", {"refresh": True})
        made = amazon.control("grants", [{"advertiserId": "SANDBOX_BRANDS"}])["grants"][0]["refreshToken"]
        body = {"accountName": "Unread", "region": "NA", "refreshToken": made}
        imported = journey.good("/amazonAds/importAccount", body)
        journey.good("/amazonAds/authorizedStores")
        amazon.control("faults/clear", {})
        journey.good("/amazonAds/removeAccount", {"authRecordId": imported["authRecordId"]})


def calls(journey: Journey) -> None:
    """Call Amazon's APIs; one of the answers is no text, and one a refusal whose cause is told."""
    profile = journey.good("/amazonAds/profiles")["profiles"][0]
    for path, body in (
        ("/spApi/developerProxy", {**INDIAN, "path": "/sellers/v1/marketplaceParticipations"}),
        (
            "/amazonAds/developerProxy",
            {"profileId": profile["profileId"], "region": profile["region"], "path": "/v2/profiles"},
        ),
    ):
        journey.gateway.amazon.fault({"status": 200, "bodyBase64": "iVBORw0KGgr/"}, path=str(body["path"]))
        journey.good(path, {**body, "method": "GET"})
        refusal = {"answer": "spApi.roleMissing"} if "sellerId" in body else {"status": 403, "body": "{}"}
        journey.gateway.amazon.fault(refusal, path=str(body["path"]))
        journey.good(path, {**body, "method": "GET"})
    personal = journey.gateway.vault.users.issue_key("owner", ("proxy", "personal"))[1].reveal()
    address = {**INDIAN, "method": "GET", "path": "/orders/v0/orders/902-1-1/address", "restricted": ["all"]}
    journey.good("/spApi/developerProxy", address, user=personal)


def endings(journey: Journey) -> None:
    """Amazon fails, time passes, authorizations are revoked, and at last Amazon refuses the application."""
    gateway = journey.gateway
    gateway.clock.step(3_300)
    gateway.amazon.fault({"status": 503}, times=None, grantType="refresh_token")
    profile = journey.good("/amazonAds/profiles")["profiles"][0]["profileId"]
    journey.good("/spApi/storeTokens", {**STORE, "minTtl": 3_000})
    journey.good("/amazonAds/storeTokens", {"profileId": profile, "minTtl": 3_000})
    journey.bad("/spApi/refreshToken", STORE, 502)
    gateway.amazon.control("faults/clear", {})
    gateway.end_pauses()
    gateway.clock.step(340 * DAY)
    gateway.amazon.control("revoke", {"sellerId": STORE["sellerId"]})
    journey.bad("/spApi/refreshToken", STORE, 409)
    journey.good("/spApi/authorizedStores")
    for advertiser in ("SANDBOX_BRANDS", "SANDBOX_EMPTY"):
        gateway.amazon.control("revoke", {"advertiserId": advertiser})
    listed = journey.good("/amazonAds/authorizedStores")
    for record_id in {
        *(number for store in listed["stores"] for number in store["authRecordIds"]),
        *(account["authRecordId"] for account in listed["accountsWithoutProfiles"]),
    }:
        journey.bad("/amazonAds/refreshToken", {"authRecordId": record_id}, 409)
    journey.bad("/amazonAds/profiles", {"refresh": True}, 409)
    journey.good("/amazonAds/authorizedStores")
    gateway.amazon.control("apps", {"clientId": gateway.amazon.spapi["clientId"], "secretRefused": True})
    journey.bad("/spApi/refreshToken", INDIAN, 503)
