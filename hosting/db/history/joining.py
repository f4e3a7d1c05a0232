"""A device that is known by another key from now on: its history goes with it, in both shapes."""

from typing import Any

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.history.day import Summary
from hosting.db.history.dictionaries import Dictionaries
from hosting.db.history.segment import SegmentError, unpack
from hosting.db.history.site_zone import hold
from hosting.db.tables import device_day, reading, reading_ahead
from hosting.db.upsert import insert_new

OPENED = 31
"""So many days that both keys have are joined at once, the newest first: more than a device is known by two keys."""


def join(connection: sa.Connection, site_id: str, former: str, key: str) -> None:
    """Let the history under the `former` key of a device stand under the one it is known by now; each moment once."""
    hold(connection, site_id)
    for table in (reading, reading_ahead):
        there = table.alias()
        twice = sa.exists().where(there.c.site_id == site_id, there.c.device_key == key, there.c.taken_at == table.c.taken_at)
        mine = (table.c.site_id == site_id, table.c.device_key == former)
        connection.execute(sa.update(table).where(*mine, ~twice).values(device_key=key))
    connection.execute(sa.delete(reading).where(reading.c.site_id == site_id, reading.c.device_key == former))
    known = device_day.alias()
    both = sa.exists().where(known.c.site_id == site_id, known.c.device_key == key, known.c.day == device_day.c.day)
    days = (device_day.c.site_id == site_id, device_day.c.device_key == former)
    connection.execute(sa.update(device_day).where(*days, ~both).values(device_key=key))
    left = sa.select(device_day).where(*days).order_by(device_day.c.day.desc()).limit(OPENED)
    for row in connection.execute(left).mappings().all():
        if _add_day(connection, row, key):
            connection.execute(sa.delete(device_day).where(*days, device_day.c.day == row["day"]))


def _add_day(connection: sa.Connection, row: Any, key: str) -> bool:
    """Add a day under the former key to the same day under the `key`; false where it cannot be read."""
    if row["segment"] is None:
        one = [device_day.c.site_id == row["site_id"], device_day.c.device_key == key, device_day.c.day == row["day"]]
        other = Summary.from_columns(connection.execute(sa.select(device_day).where(*one)).mappings().one())
        earlier, later = sorted((Summary.from_columns(row), other), key=lambda summary: summary.last_at)
        joined = earlier.and_then(later).columns() | {"first_at": min(earlier.first_at, later.first_at)}
        connection.execute(sa.update(device_day).where(*one).values(**joined))
        return True
    try:
        readings = unpack(row["segment"], Dictionaries(connection).version(row["dictionary"]))
    except SegmentError:
        return False
    now = utc_now()
    # As readings that have come: the next roll-up merges them into the day.
    came = [{"site_id": row["site_id"], "device_key": key, "taken_at": item.taken_at, "body": item.body} for item in readings]
    insert_new(connection, reading, [each | {"received_at": now} for each in came])
    return True
