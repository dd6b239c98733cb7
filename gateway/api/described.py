"""What every request and answer is: fields by the contract's names, of which examples can be shown."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Described(BaseModel):
    """A model whose fields say what they mean, and show an example where their type alone does not."""

    # Built when it is first used: a start builds none of the many that are seldom asked for.
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", hide_input_in_errors=True, defer_build=True
    )

    @classmethod
    def example(cls, **changes: Any) -> dict[str, Any]:
        """Return an example: that of each field which is always there, and `changes`, by the wire's names."""
        shown = {
            field.alias or name: field.examples[0] if field.examples else _example_of(field.annotation)
            for name, field in cls.model_fields.items()
            if field.is_required()
        }
        return shown | changes


def _example_of(annotation: Any) -> Any:
    """Return an example by the type alone: a model's own, a list of one, or the only word there is."""
    if isinstance(annotation, type) and issubclass(annotation, Described):
        return annotation.example()
    (first, *_) = get_args(annotation)
    return [_example_of(first)] if get_origin(annotation) is list else first
