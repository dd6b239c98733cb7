"""One operation of the gateway as the document describes it, and how it is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.openapi.reasons import FORM_RECEPTION, KEY, RECEPTION, REQUEST_ID, VAULT, error_responses
from gateway.openapi.records import SANDBOX
from gateway.openapi.shapes import Schema, text

JSON = "application/json"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
HIDDEN_FROM_CACHES = "Never stored by caches."


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with the parts of its description that OpenAPI asks for.

    `answers`: the responses that are no errors, by status; `reasons`: those of the errors, besides what every
    request can meet. `security`: the schemes of which one is needed, each with the rights that do.
    """

    method: Literal["get", "post"]
    path: str
    id: str
    tag: str
    summary: str
    answers: Mapping[str, dict[str, Any]]
    description: str = ""
    reasons: Sequence[str] = ()
    request: dict[str, Any] | None = None
    parameters: Sequence[dict[str, Any]] = ()
    security: Sequence[dict[str, list[str]]] = ()
    pages: bool = False

    def document(self) -> dict[str, Any]:
        """Return the Operation Object."""
        reception = RECEPTION + (FORM_RECEPTION if self.method == "post" else ())
        errors = error_responses((*self.reasons, *reception), pages=self.pages)
        both = self.answers.keys() & errors.keys()
        responses = {**errors, **self.answers, **{status: self._joined(status, errors) for status in both}}
        document: dict[str, Any] = {
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "security": list(self.security),
            "responses": dict(sorted(responses.items())),
        }
        if self.description:
            document["description"] = self.description
        if self.parameters:
            document["parameters"] = list(self.parameters)
        if self.request is not None:
            document["requestBody"] = self.request
        return document

    def _joined(self, status: str, errors: dict[str, Any]) -> dict[str, Any]:
        """A status that is both a page of its own, such as a form with what was wrong in it, and an error."""
        answer, error = self.answers[status], errors[status]
        content = dict(error["content"])
        for media_type, shown in answer["content"].items():
            either = [media["schema"] for media in (shown, content.get(media_type)) if media]
            content[media_type] = {**content.get(media_type, {}), **shown, "schema": {"anyOf": either}}
        return {
            "description": f"{answer['description']}\n{error['description']}",
            "headers": answer["headers"] | error["headers"],
            "content": content,
        }


@dataclass(frozen=True, slots=True)
class Example:
    """A request and the answer to it."""

    title: str
    request: Any
    answer: Any


def call(
    tag: str,
    path: str,
    summary: str,
    *,
    rights: Sequence[str],
    request: Schema,
    answer: Schema,
    examples: Sequence[Example],
    reasons: Sequence[str] = (),
    description: str = "",
) -> Operation:
    """Return a call of the JSON API: POST, with an API key that has one of `rights`."""
    answer = {**answer, "properties": {**answer["properties"], "sandbox": SANDBOX}}
    needs = f"The API key needs the right {' or '.join(f'`{right}`' for right in rights)}."
    asked = {
        "required": bool(request.keys() & {"required", "oneOf", "anyOf"}),
        "description": "Read as JSON whatever the Content-Type says",
        "content": {JSON: _content(request, [(each.title, each.request) for each in examples])},
    }
    answered = {
        "description": f"Done. {HIDDEN_FROM_CACHES}",
        "headers": REQUEST_ID,
        "content": {JSON: _content(answer, [(each.title, each.answer) for each in examples])},
    }
    return Operation(
        method="post",
        path=path,
        id=path.strip("/").replace("/", "_"),
        tag=tag,
        summary=summary,
        description=f"{description}\n\n{needs}".strip(),
        answers={"200": answered},
        reasons=("bad_parameter", *KEY, *VAULT, *reasons),
        request=asked,
        security=[{"apiKey": [right]} for right in rights],
    )


def _content(schema: Schema, examples: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    named = {
        f"example{number}": {"summary": title, "value": value}
        for number, (title, value) in enumerate(examples, 1)
    }
    return {"schema": schema, "examples": named}


def page(description: str) -> dict[str, Any]:
    """A page for a person."""
    return {
        "description": f"{description} {HIDDEN_FROM_CACHES}",
        "headers": REQUEST_ID
        | {"Content-Language": {"schema": {"type": "string", "examples": ["en", "zh"]}}},
        "content": {HTML: {"schema": text("A page, in English or Chinese by Accept-Language")}},
    }


def redirect(description: str) -> dict[str, Any]:
    """Another address for the browser to GET."""
    location = {"description": "The address", "required": True, "schema": {"type": "string"}}
    return {"description": description, "headers": REQUEST_ID | {"Location": location}}
