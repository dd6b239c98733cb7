"""What operators and load balancers ask: whether it takes requests, whether it is ready, and its metrics.

`/healthz` and `/readyz` need no key and tell no more than yes or no and which part is not. What the whole
gateway holds is told on loopback, and to keys that may manage.
"""

from fastapi import APIRouter, Request, Response

from gateway.asgi.calls import check_rights, json_answer, presented_key
from gateway.asgi.services import Services, services_of
from gateway.errors import Problem
from gateway.monitoring import metrics
from gateway.util.loopback import is_loopback
from gateway.vault.errors import VaultError

router = APIRouter()

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Whoever comes through a proxy is not on loopback, though the proxy may be.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via")


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """Answer that the gateway takes requests."""
    return json_answer({"status": "ok"}, sandbox=services_of(request).settings.sandbox)


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Answer 200 where database, master key and Amazon settings can be worked with, else 503."""
    services = services_of(request)
    checks = await services.threads.vault(_checks, services)
    ready = all(checks.values())
    document = {"status": "ready" if ready else "not_ready", "checks": checks}
    if await _is_operator(request, services):
        state = await services.threads.vault(services.overview.state)
        if state is not None:
            document["attention"] = state.attention()
    return json_answer(document, sandbox=services.settings.sandbox, status=200 if ready else 503)


@router.get("/metrics")
async def prometheus(request: Request) -> Response:
    """Answer the metrics: on loopback, or to a key that may manage."""
    services = services_of(request)
    if not _on_loopback(request):
        caller = await services.threads.vault(services.vault.users.authenticate, presented_key(request))
        if caller is None:
            raise Problem("unauthorized")
        check_rights(caller, ("manage",))
    content = await services.threads.vault(metrics.exposition, services.overview)
    return Response(content, media_type=METRICS_TYPE)


def _checks(services: Services) -> dict[str, bool]:
    """Return what was looked at, and whether it can be worked with."""
    settings = services.settings
    checks = {"database": True, "masterKey": False, "applications": bool(settings.spapi or settings.ads)}
    try:
        checks["masterKey"] = services.vault.key_opens()
    except VaultError:
        checks["database"] = False
    return checks


async def _is_operator(request: Request, services: Services) -> bool:
    if _on_loopback(request):
        return True
    key = presented_key(request)
    caller = await services.threads.vault(services.vault.users.authenticate, key) if key else None
    return caller is not None and "manage" in caller.rights


def _on_loopback(request: Request) -> bool:
    """Tell whether a program of this machine asks, by a name of this machine and through no proxy."""
    host = request.client.host if request.client else None
    proxied = any(name in request.headers for name in PROXY_HEADERS)
    return is_loopback(host) and is_loopback(request.url.hostname) and not proxied
