"""Days that are over become one row for each device: nothing lost, nothing doubled, whatever happens in between."""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hosting.config import Config
from hosting.db.connection.database import Database
from hosting.db.history import roll_up as roll_up_module
from hosting.db.history.roll_up import RollUp
from hosting.db.history.segment import SEGMENT_BYTES
from hosting.db.history.stored_reading import StoredReading
from hosting.db.tables import device_day, job
from hosting.db.tables import reading as reading_table
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner
from tests.conftest import ROOT, StartChild
from tests.forked import run_forked
from tests.hosting.history.days import (
    KEY,
    NOON,
    SITE,
    add_site,
    body,
    by_day,
    history,
    hourly,
    keep,
    roll_up,
    rows,
    steps,
    supply,
)

DAY = NOON.date()


def test_a_day_becomes_one_row_with_its_meters_and_levels_and_the_readings_as_they_came(database: Database) -> None:
    add_site(database)
    readings = [
        StoredReading(NOON, body(total=1000, supplies=[supply(80.0), supply(None, "2", level=400, unit="impressions")])),
        StoredReading(NOON + timedelta(hours=1), body(at=NOON + timedelta(hours=1), total=1003, supplies=[supply(20.0)])),
        StoredReading(
            NOON + timedelta(hours=2),
            body(
                at=NOON + timedelta(hours=2),
                meters={
                    "scan_total": {"value": 7, "unit": "sheets", "source": "s"},
                    "duplex": {"value": 5, "unit": "sheets", "source": "s"},
                },
                supplies=[supply(99.5)],
            ),
        ),
    ]
    keep(database, readings)
    assert roll_up(database).rows == 3
    assert rows(database, reading_table) == []
    [row] = rows(database)
    assert (row["site_id"], row["device_key"], row["day"], row["zone"]) == (SITE, KEY, DAY, "UTC")
    assert (row["number"], row["first_at"], row["last_at"]) == (3, NOON, NOON + timedelta(hours=2))
    assert (row["total"], row["scan_total"], row["total_mono"]) == (1003, 7, None)
    assert json.loads(row["meters"]) == {"meters": {"duplex": 5}, "units": {"scan_total": "sheets", "duplex": "sheets"}}
    assert json.loads(row["supplies"]) == {"1": [80, 20, 99.5], "2": [400, 400, 400, "impressions"]}
    assert history(database) == readings


def test_what_is_not_over_for_a_day_stays_as_it_came(database: Database) -> None:
    add_site(database)
    now = datetime(2026, 3, 12, 12, tzinfo=UTC)
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    keep(database, [StoredReading(at, body(at=at)) for at in (midnight - timedelta(seconds=1), midnight)])
    steps(database, RollUp(now))
    assert [row["taken_at"] for row in rows(database, reading_table)] == [midnight]
    assert [row["day"] for row in rows(database)] == [date(2026, 3, 10)]
    assert [item.taken_at for item in history(database)] == [midnight - timedelta(seconds=1), midnight]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)],
    ids=["spring", "autumn", "summer"],
)
def test_a_day_is_one_of_the_time_zone_of_the_site(database: Database, day: date, hours: int) -> None:
    add_site(database, zone="Europe/Berlin")
    offset = {23: 1, 25: 2, 24: 2}[hours]
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=offset)
    keep(database, hourly(hours + 2, start=start - timedelta(hours=1)))
    steps(database, RollUp(datetime(2027, 1, 1, tzinfo=UTC)))
    told = by_day(database)
    assert {row["zone"] for row in told.values()} == {"Europe/Berlin"}
    assert {each: row["number"] for each, row in told.items()} == {
        day - timedelta(days=1): 1,
        day: hours,
        day + timedelta(days=1): 1,
    }
    assert told[day]["total"] == 1000 + hours


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "localtime", "Europe/\x00", "x" * 500])
def test_a_zone_that_is_none_is_taken_as_utc(database: Database, zone: str) -> None:
    add_site(database, zone=zone)
    keep(database, hourly(2))
    roll_up(database)
    assert [row["zone"] for row in rows(database)] == ["UTC"]


