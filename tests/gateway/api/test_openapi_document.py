"""The OpenAPI document: valid, complete, and with examples that are right."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute

from gateway.errors import TABLE
from gateway.openapi.document import VERSION, openapi_document
from gateway.openapi.reasons import ELSEWHERE
from tests.support.documented import Described, Document, closed, operations
from tests.support.gateway_server import Gateway, check_envelope, http
from tests.support.house import ROOT

DOCUMENT = openapi_document("http://127.0.0.1:8765", sandbox=True)
CLOSED = closed(DOCUMENT)
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}") for method, path, operation in operations(DOCUMENT)
]


def routes_of(router: Any) -> Iterator[APIRoute]:
    """Each route of an application, also of the routers that it was put together from."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router)


def test_the_document_is_openapi() -> None:
    """By the published schema of OpenAPI 3.1."""
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    assert DOCUMENT["openapi"] == "3.1.0"


def test_no_key_is_needed_to_read_it(gateway: Gateway) -> None:
    """It is served as it is built, under the same rules for host names as everything else."""
    answer = gateway.get("/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == openapi_document(gateway.url, sandbox=True)
    with http() as session:
        foreign = session.get(gateway.url + "/openapi.json", headers={"Host": "evil.example"})
    assert foreign.status_code == 403
    assert check_envelope(foreign)["reason"] == "host_not_allowed"


def test_a_real_gateway_names_its_own_cookie() -> None:
    """Without the sandbox's mark, and bound to its host where it is reached over https."""
    document = openapi_document("https://gateway.example", sandbox=False)
    assert "x-sandbox" not in document
    assert document["servers"] == [{"url": "https://gateway.example"}]
    assert document["components"]["securitySchemes"]["session"]["name"] == "__Host-linkfox-session"


def test_the_version_is_the_project_s() -> None:
    """As pyproject.toml has it."""
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_route_is_described_and_nothing_else(gateway: Gateway) -> None:
    """Each method of each path of the application."""
    served = {(method, route.path) for route in routes_of(gateway.app.router) for method in route.methods}
    assert len(served) > 30
    assert {(method, path) for method, path, _ in operations(DOCUMENT)} == served


def test_operations_have_names_of_their_own() -> None:
    """Generated clients name their methods by them."""
    names = [operation["operationId"] for _, _, operation in operations(DOCUMENT)]
    assert len(names) == len(set(names))


def test_every_reason_that_has_a_status_is_described_somewhere() -> None:
    """As an error of an operation, in a field that names reasons, or as a response of no operation."""
    told: set[str] = set()
    for _, _, operation in operations(DOCUMENT):
        told |= set(_enums_of_reasons(operation["responses"]))
    elsewhere = set(ELSEWHERE.values())
    assert not told & elsewhere
    assert told | elsewhere == set(TABLE)
    assert set(DOCUMENT["components"]["examples"]) == set(TABLE)


def _enums_of_reasons(node: Any) -> Iterator[str]:
    """The values of each `reason` and `…Reason` in schemas."""
    if isinstance(node, list):
        for each in node:
            yield from _enums_of_reasons(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name.lower().endswith("reason") and isinstance(value, dict):
                yield from value.get("enum", ())
            yield from _enums_of_reasons(value)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_errors_are_described_under_their_status(operation: Document) -> None:
    """Each with an example of its envelope, and none under another status than the table's."""
    errors = 0
    for status, response in operation["responses"].items():
        examples = response.get("content", {}).get("application/json", {}).get("examples", {})
        for reason in (name for name in examples if name in TABLE):
            errors += 1
            assert str(TABLE[reason].http_status) == status
            example = DOCUMENT["components"]["examples"][reason]["value"]
            assert example["errcode"] == TABLE[reason].errcode
            fault = _fault(response["content"]["application/json"]["schema"], example)
            assert fault is None, f"{reason}: {fault}"
    assert errors >= 3


@pytest.mark.parametrize("operation", OPERATIONS)
def test_examples_are_as_their_schemas_say(operation: Document) -> None:
    """Of requests and of successes; each call of the JSON API has both."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    for shown in [body] if body else []:
        assert shown["examples"]
        for example in shown["examples"].values():
            assert _fault(shown["schema"], example["value"]) is None, example["summary"]
    for status, response in operation["responses"].items():
        shown = response.get("content", {}).get("application/json")
        if not status.startswith("2") or not shown:
            continue
        examples = [each["value"] for each in shown.get("examples", {}).values()]
        examples += [shown["example"]] if "example" in shown else []
        assert examples or operation["operationId"] == "openapi"
        for example in examples:
            assert _fault(shown["schema"], example) is None, json.dumps(example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_parameters_and_forms_have_examples(operation: Document) -> None:
    """Which are as their schemas say."""
    for parameter in operation.get("parameters", ()):
        assert _fault(parameter["schema"], parameter["example"]) is None, parameter["name"]
    forms = operation.get("requestBody", {}).get("content", {})
    for shown in forms.values():
        if "examples" not in shown:
            assert _fault(shown["schema"], shown["example"]) is None


def _fault(schema: Document, value: Any) -> str | None:
    """Where a value is not as a schema says, with the objects of answers closed."""
    for error in Described(CLOSED, {}).validator(schema).iter_errors(value):
        return f"{list(error.instance_path)}: {error.message}"
    return None


def test_every_property_says_what_it_is() -> None:
    """A name alone tells neither unit nor format."""
    bare: list[str] = []

    def look(node: Any, place: str) -> None:
        if isinstance(node, list):
            for each in node:
                look(each, place)
        elif isinstance(node, dict):
            properties = node.get("properties", {}) if node.get("type") == "object" else {}
            for name, schema in properties.items():
                if not schema.keys() & {"description", "$ref"}:
                    bare.append(f"{place}.{name}")
            for name, each in node.items():
                look(each, f"{place}.{name}")

    look([DOCUMENT["paths"], DOCUMENT["components"]["schemas"]], "")
    assert bare == []


@pytest.mark.parametrize(("method", "path"), [("TRACE", "/healthz"), ("DELETE", "/spApi/storeTokens")])
def test_another_method_or_address_is_answered_as_the_named_responses_say(
    gateway: Gateway, method: str, path: str
) -> None:
    """404 and 405, which belong to no operation."""
    with http() as session:
        refused = session.request(method, gateway.url + path)
        unknown = session.request(method, gateway.url + "/nothing/here")
    for answer, name in ((refused, "MethodNotAllowed"), (unknown, "UnknownPath")):
        response = DOCUMENT["components"]["responses"][name]
        assert _fault(response["content"]["application/json"]["schema"], answer.json()) is None
        assert TABLE[ELSEWHERE[name]].http_status == answer.status_code
