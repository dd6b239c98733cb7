"""The OpenAPI document, made of what the calls are described by: their models, errors and examples.

Errors are described once for each group of reasons under a status, and referred to.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway.api.answers.error import Error
from gateway.api.answers.store_rows import StoreCandidate
from gateway.api.described import Described
from gateway.api.operations import Example, Operation, Result
from gateway.errors import TABLE, ProblemRow
from gateway.util.version import version

Schema = dict[str, Any]
JSON = "application/json"
DESCRIPTION = """\
Authorizes Amazon stores (SP-API) and advertising accounts (Ads API) and hands out their tokens.

- Calls are a POST with a JSON object. The body is read as JSON whatever its Content-Type says; `null` counts
  as not given, fields that are not known are left alone, and answers may gain fields.
- Success is a 2xx whose `errcode` is absent, 0 or 200. Every error is the same envelope, `Error`; `reason` is
  the word to decide by, and never changes its meaning.
- Times are RFC 3339 in UTC, durations are seconds, ids of up to 64 bits are integers.
- A sandbox marks every answer with `"sandbox": true`, but for what is shaped like Amazon's, and this document
  with `x-sandbox`.
- The gateway answers only to the host names that it is reached by. Any other address is `UnknownPath` (404),
  any other method `MethodNotAllowed` (405); see the named responses. What cannot be read as HTTP is answered
  400 with the same envelope, what is too large or too slow as `HeadersTooLarge`, `RequestTimeout` and
  `GatewayBusy` say, and what the gateway's own end cuts short as `GatewayStopping` says. The pages that
  people see in a browser are not described here.
- Below `/spapi/na`, `/spapi/eu`, `/spapi/fe` and `/ads/na`, `/ads/eu`, `/ads/fe` are Amazon's own APIs, as
  Amazon describes them, with the token put in. Refusals there have Amazon's shape.
"""
# Not of any operation: of an address or a method that is none of the document's, of what never became a
# request, of Amazon's APIs at addresses of the gateway (told in their own shape), and of the hosted gateway.
ELSEWHERE = {
    "UnknownPath": "unknown_path",
    "MethodNotAllowed": "method_not_allowed",
    "HeadersTooLarge": "headers_too_large",
    "RequestTimeout": "request_timeout",
    "GatewayBusy": "gateway_busy",
    "GatewayStopping": "gateway_stopping",
    "StandInEnded": "stand_in_ended",
    "OutOfCredit": "out_of_credit",
}
# Statuses after which it may be worth trying again.
WAITS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
EXTRAS: dict[str, dict[str, Any]] = {
    "store_revoked": {"status": "needs_reauthorization"},
    "grant_of_another_client": {"status": "needs_reauthorization"},
    "tokens_damaged": {"status": "needs_reauthorization"},
    "suspended_app": {"status": "suspended_app"},
    "key_lacks_right": {"neededRights": ["manage"], "keyId": "0a1b2c3d4e5f"},
    "too_many_failures": {"retryAfter": 42},
    "amazon_throttled": {"retryAfter": 30},
    "too_many_refreshes": {"retryAfter": 1},
    "gateway_busy": {"retryAfter": 1},
    "gateway_stopping": {"retryAfter": 5},
    "refusal_in_doubt": {"retryAfter": 30},
    "ambiguous": {
        "candidates": [StoreCandidate.example(region=region) for region in ("EU", "NA")],
    },
}
HEADERS = {
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
REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
RETRY_AFTER = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
API_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "The API key as it is, or after `Bearer `. The roles are its rights: `tokens` reads and "
    "refreshes tokens, `manage` authorizes, lists, imports and removes, `proxy` calls Amazon, "
    "`personal` gets buyers' data there, `application` makes the application's own calls, `metrics` reads "
    "the metrics.",
}


def openapi_of(operations: Sequence[Operation], public_url: str, *, sandbox: bool) -> dict[str, Any]:
    """Return the OpenAPI document of a gateway that is reached by this origin."""
    errors = ErrorResponses()
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, errors)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "LinkFox Amazon authorization gateway",
            "version": version(),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url}],
        "tags": [
            {"name": tag.name, "description": tag.description}
            for tag in dict.fromkeys(operation.tag for operation in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "responses": errors.named,
            "examples": {row.reason: _error_example(row) for row in TABLE.values()},
            "headers": HEADERS,
            "securitySchemes": {"apiKey": API_KEY},
        },
    }
    if sandbox:
        document["x-sandbox"] = True
    return document


def _operation(operation: Operation, errors: "ErrorResponses") -> dict[str, Any]:
    """Return the Operation Object."""
    described: dict[str, Any] = {
        "operationId": operation.path.strip("/").replace("/", "_").partition(".")[0],
        "tags": [operation.tag.name],
        "summary": operation.summary,
        "description": operation.description,
        "security": [{"apiKey": [right]} for right in operation.rights],
        "responses": _responses(operation, errors),
    }
    if operation.key_needed:
        rights = " or ".join(f"`{right}`" for right in operation.rights)
        described["description"] += f"\n\nThe API key needs the right {rights}."
    elif operation.rights:
        described["security"].insert(0, {})
    if operation.request is not None:
        schema = operation.request.model_json_schema()
        described["requestBody"] = {
            "required": bool(schema.keys() & {"required", "oneOf", "anyOf"}),
            "description": f"Read as {_kinds_of(operation)} whatever the Content-Type says",
            "content": {
                kind: each
                for kind in operation.request_types
                for each in _content(operation.request, operation.examples, "request").values()
            },
        }
    described["description"] = described["description"].strip()
    return described


def _kinds_of(operation: Operation) -> str:
    return "JSON" if operation.request_types == (JSON,) else "a form or JSON, by what it is,"


def _content(model: type[Described], examples: Sequence[Example], side: str) -> dict[str, Any]:
    shown = {
        f"example{number}": {"summary": example.title, "value": getattr(example, side)}
        for number, example in enumerate(examples, 1)
    }
    return {JSON: {"schema": _ref(model), **({"examples": shown} if shown else {})}}


def _ref(model: type[Described]) -> Schema:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _responses(operation: Operation, errors: "ErrorResponses") -> dict[str, Any]:
    """Return the responses by status; one that is both an answer of its own and an error has either."""
    described = {str(status): {"$ref": name} for status, name in errors.of(operation.errors)}
    for status, result in operation.results.items():
        # The examples are those of the first, which is the usual answer.
        examples = operation.examples if status == HTTPStatus.OK else ()
        response = _result(result, examples)
        if status in WAITS:
            response["headers"] = response["headers"] | RETRY_AFTER
        if str(status) in described:
            error = errors.resolved(described[str(status)]["$ref"])
            response = {
                "description": f"{response['description']}\n{error['description']}",
                "headers": response["headers"] | error["headers"],
                "content": {
                    JSON: {
                        "schema": {
                            "anyOf": [
                                response["content"][JSON]["schema"],
                                error["content"][JSON]["schema"],
                            ]
                        },
                        "examples": error["content"][JSON]["examples"],
                    }
                },
            }
        described[str(status)] = response
    return dict(sorted(described.items()))


def _result(result: Result, examples: Sequence[Example]) -> dict[str, Any]:
    if result.model is None:
        schema = {"type": "object" if result.media_type == JSON else "string"}
        content = {result.media_type: {"schema": schema}}
    else:
        content = _content(result.model, examples, "answer")
    return {"description": result.description, "headers": REQUEST_ID, "content": content}


class ErrorResponses:
    """The document's named responses: one for each group of reasons under a status."""

    def __init__(self) -> None:
        self.named = {name: _error_response([TABLE[reason]]) for name, reason in ELSEWHERE.items()}
        self._names: dict[tuple[str, ...], str] = {}

    def of(self, reasons: Iterable[str]) -> list[tuple[int, str]]:
        """Return the statuses that these reasons have, each with a reference to its response."""
        rows = sorted((TABLE[reason] for reason in dict.fromkeys(reasons)), key=_status_of)
        return [(status, self._reference(list(group))) for status, group in groupby(rows, key=_status_of)]

    def resolved(self, reference: str) -> dict[str, Any]:
        """Return the response that a reference leads to."""
        return self.named[reference.rpartition("/")[2]]

    def _reference(self, rows: list[ProblemRow]) -> str:
        reasons = tuple(sorted(row.reason for row in rows))
        if reasons not in self._names:
            phrase = HTTPStatus(rows[0].http_status).phrase.replace(" ", "")
            alike = sum(name.startswith(phrase) for name in self._names.values())
            self._names[reasons] = f"{phrase}{alike + 1}"
            self.named[self._names[reasons]] = _error_response(rows)
        return f"#/components/responses/{self._names[reasons]}"


