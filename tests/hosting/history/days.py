"""Readings of days that are over, and roll-ups of them, for tests."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hosting.config import Config
from hosting.db.connection.database import Connection, Database
from hosting.db.history import reader
from hosting.db.history.roll_up import RollUp
from hosting.db.history.stored_reading import StoredReading
from hosting.db.jobs import Run
from hosting.db.tables import device_day, site
from hosting.db.tables import reading as reading_table
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner

KEY = "serial:ACME:1"
SITE = "11111111-1111-4111-8111-111111111111"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""Long over for whoever rolls up now."""


def body(key: str = KEY, at: datetime = NOON, total: int = 1000, **parts: Any) -> str:
    """Return a reading as it is stored."""
    meters = {"total": {"value": total, "unit": "impressions", "source": "prtMarkerLifeCount.1.1"}}
    said = {"schema": 1, "taken_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "device": {"key": key}, "meters": meters}
    return json.dumps(said | parts, separators=(",", ":"), ensure_ascii=False)


def supply(percent: float | None, index: str = "1", **parts: Any) -> dict[str, Any]:
    """Return a supply of a reading, its level in percent."""
    return {"index": index, "type": "toner", "class": "supplyThatIsConsumed", "percent": percent, "source": "prt", **parts}


def hourly(count: int, key: str = KEY, start: datetime = NOON, total: int = 1000) -> list[StoredReading]:
    """Return readings of a device an hour apart."""
    moments = [start + timedelta(hours=number) for number in range(count)]
    return [StoredReading(at, body(key, at, total + number)) for number, at in enumerate(moments)]


def keep(database: Database, readings: Sequence[StoredReading], key: str = KEY, site_id: str = SITE) -> None:
    """Keep readings as they came."""
    rows = [{"site_id": site_id, "device_key": key, "received_at": item.taken_at, **item._asdict()} for item in readings]
    with database.writing() as connection:
        connection.execute(sa.insert(reading_table), rows)


def add_site(database: Database, site_id: str = SITE, zone: str | None = None, contact: datetime | None = None) -> None:
    """Make a site, with what it told."""
    values = {"site_id": site_id, "name": site_id, "created_at": NOON, "last_contact_at": contact or datetime.now(UTC)}
    with database.writing() as connection:
        connection.execute(sa.insert(site).values(**values, state=json.dumps({"time_zone": zone}) if zone else None))


def roll_up(database: Database) -> Run:
    """Run the job to its end."""
    job = job_named("roll-up")
    assert job
    run = JobRunner(database, Config(Path())).run_now(job, rest=0.0)
    assert run
    return run


def steps(database: Database, work: RollUp) -> int:
    """Take all steps of a run; return how many there were."""
    count, more = 0, True
    while more:
        with database.writing() as connection:
            more = work(connection).more
        count += 1
    return count


def history(database: Database, key: str = KEY, site_id: str = SITE, limit: int = 10_000) -> list[StoredReading]:
    """Return the history of a device, oldest first."""
    with database.reading() as connection:
        return reader.newest(connection, site_id, key, limit)[::-1]


def rows(database: Database, table: sa.Table = device_day) -> list[Any]:
    """Return the rows of a table, in the order of its key."""

    def look(connection: Connection) -> list[Any]:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings())

    with database.reading() as connection:
        return look(connection)


def by_day(database: Database) -> dict[date, Any]:
    """Return the days of the one device there is."""
    return {row["day"]: row for row in rows(database)}
