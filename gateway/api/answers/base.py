"""What every answer of the JSON API is made of: kinds of fields, and the models that all stand on.

A field without a default is always there, though it may be null. One made by `extra` is there only where
there is something to say. Of several bases the last one's fields come first: what tells a store or account
apart stands before what is known of it.
"""

from functools import cache, partial
from operator import is_
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from gateway.api.described import Described
from gateway.authorization.attempt_state import ATTEMPT_ID
from gateway.util.clock import rfc3339

A_REGION = "The region"
A_NAME = "The name that was given when it was authorized"
A_HINT = "What to do about it"
AN_ATTEMPT_ID = f"^{ATTEMPT_ID.pattern}$"
# In UTC, to the second; kept as epoch seconds everywhere else.
Moment = Annotated[
    str,
    BeforeValidator(lambda at: rfc3339(at) if isinstance(at, int) else at),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]
# Up to 64 bits.
Number = Annotated[int, Field(ge=1, json_schema_extra={"format": "int64"})]
Absent = SkipJsonSchema[None]


# Asked of several fields of each answer, so no function of Python's.
_is_absent = partial(is_, None)


def extra(description: str, **more: Any) -> Any:
    """Return a field that is there only where there is something to say."""
    return Field(default=None, exclude_if=_is_absent, description=description, **more)


def moment(description: str, example: str | None = "2027-01-15T08:00:00Z") -> Any:
    """Return a field that holds a time."""
    return Field(
        description=f"{description} (RFC 3339, UTC)",
        examples=[example],
    )


class Record(Described):
    """A part of an answer."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    @classmethod
    def unchecked(cls, **values: Any) -> Self:
        """Return a record of fields that are as they are to be written, for answers that are made often.

        What is not given keeps its default. To check the fields of a store's tokens takes longer than to
        unseal them.
        """
        made = cls.__new__(cls)
        # As pydantic's model_construct does, which takes as long as the checks.
        object.__setattr__(made, "__dict__", {**_defaults(cls), **values})
        object.__setattr__(made, "__pydantic_fields_set__", set(values))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


@cache
def _defaults(model: type[Record]) -> dict[str, Any]:
    """Return the fields of a model in their order, with their defaults."""
    return {
        name: None if field.is_required() else field.default for name, field in model.model_fields.items()
    }


class Answer(Record):
    """The document that a call answers."""

    sandbox: Literal[True] | Absent = extra("There, and true, where everything stands in for Amazon")


class WithNotes(Record):
    """An answer that may have something to say beside what was asked for."""

    notes: list[str] | Absent = extra(
        "What the caller should know, in sentences", json_schema_extra={"minItems": 1}
    )


class Removed(Answer):
    """That something is gone."""

    removed: Literal[True] = Field(description="It is gone", examples=[True])
