"""Holds answers against the OpenAPI document: the status, the media type, and each field with its type.

An answer may hold nothing that is not described, so that no field is added without its description.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import requests

from gateway.api.description import openapi_document

JSON = "application/json"
Document = dict[str, Any]
DOCUMENT: Document = openapi_document("http://127.0.0.1:8765", sandbox=True)


def closed(document: Document) -> Document:
    """The document with the objects of its answers closed: a field that is not described breaks them."""
    document = copy.deepcopy(document)
    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("Request"):
            _close(schema)
    return document


def _close(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _close(each)
    elif isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)
        for each in node.values():
            _close(each)


CLOSED: Document = closed(DOCUMENT)


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Each operation's method (in capitals), path and description, its responses resolved."""
    named = {
        f"#/components/responses/{name}": each for name, each in document["components"]["responses"].items()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            responses = {
                status: named[each["$ref"]] if "$ref" in each else each
                for status, each in operation["responses"].items()
            }
            yield method.upper(), path, {**operation, "responses": responses}


@dataclass(frozen=True)
class Described:
    """One operation, as answers are held against it."""

    document: Document
    operation: Document

    def fault_of(self, answer: requests.Response) -> str | None:
        """What of an answer is not as described; never any of its values, which may be tokens."""
        described = self.operation["responses"].get(str(answer.status_code))
        if described is None:
            return f"the status {answer.status_code} is not described"
        for name, header in described["headers"].items():
            if self.resolved(header).get("required") and name not in answer.headers:
                return f"the header {name} is missing"
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        content = described.get("content", {})
        if not content:
            return f"an answer {answer.status_code} has no body" if answer.content else None
        if media_type not in content:
            return f"{media_type} is not described for {answer.status_code}"
        if media_type != JSON:
            return None
        return broken_by(answer.json(), content[JSON]["schema"])

    def resolved(self, node: Document) -> Document:
        """What a reference leads to; anything else as it is."""
        while "$ref" in node:
            found: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node


def broken_by(value: Any, schema: Document) -> str | None:
    """What of a value breaks a schema of the document."""
    for error in _validator(json.dumps(schema)).iter_errors(value):
        return f"{list(error.instance_path)} breaks {list(error.schema_path)}"
    return None


@cache
def _validator(schema: str) -> Any:
    """What checks a value against a schema in which the document's own may be named."""
    whole = {**json.loads(schema), "components": {"schemas": CLOSED["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def described() -> list[tuple[str, re.Pattern[str], Described]]:
    """Each operation of a sandbox gateway with its method and the shape of its path."""
    document = CLOSED
    return [
        (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), Described(document, operation))
        for method, path, operation in operations(document)
    ]


def check(answer: requests.Response) -> None:
    """Fail where an answer of the gateway's is not one that its document describes."""
    path = urlsplit(answer.request.url or "").path
    found = [
        operation
        for method, shape, operation in described()
        if method == answer.request.method and shape.fullmatch(path)
    ]
    fault = found[0].fault_of(answer) if found else fault_of_page(answer)
    assert fault is None, f"{answer.request.method} {path}: {fault}"


def fault_of_page(answer: requests.Response) -> str | None:
    """What is wrong with an answer at an address that is not described: a page, or none of the gateway's."""
    if not re.fullmatch("[0-9a-f]{16}", answer.headers.get("X-Request-Id", "")):
        return "the request has no number"
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if answer.status_code == 303:
        return None if answer.headers.get("Location") and not answer.content else "a redirect leads nowhere"
    if media_type == JSON:
        error = {"$ref": "#/components/schemas/Error"}
        if fault := broken_by(answer.json(), error):
            return fault
        return None if answer.status_code >= 400 else "a success is JSON, and is not described"
    if media_type == "text/html":
        policy = answer.headers.get("Content-Security-Policy", "")
        if "script" in policy or not policy.startswith("default-src 'none'; style-src 'self';"):
            return "the page allows more than its stylesheet"
        return None if answer.headers.get("Content-Language") in ("en", "zh-CN") else "no language is named"
    if answer.status_code == 204:
        return "there is a body" if answer.content else None
    return None if (media_type, answer.status_code) == ("text/css", 200) else f"{media_type} is no page"


def fields_of(schema: Document, place: str, value: Any = None) -> set[str]:
    """The fields that a schema describes, as `PLACE.stores`; those of a named schema under its own name.

    Of those, with a `value`, only the ones that it has.
    """
    if "$ref" in schema:
        place = schema["$ref"].rpartition("/")[2]
        schema = DOCUMENT["components"]["schemas"][place]
    if "items" in schema:
        entries = [None] if value is None else value
        return {name for entry in entries for name in fields_of(schema["items"], place, entry)}
    found = set()
    for name, inner in schema.get("properties", {}).items():
        if value is None or name in value:
            known = None if value is None else value[name]
            found.add(f"{place}.{name}")
            found |= (
                fields_of(inner, f"{place}.{name}", known) if value is None or known is not None else set()
            )
    return found
