"""What a hosting server's database has of all sites, whatever shape it has there: to be compared with what simulated sites made."""

import json
from collections.abc import Iterator

import sqlalchemy as sa

from hosting.db.connection.database import Database
from hosting.db.history import reader
from hosting.db.tables import device_day, event, reading, reading_ahead
from simulator.sites.count import Count, Found, count
from simulator.sites.truth_file import Truth

EVERYTHING = 1_000_000


def kept_readings(connection: sa.Connection) -> Iterator[Found]:
    """Yield all readings: as they came, kept aside, and out of the segments of days that are over."""
    for table in (reading, reading_ahead):
        columns = sa.select(table.c.site_id, table.c.device_key, table.c.taken_at, table.c.body)
        for site_id, key, taken_at, body in connection.execution_options(yield_per=1000).execute(columns):
            yield (site_id, key, int(taken_at.timestamp())), _total(body)
    rolled_up = sa.select(device_day.c.site_id, device_day.c.device_key).distinct()
    as_came = sa.select(reading.c.taken_at)
    for site_id, key in connection.execute(rolled_up).all():
        mine = as_came.where(reading.c.site_id == site_id, reading.c.device_key == key)
        told = set(connection.execute(mine).scalars())
        for item in reader.newest(connection, site_id, key, EVERYTHING):
            if item.taken_at not in told:
                yield (site_id, key, int(item.taken_at.timestamp())), _total(item.body)


def kept_events(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """Yield site and id of all events."""
    for row in connection.execute(sa.select(event.c.site_id, event.c.event_id)):
        yield row.site_id, row.event_id


def compare(truth: Truth, database: Database) -> Count:
    """Return what is lost and doubled of what the sites made."""
    with database.reading() as connection:
        return count(truth, kept_readings(connection), kept_events(connection))


def _total(body: str) -> int | None:
    total = json.loads(body)["meters"].get("total")
    return int(total["value"]) if total else None