def test_readings_that_come_late_are_merged_each_moment_once(database: Database) -> None:
    add_site(database)
    readings = hourly(9)
    keep(database, [*readings[:3], *readings[6:]])
    roll_up(database)
    # One that is there already, with other words: what was kept first stays.
    keep(database, [*readings[3:6], StoredReading(readings[0].taken_at, body(total=77))])
    assert history(database) == readings
    assert roll_up(database).rows == 4
    assert rows(database, reading_table) == []
    [row] = rows(database)
    assert (row["number"], row["total"]) == (9, 1008)
    assert history(database) == readings
    assert roll_up(database).rows == 0


def test_the_last_meter_is_the_last_in_time_not_the_last_that_came(database: Database) -> None:
    add_site(database)
    readings = hourly(4)
    keep(database, readings[2:])
    roll_up(database)
    keep(database, readings[:2])
    roll_up(database)
    [row] = rows(database)
    assert (row["total"], row["first_at"], row["last_at"]) == (1003, readings[0].taken_at, readings[3].taken_at)


def test_what_comes_after_the_segment_had_its_time_counts_once(database: Database) -> None:
    add_site(database)
    readings = hourly(9)
    keep(database, readings[2:5])
    roll_up(database)
    with database.writing() as connection:
        connection.execute(sa.update(device_day).values(segment=None, dictionary=None))
    for _ in range(2):
        keep(database, readings)
        roll_up(database)
    [row] = rows(database)
    assert (row["number"], row["total"], row["segment"]) == (9, 1008, None)
    assert (row["first_at"], row["last_at"]) == (readings[0].taken_at, readings[-1].taken_at)
    assert rows(database, reading_table) == []


@pytest.mark.parametrize("key", ["serial:Ä 'x\"%_\\:✓", "serial:'; DROP TABLE reading; --", "mac:\x9b\n", "serial:" + "x" * 190])
def test_a_key_may_have_any_characters(database: Database, key: str) -> None:
    add_site(database)
    readings = hourly(3, key)
    keep(database, readings, key)
    keep(database, hourly(3))
    roll_up(database)
    assert history(database, key) == readings
    assert history(database) == hourly(3)


@pytest.mark.parametrize("said", ['{"schema":1}', '{"schema":99,"device":{"key":"other"}}', "[]", '"\u2028 \u0085"', '{\n "a": 1}'])
def test_a_reading_that_would_not_be_taken_in_any_more_is_kept_as_it_is(database: Database, said: str) -> None:
    add_site(database)
    first, odd, last = hourly(3)
    keep(database, [first, StoredReading(odd.taken_at, said), last])
    roll_up(database)
    [row] = rows(database)
    assert (row["number"], row["total"]) == (3, 1002)
    assert history(database) == [first, StoredReading(odd.taken_at, said.replace("\n", " ")), last]


def test_a_segment_that_cannot_be_read_is_named_and_all_else_goes_on(database: Database) -> None:
    add_site(database)
    readings = hourly(4)
    keep(database, readings[:2])
    keep(database, hourly(2, "serial:A:2"), "serial:A:2")
    roll_up(database)
    with database.writing() as connection:
        damaged = sa.update(device_day).where(device_day.c.device_key == KEY)
        connection.execute(damaged.values(segment=b"\x28\xb5\x2f\xfd damaged"))
    keep(database, readings[2:])
    keep(database, hourly(4, "serial:A:2")[2:], "serial:A:2")
    run = roll_up(database)
    assert run.rows == 2
    assert run.error is not None
    assert KEY in run.error
    assert SITE in run.error
    assert "cannot be read" in run.error
    assert history(database) == readings[2:]
    assert len(history(database, "serial:A:2")) == 4