def _status_of(row: ProblemRow) -> int:
    return row.http_status


def _error_response(rows: list[ProblemRow]) -> dict[str, Any]:
    narrowed = {
        "properties": {
            "reason": {"enum": [row.reason for row in rows]},
            "errcode": {"enum": sorted({row.errcode for row in rows})},
        }
    }
    examples = {row.reason: {"$ref": f"#/components/examples/{row.reason}"} for row in rows}
    return {
        "description": "\n".join(f"- `{row.reason}`: {row.meaning}" for row in rows),
        "headers": REQUEST_ID | (RETRY_AFTER if rows[0].http_status in WAITS else {}),
        "content": {JSON: {"schema": {"allOf": [_ref(Error), narrowed]}, "examples": examples}},
    }


def _error_example(row: ProblemRow) -> dict[str, Any]:
    envelope = {
        "errcode": row.errcode,
        "errmsg": row.meaning,
        "code": row.code,
        "retryable": row.retryable,
        "hint": row.hint(EXTRAS.get(row.reason, {})),
        "reason": row.reason,
        "requestId": "9f86d081884c7d65",
        **EXTRAS.get(row.reason, {}),
    }
    return {"summary": row.meaning, "value": envelope}


def _schemas(operations: Sequence[Operation]) -> dict[str, Schema]:
    """Return the document's named schemas: requests as they are read, answers as they are written."""
    models: dict[tuple[type[Described], JsonSchemaMode], None] = {(Error, "serialization"): None}
    for operation in operations:
        if operation.request is not None:
            models[operation.request, "validation"] = None
        for result in operation.results.values():
            if result.model is not None:
                models[result.model, "serialization"] = None
    _, schemas = models_json_schema(list(models), ref_template="#/components/schemas/{model}")
    named: dict[str, Schema] = schemas["$defs"]
    return {name: _tidied(schema) for name, schema in sorted(named.items())}


def _tidied(node: Any) -> Any:
    """Return a schema without pydantic's titles, and without the defaults that stand for "not there"."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _tidied(each)
        for name, each in node.items()
        if not (name == "title" and isinstance(each, str)) and not (name == "default" and each in (None, ""))
    }
