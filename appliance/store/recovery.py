"""What can still be read from a damaged database: what waits, in the batches it was sent in, and the known devices."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from appliance import report
from appliance.store.database import connect_reader
from appliance.store.event_log import insert_event
from appliance.store.store_reading import insert_reading, put_away


@dataclass(slots=True)
class Recovered:
    """What was carried over into the new database."""

    devices: int = 0
    waiting: int = 0


def recover(damaged: Path, connection: sqlite3.Connection) -> Recovered:
    """Copy from `damaged`, row by row, what can be read; rows that cannot are left behind.

    A batch keeps its id: the hosting server may have it already, and must see it as the same one.
    """
    saved = Recovered()
    try:
        source = connect_reader(damaged)
    except sqlite3.Error:  # nothing of it can be read
        return saved
    with closing(source):
        # A database of a former version has no bodies in its outbox: what was kept is what was sent.
        body = "body" if any(row[1] == "body" for row in _rows(source, "PRAGMA table_info(outbox)")) else "NULL"
        waiting = list(_rows(source, f"SELECT reading_id, batch_number, {body} FROM outbox ORDER BY reading_id"))  # noqa: S608
        for reading_id, batch, sent in waiting:
            saved.waiting += _carry_waiting(source, connection, reading_id, batch, sent)
        for event, batch in list(_rows(source, "SELECT body, batch_number FROM event_outbox ORDER BY event_id")):
            _carry_event(source, connection, event, batch)
        for row in list(_rows(source, "SELECT key, address, first_seen_at, last_seen_at, last_reading_id, agent FROM device")):
            saved.devices += _carry_device(source, connection, row)
    return saved


def _rows(source: sqlite3.Connection, question: str, *values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that come before the first damaged page."""
    with suppress(sqlite3.DatabaseError):
        yield from source.execute(question, values)


def _reading(source: sqlite3.Connection, reading_id: int) -> tuple[report.Reading, str] | None:
    for (body,) in _rows(source, "SELECT body FROM reading WHERE id = ?", reading_id):
        with suppress(ValidationError):
            return report.Reading.model_validate_json(body), body
    return None


def _carry_waiting(
    source: sqlite3.Connection, target: sqlite3.Connection, reading_id: int, batch: int | None, sent: str | None
) -> int:
    found = _reading(source, reading_id)
    if found is None:
        return 0
    reading = found[0]
    masked = reading
    if sent is not None:
        try:
            masked = report.Reading.model_validate_json(sent)
        except ValidationError:  # never send unmasked what was to be sent masked
            return 0
    new_id = put_away(target, reading, masked, reading.device.ip, None)
    if (number := _carry_batch(source, target, batch)) is not None:
        target.execute("UPDATE outbox SET batch_number = ? WHERE reading_id = ?", (number, new_id))
    return 1


def _carry_event(source: sqlite3.Connection, target: sqlite3.Connection, body: str, batch: int | None) -> None:
    try:
        event = report.Event.model_validate_json(body)
    except ValidationError:
        return
    new_id = insert_event(target, event.kind, event.text, event.device, event.detail, at=event.at, sent_as=event.id)
    number = _carry_batch(source, target, batch)
    target.execute("INSERT INTO event_outbox (event_id, body, batch_number) VALUES (?, ?, ?)", (new_id, body, number))


def _carry_batch(source: sqlite3.Connection, target: sqlite3.Connection, batch: int | None) -> int | None:
    """Make sure the batch is there and return its number, None when there is none."""
    for row in _rows(source, "SELECT number, id, made_at, rejected_at, reason FROM batch WHERE number = ?", batch):
        target.execute("INSERT OR IGNORE INTO batch (number, id, made_at, rejected_at, reason) VALUES (?, ?, ?, ?, ?)", row)
        return int(row[0])
    return None


def _carry_device(source: sqlite3.Connection, target: sqlite3.Connection, row: tuple[Any, ...]) -> int:
    key, address, first_seen, last_seen, last_reading_id, agent = row
    if not _is_json(agent):
        agent = "{}"
    known = target.execute(
        "UPDATE device SET address = ?, first_seen_at = ?, last_seen_at = ?, agent = ? WHERE key = ?",
        (address, first_seen, last_seen, agent, key),
    ).rowcount
    if known:
        return 1
    found = _reading(source, last_reading_id)
    if found is None or found[0].device.key != key:
        return 0
    reading_id = insert_reading(target, found[0], found[1])
    target.execute(
        "INSERT INTO device (key, address, first_seen_at, last_seen_at, last_reading_id, agent) VALUES (?, ?, ?, ?, ?, ?)",
        (key, address, first_seen, last_seen, reading_id, agent),
    )
    return 1


def _is_json(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False
