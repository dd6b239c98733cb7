"""The control path `/_sandbox/…`; what it takes and answers is in the package's docstring."""

import json
from collections.abc import Callable
from typing import Any

from amazon_sandbox import known_answers
from amazon_sandbox.control_documents import (
    NUMBER,
    OPTIONAL_TEXT,
    ControlError,
    fields_of,
    filtered,
    items_of,
    read_limit,
    snake,
    written,
)
from amazon_sandbox.fault_rules import read_rule
from amazon_sandbox.faults import Faults
from amazon_sandbox.http_messages import Answer, Request, json_answer
from amazon_sandbox.ledger import FIELDS, Ledger
from amazon_sandbox.marketplaces import REGIONS, site_for_ads
from amazon_sandbox.quota import Quota
from amazon_sandbox.records import Advertiser, App, Grant, Profile, Seller
from amazon_sandbox.sample_world import profile_id
from amazon_sandbox.world import World


class Control:
    """One method for each path; each takes the parsed body (GET: the query) and returns a JSON document."""

    def __init__(self, world: World, ledger: Ledger, faults: Faults, quota: Quota) -> None:
        self._world = world
        self._ledger = ledger
        self._faults = faults
        self._quota = quota
        self._paths: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/state"): self._state,
            ("POST", "/reset"): self._reset,
            ("POST", "/clock"): self._clock,
            ("POST", "/settings"): self._settings,
            ("GET", "/ledger"): self._read_ledger,
            ("GET", "/ledger/counts"): lambda _: self._ledger.counts(),
            ("POST", "/ledger/reset"): lambda _: self._ledger.reset(),
            ("GET", "/sellers"): self._list_sellers,
            ("POST", "/sellers"): self._add_sellers,
            ("GET", "/advertisers"): self._list_advertisers,
            ("POST", "/advertisers"): self._add_advertisers,
            ("GET", "/grants"): self._list_grants,
            ("POST", "/grants"): self._add_grants,
            ("POST", "/revoke"): lambda document: self._void(document, self._world.revoke),
            ("POST", "/expire"): lambda document: self._void(document, self._world.end_access_tokens),
            ("POST", "/apps"): self._apps,
            ("GET", "/faults"): lambda _: {"faults": self._faults.listed()},
            ("POST", "/faults"): self._add_faults,
            ("POST", "/faults/clear"): self._clear_faults,
            ("GET", "/holds"): lambda _: {"holds": self._faults.holds()},
            ("POST", "/release"): self._release,
        }

    def answer(self, request: Request) -> Answer:
        """Carry out a control request; 400 with a sentence for one that is wrong."""
        act = self._paths.get((request.method, request.path))
        if act is None:
            return json_answer({"error": f"no such control path: {request.method} {request.path}"}, 404)
        document: Any = request.parameters
        if request.method == "POST":
            # A page elsewhere on the web cannot send this media type without asking first.
            if request.content_type != "application/json":
                return json_answer({"error": "the control path wants Content-Type: application/json"}, 415)
            try:
                document = json.loads(request.body or b"{}")
            except ValueError:
                return json_answer({"error": "the body is not JSON"}, 400)
        try:
            return json_answer(act(document) or {"ok": True})
        except ControlError as problem:
            return json_answer({"error": str(problem)}, 400)

    # --- world ---

    def _state(self, _: Any) -> dict[str, Any]:
        world = self._world
        return {
            "now": world.clock.now(),
            "settings": written(world.settings),
            "apps": [written(app) for app in world.apps],
            "counts": {
                "sellers": len(world.sellers),
                "advertisers": len(world.advertisers),
                "grants": len(world.grants),
                "calls": self._ledger.counts()["total"],
            },
            **self._list_sellers({}),
            **self._list_advertisers({}),
        }

    def _reset(self, document: Any) -> None:
        fields_of(document)
        self._faults.clear()
        self._world.reset()
        self._quota.reset()
        self._ledger.reset()

    def _clock(self, document: Any) -> dict[str, float]:
        seconds = fields_of(document, {"advance": NUMBER})["advance"]
        self._world.change(lambda: self._world.clock.advance(seconds))
        return {"now": self._world.clock.now()}

    def _settings(self, document: Any) -> dict[str, Any]:
        given = fields_of(
            document,
            optional={
                "accessTokenSeconds": NUMBER,
                "codeSeconds": NUMBER,
                "tokenLength": int,
                "tokenMarker": str,
                "participationsQuota": (dict, type(None)),
            },
        )
        marker = given.get("tokenMarker", "")
        if marker and not (marker.isascii() and marker.isalnum()):
            raise ControlError("tokenMarker: letters and digits")
        if given.get("participationsQuota"):
            fields_of(given["participationsQuota"], {"rate": NUMBER, "burst": NUMBER})
        self._world.change_settings({snake(name): value for name, value in given.items()})
        return written(self._world.settings)

    # --- ledger ---

    def _read_ledger(self, query: dict[str, str]) -> dict[str, Any]:
        wanted = dict(query)
        limit = read_limit(wanted.pop("limit", None))
        unknown = sorted(set(wanted) - set(FIELDS))
        if unknown:
            raise ControlError(f"unknown field {unknown[0]}; known: {', '.join(FIELDS)}, limit")
        return {"calls": self._ledger.entries(wanted, limit)}

    # --- sellers, advertisers, grants ---

    def _list_sellers(self, query: dict[str, str]) -> dict[str, Any]:
        found = filtered(self._world.sellers.values(), query, ("sellerId", "region"))
        return {"sellers": [written(seller) for seller in found]}

    def _add_sellers(self, document: Any) -> dict[str, int]:
        sellers = []
        for each in items_of(document):
            given = fields_of(
                each, {"sellerId": str, "name": str, "region": str}, {"kind": str, "countries": list}
            )
            if given["region"] not in REGIONS or given.get("kind", "seller") not in ("seller", "vendor"):
                raise ControlError("region: NA, EU or FE; kind: seller or vendor")
            sellers.append(Seller(**{snake(name): value for name, value in given.items()}))
        self._world.add_sellers(sellers)
        return {"added": len(sellers)}

    def _list_advertisers(self, query: dict[str, str]) -> dict[str, Any]:
        found = filtered(self._world.advertisers.values(), query, ("advertiserId",))
        return {
            "advertisers": [
                {
                    "advertiserId": each.advertiser_id,
                    "name": each.name,
                    "profiles": [written(profile) for profile in each.profiles],
                }
                for each in found
            ]
        }

    def _add_advertisers(self, document: Any) -> dict[str, int]:
        advertisers = []
        for each in items_of(document):
            given = fields_of(each, {"advertiserId": str, "name": str}, {"profiles": list})
            profiles = [_profile(given, profile) for profile in given.get("profiles", [])]
            advertisers.append(Advertiser(given["advertiserId"], given["name"], profiles))
        self._world.add_advertisers(advertisers)
        return {"added": len(advertisers)}

    def _list_grants(self, query: dict[str, str]) -> dict[str, Any]:
        found = filtered(
            self._world.matching_grants(), query, ("sellerId", "region", "advertiserId", "grantId")
        )
        return {"grants": [written(grant) for grant in found]}

    def _add_grants(self, document: Any) -> dict[str, Any]:
        optional = {
            "sellerId": str,
            "region": str,
            "advertiserId": str,
            "clientId": str,
            "scopes": list,
            "withAccessToken": bool,
        }
        items = [fields_of(each, optional=optional) for each in items_of(document)]
        grants = self._world.authorize_directly([self._grant_request(each) for each in items])
        made = []
        for given, grant in zip(items, grants, strict=True):
            tokens = {"refreshToken": self._world.make_refresh_token(grant)}
            if given.get("withAccessToken"):
                tokens["accessToken"] = self._world.make_access_token(grant)
            made.append({"grantId": grant.grant_id, "clientId": grant.client_id, **tokens})
        return {"grants": made}

    def _grant_request(
        self, given: dict[str, Any]
    ) -> tuple[App, Seller | None, Advertiser | None, list[str] | None]:
        seller = self._world.seller(given.get("sellerId", ""), given.get("region", ""))
        advertiser = self._world.advertisers.get(given.get("advertiserId", ""))
        if (seller is None) == (advertiser is None):
            raise ControlError("a grant is for a known sellerId and region, or for a known advertiserId")
        flow = "spapi" if seller else "ads"
        client_id = given.get("clientId", self._world.first_app(flow).client_id)
        app = self._world.app_by_client(client_id)
        if app is None or app.flow != flow:
            raise ControlError("clientId: not a client of this kind")
        return app, seller, advertiser, given.get("scopes")

    def _void(self, document: Any, void: Callable[[list[Grant]], None]) -> dict[str, int]:
        given = fields_of(
            document, optional={"sellerId": str, "region": str, "advertiserId": str, "grantId": int}
        )
        if not set(given) & {"sellerId", "advertiserId", "grantId"}:
            raise ControlError("whose: sellerId (and region), advertiserId or grantId")
        grants = self._world.matching_grants(**{snake(name): value for name, value in given.items()})
        void(grants)
        return {"grants": len(grants)}

    # --- apps ---

    def _apps(self, document: Any) -> dict[str, Any]:
        given = fields_of(
            document,
            optional={
                "clientId": str,
                "flow": str,
                "name": str,
                "redirectUris": (list, type(None)),
                "loginUri": OPTIONAL_TEXT,
                "draft": bool,
                "secretExpired": bool,
                "secretRefused": bool,
                "sellersRole": bool,
                "consentError": OPTIONAL_TEXT,
                "rotateSecret": bool,
            },
        )
        if (
            given.get("consentError") is not None
            and given["consentError"] not in known_answers.CONSENT_ERRORS
        ):
            raise ControlError(f"consentError: one of {', '.join(known_answers.CONSENT_ERRORS)}")
        if any(not isinstance(each, str) for each in given.get("redirectUris") or []):
            raise ControlError("redirectUris: a list of addresses, or null for any loopback address")
        app = self._app(
            given.pop("clientId", None), given.pop("flow", None), given.get("name", "Another application")
        )
        rotate = given.pop("rotateSecret", False)

        def change() -> None:
            for name, value in given.items():
                setattr(app, snake(name), value)
            app.secret_generation += 1 if rotate else 0

        self._world.change(change)
        return {**written(app), **self._world.credentials(app)}

    def _app(self, client_id: str | None, flow: str | None, name: str) -> App:
        if (client_id is None) == (flow is None):
            raise ControlError("either the clientId of an app, or the flow of a new one")
        if flow is not None:
            if flow not in ("spapi", "ads"):
                raise ControlError("flow: spapi or ads")
            return self._world.register_app(flow, name)
        app = self._world.app_by_client(client_id or "")
        if app is None:
            raise ControlError("clientId: no such app")
        return app

    # --- faults ---

    def _add_faults(self, document: Any) -> dict[str, list[int]]:
        parsed = [(read_rule(each), each) for each in items_of(document)]
        return {"ids": [self._faults.add(*rule, written) for rule, written in parsed]}

    def _clear_faults(self, document: Any) -> dict[str, int]:
        return {"cleared": self._faults.clear(fields_of(document, optional={"id": int}).get("id"))}

    def _release(self, document: Any) -> dict[str, int]:
        given = fields_of(document, optional={"hold": str, "count": int})
        return {"gates": self._faults.release(given.get("hold"), given.get("count"))}


def _profile(advertiser: dict[str, Any], document: Any) -> Profile:
    given = fields_of(
        document,
        {"countryCode": str},
        {
            "profileId": int,
            "accountName": str,
            "accountId": str,
            "accountType": str,
            "subType": OPTIONAL_TEXT,
        },
    )
    country = given["countryCode"]
    if site_for_ads(country) is None:
        raise ControlError(f"countryCode: no advertising site called {country[:20]}")
    return Profile(
        given.get("profileId", profile_id(advertiser["advertiserId"], country)),
        country,
        given.get("accountName", advertiser["name"]),
        given.get("accountId", f"ENTITY{advertiser['advertiserId']}"),
        given.get("accountType", "seller"),
        given.get("subType"),
    )