def test_a_day_that_is_too_large_for_a_segment_is_named_and_nothing_of_it_is_lost(database: Database) -> None:
    add_site(database)
    moments = [NOON + timedelta(minutes=number) for number in range(5)]
    notes = {"note": "x" * (SEGMENT_BYTES // 3)}
    large = [StoredReading(at, body(at=at, total=1000 + number, misc=notes)) for number, at in enumerate(moments)]
    keep(database, large)
    for _ in range(2):
        run = roll_up(database)
        assert run.error is not None
        assert run.error.count("larger than 16 MiB") == 1
        assert len(rows(database, reading_table)) == 3
        assert [item.taken_at for item in history(database)] == moments
        [day] = rows(database, device_day)
        assert (day["number"], day["total"], day["last_at"]) == (5, 1004, moments[-1])


def test_sites_take_turns(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_up_module, "READINGS_A_STEP", 10)
    sites = [f"{number:08}-1111-4111-8111-111111111111" for number in range(3)]
    for site_id in sites:
        add_site(database, site_id)
        keep(database, hourly(60 if site_id == sites[0] else 10), site_id=site_id)
    work = RollUp()
    for _ in range(3):
        with database.writing() as connection:
            assert work(connection).rows == 10
    assert {row["site_id"] for row in rows(database)} == set(sites)
    steps(database, work)
    assert rows(database, reading_table) == []
    assert history(database, site_id=sites[0]) == hourly(60)


def test_two_servers_at_once_roll_up_each_reading_once(database: Database) -> None:
    add_site(database)
    keys = [f"serial:A:{number}" for number in range(12)]
    for key in keys:
        keep(database, hourly(30, key), key)
    barrier = threading.Barrier(3)
    found = job_named("roll-up")
    assert found

    def work(number: int) -> int:
        runner = JobRunner(database, Config(Path()))
        barrier.wait()
        if number == 2:  # a third one whose clock is wrong, and which believes that it has the lease
            return steps(database, RollUp()) * 0
        run = runner.run_now(found, rest=0.0)
        return run.rows if run else 0

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, range(3)))
    roll_up(database)
    assert rows(database, reading_table) == []
    for key in keys:
        assert history(database, key) == hourly(30, key)
    assert sum(row["number"] for row in rows(database)) == 12 * 30


def test_two_processes_at_once_share_the_job(
    database: Database, migrated_address: str | None, tmp_path: Path, start_child: StartChild
) -> None:
    add_site(database)
    keys = [f"serial:A:{number}" for number in range(6)]
    for key in keys:
        keep(database, hourly(50, key), key)
    environment: dict[str, str] = {"DCA_HOSTING_DATABASE_URL": migrated_address} if migrated_address else {}
    command: list[str | Path] = [sys.executable, Path(__file__).with_name("killed.py"), tmp_path, "roll-up", "7", "1000000"]
    children = [start_child(command, environment=environment | {"PYTHONPATH": str(ROOT)}, folder=ROOT) for _ in range(2)]
    assert [child.wait().returncode for child in children] == [0, 0]
    assert rows(database, reading_table) == []
    for key in keys:
        assert history(database, key) == hourly(50, key)
    assert sum(row["number"] for row in rows(database)) == 6 * 50


@pytest.mark.parametrize(("readings_a_step", "kills"), [(1000, 8), (7, 4)], ids=["one step", "many steps"])
def test_a_run_that_was_killed_at_any_statement_goes_on_where_it_was(
    database: Database, migrated_address: str | None, tmp_path: Path, readings_a_step: int, kills: int
) -> None:
    add_site(database)
    keys = ["serial:A:1", "serial:A:2"]
    for key in keys:
        keep(database, hourly(30, key)[:20], key)
    roll_up(database)  # so that days are merged as well as made
    for key in keys:
        keep(database, hourly(30, key)[20:], key)
    environment: dict[str, str] = {"DCA_HOSTING_DATABASE_URL": migrated_address} if migrated_address else {}
    number, returncode = 0, -9
    while returncode:
        number += 2
        words: list[str | Path] = ["-m", "tests.hosting.history.killed", tmp_path, "roll-up", str(readings_a_step), str(number)]
        finished = run_forked("hosting", words, environment=environment, folder=ROOT)
        returncode = finished.returncode
        assert returncode in (0, -9), finished.stderr
        for key in keys:
            assert history(database, key) == hourly(30, key), number
        with database.writing() as connection:  # the lease of a process that is gone runs out
            connection.execute(sa.update(job).values(held_until=NOON))
    assert number // 2 > kills
    assert rows(database, reading_table) == []
    assert sum(row["number"] for row in rows(database)) == 60
