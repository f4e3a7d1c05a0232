"""The door to the database: one engine, short transactions, run on a bounded pool of threads.

Reads and writes of SQLite begin differently: a write takes the write lock at once (`BEGIN IMMEDIATE`), so that it waits its turn
instead of failing half-way.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from hosting.errors import BusyError, ConfigurationError, DataError

Connection = sa.Connection
"""One transaction, as `Database` hands it to the work that is done in it."""
Condition = sa.ColumnElement[bool]
"""Which rows are meant. Only the modules of this room put one together; others hand it on."""

Result = TypeVar("Result")

THREADS = 8
WAITING_AT_MOST = 256
BUSY_SECONDS = 20


def database_url(text: str | None, folder: Path) -> URL:
    """Return the address of the database: the PostgreSQL one in `text`, else `hosting.db` in the data folder."""
    if not text:
        return URL.create("sqlite", database=str(folder / "hosting.db"))
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        url = URL.create("none")
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigurationError("DCA_HOSTING_DATABASE_URL is not understood. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
    return url.set(drivername="postgresql+psycopg")


def make_engine(url: URL) -> sa.Engine:
    """Return an engine that opens its connections as this server needs them."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, pool_size=THREADS, connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = {"connect_timeout": 10, "application_name": "dca-hosting"}
    return sa.create_engine(url, pool_size=THREADS, max_overflow=2, pool_pre_ping=True, connect_args=options)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # this module says when a transaction begins
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Database:
    """Transactions on one engine. The plain methods block; `run` does the same work on a thread for the event loop."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for the work under way and close all connections."""
        self._threads.shutdown()
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One transaction that only reads."""
        with self._connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that writes: all of it is kept, or nothing."""
        with self._connect(writing=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def _connect(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        """Yield a connection; what the database itself fails at (unreachable, full, damaged, locked) becomes a DataError."""
        try:
            with self.engine.connect().execution_options(writing=writing) as connection:
                yield connection
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            raise _translate(error, self.url) from error
        except sa.exc.DatabaseError as error:
            if type(error) is sa.exc.DatabaseError:  # SQLite: not a database, or damaged; subclasses are faults of ours
                raise _translate(error, self.url) from error
            raise

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, done on a thread. Raises BusyError when too much waits already."""
        if self._waiting >= WAITING_AT_MOST:
            raise BusyError("The server has more requests waiting than it can take. Try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    async def answers(self) -> None:
        """Return when the database has answered. Raises BusyError or DataError when it does not."""
        await self.read(lambda connection: connection.execute(sa.select(1)).scalar())

    async def read(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Return what `work` returns, in a transaction that only reads, on a thread."""

        def job() -> Result:
            with self.reading() as connection:
                return work(connection)

        return await self.run(job)

    async def write(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Return what `work` returns, in a transaction that writes, on a thread."""

        def job() -> Result:
            with self.writing() as connection:
                return work(connection)

        return await self.run(job)


def _translate(error: sa.exc.SQLAlchemyError, url: URL) -> DataError:
    """Return a database error as one sentence that says which database and what the database said, without its password."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = lines[0].rstrip(".") if lines else type(error).__name__
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    advice = (
        "Check that the folder exists, is writable and has free space."
        if url.get_backend_name() == "sqlite"
        else "Check DCA_HOSTING_DATABASE_URL and that the server runs."
    )
    return DataError(f"The database {where} cannot be used: {said}. {advice}")
