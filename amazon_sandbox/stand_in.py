"""The stand-in put together: which service answers for an Amazon host, with the ledger and the faults."""

import time
from dataclasses import replace
from typing import Any, Protocol

from amazon_sandbox import marketplaces
from amazon_sandbox.advertising.api import AdsApi
from amazon_sandbox.appstore import Appstore
from amazon_sandbox.consent_ads import AdsConsent
from amazon_sandbox.consent_seller_central import SellerCentralConsent
from amazon_sandbox.control import Control
from amazon_sandbox.faults import Action, Faults, Rule, TokenChange
from amazon_sandbox.http_messages import Answer, Caller, Request, json_answer, to_json
from amazon_sandbox.known_answers import known
from amazon_sandbox.ledger import Ledger
from amazon_sandbox.quota import Quota
from amazon_sandbox.selling_partner.api import SellingPartnerApi
from amazon_sandbox.storage import Storage
from amazon_sandbox.token_endpoint import TokenEndpoint
from amazon_sandbox.world import World

CONTROL = "_sandbox"


class Service(Protocol):
    """What is served at one Amazon host."""

    def identify(self, request: Request) -> Caller:
        """Tell whose call it is, without changing anything."""

    def answer(self, request: Request, caller: Caller, change: TokenChange | None) -> Answer:
        """Process the call."""


class NoSuchHost:
    """Answers for every host that the stand-in does not serve, so that the ledger shows the call."""

    def identify(self, request: Request) -> Caller:
        """Tell nothing."""
        return Caller()

    def answer(self, request: Request, caller: Caller, change: TokenChange | None) -> Answer:
        """Say so."""
        return replace(
            json_answer({"error": "the stand-in Amazon does not serve this host"}, 404), outcome="noSuchHost"
        )


class StandIn:
    """All of the stand-in Amazon behind one method."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = Ledger()
        self._faults = Faults()
        quota = Quota(world.clock)
        self._control = Control(world, self._ledger, self._faults, quota)
        self._services = self._services_by_host(world, quota)

    @staticmethod
    def _services_by_host(world: World, quota: Quota) -> dict[str, Service]:
        appstore = Appstore(world)
        services: dict[str, Service] = {
            host: SellerCentralConsent(world, appstore, region, kind)
            for host, (region, kind) in marketplaces.consent_hosts().items()
        }
        services.update({host: AdsConsent(world) for host in marketplaces.ADS_CONSENT_HOSTS})
        services.update({host: TokenEndpoint(world) for host in marketplaces.TOKEN_HOSTS})
        services.update({host: AdsApi(world, region) for host, region in marketplaces.ADS_API_HOSTS.items()})
        report_hosts = (*marketplaces.REPORT_HOSTS, *marketplaces.ADS_REPORT_HOSTS)
        services.update({host: Storage(world) for host in report_hosts})
        services.update(
            {
                host: SellingPartnerApi(world, region, quota)
                for host, region in marketplaces.SELLING_PARTNER_HOSTS.items()
            }
        )
        return services

    def answer(self, request: Request) -> Answer:
        """Answer a request to an Amazon host, or to the control path."""
        if request.host == CONTROL:
            return self._control.answer(request)
        service = self._services.get(request.host, NoSuchHost())
        caller = service.identify(request)
        rule = self._faults.take(request, caller)
        entry = self._ledger.open(
            self._world.clock.timestamp(), request, caller, rule.number if rule else None
        )
        answer = (
            _apply_fault(rule, service, request, caller) if rule else service.answer(request, caller, None)
        )
        self._ledger.close(entry, answer)
        return answer


def _apply_fault(rule: Rule, service: Service, request: Request, caller: Caller) -> Answer:
    """Carry out a rule: delay, hold, answer something else or nothing."""
    action = rule.action
    if action.delay_ms:
        time.sleep(action.delay_ms / 1000)
    if action.hold and not action.hold_after:
        rule.gate.wait()
    if action.drop == "before":
        return Answer(0, outcome="dropped", dropped=True)
    answer = _substitute(action) or service.answer(request, caller, action.token)
    if action.hold and action.hold_after:
        rule.gate.wait()
    if action.drop == "after":
        return replace(answer, outcome=f"{answer.outcome}, answer lost", dropped=True)
    if action.cut_after_bytes is not None:
        return replace(answer, outcome=f"{answer.outcome}, cut", deliver=action.cut_after_bytes)
    return answer


def _substitute(action: Action) -> Answer | None:
    """Return what the rule answers instead of processing, None where it lets the call be processed."""
    if action.answer:
        answer = known(action.answer)
        return replace(answer, headers={**answer.headers, **action.headers})
    if action.status is None:
        return None
    body: Any = action.body
    if body is None or isinstance(body, str | bytes):
        content = body.encode() if isinstance(body, str) else body or b""
        return Answer(action.status, action.headers, content, "fault")
    return Answer(
        action.status, {"Content-Type": "application/json", **action.headers}, to_json(body), "fault"
    )
