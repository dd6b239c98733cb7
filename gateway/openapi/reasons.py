"""Which reasons of references/errors.json an operation can answer, and how the document tells it."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from typing import Any

from gateway.errors import TABLE, ProblemRow
from gateway.openapi.shapes import Schema, ref, text

# Before any route: see gateway/asgi/middleware.py.
RECEPTION = ("host_not_allowed", "body_too_large", "internal")
FORM_RECEPTION = ("origin_not_allowed",)
VAULT = ("vault_unavailable", "vault_failed")
KEY = ("unauthorized", "key_lacks_right", "too_many_failures")
# What reading or refreshing a token can come to.
REFRESH = (
    "not_found",
    "store_revoked",
    "grant_of_another_client",
    "suspended_app",
    "app_not_configured",
    "scope_refused",
    "request_refused",
    "amazon_failed",
    "amazon_throttled",
    "not_stored",
)
IMPORT = (
    "import_refused",
    "import_of_another_client",
    "app_credentials",
    "suspended_app",
    "app_not_configured",
    "scope_refused",
    "request_refused",
    "amazon_failed",
    "amazon_throttled",
    "not_stored",
)
# What an attempt can end with; `authorizationStatus` tells it in its own `reason`.
ATTEMPT = (
    "access_denied",
    "not_confirmed",
    "expired",
    "interrupted",
    "code_missing",
    "consent_failed",
    "seller_missing",
    "code_refused",
    "wrong_seller",
    "app_changed",
    "app_credentials",
    "app_not_configured",
    "scope_refused",
    "exchange_failed",
    "not_stored",
)
# Not of any operation: of an address or a method that is none of the document's, and of the hosted gateway.
ELSEWHERE = {
    "UnknownPath": "unknown_path",
    "MethodNotAllowed": "method_not_allowed",
    "OutOfCredit": "out_of_credit",
}

REQUEST_ID = {"X-Request-Id": ref("RequestId", "headers")}
RETRY_AFTER = {"Retry-After": ref("RetryAfter", "headers")}
EXTRAS: dict[str, dict[str, Any]] = {
    "store_revoked": {"status": "needs_reauthorization"},
    "grant_of_another_client": {"status": "needs_reauthorization"},
    "suspended_app": {"status": "suspended_app"},
    "too_many_failures": {"retryAfter": 42},
    "amazon_throttled": {"retryAfter": 30},
    "ambiguous": {
        "candidates": [
            {"sellerId": "A1SANDBOXEU001", "sellerName": "My Store", "region": region}
            for region in ("EU", "NA")
        ]
    },
}


def headers() -> dict[str, Any]:
    """Return the document's named headers."""
    return {
        "RequestId": {
            "description": "The number of the request in the gateway's log",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        },
        "RetryAfter": {
            "description": "The seconds after which to try again, where that is known",
            "schema": {"type": "integer", "minimum": 0},
        },
    }


def examples() -> dict[str, Any]:
    """Return an example of each reason's envelope."""
    return {
        row.reason: {
            "summary": row.meaning,
            "value": {
                "errcode": row.errcode,
                "errmsg": row.meaning,
                "reason": row.reason,
                "requestId": "9f86d081884c7d65",
                **EXTRAS.get(row.reason, {}),
            },
        }
        for row in TABLE.values()
    }


def elsewhere() -> dict[str, Any]:
    """Return the responses that belong to no operation."""
    return {
        name: error_responses([reason])[str(TABLE[reason].http_status)] for name, reason in ELSEWHERE.items()
    }


def error_responses(reasons: Iterable[str], *, pages: bool = False) -> dict[str, Any]:
    """Return the responses for these reasons by status; on `pages` a person may get them as a page."""
    rows = sorted((TABLE[reason] for reason in dict.fromkeys(reasons)), key=lambda row: row.http_status)
    return {
        str(status): _response(status, list(group), pages=pages)
        for status, group in groupby(rows, key=lambda row: row.http_status)
    }


def _response(status: int, rows: list[ProblemRow], *, pages: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {
            "schema": _narrowed(rows),
            "examples": {row.reason: ref(row.reason, "examples") for row in rows},
        }
    }
    if pages:
        content["text/html"] = {"schema": text("A page that says the same")}
    waits = status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    return {
        "description": "\n".join(f"- `{row.reason}`: {row.meaning}" for row in rows),
        "headers": REQUEST_ID | (RETRY_AFTER if waits else {}),
        "content": content,
    }


def _narrowed(rows: list[ProblemRow]) -> Schema:
    """An error that is one of these."""
    return {
        "allOf": [
            ref("Error"),
            {
                "properties": {
                    "reason": {"enum": [row.reason for row in rows]},
                    "errcode": {"enum": sorted({row.errcode for row in rows})},
                }
            },
        ]
    }
