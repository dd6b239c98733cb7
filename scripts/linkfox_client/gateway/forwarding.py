"""What comes back from a call that the gateway passes on: the gateway's own fields, and Amazon's body.

The body may be large, and is Amazon's: it is neither searched for the gateway's fields nor cleaned.
"""

import base64
import json
from typing import Any, NamedTuple

from linkfox_client.gateway.answers import Reply, decoded

# In bytes. A gateway passes 32 MB on (PROXY_LARGEST_ANSWER), and a byte may be written as six.
LARGEST = 256 * 1024 * 1024
# Seconds: a gateway waits for Amazon a minute by default (PROXY_TIMEOUT), twice where it refreshed the token.
LONGEST = 180.0


class Forwarded(NamedTuple):
    """Amazon's answer: the gateway's `fields` about it, and its `body` in bytes, None where there is none."""

    fields: dict[str, Any]
    body: bytes | None


def parted(reply: Reply) -> tuple[Reply, bytes | None]:
    """Return a gateway's reply without Amazon's body, and that body; None where it has none."""
    try:
        document = json.loads(decoded(reply.body))
    except (ValueError, RecursionError):
        return reply, None
    if not isinstance(document, dict) or "body" not in document:
        return reply, None
    body = document.pop("body")
    is_base64 = document.pop("bodyEncoding", None) == "base64"
    return reply._replace(body=json.dumps(document).encode()), _content(body, is_base64=is_base64)


def _content(body: object, *, is_base64: bool) -> bytes | None:
    """Return a body as Amazon sent it; the hosted gateway may have parsed it already."""
    if body is None:
        return None
    if not isinstance(body, str):
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if not is_base64:
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return None
