"""An order of texts that every database keeps."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class ByCodePoint(FunctionElement[str]):
    """A text column to sort by the code points of its characters, as Python sorts.

    SQLite does so by itself. PostgreSQL sorts by the language that a database was made with.
    """

    type = Text()
    inherit_cache = True


@compiles(ByCodePoint, "sqlite")
def _sqlite_order(element: ByCodePoint, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(ByCodePoint, "postgresql")
def _postgresql_order(element: ByCodePoint, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'
