"""Migrations beside servers that work on: the old program finds what it needs, nobody waits for long, nothing cut off is lost."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copy2
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hosting.db import migrate as migrate_module
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import FOLDER, migrate, newest_schema, upgrade
from hosting.db.moment import Moment
from hosting.db.upsert import insert
from hosting.errors import DataError
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.hosting.postgresql import DatabaseServer

# SQLite does not show what an index of an expression is of.
pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
READINGS = 400


def before(word: str) -> str:
    """Return the schema before the migration whose file is named after `word`."""
    [file] = FOLDER.joinpath("versions").glob(f"[0-9]*_{word}.py")
    match = re.search(r'^down_revision = "(\w+)"', file.read_text(), re.MULTILINE)
    assert match
    return match.group(1)


def word_of(revision: str) -> str:
    """Return the word after which the file of a migration is named."""
    [file] = FOLDER.joinpath("versions").glob(f"{revision}_*.py")
    return file.stem.partition("_")[2]


@pytest.fixture
def database(database_address: str | None, tmp_path: Path) -> Iterator[Database]:
    with Database(database_url(database_address, tmp_path)) as database:
        yield database


def reflected(database: Database) -> sa.MetaData:
    """Return the tables as they are."""
    found = sa.MetaData()
    with database.reading() as connection:
        found.reflect(connection)
    return found


def some(column: sa.Column[Any]) -> Any:
    """Return a value that a column takes."""
    kind = column.type
    if isinstance(kind, sa.DateTime | Moment):
        return NOON
    if isinstance(kind, sa.Date):
        return date(2026, 3, 10)
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    return 7 if isinstance(kind, sa.Integer | sa.Float) else f"{column.name}"[: getattr(kind, "length", None)]


def assert_works(connection: sa.Connection, table: sa.Table) -> None:
    """Let the statements of a program that knows the table like this do what they did."""
    row = {column.name: some(column) for column in table.columns}
    key = sa.and_(*(column == row[column.name] for column in table.primary_key))
    connection.execute(sa.insert(table).values(**row))
    connection.execute(insert(connection, table).values(**row).on_conflict_do_nothing())
    again = insert(connection, table).values(**row)
    connection.execute(again.on_conflict_do_update(index_elements=list(table.primary_key), set_=dict(list(row.items())[-1:])))
    [found] = connection.execute(sa.select(table).where(key).with_for_update()).mappings().all()
    assert {name: value for name, value in found.items() if not isinstance(value, datetime)} == {
        name: value for name, value in row.items() if not isinstance(value, datetime)
    }
    assert connection.execute(sa.update(table).where(key).values(**row)).rowcount == 1
    assert connection.execute(sa.delete(table).where(key)).rowcount == 1


def test_the_program_before_the_newest_migration_works_on_after_it(database: Database) -> None:
    assert upgrade(database, before(word_of(newest_schema())))
    old = reflected(database)
    assert migrate(database)
    with database.writing() as connection:
        for table in old.sorted_tables:
            if table.primary_key and table.name != "alembic_version":
                assert_works(connection, table)
    assert len(old.tables) > 10


def keep(database: Database, number: int, at: datetime = NOON) -> None:
    """Keep a reading as the programs of all versions do."""
    statement = "INSERT INTO reading (site_id, device_key, taken_at, received_at, body) VALUES (:site, :key, :at, :at, :body)"
    moment = at + timedelta(seconds=number)
    with database.writing() as connection:
        bound = sa.text(statement + " ON CONFLICT DO NOTHING").bindparams(sa.bindparam("at", type_=Moment))
        connection.execute(bound, {"site": "a", "key": "k", "at": moment, "body": str(number)})


def bodies(database: Database, table: str = "reading") -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.text(f"SELECT body FROM {table} ORDER BY taken_at")).scalars())


def there(database: Database) -> set[str]:
    """Return the tables of the database with their constraints and indexes, to compare."""
    found = reflected(database)
    names = {
        name: [*(str(each.name) for each in table.constraints), *(str(each.name) for each in table.indexes)]
        for name, table in found.tables.items()
    }
    return {f"{name} {sorted(parts)}" for name, parts in names.items()}


def test_a_migration_that_was_killed_at_any_statement_goes_on(
    database: Database, database_address: str | None, postgresql: DatabaseServer, tmp_path: Path
) -> None:
    assert upgrade(database, before("partitions"))
    for number in range(3):
        keep(database, number)
    database.close()
    number, returncode, made, went_on = 0, -9, set[str](), list[bool]()
    while returncode:
        number += 3
        folder = tmp_path / str(number)
        folder.mkdir()
        if database_address is None:
            copy2(tmp_path / "hosting.db", folder)
            address = None
        else:
            address = postgresql.new_database(database_address)
        environment = {"DCA_HOSTING_DATABASE_URL": address} if address else {}
        words: list[str | Path] = ["-m", "tests.hosting.killed_migration", folder, str(number)]
        finished = run_forked("hosting", words, environment=environment, folder=ROOT)
        returncode = finished.returncode
        assert returncode in (0, -9), finished.stderr
        with Database(database_url(address, folder)) as copied:
            went_on.append(migrate(copied))  # false as well where the kill came after the last change
            assert bodies(copied) == ["0", "1", "2"], number
            made = made or there(copied)
            assert there(copied) == made, number
    assert went_on[:2] == [True, True]
    assert not went_on[-1]


def test_migrations_from_the_first_one_on_go_on_wherever_they_were_killed(
    database: Database, database_address: str | None, tmp_path: Path
) -> None:
    environment = {"DCA_HOSTING_DATABASE_URL": database_address} if database_address else {}
    for number in (30, 25, 20, 15):  # each further than the one before: what was done stays
        words: list[str | Path] = ["-m", "tests.hosting.killed_migration", tmp_path, str(number)]
        assert run_forked("hosting", words, environment=environment, folder=ROOT).returncode == -9
    migrate(database)
    with Database(database_url(None, tmp_path / "other")) as other:
        other_folder = tmp_path / "other"
        other_folder.mkdir()
        migrate(other)
        assert there(database) >= there(other) or database.is_postgresql
    assert not migrate(database)


@pytest.fixture
def before_partitions(postgresql: DatabaseServer) -> Iterator[Database]:
    with Database(database_url(postgresql.new_database(), Path())) as database:
        assert upgrade(database, before("partitions"))
        yield database


@pytest.mark.postgresql
def test_a_history_becomes_a_partition_while_an_old_server_takes_readings_in(before_partitions: Database) -> None:
    database, faults = before_partitions, []
    done, begun, count = threading.Event(), threading.Event(), 0

    def take_in() -> None:
        nonlocal count
        while not done.is_set():
            try:
                keep(database, count)
            except Exception as error:  # noqa: BLE001 - told by the test
                faults.append(error)
            count += 1
            if count == READINGS:
                begun.set()

    thread = threading.Thread(target=take_in)
    thread.start()
    assert begun.wait(60)
    assert migrate(database)
    done.set()
    thread.join(30)
    assert faults == []
    assert bodies(database) == [str(number) for number in range(count)]
    assert len(bodies(database, "reading_before")) == count
    keep(database, 0)
    assert len(bodies(database)) == count


@pytest.mark.postgresql
def test_readings_of_the_future_that_an_old_server_kept_do_not_stop_the_migration(before_partitions: Database) -> None:
    keep(before_partitions, 1)
    keep(before_partitions, 2, datetime(2096, 1, 1, tzinfo=UTC))
    assert migrate(before_partitions)
    assert bodies(before_partitions) == ["1"]
    assert bodies(before_partitions, "reading_ahead") == ["2"]


@pytest.mark.postgresql
def test_a_constraint_left_behind_long_ago_is_made_anew(before_partitions: Database) -> None:
    keep(before_partitions, 1)
    with before_partitions.writing() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE reading ADD CONSTRAINT reading_until_20260301 CHECK (taken_at < '2026-03-01') NOT VALID"
        )
    with pytest.raises(sa.exc.IntegrityError):
        keep(before_partitions, 2)
    assert migrate(before_partitions)
    keep(before_partitions, 2)
    assert bodies(before_partitions, "reading_before") == ["1", "2"]


@pytest.mark.postgresql
def test_a_migration_gives_way_to_a_long_question_and_is_tried_again(
    before_partitions: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_WAIT", "50ms")
    monkeypatch.setattr(migrate_module, "PAUSE_SECONDS", (0.0, 0.1))
    monkeypatch.setattr(migrate_module, "TRIES", 3)
    keep(before_partitions, 1)
    with before_partitions.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM reading").all()
        with pytest.raises(DataError, match="pg_stat_activity"):
            migrate(before_partitions)
        keep(before_partitions, 2)  # nobody waits behind a migration that waits
    monkeypatch.setattr(migrate_module, "TRIES", 1)
    assert migrate(before_partitions)
    assert bodies(before_partitions) == ["1", "2"]


@pytest.mark.postgresql
def test_of_two_servers_that_start_at_once_one_migrates_and_nobody_waits_in_a_statement(
    before_partitions: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "PAUSE_SECONDS", (0.01, 0.1))
    done: list[bool] = []
    with before_partitions.connecting(autocommit=True) as holder:
        holder.exec_driver_sql(f"SELECT pg_advisory_lock({migrate_module.ADVISORY_LOCK})")
        threads = [threading.Thread(target=lambda: done.append(migrate(before_partitions))) for _ in range(2)]
        for thread in threads:
            thread.start()
        # An index made concurrently waits for everybody who is in a statement.
        holder.exec_driver_sql("SET lock_timeout = '20s'")
        holder.exec_driver_sql("CREATE INDEX CONCURRENTLY made_meanwhile ON batch (readings)")
        holder.exec_driver_sql("DROP INDEX made_meanwhile")
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [False, True]


@pytest.mark.postgresql
def test_what_is_set_for_migrations_does_not_stay_in_the_pool(before_partitions: Database) -> None:
    migrate(before_partitions)
    with before_partitions.reading() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"


def test_another_fault_of_a_migration_is_told_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OperationalError("x", {}, Exception("the disk is full"))

    monkeypatch.setattr("alembic.command.upgrade", fails)
    with pytest.raises(DataError, match="the disk is full"):
        migrate(database)
