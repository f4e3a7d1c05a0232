"""The questions both the writer and the readers ask."""

import json
import sqlite3
from datetime import datetime
from typing import Any

from appliance import report
from appliance.common.clock import from_rfc3339
from appliance.store.rows import AddressRow, DeviceRow, OutboxState

_DEVICE = """SELECT device.key, device.address, device.first_seen_at, device.last_seen_at, reading.body, device.agent,
    device.failure, device.failed_at, device.silent_at, device.replaced_by
    FROM device JOIN reading ON reading.id = device.last_reading_id"""


def devices(connection: sqlite3.Connection) -> list[DeviceRow]:
    """Return all devices ever seen, by address and key."""
    return [_device(row) for row in connection.execute(f"{_DEVICE} ORDER BY device.address, device.key")]


def device(connection: sqlite3.Connection, key: str) -> DeviceRow | None:
    """Return the device with this key, or None."""
    row = connection.execute(f"{_DEVICE} WHERE device.key = ?", (key,)).fetchone()
    return _device(row) if row else None


def device_names(connection: sqlite3.Connection) -> list[report.Device]:
    """Return of each device its key, address, host name and MAC address."""
    rows = connection.execute(
        """SELECT device.key, device.address, json_extract(reading.body, '$.device.hostname'), device.mac
        FROM device JOIN reading ON reading.id = device.last_reading_id"""
    )
    return [report.Device(key=key, ip=address, hostname=name, mac=mac) for key, address, name, mac in rows]


def addresses(connection: sqlite3.Connection, key: str, limit: int) -> list[AddressRow]:
    """Return where a device has been, the newest stay first."""
    rows = connection.execute(
        "SELECT address, first_seen_at, last_seen_at FROM device_stay WHERE device_key = ? ORDER BY id DESC LIMIT ?",
        (key, limit),
    )
    return [AddressRow(address, from_rfc3339(first), from_rfc3339(last)) for address, first, last in rows]


def readings(connection: sqlite3.Connection, key: str, limit: int) -> list[report.Reading]:
    """Return the newest readings of a device, newest first."""
    rows = connection.execute("SELECT body FROM reading WHERE device_key = ? ORDER BY taken_at DESC, id DESC LIMIT ?", (key, limit))
    return [report.Reading.model_validate_json(body) for (body,) in rows]


def outbox_state(connection: sqlite3.Connection) -> OutboxState:
    """Return how much waits to be sent."""
    waiting, oldest, aside = connection.execute(
        """SELECT COALESCE(SUM(batch.rejected_at IS NULL), 0),
            MIN(CASE WHEN batch.rejected_at IS NULL THEN reading.taken_at END),
            COALESCE(SUM(batch.rejected_at IS NOT NULL), 0)
        FROM outbox JOIN reading ON reading.id = outbox.reading_id LEFT JOIN batch ON batch.number = outbox.batch_number"""
    ).fetchone()
    return OutboxState(waiting, _moment(oldest), aside)


def _device(row: tuple[Any, ...]) -> DeviceRow:
    key, address, first_seen, last_seen, body, agent, failure, failed_at, silent_at, replaced_by = row
    return DeviceRow(
        key=key,
        address=address,
        first_seen_at=from_rfc3339(first_seen),
        last_seen_at=from_rfc3339(last_seen),
        body=body,
        agent=json.loads(agent),
        failure=failure,
        failed_at=_moment(failed_at),
        silent_at=_moment(silent_at),
        replaced_by=replaced_by,
    )


def _moment(text: str | None) -> datetime | None:
    return from_rfc3339(text) if text else None


def note(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the note of this name that the collector has made, or None."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None
