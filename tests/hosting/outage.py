"""The database of a running server is away for a while: the file of SQLite, or PostgreSQL refusing every connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.hosting.running import RunningServer


@contextmanager
def database_away(server: RunningServer) -> Iterator[None]:
    """Let no connection to the database of `server` come about; the ones it has are gone."""
    address = server.config.database_url
    if address is None:
        server.database.engine.dispose()
        file = Path(str(server.database.url.database))
        moved = file.rename(file.with_name("moved"))
        file.mkdir()
        try:
            yield
        finally:
            file.rmdir()
            moved.rename(file)
        return
    server_address, _, name = address.rpartition("/")
    with psycopg.connect(f"{server_address}/postgres", autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
