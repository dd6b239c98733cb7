"""The world behind the endpoints: who exists, which codes and grants are good, and what voids a token."""

import dataclasses
import hashlib
import hmac
import secrets
import string
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from amazon_sandbox import sample_world
from amazon_sandbox.business import Business
from amazon_sandbox.clock import SandboxClock
from amazon_sandbox.records import Advertiser, App, Code, Grant, Profile, Seller, Settings
from amazon_sandbox.state_file import StateError, StateFile
from amazon_sandbox.tokens import ACCESS, OWN, REFRESH, RESTRICTED, TokenFacts, TokenMaker

AUTHORIZATION_SECONDS = 365 * 86_400  # references/amazon.md, "Lifetimes"


@dataclass(frozen=True)
class PresentedToken:
    """A genuine token that was presented: its grant, and whether its time is over."""

    grant: Grant
    expired: bool
    facts: TokenFacts


class World:
    """All of it under one lock. Whatever outlives a request is on disk before the method returns."""

    def __init__(
        self,
        clock: SandboxClock,
        state_file: StateFile | None = None,
        callbacks: Collection[str] = (),
    ) -> None:
        """Restore the state file's world, or make the sample world. Raise StateError.

        `callbacks`: the addresses beside loopback at which an app is answered that registered none.
        """
        self.clock = clock
        self.callbacks = frozenset(callbacks)
        self._state_file = state_file
        self._lock = threading.RLock()
        self._key = secrets.token_bytes(32)
        self.apps: list[App] = []
        self._fill()
        document = state_file.load() if state_file else None
        if state_file is None or document is None:
            self.apps = [
                _new_app("spapi", "Sandbox SP-API application"),
                _new_app("ads", "Sandbox Ads client"),
            ]
        else:
            try:
                self._restore(document)
            except (KeyError, TypeError, ValueError) as problem:
                raise StateError(f"{state_file.path} is damaged; remove it to start afresh") from problem
        self._tokens = TokenMaker(self._key)
        self._save()

    # --- persistence ---

    def reset(self) -> None:
        """Go back to the sample world; apps keep their ids and secrets, every grant is gone."""
        with self._lock:
            self.clock.offset = 0.0
            self.apps = [
                App(app.flow, app.name, app.client_id, app.app_id, secret_generation=app.secret_generation)
                for app in self.apps
            ]
            self._fill()
        self._save()

    def _fill(self) -> None:
        self.settings = Settings()
        self.sellers = {(seller.seller_id, seller.region): seller for seller in sample_world.sellers()}
        self.advertisers = {each.advertiser_id: each for each in sample_world.advertisers()}
        self.grants: dict[int, Grant] = {}
        self._codes: dict[str, Code] = {}
        self._grantless: dict[int, Grant] = {}
        self.business = Business()

    def _save(self) -> None:
        if self._state_file:
            self._state_file.save(self._document)

    def _document(self) -> dict[str, Any]:
        with self._lock:
            return {
                "version": 1,
                "key": self._key.hex(),
                "clockOffset": self.clock.offset,
                "settings": asdict(self.settings),
                "apps": [asdict(app) for app in self.apps],
                "sellers": [asdict(seller) for seller in self.sellers.values()],
                "advertisers": [asdict(advertiser) for advertiser in self.advertisers.values()],
                "grants": [asdict(grant) for grant in self.grants.values()],
                "codes": [asdict(code) for code in self._codes.values() if code.ends_at > self.clock.now()],
            }

    def _restore(self, document: dict[str, Any]) -> None:
        self._key = bytes.fromhex(document["key"])
        self.clock.offset = document["clockOffset"]
        self.settings = Settings(**document["settings"])
        self.apps = [App(**app) for app in document["apps"]]
        self.sellers = {(each["seller_id"], each["region"]): Seller(**each) for each in document["sellers"]}
        self.advertisers = {
            each["advertiser_id"]: Advertiser(
                each["advertiser_id"], each["name"], [Profile(**profile) for profile in each["profiles"]]
            )
            for each in document["advertisers"]
        }
        self.grants = {each["grant_id"]: Grant(**each) for each in document["grants"]}
        self._codes = {each["digest"]: Code(**each) for each in document["codes"]}

    def change(self, change: Callable[[], None]) -> None:
        """Carry out a change to records of this world, and keep it."""
        with self._lock:
            change()
        self._save()

    # --- apps ---

    def first_app(self, flow: str) -> App:
        """Return the app that the ready line tells of."""
        return next(app for app in self.apps if app.flow == flow)

    def app_by_client(self, client_id: str) -> App | None:
        """Return the app with this client id, None where there is none."""
        return next((app for app in self.apps if app.client_id == client_id), None)

    def app_by_application(self, app_id: str) -> App | None:
        """Return the SP-API app with this application id, None where there is none."""
        return next((app for app in self.apps if app.app_id is not None and app.app_id == app_id), None)

    def register_app(self, flow: str, name: str) -> App:
        """Add an app for the flow "spapi" or "ads"."""
        app = _new_app(flow, name)
        self.change(lambda: self.apps.append(app))
        return app

    def credentials(self, app: App) -> dict[str, str]:
        """Return an app's ids and its secret."""
        secret = self._tokens.client_secret(app.client_id, app.secret_generation)
        application = {"appId": app.app_id} if app.app_id else {}
        return {**application, "clientId": app.client_id, "clientSecret": secret}

    def authenticate_client(self, client_id: str, client_secret: str) -> App | None:
        """Return the app whose id and current secret these are, None otherwise."""
        app = self.app_by_client(client_id)
        if app is None or app.secret_refused:
            return None
        right = self._tokens.client_secret(client_id, app.secret_generation)
        return app if hmac.compare_digest(right.encode(), client_secret.encode()) else None

    # --- sellers and advertisers ---

    def sellers_for_consent(self, region: str, kind: str, at_most: int) -> list[Seller]:
        """Return the sellers (or vendors) of a region that a consent page offers."""
        with self._lock:
            found = (each for each in self.sellers.values() if (each.region, each.kind) == (region, kind))
            return [seller for seller, _ in zip(found, range(at_most), strict=False)]

    def seller(self, seller_id: str, region: str) -> Seller | None:
        """Return a seller's account in a region, None where there is none."""
        return self.sellers.get((seller_id, region))

    def indian_seller(self, seller_id: str, region: str) -> Seller | None:
        """Return a seller of India, whom Amazon serves from Europe, who consents on a page of `FE`."""
        seller = self.seller(seller_id, "EU") if region == "FE" else None
        return seller if seller is not None and "IN" in seller.countries else None

    def add_sellers(self, sellers: Iterable[Seller]) -> None:
        """Add sellers, replacing those of the same id and region."""
        self.change(lambda: self.sellers.update({(each.seller_id, each.region): each for each in sellers}))

    def add_advertisers(self, advertisers: Iterable[Advertiser]) -> None:
        """Add advertisers, replacing those of the same id."""
        self.change(lambda: self.advertisers.update({each.advertiser_id: each for each in advertisers}))

    # --- codes and grants ---

    def issue_code(
        self,
        app: App,
        redirect_uri: str,
        *,
        seller: Seller | None = None,
        advertiser: Advertiser | None = None,
        scopes: list[str] | None = None,
    ) -> str:
        """Return a new authorization code of 20 letters, bound to the client and the redirect address."""
        text = "AN" + "".join(secrets.choice(string.ascii_letters) for _ in range(18))
        code = Code(
            _digest(text),
            app.client_id,
            redirect_uri,
            seller.seller_id if seller else None,
            advertiser.advertiser_id if advertiser else None,
            seller.region if seller else None,
            scopes,
            self.clock.now() + self.settings.code_seconds,
        )
        self.change(lambda: self._codes.update({code.digest: code}))
        return text

    def peek_code(self, text: str) -> Code | None:
        """Return what a code stands for without using it, None where it is unknown."""
        return self._codes.get(_digest(text))

    def redeem_code(self, text: str, app: App, redirect_uri: str | None) -> Grant | None:
        """Use a code up and return its grant; None for one that is unknown, used, over or bound otherwise.

        Without a `redirect_uri` the code counts for whichever address it was sent to.
        """
        with self._lock:
            code = self._codes.get(_digest(text))
            if code is None or code.used or code.ends_at <= self.clock.now():
                return None
            if code.client_id != app.client_id or redirect_uri not in (None, code.redirect_uri):
                return None
            code.used = True
            ends_at = self.clock.now() + AUTHORIZATION_SECONDS
            grant = self._add_grant(
                app, code.seller_id, code.advertiser_id, code.region, code.scopes, ends_at=ends_at
            )
        self._save()
        return grant

    def authorize_directly(
        self, wanted: Iterable[tuple[App, Seller | None, Advertiser | None, list[str] | None]]
    ) -> list[Grant]:
        """Make grants without a consent page, as the owner of a private app does in the developer console."""
        with self._lock:
            grants = [
                self._add_grant(
                    app,
                    seller.seller_id if seller else None,
                    advertiser.advertiser_id if advertiser else None,
                    seller.region if seller else None,
                    scopes,
                    ends_at=None,
                )
                for app, seller, advertiser, scopes in wanted
            ]
        self._save()
        return grants

    def grantless(self, app: App, scope: str) -> Grant:
        """Return what tokens of an application's own stand for: nobody's consent, and one scope.

        It is no grant that anybody made, so it is not listed with those, and not kept over a restart.
        """
        with self._lock:
            made = (each for each in self._grantless.values() if each.client_id == app.client_id)
            grant = next((each for each in made if each.scopes == [scope]), None)
            if grant is None:
                number = secrets.randbelow(2**52) + 1
                grant = Grant(number, app.client_id, None, None, None, [scope], self.clock.now(), None)
                self._grantless[number] = grant
        return grant

    def _add_grant(
        self,
        app: App,
        seller_id: str | None,
        advertiser_id: str | None,
        region: str | None,
        scopes: list[str] | None,
        *,
        ends_at: float | None,
    ) -> Grant:
        number = secrets.randbelow(2**52) + 1
        grant = Grant(
            number, app.client_id, seller_id, advertiser_id, region, scopes, self.clock.now(), ends_at
        )
        self.grants[number] = grant
        return grant

    def matching_grants(self, **fields: Any) -> list[Grant]:
        """Return the grants whose fields have these values; a field given as None is not looked at."""
        looked_at = {name: value for name, value in fields.items() if value is not None}
        with self._lock:
            everything = list(self.grants.values())
        return [each for each in everything if all(getattr(each, n) == v for n, v in looked_at.items())]

    # --- storage ---

    def signature(self, text: str) -> str:
        """Return what makes an address of Amazon's storage valid."""
        return hmac.digest(self._key, f"storage|{text}".encode(), hashlib.sha256).hex()

    # --- tokens ---

    def make_access_token(self, grant: Grant, length: int | None = None) -> str:
        """Return a new access token; it lives as long as the settings say."""
        ends_at = self.clock.now() + self.settings.access_token_seconds
        prefix = OWN if grant.grant_id in self._grantless else ACCESS
        return self._make(prefix, grant, ends_at, length)

    def make_restricted_token(self, grant: Grant) -> str:
        """Return a new restricted data token; it lives as long as an access token."""
        ends_at = self.clock.now() + self.settings.access_token_seconds
        return self._make(RESTRICTED, grant, ends_at, None)

    def make_refresh_token(self, grant: Grant, length: int | None = None) -> str:
        """Return a refresh token for the grant's current generation."""
        return self._make(REFRESH, grant, grant.ends_at or 0.0, length)

    def _make(self, prefix: str, grant: Grant, ends_at: float, length: int | None) -> str:
        facts = TokenFacts(grant.grant_id, time.time_ns(), ends_at, grant.generation)
        return self._tokens.make(
            prefix, facts, length or self.settings.token_length, self.settings.token_marker
        )

    def void_older_refresh_tokens(self, grant: Grant) -> None:
        """Begin a new generation: refresh tokens made before this are refused from now on."""

        def rotate() -> None:
            grant.generation += 1

        self.change(rotate)

    def read_refresh_token(self, presented: str) -> PresentedToken | None:
        """Return the grant of a refresh token; expired when it was revoked, replaced, or its year is over."""
        read = self._read(REFRESH, presented)
        if read is None:
            return None
        facts, grant = read
        over = grant.ends_at is not None and grant.ends_at <= self.clock.now()
        return PresentedToken(grant, grant.revoked or over or facts.generation != grant.generation, facts)

    def read_access_token(self, presented: str) -> PresentedToken | None:
        """Return the grant of an access token, restricted or not; None for a foreign or revoked one."""
        found = (self._read(prefix, presented) for prefix in (ACCESS, OWN, RESTRICTED))
        read = next((each for each in found if each), None)
        if read is None or read[1].revoked:
            return None
        facts, grant = read
        expired = facts.ends_at <= self.clock.now() or facts.issued_ns <= grant.access_ended_ns
        return PresentedToken(grant, expired, facts)

    def _read(self, prefix: str, presented: str) -> tuple[TokenFacts, Grant] | None:
        facts = self._tokens.read(prefix, presented)
        if facts is None:
            return None
        grant = self.grants.get(facts.grant_id) or self._grantless.get(facts.grant_id)
        return (facts, grant) if grant else None

    def grant_of(self, presented: str) -> Grant | None:
        """Return the grant that a token of any kind was made for, whatever has become of it."""
        found = (self._read(prefix, presented) for prefix in (REFRESH, ACCESS, OWN, RESTRICTED))
        return next((read[1] for read in found if read), None)

    def revoke(self, grants: list[Grant]) -> None:
        """Take grants back: their tokens of both kinds are refused."""

        def take_back() -> None:
            for grant in grants:
                grant.revoked = True

        self.change(take_back)

    def end_access_tokens(self, grants: list[Grant]) -> None:
        """Let every access token issued so far for these grants be over."""

        def end() -> None:
            for grant in grants:
                grant.access_ended_ns = time.time_ns()

        self.change(end)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Replace some of the settings, by their names in `Settings`."""

        def replace() -> None:
            self.settings = dataclasses.replace(self.settings, **changes)

        self.change(replace)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _new_app(flow: str, name: str) -> App:
    app_id = f"amzn1.sellerapps.app.{uuid.uuid4()}" if flow == "spapi" else None
    return App(flow, name, f"amzn1.application-oa2-client.{uuid.uuid4().hex}", app_id)
