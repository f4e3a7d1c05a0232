"""Each table says where it stands in a cluster, and no constraint, upsert or lock of those that are split spans sites."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hosting.db import distribution, sites
from hosting.db.connection.database import Database, database_url
from hosting.db.history.roll_up import RollUp
from hosting.db.migrate import migrate
from hosting.db.tables import enrolment_code, metadata, site, site_name
from hosting.errors import ConfigurationError, DataError
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.hosting.batches import batch, reading
from tests.hosting.citus import Citus
from tests.hosting.db.test_changes import change, changes
from tests.hosting.db.test_events import happened
from tests.hosting.history.days import steps
from tests.hosting.postgresql import DatabaseServer
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

DISTRIBUTED = {table.name for table in metadata.sorted_tables if table.info.get("placement") == "distributed"}


def test_each_table_says_where_it_stands() -> None:
    for table in metadata.sorted_tables:
        assert table.info.get("placement") in ("distributed", "reference", "local"), table.name
    assert {"site", "reading", "device_day", "device_latest"} <= DISTRIBUTED


@pytest.mark.parametrize("name", sorted(DISTRIBUTED))
def test_no_constraint_of_a_split_table_spans_sites(name: str) -> None:
    table = metadata.tables[name]
    unique = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint | sa.PrimaryKeyConstraint)]
    spanning = [each.columns.keys() for each in unique if "site_id" not in each.columns]
    spanning += [index.columns.keys() for index in table.indexes if index.unique and "site_id" not in index.columns]
    dropped = [["name"]] if name == distribution.FIRST else []
    assert spanning == dropped, f"{distribution.NOT_DISTRIBUTED} alone is left out"
    assert not table.foreign_keys


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """Yield the statements that are executed within."""
    seen: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", see)


LOCK = re.compile(r"FROM (\w+).*WHERE(.*)FOR (?:NO KEY )?UPDATE", re.DOTALL)
UPSERT = re.compile(r"INSERT INTO (\w+).*ON CONFLICT \(([^)]*)\)", re.DOTALL)
CHANGE = re.compile(r"(?:UPDATE|DELETE FROM) (\w+).*WHERE(.*)", re.DOTALL)
MOVE = re.compile(r"UPDATE \w+ SET (?:(?!WHERE).)*\bsite_id=", re.DOTALL)


def spans_sites(statement: str) -> bool:
    """Tell whether a lock, an upsert or a change of a split table does not name the site, or sets it."""
    if MOVE.search(statement):
        return True
    for form in (LOCK, UPSERT, CHANGE):
        match = form.search(statement)
        if match and match[1] in DISTRIBUTED and "site_id" not in match[2]:
            return True
    return False


def test_what_sites_cause_locks_and_changes_only_their_own(server: RunningServer) -> None:
    with statements_of(server.database) as seen:
        one = Site(server).enrol()
        server.write(lambda connection: sites.queue_command(connection, one.site_id, "scan_now", actor="test"))
        one.check_in({"time_zone": "Europe/Berlin", "update": {"image": {"channel": "stable", "version": "1.0"}}})
        first, second = reading(total=1, hours=2), reading(total=2, hours=1)
        one.upload(batch(first) | {"events": [happened("toner_low")]})
        assert one.upload(changes(change(first, second))).json()["accepted"] == 1
        one.upload(batch(reading("mac:1")))
        one.upload(batch() | {"events": [happened("device_identified", key=first["device"]["key"], former_key="mac:1")]})
        steps(server.database, RollUp(datetime.now(UTC) + timedelta(days=9)))
        one.upload(batch(first | {"taken_at": reading(hours=2.01)["taken_at"]}))
        steps(server.database, RollUp(datetime.now(UTC) + timedelta(days=9)))
    assert [statement for statement in seen if spans_sites(statement)] == []
    assert sum(bool(LOCK.search(statement)) for statement in seen) >= (2 if server.database.is_postgresql else 0)
    assert sum(bool(CHANGE.search(statement)) for statement in seen) > 5
    assert sum(bool(UPSERT.search(statement)) for statement in seen) > 0


def test_a_statement_that_spans_sites_would_be_seen() -> None:
    assert spans_sites("SELECT * FROM command WHERE command.name = 'x' FOR UPDATE")
    assert spans_sites("INSERT INTO site (site_id, name) VALUES (1, 2) ON CONFLICT (name) DO UPDATE SET name = 3")
    assert spans_sites("UPDATE site SET name='x' WHERE name = 'y'")
    assert spans_sites("UPDATE device_day SET number=1, site_id=2 WHERE device_day.site_id = 2")


def test_a_code_is_used_by_one_appliance(server: RunningServer) -> None:
    code = server.code()
    first, second = Site(server), Site(server)
    assert first.send("/api/v1/enrol", first.enrolment(code), key_id=first.public_key).status == 201
    assert second.send("/api/v1/enrol", second.enrolment(code), key_id=second.public_key).status == 403
    assert first.send("/api/v1/enrol", first.enrolment(code), key_id=first.public_key).status == 200
    assert server.count(enrolment_code) == 1


def test_a_name_stands_for_one_site_also_beside_a_server_of_before(server: RunningServer) -> None:
    if distribution.is_cluster(server.database):
        pytest.skip("no server of before works with a cluster")

    def old_server_makes(connection: sa.Connection) -> None:
        connection.execute(sa.insert(site).values(site_id="old", name="Quay", created_at=datetime.now(UTC)))

    server.write(old_server_makes)
    for _ in range(2):
        assert site_called(server, "Quay") == "old"
    assert site_called(server, "Pier") == site_called(server, "Pier")
    assert server.count(site) == server.count(site_name) == 2


def site_called(server: RunningServer, name: str) -> str:
    return server.write(lambda connection: sites.make_enrolment_code(connection, name, days=1, actor="x"))[0]


@pytest.fixture
def plain(postgresql: DatabaseServer, migrated_postgresql: str) -> str:
    if isinstance(postgresql, Citus):
        pytest.skip("not of a cluster")
    return postgresql.new_database(migrated_postgresql)


@pytest.mark.postgresql
def test_a_server_does_not_work_with_a_worker(plain: str) -> None:
    # As a worker of Citus has it: the number of its group; 0 is the coordinator's.
    with Database(database_url(plain, ROOT)) as database:
        with database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE pg_dist_local_group (groupid int)")
            connection.exec_driver_sql("INSERT INTO pg_dist_local_group VALUES (2)")
        with pytest.raises(DataError, match="worker of a Citus cluster"):
            migrate(database)
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE pg_dist_local_group SET groupid = 0")
        assert not migrate(database)


@pytest.mark.postgresql
def test_a_database_without_citus_is_not_distributed(plain: str) -> None:
    with Database(database_url(plain, ROOT)) as database:
        with pytest.raises(ConfigurationError, match="CREATE EXTENSION citus"):
            distribution.distribute(database)
        with database.reading() as connection:
            assert not distribution.is_distributed(connection)


def test_nor_is_sqlite(tmp_path: Path) -> None:
    finished = run_forked("hosting", ["-m", "hosting", "init", "--data", str(tmp_path), "--citus"], folder=ROOT)
    assert finished.returncode == 1, finished.stderr
    assert "DCA_HOSTING_DATABASE_URL" in finished.stderr
