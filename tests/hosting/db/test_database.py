"""The schema, its migrations, and what is removed by and by."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from appliance.common.clock import utc_now
from hosting.db.cleanup import clean
from hosting.db.connection.database import Database, database_url
from hosting.db.lists import search_index
from hosting.db.migrate import FOLDER, migrate, newest_schema
from hosting.db.tables import metadata, nonce, reading
from hosting.errors import DataError
from tests.hosting.batches import batch
from tests.hosting.batches import reading as one_reading
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


@pytest.fixture
def database(database_address: str | None, tmp_path: Path) -> Database:
    return Database(database_url(database_address, tmp_path))


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not show what it is of
def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database:
        assert migrate(database)
        assert not migrate(database)
        with database.reading() as connection:
            # The index of the search is each database's own, as are partitions.
            others = ("reading_default", "device_words", search_index.INDEX)
            options = {"compare_type": False, "include_name": lambda name, *_: not (name or "").startswith(others)}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []


def test_a_database_of_a_newer_server_is_refused(database: Database) -> None:
    with database:
        migrate(database)
        with database.writing() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DataError, match="9999"):
            migrate(database)


def test_every_table_of_sites_is_led_by_the_site() -> None:
    own = {
        "account",
        "session",
        "token",
        "configuration",
        "site_name",
        "job",
        "dictionary",
        "probe",
        "installation",
        "tally",
    }  # of the server
    for table in metadata.sorted_tables:
        assert table.name in own or table.primary_key.columns.keys()[0] == "site_id", table.name
        assert not table.foreign_keys, table.name


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    with Database(database_url(None, tmp_path)) as database, database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_expired_nonces_are_removed_and_readings_never(server: RunningServer) -> None:
    site = Site(server).enrol()
    site.upload(batch(one_reading(hours=24 * 400)))
    past = utc_now() - timedelta(seconds=1)
    server.write(lambda connection: connection.execute(sa.update(nonce).values(expires_at=past)))
    assert server.write(clean) >= 2
    assert server.count(nonce) == 0
    assert server.count(reading) == 1


def test_a_nonce_outlives_the_time_in_which_it_could_be_replayed(server: RunningServer) -> None:
    site = Site(server).enrol()
    site.upload(batch(), age=timedelta(seconds=-290))
    kept_until = server.read(lambda connection: connection.execute(sa.select(sa.func.max(nonce.c.expires_at))).scalar_one())
    assert kept_until > utc_now() + timedelta(seconds=290 + 300)


def test_newest_schema_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    assert newest_schema() == ScriptDirectory.from_config(config).get_current_head()
