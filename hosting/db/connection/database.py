"""The door to the database: one engine, short transactions. The threads they run on are in `hosting.db.connection.lane`.

Reads and writes of SQLite begin differently: a write takes the write lock at once (`BEGIN IMMEDIATE`), so that it waits its turn
instead of failing half-way.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from hosting.db.lists.lower_case import SQLITE_NAME
from hosting.errors import ConfigurationError, DataError, DeadlineError

Connection = sa.Connection
"""One transaction, as `Database` hands it to the work that is done in it."""
Condition = sa.ColumnElement[bool]
"""Which rows are meant. Only the modules of this room put one together; others hand it on."""

DATABASE_URL = "DCA_HOSTING_DATABASE_URL"
CONNECT_SECONDS = 10
THREADS = 16
"""So many connections are kept: one for each thread of all lanes, and for publishing."""
STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""
QUERY_CANCELED = "57014"
"""What PostgreSQL says of a statement that took too long (SQLSTATE)."""
CONTENDED = ("55P03", "40P01")
"""What it says where others hold a lock for longer than `lock_timeout`, or wait crosswise."""
READ_ONLY = "25006"
"""What it says of a write where it has become the copy of another server."""
BUSY_SECONDS = 20
KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
"""After so many seconds, and milliseconds, a connection is given up whose other end is gone without a word (libpq's names)."""


def database_url(text: str | None, folder: Path) -> URL:
    """Return the address of the database: the PostgreSQL one in `text`, else `hosting.db` in the data folder."""
    return postgresql_url(text, DATABASE_URL) if text else URL.create("sqlite", database=str(folder / "hosting.db"))


def postgresql_url(text: str, variable: str) -> URL:
    """Return the address of a PostgreSQL database. Raises ConfigurationError that names the variable it is from."""
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        url = URL.create("none")
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigurationError(f"{variable} is not understood. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
    return url.set(drivername="postgresql+psycopg")


def make_engine(url: URL, connect_seconds: int = CONNECT_SECONDS) -> sa.Engine:
    """Return an engine that opens its connections as this server needs them."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, pool_size=THREADS, connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        sa.event.listen(engine, "reset", _lift_limit)
        return engine
    options = {"connect_timeout": connect_seconds, "application_name": "dca-hosting", **KEEPALIVE}
    engine = sa.create_engine(url, pool_size=THREADS, max_overflow=2, pool_pre_ping=True, connect_args=options)
    sa.event.listen(engine, "handle_error", _drop_read_only)
    return engine


def _drop_read_only(context: sa.engine.ExceptionContext) -> None:
    """Let all connections be made anew where the server has become a copy: another one takes writes by now."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # this module says when a transaction begins
    connection.create_function(SQLITE_NAME, 1, str.lower, deterministic=True)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _lift_limit(connection: Any, _record: object, _state: object) -> None:
    connection.set_progress_handler(None, 0)


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@dataclass(frozen=True, slots=True)
class PoolState:
    """How many connections are kept, and how many are in use."""

    size: int
    in_use: int


class Database:
    """Transactions on one engine. They block; a `Lane` does the same work on a thread for the event loop."""

    def __init__(self, url: URL, variable: str = DATABASE_URL, connect_seconds: int = CONNECT_SECONDS) -> None:
        """Connect to nothing yet; `variable` is what an error names for people to look at."""
        self.url = url
        self.engine = make_engine(url, connect_seconds)
        self._variable = variable

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def pool(self) -> PoolState:
        """How the connections of this process stand."""
        pool = self.engine.pool
        assert isinstance(pool, sa.QueuePool)
        return PoolState(pool.size(), pool.checkedout())

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL; SQLite otherwise."""
        return self.url.get_backend_name() == "postgresql"

    @contextmanager
    def connecting(self, *, autocommit: bool = False) -> Iterator[sa.Connection]:
        """Yield a connection whose transactions the caller ends, or without any; it is closed afterwards, with all set in it."""
        with self._connect(writing=True) as connection:
            try:
                yield connection.execution_options(isolation_level="AUTOCOMMIT") if autocommit else connection
            finally:
                connection.invalidate()

    @contextmanager
    def reading(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        """One transaction that only reads, each statement in `seconds`. Raises DeadlineError where one takes longer."""
        with self._connect() as connection, connection.begin():
            self._limit(connection, seconds)
            yield connection

    @contextmanager
    def writing(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        """One transaction that writes: all of it is kept, or nothing. Raises DeadlineError where a statement takes longer."""
        with self._connect(writing=True) as connection, connection.begin():
            self._limit(connection, seconds)
            yield connection

    @contextmanager
    def _connect(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        """Yield a connection; what the database itself fails at (unreachable, full, damaged, locked) becomes a DataError."""
        try:
            with self.engine.connect().execution_options(writing=writing) as connection:
                yield connection
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            if _took_too_long(error):
                raise DeadlineError from error
            raise _translate(error, self.url, self._variable) from error
        except sa.exc.DatabaseError as error:
            # SQLite: not a database, or damaged. Subclasses are faults of ours, but for a server that takes no writes any more.
            if type(error) is sa.exc.DatabaseError or _state_of(error) == READ_ONLY:
                raise _translate(error, self.url, self._variable) from error
            raise

    def _limit(self, connection: sa.Connection, seconds: float | None) -> None:
        """Let a statement of this transaction take no longer (PostgreSQL: each; SQLite: all together)."""
        if seconds is None:
            return
        if self.url.get_backend_name() == "sqlite":
            end = time.monotonic() + seconds
            connection.connection.driver_connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)  # type: ignore[union-attr]
        else:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(1000 * seconds))}")


def is_contended(error: sa.exc.SQLAlchemyError) -> bool:
    """Tell whether others held what a statement wanted: the same later will do."""
    return _state_of(error) in CONTENDED


def _state_of(error: sa.exc.SQLAlchemyError) -> str | None:
    """Return the SQLSTATE that PostgreSQL gave an error."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _took_too_long(error: sa.exc.SQLAlchemyError) -> bool:
    told = getattr(error, "orig", None)
    return _state_of(error) == QUERY_CANCELED or getattr(told, "sqlite_errorname", None) == "SQLITE_INTERRUPT"


def _translate(error: sa.exc.SQLAlchemyError, url: URL, variable: str) -> DataError:
    """Return a database error as one sentence that says which database and what the database said, without its password."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = lines[0].rstrip(".") if lines else type(error).__name__
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    advice = (
        "Check that the folder exists, is writable and has free space."
        if url.get_backend_name() == "sqlite"
        else f"Check {variable} and that the server runs."
    )
    return DataError(f"The database {where} cannot be used: {said}. {advice}")
