"""What the scripts of this machine ask before they send an API key: whether this is their own gateway."""

import re

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.api import health
from gateway.api.answers.base import Answer
from gateway.api.endpoints import written
from gateway.api.operations import Example, Result
from gateway.api.routing import ApiRouter
from gateway.asgi.services import services_of
from gateway.errors import Problem
from gateway.util import owner_key
from gateway.util.local_proof import NONCE_BYTES, PATH, proof_of

router = ApiRouter(health.router.tag.name, health.router.tag.description)

NONCE = re.compile(rf"[0-9a-f]{{{2 * NONCE_BYTES}}}", re.ASCII)


class LocalProof(Answer):
    """That this gateway knows its owner's API key."""

    proof: str = Field(
        description="HMAC-SHA256 over the number, and the address and port that were called; hexadecimal",
        examples=[64 * "0"],
    )


@router.get(
    PATH,
    description=(
        "No key is needed. `nonce` in the query is a random number of 32 bytes in hexadecimal digits. "
        "Scripts ask this on each connection to the gateway of their own machine, before they send the key."
    ),
    errors=("bad_parameter", "not_found"),
    results={200: Result("The proof.", LocalProof)},
    examples=[Example("It knows it", {}, LocalProof.example())],
)
async def local_proof(request: Request) -> Response:
    """Prove that this is the gateway whose owner's API key lies in the data folder of this machine."""
    nonce = request.query_params.get("nonce", "")
    if not NONCE.fullmatch(nonce):
        raise Problem("bad_parameter", f"nonce is not {2 * NONCE_BYTES} hexadecimal digits in lower case")
    services = services_of(request)
    key, server = owner_key.read(services.settings.data_dir), request.scope.get("server")
    if key is None or not server:
        raise Problem("not_found", "there is no owner's API key in its data folder")
    return written(LocalProof(proof=proof_of(key.reveal(), nonce, *server)), services)
