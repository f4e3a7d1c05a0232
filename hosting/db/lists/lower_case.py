"""Texts in lower case, with all letters there are: what SQLite calls lower() leaves all but A to Z as they are."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

SQLITE_NAME = "folded"


class folded(sa.sql.functions.GenericFunction[str]):  # noqa: N801 - it stands among functions of SQL
    """A text in lower case, to be looked through."""

    type = sa.Text()
    inherit_cache = True


@compiles(folded)
def _lower(element: folded, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(folded, "sqlite")
def _own(element: folded, compiler: Any, **options: Any) -> str:
    return f"{SQLITE_NAME}({compiler.process(element.clauses, **options)})"


def has_part(column: "sa.Column[str]", part: str) -> sa.ColumnElement[bool]:
    """Return the condition that a text has this part in it, in any case of letters."""
    escaped = "".join(f"/{letter}" if letter in "/%_" else letter for letter in part)
    return folded(column).like(folded(sa.literal(f"%{escaped}%")), escape="/")
