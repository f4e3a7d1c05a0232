"""Fixtures of the tests of the history: a database of each kind, with the schema and nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting.db.connection.database import Database, database_url


@pytest.fixture
def database(migrated_address: str | None, tmp_path: Path) -> Iterator[Database]:
    """Yield the database."""
    with Database(database_url(migrated_address, tmp_path)) as database:
        yield database
