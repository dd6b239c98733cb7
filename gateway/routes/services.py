"""What the routes work with, made once a process and found on the request's application."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from gateway.authorization.appstore import Appstore
from gateway.authorization.authorizer import Authorizer
from gateway.authorization.confirmation import Confirmations
from gateway.authorization.imports import Importer
from gateway.authorization.renewals import Renewals
from gateway.clock import Clock
from gateway.overview import Overview
from gateway.pages.renderer import Pages
from gateway.proxy.service import DeveloperProxy
from gateway.routes.throttle import FailedKeys
from gateway.settings import Settings
from gateway.threads import Threads
from gateway.tokens.service import TokenService
from gateway.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms of the gateway, put together by `create_app`."""

    settings: Settings
    vault: Vault
    clock: Clock
    threads: Threads
    authorizer: Authorizer
    renewals: Renewals
    importer: Importer
    confirmations: Confirmations
    tokens: TokenService
    proxy: DeveloperProxy
    appstore: Appstore
    pages: Pages
    failed_keys: FailedKeys
    overview: Overview


def services_of(request: Request) -> Services:
    """Return the services of the application that got this request."""
    return cast(Services, request.app.state.services)
