"""What had its time goes, and nothing before: segments, days, dictionaries. And dictionaries are learnt from the fleet."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hosting.config import Config, make_config
from hosting.db.connection.database import Database
from hosting.db.history import retention as retention_module
from hosting.db.history.dictionaries import train_anew
from hosting.db.history.retention import Retention
from hosting.db.history.roll_up import RollUp
from hosting.db.tables import device_latest, dictionary, site
from hosting.errors import ConfigurationError
from tests.hosting.history.days import KEY, NOON, SITE, add_site, body, by_day, history, hourly, keep, roll_up, rows, steps

MONTH = timedelta(days=30)


def run(database: Database, work: Retention) -> int:
    total, more = 0, True
    while more:
        with database.writing() as connection:
            step = work(connection)
        total, more = total + step.rows, step.more
    return total


def add_devices(database: Database, count: int, model: str = "LaserColour 4000 of the third floor") -> None:
    """Let the fleet have so many devices."""
    fields = {"first_seen_at": NOON, "taken_at": NOON, "received_at": NOON, "condition": "ok", "words": ""}
    devices = []
    for number in range(count):
        key = f"serial:{model[:4]}:{number}"
        said = body(key, total=number * 7919, misc={"model": model, "sources": f"prtMarkerSuppliesLevel.1.{number}"})
        devices.append({"site_id": SITE, "device_key": key, "body": said, **fields})
    with database.writing() as connection:
        connection.execute(sa.insert(device_latest), devices)


def learn(database: Database, now: datetime) -> int:
    with database.writing() as connection:
        return train_anew(connection, now, MONTH)


def test_segments_go_after_their_days_and_what_the_days_came_to_stays(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_module, "ROWS_A_STEP", 2)
    add_site(database)
    keep(database, hourly(24 * 7, start=datetime(2026, 3, 10, tzinfo=UTC)))
    roll_up(database)
    now = datetime(2026, 3, 10, 5, tzinfo=UTC) + timedelta(days=95)
    assert run(database, Retention(90, now)) == 5
    told = by_day(database)
    assert [day for day, row in told.items() if row["segment"] is None] == [date(2026, 3, 10 + number) for number in range(5)]
    assert {row["number"] for row in told.values()} == {24}
    assert told[date(2026, 3, 10)]["total"] == 1023
    assert len(history(database)) == 48
    assert run(database, Retention(90, now)) == 0


def test_days_go_after_ten_years(database: Database) -> None:
    old = datetime(2015, 5, 1, tzinfo=UTC)
    add_site(database)
    keep(database, hourly(24 * 3, start=old))
    roll_up(database)
    assert run(database, Retention(90, datetime(2025, 5, 3, tzinfo=UTC))) == 3 + 2
    assert list(by_day(database)) == [date(2015, 5, 3)]


def test_a_server_whose_clock_is_ahead_takes_nothing_away(database: Database) -> None:
    add_site(database, contact=NOON + timedelta(days=1))
    keep(database, hourly(30))
    roll_up(database)
    assert run(database, Retention(90, datetime(2046, 1, 1, tzinfo=UTC))) == 0
    assert history(database) == hourly(30)
    with database.writing() as connection:
        connection.execute(sa.update(site).values(last_contact_at=None))
    assert run(database, Retention(90, datetime(2046, 1, 1, tzinfo=UTC))) == 0


def test_a_dictionary_is_learnt_when_there_are_enough_devices_and_makes_segments_smaller(database: Database) -> None:
    add_site(database)
    keep(database, hourly(12))
    roll_up(database)
    without = len(rows(database)[0]["segment"])
    add_devices(database, 60)
    assert learn(database, NOON) == 0
    add_devices(database, 200, "Inkjet 9 of the basement")
    assert learn(database, NOON) == 1
    keep(database, hourly(12, start=NOON + timedelta(days=1)))
    roll_up(database)
    first, second = rows(database)
    assert (first["dictionary"], second["dictionary"]) == (0, 1)
    assert len(second["segment"]) < 0.75 * without
    assert len(history(database)) == 24
    [learnt] = rows(database, dictionary)
    assert learnt["last_day"] == second["day"]


def test_another_dictionary_is_made_only_where_it_is_better_and_not_at_once(database: Database) -> None:
    add_devices(database, 200)
    assert learn(database, NOON) == 1
    assert learn(database, NOON + 2 * MONTH) == 0
    with database.writing() as connection:
        connection.execute(sa.delete(device_latest))
    add_devices(database, 200, "Another model, with a far longer name and other texts in it; " * 10)
    assert learn(database, NOON + MONTH - timedelta(days=1)) == 0
    assert learn(database, NOON + MONTH) == 1
    assert [row["version"] for row in rows(database, dictionary)] == [1, 2]


def test_a_dictionary_stays_as_long_as_a_segment_needs_it(database: Database) -> None:
    add_site(database)
    content = b"what devices say " * 100
    with database.writing() as connection:
        connection.execute(sa.insert(dictionary).values(version=1, made_at=NOON, content=content))
    keep(database, hourly(12))
    roll_up(database)
    with database.writing() as connection:
        connection.execute(sa.insert(dictionary).values(version=2, made_at=NOON, content=content))
        connection.execute(sa.insert(dictionary).values(version=3, made_at=NOON, content=content))
    day = datetime(2026, 3, 10, tzinfo=UTC)
    run(database, Retention(90, day + timedelta(days=90)))
    assert [row["version"] for row in rows(database, dictionary)] == [1, 3]
    assert history(database) == hourly(12)
    run(database, Retention(90, day + timedelta(days=91)))
    assert [row["version"] for row in rows(database, dictionary)] == [3]
    assert rows(database)[0]["dictionary"] is None


def test_merging_takes_the_newest_dictionary(database: Database) -> None:
    add_site(database)
    keep(database, hourly(4))
    roll_up(database)
    add_devices(database, 200)
    learn(database, NOON)
    keep(database, hourly(8)[4:])
    steps(database, RollUp())
    assert [(row["device_key"], row["dictionary"]) for row in rows(database)] == [(KEY, 1)]
    assert history(database) == hourly(8)


def test_how_long_readings_are_kept_is_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Config(tmp_path).raw_days == make_config(tmp_path).raw_days == 90
    monkeypatch.setenv("DCA_HOSTING_RAW_DAYS", "400")
    assert make_config(tmp_path).raw_days == 400
    for wrong in ("1", "0", "-5", "9999", "many"):
        monkeypatch.setenv("DCA_HOSTING_RAW_DAYS", wrong)
        with pytest.raises(ConfigurationError, match="number of days from 2 to 3650"):
            make_config(tmp_path)
