"""The migrations of a database are tried out on a copy of its schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.common.errors import StoreError
from appliance.store.rehearsal import copy_schema, rehearse
from appliance.store.schema import MIGRATIONS, migrate
from appliance.store.store import Store
from tests.appliance.store.samples import sample


def shape(path: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def test_copy_has_the_tables_and_nothing_in_them(store: Store, path: Path, tmp_path: Path) -> None:
    store.keep([sample()])

    copy_schema(path, tmp_path / "copy.db")

    assert shape(tmp_path / "copy.db") == shape(path)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert copy.execute("SELECT count(*) FROM reading").fetchone() == (0,)
    assert list(tmp_path.glob("copy.db*")) == [tmp_path / "copy.db"], "one file can be handed over"


def test_copy_takes_the_place_of_an_earlier_one(store: Store, path: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"left by a process that was killed")

    copy_schema(path, tmp_path / "copy.db")

    assert rehearse(tmp_path / "copy.db") == f"schema {len(MIGRATIONS)} needs no migration"


@pytest.mark.parametrize("done", range(len(MIGRATIONS)))
def test_copy_of_each_former_version_is_migrated(tmp_path: Path, done: int) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as old:
        migrate(old, MIGRATIONS[:done])
    copy_schema(tmp_path / "old.db", tmp_path / "copy.db")

    assert rehearse(tmp_path / "copy.db") == f"schema {done} becomes {len(MIGRATIONS)}"


def test_tables_that_a_migration_does_not_expect_are_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        copy.execute("CREATE TABLE device (key TEXT)")

    with pytest.raises(StoreError, match="cannot be brought to schema"):
        rehearse(tmp_path / "copy.db")
