"""What the routes work with, made once a process and found on the request's application."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.types import Scope

from gateway.asgi.failed_keys import FailedKeys
from gateway.authorization.appstore import Appstore
from gateway.authorization.authorizer import Authorizer
from gateway.authorization.confirmation import Confirmations
from gateway.authorization.imports import Importer
from gateway.authorization.profile_sync import ProfileSync
from gateway.authorization.renewals import Renewals
from gateway.authorization.site_refresh import SiteRefresh
from gateway.authorization.starting import Starter
from gateway.model import Flow
from gateway.monitoring.metrics import Metrics
from gateway.monitoring.overview import Overview
from gateway.monitoring.readiness import Readiness
from gateway.proxy.service import DeveloperProxy
from gateway.settings.settings import Settings
from gateway.tokens.holdings import Holdings
from gateway.tokens.service import TokenService
from gateway.tokens.shared_tokens import SharedTokens
from gateway.tokens.stand_in_tokens import StandInTokens
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """The services of the gateway, put together by `create_app`."""

    settings: Settings
    vault: Vault
    clock: Clock
    threads: Threads
    starter: Starter
    authorizer: Authorizer
    profile_sync: ProfileSync
    site_refresh: SiteRefresh
    renewals: Renewals
    importer: Importer
    confirmations: Confirmations
    holdings: Holdings
    tokens: TokenService
    shared_tokens: SharedTokens
    stand_in_tokens: StandInTokens
    proxy: DeveloperProxy
    appstore: Appstore
    failed_keys: FailedKeys
    overview: Overview
    metrics: Metrics
    readiness: Readiness

    async def suspended(self, flow: Flow) -> bool:
        """Tell whether Amazon refuses the application of a flow: at its token endpoint, or at its APIs."""
        return await self.tokens.suspended(flow) or await self.proxy.suspended(flow)


def services_of(request: Request) -> Services:
    """Return the services of the application that got this request."""
    return services_in(request.scope)


def services_in(scope: Scope) -> Services:
    """Return the same, by the request's scope."""
    return cast(Services, scope["app"].state["services"])
