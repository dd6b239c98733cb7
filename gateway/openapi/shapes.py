"""Short words for JSON schemas (OpenAPI 3.1 uses JSON Schema 2020-12 as it is)."""

from typing import Any

Schema = dict[str, Any]


def text(description: str, **more: Any) -> Schema:
    """A string."""
    return {"type": "string", "description": description, **more}


def integer(description: str, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, **more}


def number(description: str, **more: Any) -> Schema:
    """A number."""
    return {"type": "number", "description": description, **more}


def flag(description: str, **more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, **more}


def moment(description: str) -> Schema:
    """A time in UTC, to the second, as RFC 3339 writes it."""
    return {
        "type": "string",
        "format": "date-time",
        "description": f"{description} (RFC 3339, UTC)",
        "examples": ["2027-01-15T08:00:00Z"],
    }


def list_of(items: Schema, description: str = "", **more: Any) -> Schema:
    """An array."""
    described = {"description": description} if description else {}
    return {"type": "array", "items": items, **described, **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "type" not in schema:
        described = {"description": schema["description"]} if "description" in schema else {}
        return {"anyOf": [schema, {"type": "null"}], **described}
    changed = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        changed["enum"] = [*schema["enum"], None]
    return changed


def record(fields: dict[str, Schema], *, optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    """An object of an answer: `fields` are always there, `optional` ones where there is something to say."""
    return {
        "type": "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
        **more,
    }


def body(
    required: dict[str, Schema] | None = None, optional: dict[str, Schema] | None = None, **more: Any
) -> Schema:
    """An object of a request. A null counts as not given; fields that are not known are left alone."""
    schema: Schema = {
        "type": "object",
        "properties": {
            **(required or {}),
            **{name: nullable(schema) for name, schema in (optional or {}).items()},
        },
        **more,
    }
    if required:
        schema["required"] = list(required)
    return schema


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to one of the document's components."""
    return {"$ref": f"#/components/{kind}/{name}"}
