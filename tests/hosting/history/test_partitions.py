"""On PostgreSQL the readings as they came stand in one table a day: nothing is lost or doubled while tables come and go."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hosting.config import Config
from hosting.db.connection.database import Database, database_url
from hosting.db.history import partitions as partitions_module
from hosting.db.history.partitions import Partitions, partitions
from hosting.db.history.stored_reading import StoredReading
from hosting.db.jobs import Run
from hosting.db.tables import job, reading
from hosting.db.upsert import insert_new
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.hosting.history.days import KEY, NOON, SITE, add_site, body, history, hourly, keep, roll_up, rows
from tests.hosting.postgresql import DatabaseServer

pytestmark = pytest.mark.postgresql

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
SHARD = re.compile(r"_\d{6}$")


@pytest.fixture
def address(postgresql: DatabaseServer, migrated_postgresql: str) -> str:
    return postgresql.new_database(migrated_postgresql)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with Database(database_url(address, Path())) as database:
        yield database


def run(database: Database, now: datetime = NOW) -> list[str]:
    """Do all there is to do, and return what went wrong."""
    work, faults, more = Partitions(now), [], True
    while more:
        with database.writing() as connection:
            step = work(connection)
        more = step.more
        faults += [step.fault] if step.fault else []
    return faults


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        return [one.name for one in partitions(connection)]


def places(database: Database) -> Counter[str]:
    """Return how many readings stand in which table; in a cluster its parts have its name and a number."""
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT tableoid::regclass::text FROM reading").scalars()
        return Counter(SHARD.sub("", name) for name in found)


def test_days_have_a_table_before_they_begin_and_the_next_run_makes_the_next_one(database: Database) -> None:
    assert run(database) == []
    assert names(database) == ["reading_20260310", "reading_20260311", "reading_20260312", "reading_20260313"]
    assert run(database) == []
    assert len(names(database)) == 4
    run(database, NOW + DAY)
    assert names(database)[-1] == "reading_20260314"


def test_a_reading_is_in_the_table_of_its_day_in_utc_and_sent_again_it_adds_nothing(database: Database) -> None:
    run(database)
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    moments = [midnight - timedelta(seconds=1), midnight, midnight - 2 * DAY, midnight + timedelta(days=400)]
    came = [{"site_id": SITE, "device_key": KEY, "taken_at": at, "received_at": NOW, "body": body(at=at)} for at in moments]
    for new in (4, 0):
        with database.writing() as connection:
            assert insert_new(connection, reading, came) == new
    assert places(database) == {"reading_20260310": 1, "reading_20260311": 1, "reading_default": 2}


def test_what_came_before_its_day_had_a_table_is_moved_there(database: Database) -> None:
    there = hourly(40)
    keep(database, there)
    assert places(database) == {"reading_default": 40}
    assert run(database) == []
    assert places(database) == {"reading_20260310": 12, "reading_20260311": 24, "reading_20260312": 4}
    assert history(database) == there
    with database.writing() as connection:
        came = [{"site_id": SITE, "device_key": KEY, "received_at": NOW, **item._asdict()} for item in there]
        assert insert_new(connection, reading, came) == 0


def test_intake_goes_on_while_tables_are_made(database: Database) -> None:
    moments = [NOON + timedelta(seconds=number) for number in range(3000)]
    begun, faults = threading.Event(), []

    def take_in() -> None:
        for number, at in enumerate(moments):
            row = {"site_id": SITE, "device_key": KEY, "taken_at": at, "received_at": at, "body": "{}"}
            try:
                with database.writing() as connection:
                    insert_new(connection, reading, [row])
            except Exception as error:  # noqa: BLE001 - told by the test
                faults.append(error)
            if number == 100:
                begun.set()
            if at > NOON and done.is_set():
                break

    done = threading.Event()
    thread = threading.Thread(target=take_in)
    thread.start()
    assert begun.wait(30)
    assert run(database) == []
    done.set()
    thread.join(60)
    assert faults == []
    there = rows(database, reading)
    assert [row["taken_at"] for row in there] == moments[: len(there)]
    assert len(there) > 100
    assert set(places(database)) == {"reading_20260310"}


def test_beside_a_large_default_partition_only_days_to_come_are_made(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions_module, "LARGE_BYTES", 0)
    keep(database, hourly(3))
    assert run(database) == []
    assert names(database) == ["reading_20260312", "reading_20260313"]
    keep(database, hourly(40)[3:])
    assert places(database) == {"reading_default": 36, "reading_20260312": 4}
    run(database, NOW + DAY)
    assert names(database)[-1] == "reading_20260314"


def test_a_proof_that_nobody_finished_goes_before_its_day_comes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions_module, "LARGE_BYTES", 0)
    keep(database, hourly(1))
    with database.writing() as connection:
        assert Partitions(NOW)(connection).more  # the process ends after its first step
    later = NOON + 2 * DAY
    with pytest.raises(sa.exc.IntegrityError):
        keep(database, [StoredReading(later, body(at=later))])
    run(database, NOW + DAY)
    keep(database, [StoredReading(later, body(at=later))])
    assert places(database) == {"reading_default": 2}


def test_a_day_to_come_of_which_something_is_there_stays_where_it_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions_module, "LARGE_BYTES", 0)
    keep(database, [StoredReading(at, body(at=at)) for at in (NOON, NOON + 3 * DAY)])
    assert run(database) == []
    assert names(database) == ["reading_20260312"]
    more = NOON + 3 * DAY + timedelta(hours=1)
    keep(database, [StoredReading(more, body(at=more))])
    assert places(database) == {"reading_default": 3}


def test_a_day_that_is_rolled_up_is_dropped_as_a_whole_and_what_comes_late_still_reaches_it(database: Database) -> None:
    add_site(database)
    run(database)
    there = hourly(30)
    keep(database, there[:20])
    after = NOW + timedelta(days=4)
    run(database, after)
    assert "reading_20260310" in names(database)
    roll_up(database)
    run(database, after)
    assert names(database)[0] == "reading_20260312"  # not settled everywhere yet
    keep(database, there[20:])
    assert places(database) == {"reading_default": 10}
    roll_up(database)
    assert places(database) == {}
    assert [row["number"] for row in rows(database)] == [12, 18]
    assert history(database) == there


def test_a_table_that_a_wrong_clock_made_goes_again(database: Database) -> None:
    run(database, NOW + timedelta(days=400))
    assert len(names(database)) == 4
    run(database)
    assert names(database) == ["reading_20260310", "reading_20260311", "reading_20260312", "reading_20260313"]


def test_the_job_gives_way_where_tables_are_in_use(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions_module, "TRIES", 2)
    monkeypatch.setattr(partitions_module, "LOCK_WAIT", "50ms")
    keep(database, hourly(2))
    with database.reading() as connection:
        connection.execute(sa.select(reading)).all()
        [fault] = run(database)
    assert "in use" in fault
    assert names(database) == []
    assert run(database) == []
    assert places(database) == {"reading_20260310": 2}


def run_job(database: Database) -> Run:
    here = job_named("partitions")
    assert here
    done = JobRunner(database, Config(Path())).run_now(here, rest=0.0)
    assert done
    return done


def test_the_job_makes_the_days_from_today_on(database: Database) -> None:
    done = run_job(database)
    assert (done.rows, done.error) == (4, None)
    assert run_job(database).rows == 0


def test_a_run_that_was_killed_at_any_statement_goes_on(database: Database, address: str, tmp_path: Path) -> None:
    today = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    keep(database, [StoredReading(at, body(at=at)) for at in (today, today + timedelta(hours=1), today - DAY)])
    number, returncode = 0, -9
    while returncode:
        number += 5
        words: list[str | Path] = ["-m", "tests.hosting.history.killed", tmp_path, "partitions", "1", str(number)]
        finished = run_forked("hosting", words, environment={"DCA_HOSTING_DATABASE_URL": address}, folder=ROOT)
        returncode = finished.returncode
        assert returncode in (0, -9), finished.stderr
        assert len(history(database)) == 3, number
        with database.writing() as connection:
            connection.execute(sa.update(job).values(held_until=NOON))
    assert number > 20
    assert len(names(database)) == 4
    assert places(database) == {f"reading_{today:%Y%m%d}": 2, "reading_default": 1}
