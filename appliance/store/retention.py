"""What may leave the disk, and what must stay. Functions inside the transaction of the store."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.common.clock import to_rfc3339
from appliance.store import accounting, resending, snapshots


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows one run of the retention has removed."""

    readings: int
    events: int
    thinned: int
    """Readings that waited to be sent, and were removed because too many waited."""


def remove_old(connection: sqlite3.Connection, now: datetime, *, keep_days: int, max_waiting: int) -> Removed:
    """Remove what is older than `keep_days` and, when more than `max_waiting` readings wait, thin those out."""
    oldest = now - timedelta(days=keep_days)
    cutoff = to_rfc3339(oldest)
    thinned = _thin_waiting(connection, max_waiting)
    _drop_oldest_events(connection, max_waiting)
    _forget_rejected(connection, cutoff)
    readings = connection.execute(
        """DELETE FROM reading WHERE taken_at < ? AND id NOT IN (SELECT reading_id FROM outbox)
        AND id NOT IN (SELECT last_reading_id FROM device)""",
        (cutoff,),
    ).rowcount
    events = connection.execute(
        "DELETE FROM event WHERE at < ? AND id NOT IN (SELECT event_id FROM event_outbox)", (cutoff,)
    ).rowcount
    accounting.forget(connection, now)
    snapshots.forget(connection, now)
    resending.forget_old(connection, oldest)
    return Removed(readings, events, thinned)


def _forget_rejected(connection: sqlite3.Connection, cutoff: str) -> None:
    """Take what the hosting server rejected before `cutoff` out of the outbox; it ages like what was sent from then on."""
    connection.execute("DELETE FROM outbox WHERE batch_number IN (SELECT number FROM batch WHERE rejected_at < ?)", (cutoff,))
    connection.execute("DELETE FROM event_outbox WHERE batch_number IN (SELECT number FROM batch WHERE rejected_at < ?)", (cutoff,))
    connection.execute("DELETE FROM batch WHERE rejected_at < ?", (cutoff,))


def _drop_oldest_events(connection: sqlite3.Connection, max_waiting: int) -> None:
    """Let no more than `max_waiting` events wait to be sent; the oldest stay here only."""
    connection.execute(
        """DELETE FROM event_outbox WHERE batch_number IS NULL AND event_id NOT IN
        (SELECT event_id FROM event_outbox WHERE batch_number IS NULL ORDER BY event_id DESC LIMIT ?)""",
        (max_waiting,),
    )


def _thin_waiting(connection: sqlite3.Connection, max_waiting: int) -> int:
    """Remove the oldest waiting readings that are not the last of their device and day, as many as are too many.

    Readings in a batch stay: a batch never changes once it is made.
    """
    (waiting,) = connection.execute("SELECT COUNT(*) FROM outbox WHERE batch_number IS NULL").fetchone()
    if waiting <= max_waiting:
        return 0
    surplus = connection.execute(
        """SELECT reading_id FROM (
            SELECT outbox.reading_id, outbox.batch_number, LEAD(reading.id) OVER (
                PARTITION BY reading.device_key, substr(reading.taken_at, 1, 10) ORDER BY reading.taken_at, reading.id
            ) AS later
            FROM outbox JOIN reading ON reading.id = outbox.reading_id)
        WHERE later IS NOT NULL AND batch_number IS NULL ORDER BY reading_id LIMIT ?""",
        (waiting - max_waiting,),
    ).fetchall()
    connection.executemany("DELETE FROM outbox WHERE reading_id = ?", surplus)
    connection.executemany("DELETE FROM reading WHERE id = ? AND id NOT IN (SELECT last_reading_id FROM device)", surplus)
    return len(surplus)
