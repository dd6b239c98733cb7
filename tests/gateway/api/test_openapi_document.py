"""The OpenAPI document: valid, complete, and with examples that are right."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from gateway.api.description import ROUTERS, openapi_document
from gateway.api.openapi import ELSEWHERE
from gateway.asgi.routing import PrefixRoute
from gateway.errors import TABLE
from tests.support.documented import DOCUMENT, Document, broken_by, operations
from tests.support.gateway_server import Gateway, check_envelope, http
from tests.support.house import ROOT

# Of forms and of what the Appstore opens: told on a page, or to whoever sent a form without one.
ON_PAGES = {
    "appstore_refused",
    "confirmation_elsewhere",
    "confirmation_ended",
    "confirmation_forged",
    "form_refused",
    "too_many_codes",
}
# Of what is shaped like Amazon: told in words, below an error of Amazon's.
IN_OTHER_WORDS = {"unknown_handle", "unsupported_grant_type"}
SHAPED_LIKE_AMAZON = "Shaped like Amazon"
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}") for method, path, operation in operations(DOCUMENT)
]


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


def test_a_real_gateway_is_not_marked_as_a_sandbox() -> None:
    """And its address is the one that it is reached by."""
    document = openapi_document("https://gateway.example", sandbox=False)
    assert "x-sandbox" not in document
    assert document["servers"] == [{"url": "https://gateway.example"}]


def test_every_route_is_described_and_nothing_else(gateway: Gateway) -> None:
    """Each method of each path of the JSON API, and of what operators come to."""
    described = [route for route in gateway.app.routes if not isinstance(route, PrefixRoute)]
    served = {(method, route.path) for route in described for method in route.methods}
    called = {(method, route.path) for each in ROUTERS for route in each.routes for method in route.methods}
    assert len(called) > 20
    assert called <= served
    described_calls = {(method, path) for method, path, _ in operations(DOCUMENT)}
    assert called - described_calls == {("HEAD", "/healthz"), ("HEAD", "/readyz")}
    assert described_calls <= called
    # What Amazon describes, it is said of where it is.
    amazons = [route.prefix for route in gateway.app.routes if isinstance(route, PrefixRoute)]
    assert sorted(amazons) == ["/ads/", "/spapi/"]
    assert all(f"`{prefix}na`" in DOCUMENT["info"]["description"] for prefix in amazons)
    # The rest is for browsers: pages, their stylesheet, the callbacks, and the page of this document.
    assert not {path for method, path in served - called if path.startswith(("/spApi", "/amazonAds"))} - {
        "/spApi/oauth/login",
        "/spApi/oauth/callback",
        "/amazonAds/oauth/callback",
    }


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
    others = elsewhere | ON_PAGES | IN_OTHER_WORDS
    assert not told & others
    assert told | others == set(TABLE)
    assert set(DOCUMENT["components"]["examples"]) == set(TABLE)


def _enums_of_reasons(node: Any) -> Iterator[str]:
    """The values of each `reason` and `…Reason` in schemas."""
    if isinstance(node, list):
        for each in node:
            yield from _enums_of_reasons(each)
    elif isinstance(node, dict):
        name = node.get("$ref", "").rpartition("/")[2]
        if name and name != "Error":  # which names them all
            yield from _enums_of_reasons(DOCUMENT["components"]["schemas"].get(name))
        for name, value in node.items():
            if name.lower().endswith("reason") and isinstance(value, dict):
                yield from value.get("enum", ())
            yield from _enums_of_reasons(value)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_errors_are_described_under_their_status(operation: Document) -> None:
    """Each with an example of its envelope, and none under another status than the table's."""
    if SHAPED_LIKE_AMAZON in operation["tags"]:
        return
    errors = 0
    for status, response in operation["responses"].items():
        examples = response.get("content", {}).get("application/json", {}).get("examples", {})
        for reason in (name for name in examples if name in TABLE):
            errors += 1
            assert str(TABLE[reason].http_status) == status
            example = DOCUMENT["components"]["examples"][reason]["value"]
            assert example["errcode"] == TABLE[reason].errcode
            fault = broken_by(example, response["content"]["application/json"]["schema"])
            assert fault is None, f"{reason}: {fault}"
    assert errors >= 3


@pytest.mark.parametrize("operation", OPERATIONS)
def test_examples_are_as_their_schemas_say(operation: Document) -> None:
    """Of requests and of successes; each call of the JSON API has both."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    for shown in [body] if body else []:
        assert shown["examples"]
        for example in shown["examples"].values():
            assert broken_by(example["value"], shown["schema"]) is None, example["summary"]
    for status, response in operation["responses"].items():
        shown = response.get("content", {}).get("application/json")
        if not status.startswith("2") or not shown:
            continue
        examples = [each["value"] for each in shown.get("examples", {}).values()]
        examples += [shown["example"]] if "example" in shown else []
        assert examples or operation["operationId"] == "openapi"
        for example in examples:
            assert broken_by(example, shown["schema"]) is None, json.dumps(example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_parameters_and_forms_have_examples(operation: Document) -> None:
    """Which are as their schemas say."""
    for parameter in operation.get("parameters", ()):
        assert broken_by(parameter["example"], parameter["schema"]) is None, parameter["name"]
    forms = operation.get("requestBody", {}).get("content", {})
    for shown in forms.values():
        if "examples" not in shown:
            assert broken_by(shown["example"], shown["schema"]) is None


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
        assert broken_by(answer.json(), response["content"]["application/json"]["schema"]) is None
        assert TABLE[ELSEWHERE[name]].http_status == answer.status_code


def test_every_path_and_property_stands_in_the_reference() -> None:
    """references/api.md is what people and agents read of the wire."""
    page = (ROOT / "references/api.md").read_text(encoding="utf-8")
    properties = {
        name for schema in DOCUMENT["components"]["schemas"].values() for name in schema["properties"]
    }
    assert len(properties) > 70
    assert {path for path in DOCUMENT["paths"] if path not in page} == set()
    assert {name for name in properties if not re.search(rf"`{name}\b", page)} == set()


def test_it_is_shown_to_people_without_a_script(gateway: Gateway) -> None:
    """Every call, field and reason; the page loads the gateway's own stylesheet and nothing else."""
    answer = gateway.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "<script" not in answer.text
    assert re.findall(r"(?:src|href)=\"(?!#)([^\"]*)", answer.text) == [
        "/pages/style.css",
        "/",
        "/openapi.json",
    ]
    for path in DOCUMENT["paths"]:
        assert path in answer.text
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert f'id="{name}"' in answer.text
        assert all(f"<code>{each}</code>" in answer.text for each in schema["properties"])
    assert all(f"`{reason}`" in answer.text for reason in TABLE if reason not in ON_PAGES)


def test_it_is_small_enough_to_be_read_at_once(gateway: Gateway) -> None:
    """Each error is described once, and referred to."""
    assert len(gateway.get("/openapi.json").content) < 200_000
