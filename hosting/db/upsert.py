"""Many rows by one statement, and INSERT … ON CONFLICT, which both dialects have and SQLAlchemy spells in two places.

PostgreSQL is given an array for each column: rows cost a third of what statements of their own do. SQLite, within this process,
runs one prepared statement for each row.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert(connection: sa.Connection, table: sa.Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT of the connection's dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    # Each dialect takes a while to load; the other one is never used.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet and return how many those were. All rows have the same columns."""
    if not rows:
        return 0
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        # What is returned is counted: without it Citus says how many rows it was given.
        statement, values = _by_arrays(connection, table, rows, "ON CONFLICT DO NOTHING RETURNING 1")
        with closing(connection.exec_driver_sql(statement, values)) as new:
            return new.rowcount
    one_by_one = insert(connection, table).on_conflict_do_nothing()
    done = connection.execute(one_by_one, [dict(row) for row in rows], execution_options={"preserve_rowcount": True})
    return done.rowcount


def insert_new_keys(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> set[tuple[Any, ...]]:
    """Insert the rows whose key is not there yet and return the keys of those."""
    key = [column.name for column in table.primary_key]
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        statement, values = _by_arrays(connection, table, rows, f"ON CONFLICT DO NOTHING RETURNING {', '.join(map(_quoted, key))}")
        return {tuple(found) for found in connection.exec_driver_sql(statement, values)}
    return {tuple(row[name] for name in key) for row in rows if insert_new(connection, table, [row])}


def insert_newer(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, by: str, kept: Sequence[str] = ()) -> None:
    """Insert the rows, each of another key; one that is there is replaced, but for the columns `kept`, where it is older `by`."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    replaced = [name for name in rows[0] if name not in (*key, *kept)]
    if connection.dialect.name == "postgresql":
        changes = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in replaced)
        newer = f"UPDATE SET {changes} WHERE excluded.{by} > {table.name}.{by}"
        connection.exec_driver_sql(*_by_arrays(connection, table, rows, f"ON CONFLICT ({', '.join(key)}) DO {newer}"))
        return
    statement = insert(connection, table)
    update = {name: statement.excluded[name] for name in replaced}
    newer_one = statement.excluded[by] > table.c[by]
    statement = statement.on_conflict_do_update(index_elements=key, set_=update, where=newer_one)
    connection.execute(statement, [dict(row) for row in rows])


def one_of(connection: sa.Connection, column: "sa.Column[str]", texts: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of these texts: for PostgreSQL with one parameter, however many they are.

    Of one text it is plain equality, by which a cluster knows on which node to ask.
    """
    if len(texts) == 1:
        return column == next(iter(texts))
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, list(texts), type_=sa.ARRAY(sa.Text), unique=True))
    return column.in_(texts)


def _by_arrays(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], end: str) -> tuple[str, tuple[Any, ...]]:
    """Return an INSERT of rows with an array for each column, and its values; `end` is how the statement ends.

    A column that has one value in all rows is given once.
    """
    first = rows[0]
    names = list(first)
    same = {name for name in names if all(row[name] == first[name] for row in rows)}
    arrays = [name for name in names if name not in same] or names[:1]
    single = [name for name in names if name not in arrays]
    kinds = {name: _kind(table.c[name], connection.dialect) for name in names}
    chosen = ", ".join(f"CAST(%b AS {kinds[name]})" if name in single else f"new.{_quoted(name)}" for name in names)
    unnested = ", ".join(f"CAST(%b AS {kinds[name]}[])" for name in arrays)
    listed = ", ".join(map(_quoted, names))
    source = f"unnest({unnested}) AS new ({', '.join(map(_quoted, arrays))})"
    statement = f"INSERT INTO {table.name} ({listed}) SELECT {chosen} FROM {source} {end}"  # noqa: S608 - names of columns of ours
    return statement, (*(first[name] for name in single), *([row[name] for row in rows] for name in arrays))


def _kind(column: "sa.Column[Any]", dialect: sa.Dialect) -> str:
    """Return the type of a column; of a text without its limit, so that a longer one is refused and not cut."""
    kind = column.type.dialect_impl(dialect)
    return "TEXT" if isinstance(kind, sa.String) else kind.compile(dialect)


def _quoted(name: str) -> str:
    return f'"{name}"'
