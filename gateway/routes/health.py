"""Whether the gateway takes requests; no key is needed, nothing is told beyond that."""

from fastapi import APIRouter, Request, Response

from gateway.routes.calls import json_answer
from gateway.routes.services import services_of

router = APIRouter()


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """Answer that the gateway takes requests."""
    return json_answer({"status": "ok"}, sandbox=services_of(request).settings.sandbox)
