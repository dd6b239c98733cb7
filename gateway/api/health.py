"""What operators and load balancers ask: whether it takes requests, whether it is ready, and its metrics.

`/healthz` and `/readyz` need no key and tell no more than yes or no and which part is not. What the whole
gateway holds is told on loopback, and to keys that may manage.
"""

from dataclasses import asdict
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.answers.health import Attention, Checks, Health, Readiness, Unreadiness
from gateway.api.endpoints import written
from gateway.api.error_groups import VAULT_ERRORS
from gateway.api.operations import Example, Result
from gateway.api.routing import ApiRouter
from gateway.asgi.calls import check_rights, presented_key
from gateway.asgi.host_check import host_name
from gateway.asgi.request_context import header_values
from gateway.asgi.services import Services, services_of
from gateway.asgi.stopping import is_stopping
from gateway.errors import Problem
from gateway.model import Right
from gateway.monitoring.readiness import Reason
from gateway.util.loopback import is_loopback
from gateway.util.version import version

router = ApiRouter("Operation", "Running the gateway")

METRICS_RIGHTS: tuple[Right, ...] = ("manage", "metrics")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Whoever comes through a proxy is not on loopback, though the proxy may be.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via")


@router.get(
    "/healthz",
    description="No key is needed; HEAD is answered, too.",
    results={200: Result("It does.", Health)},
    examples=[Example("It does", {}, Health.example())],
    by_head=True,
)
async def healthz(request: Request) -> Response:
    """Tell whether the gateway takes requests."""
    return written(Health(status="ok", version=version()), services_of(request))


@router.get(
    "/readyz",
    description="No key is needed, and HEAD is answered, too; on loopback, or with a key that may `manage`, "
    "it tells more.",
    rights=("manage",),
    errors=VAULT_ERRORS,
    results={
        200: Result("It can.", Readiness),
        503: Result("It cannot; `reasons` says why.", Unreadiness),
    },
    examples=[Example("It can", {}, Readiness.example(attention={"needsReauthorization": 1}))],
    by_head=True,
)
async def readyz(request: Request) -> Response:
    """Tell whether the gateway can be worked with."""
    services = services_of(request)
    checked = await services.threads.vault(services.readiness.check)
    checks = Checks.model_validate(asdict(checked))
    attention = None
    if await _is_operator(request, services):
        state = await services.threads.vault(services.overview.state)
        if state is not None:
            attention = Attention.model_validate(state.attention())
    reasons: list[Reason] = ["stopping"] if is_stopping(request.scope) else []
    reasons += checked.reasons
    if not reasons:
        return written(Readiness(status="ready", checks=checks, attention=attention), services)
    unready = Unreadiness(status="not_ready", checks=checks, attention=attention, reasons=reasons)
    return written(unready, services, HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    "/metrics",
    description="On loopback no key is needed, but to what came through a proxy.",
    rights=METRICS_RIGHTS,
    errors=("unauthorized", "key_lacks_right", *VAULT_ERRORS),
    results={
        200: Result(
            "Metrics whose names begin with `linkfox_`, for a Prometheus to scrape: its text format 0.0.4.",
            media_type="text/plain",
        )
    },
)
async def prometheus(request: Request) -> Response:
    """Answer the metrics of this gateway."""
    services = services_of(request)
    if not _on_loopback(request):
        caller = await services.threads.vault(services.vault.users.authenticate, presented_key(request.scope))
        if caller is None:
            raise Problem("unauthorized")
        check_rights(caller, METRICS_RIGHTS)
    content = await services.threads.vault(services.metrics.exposition)
    return Response(content, media_type=METRICS_TYPE)


async def _is_operator(request: Request, services: Services) -> bool:
    if _on_loopback(request):
        return True
    key = presented_key(request.scope)
    caller = await services.threads.vault(services.vault.users.authenticate, key) if key else None
    return caller is not None and "manage" in caller.rights


def _on_loopback(request: Request) -> bool:
    """Tell whether a program of this machine asks, by a name of this machine and through no proxy."""
    host = request.client.host if request.client else None
    proxied = any(name in request.headers for name in PROXY_HEADERS)
    names = header_values(request.scope, b"host")
    by_loopback = len(names) == 1 and is_loopback(host_name(names[0]))
    return is_loopback(host) and by_loopback and not proxied
