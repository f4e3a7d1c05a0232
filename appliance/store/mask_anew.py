"""Giving what waits another form, where masks were chosen after it was kept. Inside a transaction of the store."""

import sqlite3

from appliance import report
from appliance.common.clock import from_rfc3339
from appliance.store.device_identity import device_of
from appliance.store.event_log import event_facts
from appliance.store.outbox import break_up_batches
from appliance.store.store_reading import Outgoing


def mask_readings_anew(connection: sqlite3.Connection, outgoing: Outgoing, limit: int) -> int:
    """Give at most `limit` readings that wait in another form the one they are to be sent in; return how many there were."""
    break_up_batches(connection)
    rows = connection.execute(
        """SELECT outbox.reading_id, reading.body FROM outbox JOIN reading ON reading.id = outbox.reading_id
        WHERE outbox.batch_number IS NULL AND outbox.masks IS NOT ? ORDER BY outbox.reading_id LIMIT ?""",
        (outgoing.mark, limit),
    ).fetchall()
    for reading_id, body in rows:
        reading = report.Reading.model_validate_json(body)
        sent = outgoing.reading(reading)
        form = None if sent is reading else sent.to_json()
        connection.execute("UPDATE outbox SET body = ?, masks = ? WHERE reading_id = ?", (form, outgoing.mark, reading_id))
    return len(rows)


def mask_events_anew(connection: sqlite3.Connection, outgoing: Outgoing) -> None:
    """Give the events that wait the form they are to be sent in; one that is not sent in this form waits no longer."""
    rows = connection.execute(
        """SELECT event_outbox.event_id, event_outbox.body, event.at, event.text, event.device_key, event.details
        FROM event_outbox JOIN event ON event.id = event_outbox.event_id WHERE event_outbox.batch_number IS NULL"""
    ).fetchall()
    for number, body, at, text, key, details in rows:
        waiting = report.Event.model_validate_json(body)
        facts = event_facts(details, text)
        whole = report.Event(id=waiting.id, at=from_rfc3339(at), kind=waiting.kind, device=key, text=text, detail=facts)
        if sent := outgoing.event(whole, device_of(connection, key)):
            connection.execute("UPDATE event_outbox SET body = ? WHERE event_id = ?", (sent.to_json(), number))
        else:
            connection.execute("DELETE FROM event_outbox WHERE event_id = ?", (number,))
