"""What declares a setting: the variable that a field of a settings record is read from.

The field says its name in the code, its type and its default; the Variable in its `Annotated` says where it
comes from, of what kind it is and what it means. The reader and the table of the documents are made of that.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_type_hints

from gateway.settings.kinds import WholeNumber
from gateway.settings.secret_kinds import ClientSecret, SecretText, file_variable
from gateway.settings.values import Values

SettingKind = Callable[[Values, str], Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable.

    `default`: in words, where the field's own default does not say it. `restart`: a running gateway that
    reads its settings anew keeps the value that it was started with.
    """

    name: str
    kind: SettingKind
    meaning: str
    default: str | None = None
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What the table of all settings says about one variable, as Markdown."""

    name: str
    meaning: str
    default: str


def declared(record: type) -> Iterator[tuple[Field[Any], Variable]]:
    """Yield the fields of a settings record that a variable sets, in their order."""
    hints = get_type_hints(record, include_extras=True)
    for field in fields(record):
        for item in getattr(hints[field.name], "__metadata__", ()):
            if isinstance(item, Variable):
                yield field, item


def required(record: type) -> list[Variable]:
    """Return the variables without which a record cannot be made, but for the client secret."""
    return [
        variable
        for field, variable in declared(record)
        if field.default is MISSING and not isinstance(variable.kind, ClientSecret)
    ]


def read(record: type, values: Values, *, leave_out: Container[str] = ()) -> dict[str, Any]:
    """Return the fields of a record whose variables are set. Raise SettingsError for what cannot be used.

    `leave_out`: fields whose variables are not looked at.
    """
    found = {
        field.name: variable.kind(values, variable.name)
        for field, variable in declared(record)
        if field.name not in leave_out
    }
    return {name: value for name, value in found.items() if value is not None}


def rows(record: type) -> Iterator[Row]:
    """Yield what the table of all settings says about the variables of a record."""
    for field, variable in declared(record):
        yield Row(variable.name, _meaning(variable), _default(field, variable))
        if isinstance(variable.kind, SecretText):
            yield Row(file_variable(variable.name), "file that holds it", "")


def _meaning(variable: Variable) -> str:
    if isinstance(variable.kind, WholeNumber):
        return f"{variable.meaning} ({variable.kind.least} to {variable.kind.most})"
    return variable.meaning


def _default(field: Field[Any], variable: Variable) -> str:
    if variable.default is not None:
        return variable.default
    match field.default:
        case bool() as default:
            return f"`{str(default).lower()}`"
        case int() as default if isinstance(variable.kind, WholeNumber):
            return str(default // variable.kind.unit)
        case str() as default:
            return f"`{default}`"
    return ""
