"""The declarations of settings: what the reader and the table of the documents make of them."""

from dataclasses import Field
from typing import Any

import pytest

from gateway.settings.kinds import WholeNumber
from gateway.settings.loading import RECORDS
from gateway.settings.values import SettingsError, Values
from gateway.settings.variables import Variable, declared, rows

NUMBERS = [
    pytest.param(field, variable, variable.kind, id=variable.name)
    for record in RECORDS
    for field, variable in declared(record)
    if isinstance(variable.kind, WholeNumber)
]


def holding(name: str, text: str) -> Values:
    """Return values in which one variable is set."""
    return Values({name: text}, [], lambda _name: None)


@pytest.mark.parametrize(("field", "variable", "bounds"), NUMBERS)
def test_a_number_is_taken_within_its_bounds_and_no_further(
    field: Field[Any], variable: Variable, bounds: WholeNumber
) -> None:
    """Both ends belong to it, and the default lies between them."""
    name = variable.name
    for number in (bounds.least, bounds.most):
        assert bounds(holding(name, str(number)), name) == number * bounds.unit
    for number in (bounds.least - 1, bounds.most + 1):
        with pytest.raises(SettingsError, match=f"{name} is not a whole number from {bounds.least} to"):
            bounds(holding(name, str(number)), name)
    assert bounds.least * bounds.unit <= field.default <= bounds.most * bounds.unit


@pytest.mark.parametrize("record", RECORDS)
def test_the_default_of_the_table_is_the_one_of_the_field(record: type) -> None:
    """What the table shows, set by hand, changes nothing."""
    shown = {row.name: row.default.strip("`") for row in rows(record)}
    for field, variable in declared(record):
        if variable.default is None and isinstance(field.default, bool | int | str):
            assert variable.kind(holding(variable.name, shown[variable.name]), variable.name) == field.default


@pytest.mark.parametrize("record", RECORDS)
def test_every_variable_is_explained(record: type) -> None:
    """No declaration leaves its meaning out."""
    assert all(row.meaning for row in rows(record))
