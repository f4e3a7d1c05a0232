"""Telling a hosting server of all known devices that it has never heard of. Functions inside the transaction of the store."""

import sqlite3
from datetime import datetime, timedelta

from pydantic import ValidationError

from appliance import report
from appliance.common.clock import to_rfc3339
from appliance.store import bases
from appliance.store.store_reading import Outgoing

KNOWN_DAYS = 30
"""Devices not read for longer are not told of: where they come back, they are read."""


def tell_anew(connection: sqlite3.Connection, outgoing: Outgoing, now: datetime) -> int:
    """Let the newest reading of each known device wait to be sent, in full; return how many that adds.

    What waits already is sent in full, too, and in new batches: another server knows neither bases nor batches.
    """
    bases.forget(connection)
    open_batches = "(SELECT number FROM batch WHERE rejected_at IS NULL)"
    connection.execute(f"UPDATE outbox SET change = NULL, batch_number = NULL WHERE batch_number IN {open_batches}")  # noqa: S608
    connection.execute(f"UPDATE event_outbox SET batch_number = NULL WHERE batch_number IN {open_batches}")  # noqa: S608
    connection.execute("DELETE FROM batch WHERE rejected_at IS NULL")
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
        sent = outgoing.reading(reading)
        connection.execute(
            "INSERT INTO outbox (reading_id, body, masks) VALUES (?, ?, ?)",
            (reading_id, None if sent is reading else sent.to_json(), outgoing.mark),
        )
        added += 1
    return added
