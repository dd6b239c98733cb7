"""Amazon's storage of documents: whoever has a pre-signed address may read or write while it is good."""

import gzip
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from amazon_sandbox.business import Document
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import REPORT_HOSTS
from amazon_sandbox.world import World

ADDRESS_SECONDS = 300


def address(
    world: World,
    request: Request,
    document: Document,
    method: str = "GET",
    hosts: Mapping[str, str] = REPORT_HOSTS,
    seconds: int = ADDRESS_SECONDS,
) -> str:
    """Return the address at which a document is read (GET) or written (PUT), good for some seconds.

    `request` is the call that asks for it: its Host tells how the stand-in is reached. `hosts` are those of
    the storage, each with its region.
    """
    ends_at = int(world.clock.now()) + seconds
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": seconds,
            "ends": ends_at,
            "X-Amz-Signature": world.signature(f"{method}|{document.document_id}|{ends_at}"),
        }
    )
    storage = next(host for host, region in hosts.items() if region == document.region)
    return f"http://{request.headers.get('host', '')}/{storage}/{document.document_id}?{query}"


class Storage:
    """One of its hosts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def identify(self, request: Request) -> Caller:
        """Tell nothing: there is no token."""
        return Caller()

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Hand a document out, or take it in."""
        given = request.parameters
        document_id = request.path.removeprefix("/")
        signed = f"{request.method}|{document_id}|{given.get('ends', '')}"
        if given.get("X-Amz-Signature") != self._world.signature(signed):
            return known("storage.signatureRefused")
        if int(given["ends"]) <= self._world.clock.now():
            return known("storage.expired")
        document = self._world.business.documents.get(document_id)
        if document is None or (request.method == "GET" and document.content is None):
            return known("storage.missing")
        if request.method == "PUT":
            document.content = request.body
            return known("storage.stored")
        content = document.content or b""
        return Answer(
            200,
            {"Content-Type": document.media_type},
            gzip.compress(content, mtime=0) if document.compressed else content,
        )
