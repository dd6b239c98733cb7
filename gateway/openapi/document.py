"""Puts the document together: all operations, and what they refer to."""

from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from gateway.openapi import accounts, operator, pages, proxy, reasons, records, stores
from gateway.util.version import version

VERSION = version()
DESCRIPTION = """\
Authorizes Amazon stores (SP-API) and advertising accounts (Ads API) and hands out their tokens.

- Calls are a POST with a JSON object. The body is read as JSON whatever its Content-Type says; `null` counts
  as not given, fields that are not known are left alone, and answers may gain fields.
- Success is a 2xx whose `errcode` is absent, 0 or 200. Every error is the same envelope, `Error`; `reason` is
  the word to decide by, and never changes its meaning.
- Times are RFC 3339 in UTC, durations are seconds, ids of up to 64 bits are integers.
- A sandbox marks every answer with `"sandbox": true`, this document with `x-sandbox`.
- The gateway answers only to the host names that it is reached by. Any other address is `UnknownPath` (404),
  any other method `MethodNotAllowed` (405); see the named responses. What cannot be read as HTTP is answered
  400 with the same envelope.
"""
ROOMS = (
    (stores.OPERATIONS, "Authorizing stores and reading their tokens"),
    (accounts.OPERATIONS, "Authorizing advertising accounts and reading their tokens"),
    (proxy.OPERATIONS, "Calling Amazon's APIs for a store or profile"),
    (pages.OPERATIONS, "What people see in a browser"),
    (operator.OPERATIONS, "Running the gateway"),
)


def openapi_document(public_url: str, *, sandbox: bool) -> dict[str, Any]:
    """Return the OpenAPI document of a gateway that is reached by this origin."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operations, _ in ROOMS:
        for operation in operations:
            paths[operation.path][operation.method] = operation.document()
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "LinkFox Amazon authorization gateway",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url}],
        "tags": [
            {"name": operations[0].tag, "description": description} for operations, description in ROOMS
        ],
        "paths": dict(paths),
        "components": {
            "schemas": records.schemas(),
            "responses": reasons.elsewhere(),
            "examples": reasons.examples(),
            "headers": reasons.headers(),
            "securitySchemes": _security_schemes(public_url, sandbox),
        },
    }
    if sandbox:
        document["x-sandbox"] = True
    return document


def _security_schemes(public_url: str, sandbox: bool) -> dict[str, Any]:
    kind = "sandbox-" if sandbox else ""
    prefix = "__Host-" if urlsplit(public_url).scheme == "https" else ""
    return {
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The API key as it is, or after `Bearer `. The roles are its rights: `tokens` "
            "reads and refreshes tokens, `manage` authorizes, lists, imports and removes, `proxy` calls "
            "Amazon.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": f"{prefix}linkfox-{kind}session",
            "description": "What signing in sets; only pages take it.",
        },
    }
