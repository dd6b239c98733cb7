"""The OpenAPI document. No key is needed: it says nothing that is not published."""

import json
from functools import lru_cache

from fastapi import APIRouter, Request, Response

from gateway.asgi.calls import JSON_TYPE
from gateway.asgi.services import services_of
from gateway.openapi.document import openapi_document

router = APIRouter()


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Answer the description of every address of this gateway."""
    settings = services_of(request).settings
    return Response(_written(settings.public_url, settings.sandbox), media_type=JSON_TYPE)


@lru_cache(maxsize=4)
def _written(public_url: str, sandbox: bool) -> bytes:
    document = openapi_document(public_url, sandbox=sandbox)
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
