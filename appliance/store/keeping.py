"""Keeping one reading: the reading itself, its place in the outbox, its device, and events worth telling. Inside a transaction."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from appliance import report
from appliance.clock import to_rfc3339, utc_now
from appliance.errors import StoreError
from appliance.files import to_json


def insert_event(connection: sqlite3.Connection, kind: str, text: str, device_key: str | None, details: Mapping[str, Any]) -> None:
    """Insert an event that happens now."""
    connection.execute(
        "INSERT INTO event (at, kind, text, device_key, details) VALUES (?, ?, ?, ?, ?)",
        (to_rfc3339(utc_now()), kind, text, device_key, to_json(dict(details)).decode()),
    )


def insert_reading(connection: sqlite3.Connection, reading: report.Reading, body: str) -> int:
    """Insert a reading and return its number."""
    number = connection.execute(
        "INSERT INTO reading (device_key, taken_at, body) VALUES (?, ?, ?)",
        (reading.device.key, to_rfc3339(reading.taken_at), body),
    ).lastrowid
    if number is None:
        raise StoreError("The database gave no number to a new reading.")
    return number


def keep_one(
    connection: sqlite3.Connection,
    reading: report.Reading,
    body: str,
    profile: Mapping[str, Any] | None,
    *,
    with_events: bool = True,
) -> int:
    """Keep a reading, let it wait in the outbox, and note what it says about its device; return its number."""
    device, taken_at = reading.device, to_rfc3339(reading.taken_at)
    address = str((profile or {}).get("address") or device.ip or "") or None
    before = connection.execute("SELECT address FROM device WHERE key = ?", (device.key,)).fetchone()
    reading_id = insert_reading(connection, reading, body)
    connection.execute("INSERT INTO outbox (reading_id) VALUES (?)", (reading_id,))
    if with_events:
        _note_moves(connection, device, before, address)
    connection.execute(
        """INSERT INTO device (key, address, first_seen_at, last_seen_at, last_reading_id, agent) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET address = COALESCE(excluded.address, address), last_seen_at = excluded.last_seen_at,
        last_reading_id = excluded.last_reading_id, agent = CASE WHEN ? THEN excluded.agent ELSE agent END,
        failure = NULL, failed_at = NULL""",
        (device.key, address, taken_at, taken_at, reading_id, to_json(profile or {}).decode(), profile is not None),
    )
    return reading_id


def _note_moves(
    connection: sqlite3.Connection, device: report.Device, before: tuple[str | None] | None, address: str | None
) -> None:
    """Keep events of a new device, of one that changed its address, and of one that gave its address to another."""
    name = " ".join(part for part in (device.manufacturer, device.model) if part) or device.key
    if before is None:
        place = f"at {address}" if address else "without an address"
        insert_event(connection, "device_found", f"{name} was found {place}.", device.key, {"address": address})
    elif address and before[0] != address:
        insert_event(
            connection,
            "address_changed",
            f"{name} moved from {before[0] or 'an address another device has taken'} to {address}.",
            device.key,
            {"from": before[0], "to": address},
        )
    if address is None or (before is not None and before[0] == address):
        return
    others = connection.execute("SELECT key FROM device WHERE address = ? AND key <> ?", (address, device.key)).fetchall()
    for (other,) in others:
        connection.execute("UPDATE device SET address = NULL WHERE key = ?", (other,))
        insert_event(
            connection,
            "address_taken",
            f"{address} belongs to {name} now; {other} was there before.",
            other,
            {"address": address, "by": device.key},
        )
