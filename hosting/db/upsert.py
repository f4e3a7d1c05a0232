"""INSERT … ON CONFLICT, which both dialects have and SQLAlchemy spells in two places."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT of the connection's dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet and return how many those were."""
    if not rows:
        return 0
    statement = insert(connection, table).on_conflict_do_nothing()
    done = connection.execute(statement, [dict(row) for row in rows], execution_options={"preserve_rowcount": True})
    return done.rowcount
