"""Of each device the last reading the hosting server has acknowledged, and will rebuild others from. Inside a transaction.

A reading is sent in full when there is no such base, when it left the site under other masks, when the last full one was taken a
day ago or more, and after the server missed the base. A server that misses the base of a device twice without taking a change in
between cannot make use of them: for a day it gets full readings of that device.
"""

import sqlite3
from collections.abc import Collection
from datetime import timedelta

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.report.changes import change_between

FULL_EVERY = timedelta(days=1)

_BASES = """SELECT outbox.reading_id, COALESCE(outbox.body, reading.body), reading.taken_at,
        COALESCE(base.body, acknowledged.body), base.full_at
    FROM outbox JOIN reading ON reading.id = outbox.reading_id
    JOIN base ON base.device_key = reading.device_key AND base.masks = outbox.masks
    JOIN reading AS acknowledged ON acknowledged.id = base.reading_id
    WHERE outbox.batch_number = ? AND base.full_at IS NOT NULL AND COALESCE(base.full_until, '') <= ?"""


def write_changes(connection: sqlite3.Connection, batch_number: int) -> None:
    """Let the readings of a batch that is just made be sent as changes where that can be."""
    changes = []
    for reading_id, body, taken_at, base, full_at in connection.execute(_BASES, (batch_number, to_rfc3339(utc_now()))):
        age = from_rfc3339(taken_at) - from_rfc3339(full_at)
        if timedelta() <= age < FULL_EVERY and (change := change_between(base, body)):
            changes.append((change, reading_id))
    connection.executemany("UPDATE outbox SET change = ? WHERE reading_id = ?", changes)


def acknowledged(connection: sqlite3.Connection, batch_number: int) -> None:
    """Let the newest reading of each device in a batch be its base."""
    rows = """INSERT INTO base (device_key, reading_id, body, masks, full_at, proven)
        SELECT reading.device_key, reading.id, outbox.body, outbox.masks, {full_at}, {proven}
        FROM outbox JOIN reading ON reading.id = outbox.reading_id
        WHERE outbox.batch_number = ? AND outbox.masks IS NOT NULL AND outbox.change IS {null} ORDER BY reading.id
        ON CONFLICT (device_key) DO UPDATE SET reading_id = excluded.reading_id, body = excluded.body, masks = excluded.masks,
        full_at = COALESCE(excluded.full_at, full_at), proven = MAX(excluded.proven, proven)
        WHERE excluded.reading_id > base.reading_id"""
    connection.execute(rows.format(full_at="reading.taken_at", proven=0, null="NULL"), (batch_number,))
    connection.execute(rows.format(full_at="NULL", proven=1, null="NOT NULL"), (batch_number,))


def missed(connection: sqlite3.Connection, batch_number: int, sent_keys: Collection[str]) -> None:
    """Let those readings of a batch wait again, to be sent in full, whose base the server has not; keys are as they were sent."""
    rows = connection.execute(
        """SELECT outbox.reading_id, reading.device_key, json_extract(change, '$.device')
        FROM outbox JOIN reading ON reading.id = outbox.reading_id WHERE batch_number = ? AND change IS NOT NULL""",
        (batch_number,),
    )
    waiting = [(reading_id, key) for reading_id, key, sent in rows if sent in sent_keys]
    until = to_rfc3339(utc_now() + FULL_EVERY)
    connection.executemany(
        "UPDATE outbox SET batch_number = NULL, change = NULL WHERE reading_id = ?", [(reading_id,) for reading_id, _ in waiting]
    )
    connection.executemany(
        """UPDATE base SET full_at = NULL, proven = 0, full_until = CASE WHEN proven THEN full_until ELSE ? END
        WHERE device_key = ?""",
        sorted({(until, key) for _, key in waiting}),
    )


def forget(connection: sqlite3.Connection) -> None:
    """Forget all bases: the server that has them does not rebuild readings."""
    connection.execute("DELETE FROM base")
