"""Puts the gateway together: the services, the routes, and what every request passes through."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from starlette.middleware import Middleware

from gateway.amazon.ads_api import AdsApi
from gateway.amazon.counted import CountedLogin
from gateway.amazon.forwarding import Forwarder
from gateway.amazon.selling_partner_api import SellingPartnerApi
from gateway.amazon.session import AmazonSession
from gateway.api import amazon_addresses, amazon_refusals, login_with_amazon
from gateway.api.description import DOCS_ROUTE, OPERATIONS, ROUTERS
from gateway.applications.shares import Shares
from gateway.applications.token_breaker import TokenCircuitBreaker
from gateway.asgi.body_limit import AMAZON_ADDRESSES
from gateway.asgi.error_answers import ProblemAnswer
from gateway.asgi.failed_keys import FailedKeys
from gateway.asgi.middleware import surrounded
from gateway.asgi.routing import Application
from gateway.asgi.services import Services
from gateway.authorization.appstore import Appstore
from gateway.authorization.authorizer import Authorizer
from gateway.authorization.confirmation import Confirmations
from gateway.authorization.imports import Importer
from gateway.authorization.keeping import Keeping
from gateway.authorization.patient_vault import PatientVault
from gateway.authorization.profile_sync import ProfileSync
from gateway.authorization.renewals import Renewals
from gateway.authorization.site_refresh import SiteRefresh
from gateway.authorization.starting import Starter
from gateway.authorization.store_check import StoreCheck
from gateway.jobs.schedule import all_jobs, stop_all
from gateway.monitoring import traces
from gateway.monitoring.metrics import Metrics
from gateway.monitoring.overview import Overview
from gateway.monitoring.readiness import Readiness
from gateway.proxy.families import families
from gateway.proxy.pacing import Pacing
from gateway.proxy.restricted_calls import RestrictedCalls
from gateway.proxy.service import DeveloperProxy
from gateway.settings.settings import Settings
from gateway.tokens.application_tokens import ApplicationTokens
from gateway.tokens.holdings import Holdings
from gateway.tokens.retries import Retries, Sleep
from gateway.tokens.service import TokenService
from gateway.tokens.shared_tokens import SharedTokens
from gateway.tokens.stand_in_tokens import StandInTokens
from gateway.tokens.token_endpoint import TokenEndpoint
from gateway.util import counters
from gateway.util.clock import Clock
from gateway.util.threads import AMAZON_THREADS, CHECKS_OF_A_USER, SYNCS_OF_A_USER, Threads
from gateway.vault.attempts import LONGEST_EXCHANGE
from gateway.vault.vault import Vault
from gateway.web import appstore, callbacks, confirmation, console, returning, sign_in
from gateway.web.page_route import tell_on_page
from gateway.web.renderer import Pages

# How problems are told below such a prefix, where that is not the error envelope.
SHAPES: dict[str, ProblemAnswer] = {
    login_with_amazon.PREFIX: login_with_amazon.told,
    **{prefix: amazon_refusals.of_flow(flow) for flow, prefix in AMAZON_ADDRESSES.items()},
}
# Of pages, and of Amazon's APIs at the gateway's addresses: the statuses that are counted from the start.
UNDESCRIBED = {200, 500}
# Whatever a browser may come to.
PAGES = (callbacks, confirmation, returning, sign_in, console, appstore)


def create_app(
    settings: Settings,
    vault: Vault,
    clock: Clock,
    amazon: AmazonSession | None = None,
    sleep: Sleep = asyncio.sleep,
) -> Application:
    """Return the gateway as an ASGI application, over an open vault, which the caller closes.

    `amazon`: the way out to Amazon; one made from the settings unless a test brings its own. `sleep` is what
    pauses between tries.
    """
    traces.start(os.environ)
    session = amazon or AmazonSession(
        settings.amazon_origin,
        connect_timeout=settings.amazon_connect_timeout,
        read_timeout=settings.amazon_read_timeout,
        largest_answer=settings.largest_amazon_answer,
        connections=AMAZON_THREADS + settings.refresh_concurrency,
    )
    services = _services(settings, vault, clock, session, sleep)
    jobs = all_jobs(
        settings, vault, clock, session.clocks, services.tokens, services.profile_sync, services.threads
    )
    services.overview.watch(lambda: [job.name for job in jobs if job.is_failing])

    @asynccontextmanager
    async def lifespan(_app: Application) -> AsyncIterator[dict[str, Any]]:
        await services.threads.writes(vault.attempts.settle_interrupted, LONGEST_EXCHANGE)
        await services.proxy.started()
        for job in jobs:
            job.start()
        # For the server, which has no application to ask: `server/http_protocol.py`, `gateway_server.py`.
        yield {
            "sandbox": settings.sandbox,
            "drain_seconds": settings.drain_seconds,
            "give_up": session.cut,
            "rest": partial(stop_all, jobs),
        }
        async with (
            AsyncExitStack() as steps
        ):  # the last one comes first, and each whatever becomes of another
            steps.callback(services.threads.close)
            steps.callback(session.close)
            # What was asked of Amazon is stored before the process ends.
            steps.push_async_callback(services.tokens.finish_all)
            steps.push_async_callback(services.shared_tokens.finish_all)
            steps.push_async_callback(services.importer.finish_all)
            steps.push_async_callback(services.authorizer.finish_all)
            steps.push_async_callback(stop_all, jobs)

    pages = Pages(sandbox=settings.sandbox, clock=clock)
    routes = [
        *amazon_addresses.ROUTES,
        *(route for each in ROUTERS for route in each.routes),
        *(route for each in PAGES for route in each.router.routes),
        DOCS_ROUTE,
    ]
    app = Application(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(surrounded, settings=settings, audit=vault.audit, page=tell_on_page, shapes=SHAPES)
        ],
    )
    for flow in counters.FLOWS:
        counters.families_known(flow, families(flow))
    described = {operation.path: operation.statuses for operation in OPERATIONS}
    for route in routes:
        counters.route_known(route.path, described.get(route.path, UNDESCRIBED))
    app.state.services = services
    app.state.pages = pages
    app.state.jobs = jobs
    return app


def _services(
    settings: Settings, vault: Vault, clock: Clock, session: AmazonSession, sleep: Sleep
) -> Services:
    """Return what the routes work with, each part given what it needs."""
    threads = Threads(settings.refresh_concurrency)
    login = CountedLogin(session, clock)
    tokens = TokenService(settings, vault, login, clock, threads, sleep=sleep)
    holdings = Holdings(vault, threads)
    pacing = Pacing(vault.call_buckets, sleep, on=settings.proxy_pacing)
    patient_vault = PatientVault(threads, sleep)
    shares = Shares(CHECKS_OF_A_USER)
    store_check = StoreCheck(settings, vault, session, patient_vault, shares, threads, pacing.count_check)
    profile_sync = ProfileSync(
        settings,
        vault,
        AdsApi(session),
        tokens,
        threads,
        shares=Shares(SYNCS_OF_A_USER),
        retries=Retries(sleep),
    )
    keeping = Keeping(vault, clock, store_check, profile_sync, patient_vault)
    starter = Starter(settings, vault, clock, session.address, threads)
    authorizer = Authorizer(settings, vault, clock, session, keeping, patient_vault, threads)
    forwarder = Forwarder(session, threads, timeout=settings.proxy_timeout)
    shared_tokens = SharedTokens(vault.purpose_tokens, clock, threads, sleep=sleep)
    breaker = TokenCircuitBreaker(vault, threads)
    endpoint = TokenEndpoint(breaker, threads, retries=Retries(sleep), once=Retries(sleep, tries=1))
    application_tokens = ApplicationTokens(settings, login, breaker, endpoint, shared_tokens)
    overview = Overview(settings, vault, clock, session.clocks)
    return Services(
        settings=settings,
        vault=vault,
        clock=clock,
        threads=threads,
        starter=starter,
        authorizer=authorizer,
        profile_sync=profile_sync,
        site_refresh=SiteRefresh(store_check, tokens),
        renewals=Renewals(starter, vault, clock, threads),
        importer=Importer(
            settings, vault, login, store_check, profile_sync, clock, patient_vault, shares, threads
        ),
        confirmations=Confirmations(vault.keys, clock),
        holdings=holdings,
        tokens=tokens,
        shared_tokens=shared_tokens,
        stand_in_tokens=StandInTokens(vault.stand_in_key, clock),
        proxy=DeveloperProxy(
            settings,
            vault,
            holdings,
            tokens,
            forwarder,
            SellingPartnerApi(session),
            pacing,
            application_tokens,
            RestrictedCalls(shared_tokens, clock),
            clock,
            threads,
        ),
        appstore=Appstore(settings, starter, session.address),
        failed_keys=FailedKeys(clock),
        overview=overview,
        metrics=Metrics(overview, settings.database_kind),
        readiness=Readiness(settings, vault),
    )
