"""What the gateway says of its own calls: `/openapi.json` for programs, `/docs` for people, without a key."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from gateway.api import accounts, health, local_proof, login_with_amazon, proxy, stores
from gateway.api.endpoints import PlainEndpoint
from gateway.api.openapi import openapi_of
from gateway.api.operations import Result
from gateway.api.routing import ApiRouter
from gateway.asgi.calls import JSON_TYPE
from gateway.asgi.routing import MethodRoute
from gateway.asgi.services import services_of

router = ApiRouter(health.router.tag.name, health.router.tag.description)
ROUTERS = (
    stores.router,
    accounts.router,
    proxy.router,
    login_with_amazon.router,
    health.router,
    local_proof.router,
    router,
)

# Its own stylesheet and nothing else: no script, no form.
DOCS_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)


def openapi_document(public_url: str, *, sandbox: bool) -> dict[str, Any]:
    """Return the OpenAPI document of a gateway that is reached by this origin."""
    return openapi_of(OPERATIONS, public_url, sandbox=sandbox)


@router.get(
    "/openapi.json", description="No key is needed.", results={200: Result("An OpenAPI 3.1 document.")}
)
async def openapi(request: Request) -> Response:
    """Answer this document."""
    settings = services_of(request).settings
    return Response(_as_json(settings.public_url, settings.sandbox), media_type=JSON_TYPE)


@lru_cache(maxsize=4)
def _as_json(public_url: str, sandbox: bool) -> bytes:
    document = openapi_document(public_url, sandbox=sandbox)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


async def docs(request: Request) -> Response:
    """Show the document to a person."""
    settings = services_of(request).settings
    headers = {"Content-Security-Policy": DOCS_POLICY, "Content-Language": "en"}
    return Response(_as_page(settings.public_url, settings.sandbox), headers=headers, media_type="text/html")


@lru_cache(maxsize=4)
def _as_page(public_url: str, sandbox: bool) -> bytes:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    document = openapi_document(public_url, sandbox=sandbox)
    return templates.get_template("docs.html").render(document=document).encode()


# By now all are declared, this document's own, too.
OPERATIONS = tuple(operation for each in ROUTERS for operation in each.operations)
# A page: it describes the document, and is not described by it.
DOCS_ROUTE = MethodRoute("GET", "/docs", PlainEndpoint(docs))
