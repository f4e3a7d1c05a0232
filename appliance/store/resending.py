"""What a hosting server lacks that was restored from a backup is sent to it again. Functions inside a transaction of the store.

Which readings and events were acknowledged when is kept by the hour, as spans of their numbers: a few rows a day. What is asked
for by time becomes spans that wait in the table `resend`, and goes into the outbox some at a time.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import ValidationError

from appliance import report
from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.store import queries
from appliance.store.device_identity import device_of
from appliance.store.event_log import event_facts
from appliance.store.store_reading import Outgoing

SERVER_NOTE, LEFT_NOTE = "server_generation", "left_server_generation:"
"""Names of the notes: the generation of the server that was spoken with last, and when another one was left for it."""
FIRST_GENERATION = "first"
"""What a server that was never restored is called by one that was."""
CLOCKS = timedelta(minutes=10)
"""Clocks of site and server may differ by half of this, else no request is taken."""
UNNOTICED = timedelta(hours=2)
"""So long a site may send to another server before a check-in tells it which one it is."""
GAP = 100
"""Numbers so close together are one span, as those of one batch are."""

_WAITS = {"reading": "outbox", "event": "event_outbox"}


def note_acknowledged(connection: sqlite3.Connection, batch_number: int, now: datetime) -> None:
    """Note that what is in a batch was acknowledged."""
    hour = _hour(now)
    for what, table in _WAITS.items():
        rows = connection.execute(
            f"SELECT {what}_id FROM {table} WHERE batch_number = ? ORDER BY {what}_id",  # noqa: S608 - names of ours
            (batch_number,),
        )
        for first, last in _spans(number for (number,) in rows):
            near = (hour, what, first - GAP, last + GAP)
            where = "WHERE hour = ? AND what = ? AND last >= ? AND first <= ?"
            known = connection.execute(f"SELECT MIN(first), MAX(last) FROM acknowledged {where}", near).fetchone()  # noqa: S608
            connection.execute(f"DELETE FROM acknowledged {where}", near)  # noqa: S608
            lowest, highest = (min(first, known[0]), max(last, known[1])) if known[0] is not None else (first, last)
            connection.execute("INSERT INTO acknowledged VALUES (?, ?, ?, ?)", (hour, what, lowest, highest))


def _spans(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in numbers:
        if first is None or last is None:
            first = last = number
        elif number - last > GAP:
            yield first, last
            first = last = number
        else:
            last = number
    if first is not None and last is not None:
        yield first, last


def speak_with(connection: sqlite3.Connection, generation: str, backup_at: datetime | None, now: datetime) -> bool:
    """Note that the server is of another `generation` now, made of a backup of `backup_at`; false where that is known already.

    What it lacks waits to be sent again from then on: what was acknowledged since the backup, or since that very server was left.
    """
    before = queries.note(connection, SERVER_NOTE) or FIRST_GENERATION
    if before == generation:
        return False
    left = queries.note(connection, LEFT_NOTE + generation)
    since = from_rfc3339(left) - UNNOTICED if left else backup_at - CLOCKS if backup_at else None
    connection.execute(
        "INSERT INTO resend SELECT what, first, last FROM acknowledged WHERE hour >= ?", (_hour(since) if since else "",)
    )
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (LEFT_NOTE + before, to_rfc3339(now)))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SERVER_NOTE, generation))
    return True


def forget_server(connection: sqlite3.Connection) -> None:
    """Forget what was acknowledged and by whom: from now on another server is spoken with, which was told none of it."""
    connection.execute("DELETE FROM acknowledged")
    connection.execute("DELETE FROM resend")
    connection.execute("DELETE FROM meta WHERE name = ? OR substr(name, 1, ?) = ?", (SERVER_NOTE, len(LEFT_NOTE), LEFT_NOTE))


def forget_old(connection: sqlite3.Connection, cutoff: datetime) -> None:
    """Forget what was acknowledged before a moment: it is not here any more."""
    connection.execute("DELETE FROM acknowledged WHERE hour < ?", (_hour(cutoff),))
    connection.execute(
        "DELETE FROM meta WHERE substr(name, 1, ?) = ? AND value < ?", (len(LEFT_NOTE), LEFT_NOTE, to_rfc3339(cutoff))
    )


def let_wait(connection: sqlite3.Connection, outgoing: Outgoing, limit: int) -> int:
    """Let what is to be sent again wait in the outbox, at most `limit` of it; return how much that is, 0 where nothing is left."""
    done = 0
    for what, first, last in connection.execute("SELECT what, first, last FROM resend ORDER BY what, first").fetchall():
        if done >= limit:
            break
        put = _put_readings if what == "reading" else _put_events
        taken, reached = put(connection, outgoing, (first, last), limit - done)
        done += taken
        connection.execute("DELETE FROM resend WHERE what = ? AND first = ? AND last = ?", (what, first, last))
        if reached < last:
            connection.execute("INSERT INTO resend VALUES (?, ?, ?)", (what, reached + 1, last))
    return done


def _put_readings(connection: sqlite3.Connection, outgoing: Outgoing, span: tuple[int, int], limit: int) -> tuple[int, int]:
    """Return how many readings of a span wait now, and up to which number it was gone through."""
    rows = connection.execute(
        """SELECT id, device_key, body FROM reading WHERE id BETWEEN ? AND ? AND id NOT IN (SELECT reading_id FROM outbox)
        ORDER BY id LIMIT ?""",
        (*span, limit),
    ).fetchall()
    for reading_id, key, body in rows:
        try:
            reading = report.Reading.model_validate_json(body)
        except ValidationError:
            continue
        put_in_outbox(connection, reading_id, _under(reading, key), outgoing, kept=reading)
    return len(rows), rows[-1][0] if len(rows) == limit else span[1]


def _under(reading: report.Reading, key: str) -> report.Reading:
    """Return a reading under the key its device is known by now: the server may have joined what came under a former one."""
    if reading.device.key == key:
        return reading
    return reading.model_copy(update={"device": reading.device.model_copy(update={"key": key})})


def put_in_outbox(
    connection: sqlite3.Connection,
    reading_id: int,
    reading: report.Reading,
    outgoing: Outgoing,
    *,
    kept: report.Reading | None = None,
) -> None:
    """Let a reading that was `kept` wait to be sent in full, in the form in which it leaves the site now."""
    sent = outgoing.reading(reading)
    body = None if sent is (kept or reading) else sent.to_json()
    connection.execute("INSERT INTO outbox (reading_id, body, masks) VALUES (?, ?, ?)", (reading_id, body, outgoing.mark))


def _put_events(connection: sqlite3.Connection, outgoing: Outgoing, span: tuple[int, int], limit: int) -> tuple[int, int]:
    rows = connection.execute(
        """SELECT id, sent_as, at, kind, text, device_key, details FROM event WHERE id BETWEEN ? AND ?
        AND sent_as IS NOT NULL AND device_key IS NOT NULL AND id NOT IN (SELECT event_id FROM event_outbox) ORDER BY id LIMIT ?""",
        (*span, limit),
    ).fetchall()
    for number, event_id, at, kind, text, key, details in rows:
        facts = event_facts(details, text)
        event = report.Event(id=event_id, at=from_rfc3339(at), kind=kind, device=key, text=text, detail=facts)
        if sent := outgoing.event(event, device_of(connection, key)):
            connection.execute("INSERT INTO event_outbox (event_id, body) VALUES (?, ?)", (number, sent.to_json()))
    return len(rows), rows[-1][0] if len(rows) == limit else span[1]


def _hour(moment: datetime) -> str:
    return to_rfc3339(moment)[:13]
