"""A copy of the whole database as it is at one moment, and an empty database filled from one.

SQLite gives a file, PostgreSQL the rows of each table as COPY writes them: no program of PostgreSQL is needed, whose version would
have to fit that of the server. Pieces are handed on as they come, so that no table is ever whole in memory.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL

from hosting.db.connection.database import Database
from hosting.db.distribution import is_distributed
from hosting.db.migrate import make_schema
from hosting.db.tables import site
from hosting.errors import DataError

PIECE = 4 << 20
SQLITE_FILE = "hosting.db"
_BOUND = re.compile(r"DEFAULT|FOR VALUES FROM \('[0-9A-Za-z :.+-]+'\) TO \('[0-9A-Za-z :.+-]+'\)")
_TABLES = """SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition ORDER BY relname"""
_COLUMNS = """SELECT attname FROM pg_attribute WHERE attrelid = CAST(CAST(:name AS text) AS regclass) AND attnum > 0
    AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"""
_PARTITIONS = """SELECT child.relname, parent.relname, pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
    WHERE child.relispartition AND child.relkind = 'r' AND child.relnamespace = current_schema()::regnamespace ORDER BY 1"""


@dataclass(slots=True)
class TableCopy:
    """What was copied of a table."""

    columns: list[str]
    rows: int = 0


@dataclass(slots=True)
class DatabaseCopy:
    """A database at one moment: `engine` is `sqlite` or `postgresql`, `schema` its revision; the rest fills as it is read."""

    engine: str
    schema: str
    tables: dict[str, TableCopy] = field(default_factory=dict)
    partitions: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, table and bounds of each."""


class Source(Protocol):
    """A moment of a database that is held while it is copied."""

    copy: DatabaseCopy

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield name and content of each part: the file, or the tables."""
        ...


@contextmanager
def held(database: Database, staging: Path) -> Iterator[Source]:
    """Hold the database as it is now; `staging` has room for a file of its size. Raises DataError."""
    with ExitStack() as stack:
        connection = stack.enter_context(database.reading())
        try:
            if database.url.get_backend_name() == "sqlite":
                yield _SqliteSource(connection, staging)
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                if is_distributed(connection):
                    _hold_nodes(connection)
                yield _PostgresqlSource(connection)
        except _errors(connection) as error:
            raise DataError(f"The database cannot be copied: {_first_line(error)}.") from error


def _hold_nodes(connection: sa.Connection) -> None:
    """Hold each node of a cluster from here on: by one connection, which has all of its sites as they are at one moment."""
    connection.exec_driver_sql("SET LOCAL citus.max_adaptive_executor_pool_size = 1")
    connection.execute(sa.select(sa.func.count()).select_from(site)).all()


class _SqliteSource:
    def __init__(self, connection: sa.Connection, staging: Path) -> None:
        self._connection = connection
        self._file = staging / SQLITE_FILE
        self.copy = DatabaseCopy("sqlite", _schema(connection))  # the first question of a transaction: from here on it is held

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the database as one file."""
        target = Database(URL.create("sqlite", database=str(self._file)))
        with target, target.engine.connect() as copy:
            # In one step, in the transaction that is open: writers go on meanwhile, and the copy is of that one moment.
            _driver(self._connection).backup(_driver(copy), pages=-1)
            copy.rollback()
            _driver(copy).execute("PRAGMA journal_mode = DELETE").close()
        yield SQLITE_FILE, _pieces(self._file)
        self._file.unlink()


