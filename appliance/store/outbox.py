"""The outbox: which readings wait, in which batch. Functions inside the transaction of the store."""

import sqlite3
from collections.abc import Callable

from appliance.clock import to_rfc3339, utc_now
from appliance.errors import StoreError
from appliance.files import to_json
from appliance.store.rows import Batch


def next_batch(connection: sqlite3.Connection, make_id: Callable[[], str], limit: int) -> Batch | None:
    """Return the open batch, or make one of the oldest waiting readings; None when nothing waits."""
    row = connection.execute(
        """SELECT number, id FROM batch WHERE rejected_at IS NULL
        ORDER BY (SELECT MIN(reading_id) FROM outbox WHERE batch_number = number) LIMIT 1"""
    ).fetchone()
    if row is None:
        waiting = connection.execute(
            "SELECT reading_id FROM outbox WHERE batch_number IS NULL ORDER BY reading_id LIMIT ?", (limit,)
        ).fetchall()
        if not waiting:
            return None
        row = _make(connection, make_id, [reading_id for (reading_id,) in waiting])
    number, batch_id = row
    bodies = connection.execute(
        """SELECT reading.body FROM outbox JOIN reading ON reading.id = outbox.reading_id
        WHERE outbox.batch_number = ? ORDER BY outbox.reading_id""",
        (number,),
    )
    return Batch(batch_id, tuple(body for (body,) in bodies))


def acknowledge(connection: sqlite3.Connection, batch_id: str) -> int:
    """Remove the batch and its entries from the outbox; the readings stay. Return how many entries there were."""
    number = _number(connection, batch_id)
    if number is None:
        return 0
    count = connection.execute("DELETE FROM outbox WHERE batch_number = ?", (number,)).rowcount
    connection.execute("DELETE FROM batch WHERE number = ?", (number,))
    return count


def reject(connection: sqlite3.Connection, make_id: Callable[[], str], batch_id: str, reason: str) -> int:
    """Split a batch of several readings in two; set a batch of one aside with an event. Return how many were set aside."""
    number = _number(connection, batch_id)
    if number is None:
        return 0
    entries = [
        reading_id
        for (reading_id,) in connection.execute(
            "SELECT reading_id FROM outbox WHERE batch_number = ? ORDER BY reading_id", (number,)
        )
    ]
    if len(entries) > 1:
        middle = len(entries) // 2
        _make(connection, make_id, entries[:middle])
        _make(connection, make_id, entries[middle:])
        connection.execute("DELETE FROM batch WHERE number = ?", (number,))
        return 0
    now = to_rfc3339(utc_now())
    connection.execute("UPDATE batch SET rejected_at = ?, reason = ? WHERE number = ?", (now, reason, number))
    (key,) = connection.execute("SELECT device_key FROM reading WHERE id = ?", (entries[0],)).fetchone()
    connection.execute(
        "INSERT INTO event (at, kind, text, device_key, details) VALUES (?, 'reading_rejected', ?, ?, ?)",
        (
            now,
            f"The hosting server will not take a reading of {key}: {reason} It stays on this disk.",
            key,
            to_json({"batch": batch_id, "reading": entries[0], "reason": reason}).decode(),
        ),
    )
    return 1


def _make(connection: sqlite3.Connection, make_id: Callable[[], str], entries: list[int]) -> tuple[int, str]:
    batch_id = make_id()
    number = connection.execute("INSERT INTO batch (id, made_at) VALUES (?, ?)", (batch_id, to_rfc3339(utc_now()))).lastrowid
    if number is None:
        raise StoreError("The database gave no number to a new batch.")
    connection.executemany("UPDATE outbox SET batch_number = ? WHERE reading_id = ?", [(number, entry) for entry in entries])
    return number, batch_id


def _number(connection: sqlite3.Connection, batch_id: str) -> int | None:
    row = connection.execute("SELECT number FROM batch WHERE id = ? AND rejected_at IS NULL", (batch_id,)).fetchone()
    return int(row[0]) if row else None
