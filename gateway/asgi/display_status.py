"""Grants as they are shown: while Amazon refuses the application, that stands against each of them."""

from collections.abc import Sequence

from gateway.asgi.services import Services
from gateway.model import Flow, Grant


async def as_listed(services: Services, flow: Flow, grants: Sequence[Grant]) -> list[Grant]:
    """Return grants with the status to show; one that has to be authorized again stays that."""
    if not grants or not await services.suspended(flow):
        return list(grants)
    return [
        grant._replace(status="suspended_app") if grant.status == "authorized" else grant for grant in grants
    ]