class _PostgresqlSource:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.copy = DatabaseCopy("postgresql", _schema(connection))
        for setting in ("statement_timeout = 0", "client_encoding = 'UTF8'", "datestyle = 'ISO'"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        self.copy.partitions = [(name, table, bound) for name, table, bound in connection.execute(sa.text(_PARTITIONS))]

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the rows of each table."""
        for name in _tables(self._connection):
            columns = list(self._connection.execute(sa.text(_COLUMNS), {"name": _quoted(self._connection, name)}).scalars())
            self.copy.tables[name] = TableCopy(columns)
            yield name, self._rows(name)

    def _rows(self, name: str) -> Iterator[bytes]:
        table = self.copy.tables[name]
        listed = ", ".join(_quoted(self._connection, column) for column in table.columns)
        with _driver(self._connection).cursor() as cursor:
            with cursor.copy(f"COPY (SELECT {listed} FROM {_quoted(self._connection, name)}) TO STDOUT") as rows:  # noqa: S608
                yield from (bytes(row) for row in rows)
            table.rows = cursor.rowcount


class Target(Protocol):
    """An empty database that is filled. What was filled counts when the context ends without an error."""

    @property
    def connection(self) -> sa.Connection:
        """The transaction, for what else is to be done in the filled database."""
        ...

    def fill(self, part: str, pieces: Iterator[bytes]) -> None:
        """Take one part of a copy. Raises DataError."""
        ...


@contextmanager
def filling(database: Database, copy: DatabaseCopy) -> Iterator[Target]:
    """Fill an empty PostgreSQL database from a copy, in one transaction. Raises DataError, and then it is as empty as before."""
    with database.writing() as connection:
        try:
            make_schema(connection, copy.schema)
            yield PostgresqlTarget(connection, copy)
        except _errors(connection) as error:
            raise DataError(f"The database cannot be restored: {_first_line(error)}. Nothing was changed in it.") from error


class PostgresqlTarget:
    """An empty PostgreSQL database."""

    def __init__(self, connection: sa.Connection, copy: DatabaseCopy) -> None:
        self.connection = connection
        self._tables: Mapping[str, TableCopy] = copy.tables
        known = _tables(connection)
        for name in copy.tables:
            if name not in known:
                raise DataError(f"The backup has a table {name}, which schema {copy.schema} of this server has not.")
            connection.exec_driver_sql(f"TRUNCATE {_quoted(connection, name)}")
        there = {name for name, _, _ in connection.execute(sa.text(_PARTITIONS))}
        for name, table, bound in copy.partitions:
            if name not in there:
                if not _BOUND.fullmatch(bound):
                    raise DataError(f"The backup has a partition {name} with bounds that are not understood.")
                words = f"{_quoted(connection, name)} PARTITION OF {_quoted(connection, table)} {bound}"
                connection.exec_driver_sql(f"CREATE TABLE {words}")
        for setting in ("client_encoding = 'UTF8'", "datestyle = 'ISO'"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")

    def fill(self, part: str, pieces: Iterator[bytes]) -> None:
        """Take the rows of a table."""
        table = self._tables[part]
        listed = ", ".join(_quoted(self.connection, column) for column in table.columns)
        with _driver(self.connection).cursor() as cursor:
            with cursor.copy(f"COPY {_quoted(self.connection, part)} ({listed}) FROM STDIN") as rows:
                for piece in pieces:
                    rows.write(piece)
            if cursor.rowcount != table.rows:
                raise DataError(f"The database took {cursor.rowcount} of {table.rows} rows of {part}. Nothing was changed in it.")
        for column in table.columns:
            self._go_on_counting(part, column)

    def _go_on_counting(self, part: str, column: str) -> None:
        """Let a column that counts by itself go on behind what was filled."""
        table = _quoted(self.connection, part)
        named = sa.select(sa.func.pg_get_serial_sequence(table, column))
        if sequence := self.connection.execute(named).scalar_one():
            highest = f"SELECT COALESCE(MAX({_quoted(self.connection, column)}), 1) FROM {table}"  # noqa: S608 - names of ours
            self.connection.execute(sa.select(sa.func.setval(sequence, sa.text(f"({highest})"))))


def is_empty(database: Database) -> bool:
    """Whether a PostgreSQL database has no table."""
    with database.reading() as connection:
        return not _tables(connection)


def _tables(connection: sa.Connection) -> list[str]:
    names = connection.execute(sa.text(_TABLES)).scalars()
    return [name for name in names if name != "alembic_version"]


def _schema(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())  # not inspected: that asks more


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _errors(connection: sa.Connection) -> type[Exception]:
    errors: type[Exception] = connection.dialect.loaded_dbapi.Error
    return errors


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
