"""The outbox: which readings and events wait, in which batch. Functions inside the transaction of the store."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from appliance import report
from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import StoreError
from appliance.common.message import Message
from appliance.store import bases, resending
from appliance.store.event_log import insert_event
from appliance.store.rows import Batch
from appliance.store.store_reading import Outgoing

EVENTS_IN_BATCH = 1000
KNOWN_DAYS = 30
"""Devices not read for longer are not told of to a new server: where they come back, they are read."""
BYTES_IN_BATCH = 4 << 20
"""Of readings in full, before they are compressed; the hosting server takes 10 MiB."""

Entry = tuple[str, int]
"""What waits: the table it waits in, and its number there."""

_NUMBERS = {"outbox": "reading_id", "event_outbox": "event_id"}


def next_batch(connection: sqlite3.Connection, make_id: Callable[[], str], limit: int) -> Batch | None:
    """Return the open batch, or make one of the oldest waiting readings and events; None when nothing waits.

    Devices of one model stand together: what is alike is close by, and is compressed away.
    """
    row = connection.execute(
        """SELECT number, id FROM (
            SELECT number, id, (SELECT MIN(reading_id) FROM outbox WHERE batch_number = number) AS oldest
            FROM batch WHERE rejected_at IS NULL)
        ORDER BY oldest IS NULL, oldest, number LIMIT 1"""
    ).fetchone()
    if row is None:
        waiting = [*_waiting_readings(connection, limit), *_waiting_events(connection)]
        if not waiting:
            return None
        row = _make(connection, make_id, waiting)
        bases.write_changes(connection, row[0])
    number, batch_id = row
    readings = connection.execute(
        """SELECT change, CASE WHEN change IS NULL THEN COALESCE(outbox.body, reading.body) END
        FROM outbox JOIN reading ON reading.id = outbox.reading_id WHERE outbox.batch_number = ?
        ORDER BY json_extract(COALESCE(outbox.body, reading.body), '$.device.model'), outbox.reading_id""",
        (number,),
    ).fetchall()
    events = connection.execute("SELECT body FROM event_outbox WHERE batch_number = ? ORDER BY event_id", (number,))
    return Batch(
        batch_id,
        readings=tuple(body for _, body in readings if body is not None),
        events=tuple(body for (body,) in events),
        changes=tuple(change for change, _ in readings if change is not None),
    )


def acknowledge(connection: sqlite3.Connection, batch_id: str, *, rebuilds: bool, needed: Collection[str]) -> int:
    """Remove the batch and its entries from the outbox; readings and events stay. Return how many readings there were.

    `rebuilds`: the server takes changes to what it has now. Readings of devices `needed` in full wait again.
    """
    number = _number(connection, batch_id)
    if number is None:
        return 0
    if needed:
        bases.missed(connection, number, needed)
    if rebuilds:
        bases.acknowledged(connection, number)
    else:
        bases.forget(connection)
    resending.note_acknowledged(connection, number, utc_now())
    connection.execute("DELETE FROM event_outbox WHERE batch_number = ?", (number,))
    count = connection.execute("DELETE FROM outbox WHERE batch_number = ?", (number,)).rowcount
    connection.execute("DELETE FROM batch WHERE number = ?", (number,))
    return count


def send_in_full(connection: sqlite3.Connection, make_id: Callable[[], str], batch_id: str) -> None:
    """Let all readings of a batch be sent in full, under another id: the server may have taken the batch without its changes."""
    number = _number(connection, batch_id)
    if number is not None:
        bases.forget(connection)
        _make(connection, make_id, [*_entries(connection, "outbox", number), *_entries(connection, "event_outbox", number)])
        connection.execute("DELETE FROM batch WHERE number = ?", (number,))


def reject(connection: sqlite3.Connection, make_id: Callable[[], str], batch_id: str, reason: str) -> int:
    """Split a batch of several entries in two; set a batch of one aside with an event. Return how many were set aside.

    What was sent as changes is sent in full before anything of it is set aside.
    """
    number = _number(connection, batch_id)
    if number is None:
        return 0
    entries = [*_entries(connection, "outbox", number), *_entries(connection, "event_outbox", number)]
    (changes,) = connection.execute("SELECT COUNT(change) FROM outbox WHERE batch_number = ?", (number,)).fetchone()
    if len(entries) > 1 or changes:
        middle = len(entries) // 2
        for half in filter(None, (entries[:middle], entries[middle:])):
            _make(connection, make_id, half)
        connection.execute("DELETE FROM batch WHERE number = ?", (number,))
        return 0
    now = to_rfc3339(utc_now())
    connection.execute("UPDATE batch SET rejected_at = ?, reason = ? WHERE number = ?", (now, reason, number))
    for entry in entries:
        _tell_rejected(connection, entry, batch_id=batch_id, reason=reason)
    return len(entries)


def _tell_rejected(connection: sqlite3.Connection, waiting: Entry, *, batch_id: str, reason: str) -> None:
    table, entry = waiting
    what, source = (Message("a reading"), "reading") if table == "outbox" else (Message("an event"), "event")
    (key,) = connection.execute(f"SELECT device_key FROM {source} WHERE id = ?", (entry,)).fetchone()  # noqa: S608 - names of ours
    message = Message(
        "The hosting server will not take %(what)s of %(key)s: %(reason)s It stays on this disk.", what=what, key=key, reason=reason
    )
    insert_event(connection, f"{source}_rejected", message, key, {"batch": batch_id, source: entry, "reason": reason})


def _waiting_readings(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """Return the oldest readings that wait, at most `limit`, and no more than fit into a batch; a single one always does."""
    rows = connection.execute(
        """SELECT reading_id, length(COALESCE(outbox.body, reading.body)) FROM outbox
        JOIN reading ON reading.id = outbox.reading_id WHERE batch_number IS NULL ORDER BY reading_id LIMIT ?""",
        (limit,),
    )
    chosen: list[Entry] = []
    size = 0
    for reading_id, length in rows:
        size += length
        if chosen and size > BYTES_IN_BATCH:
            break
        chosen.append(("outbox", int(reading_id)))
    return chosen


def _waiting_events(connection: sqlite3.Connection) -> list[Entry]:
    rows = connection.execute(
        "SELECT event_id FROM event_outbox WHERE batch_number IS NULL ORDER BY event_id LIMIT ?", (EVENTS_IN_BATCH,)
    )
    return [("event_outbox", int(event_id)) for (event_id,) in rows]


def _entries(connection: sqlite3.Connection, table: str, number: int) -> list[Entry]:
    name = _NUMBERS[table]
    rows = connection.execute(f"SELECT {name} FROM {table} WHERE batch_number = ? ORDER BY {name}", (number,))  # noqa: S608
    return [(table, int(entry)) for (entry,) in rows]


def _make(connection: sqlite3.Connection, make_id: Callable[[], str], entries: Sequence[Entry]) -> tuple[int, str]:
    batch_id = make_id()
    number = connection.execute("INSERT INTO batch (id, made_at) VALUES (?, ?)", (batch_id, to_rfc3339(utc_now()))).lastrowid
    if number is None:
        raise StoreError("The database gave no number to a new batch.")
    for table, name in _NUMBERS.items():
        mine = [(number, entry) for other, entry in entries if other == table]
        connection.executemany(f"UPDATE {table} SET batch_number = ? WHERE {name} = ?", mine)  # noqa: S608 - names of ours
    connection.execute("UPDATE outbox SET change = NULL WHERE batch_number = ?", (number,))
    return number, batch_id


def _number(connection: sqlite3.Connection, batch_id: str) -> int | None:
    row = connection.execute("SELECT number FROM batch WHERE id = ? AND rejected_at IS NULL", (batch_id,)).fetchone()
    return int(row[0]) if row else None


def break_up_batches(connection: sqlite3.Connection) -> None:
    """Let what is in open batches wait for new ones, whole: those were made for another server, or under other masks."""
    in_one = "batch_number IN (SELECT number FROM batch WHERE rejected_at IS NULL)"
    connection.execute(f"UPDATE outbox SET batch_number = NULL, change = NULL WHERE {in_one}")  # noqa: S608 - words of ours
    connection.execute(f"UPDATE event_outbox SET batch_number = NULL WHERE {in_one}")  # noqa: S608
    connection.execute("DELETE FROM batch WHERE rejected_at IS NULL")


def tell_anew(connection: sqlite3.Connection, outgoing: Outgoing, now: datetime) -> int:
    """Let the newest reading of each known device wait to be sent, in full; return how many that adds.

    What waits already is sent in full, too, and in new batches: another server knows neither bases nor batches.
    """
    resending.forget_server(connection)
    bases.forget(connection)
    break_up_batches(connection)
    rows = connection.execute(
        """SELECT reading.id, reading.body FROM device JOIN reading ON reading.id = device.last_reading_id
        WHERE device.last_seen_at >= ? AND device.replaced_by IS NULL
        AND reading.id NOT IN (SELECT reading_id FROM outbox)""",
        (to_rfc3339(now - timedelta(days=KNOWN_DAYS)),),
    ).fetchall()
    added = 0
    for reading_id, body in rows:
        try:
            reading = report.Reading.model_validate_json(body)
        except ValidationError:
            continue
        resending.put_in_outbox(connection, reading_id, reading, outgoing)
        added += 1
    return added


def tell_restored(connection: sqlite3.Connection, generation: str, backup_at: datetime | None, now: datetime) -> bool:
    """Let what a server of another generation lacks be sent again, and what waits in full; false where that was done already."""
    if not resending.speak_with(connection, generation, backup_at, now):
        return False
    bases.forget(connection)
    break_up_batches(connection)
    return True
