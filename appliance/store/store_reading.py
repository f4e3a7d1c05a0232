"""Keeping one reading: its device, the reading itself, its place in the outbox, and the events it brings. Inside a transaction."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from appliance import report
from appliance.common.clock import to_rfc3339
from appliance.common.errors import StoreError
from appliance.common.files import to_json
from appliance.events.comparison import between
from appliance.events.device_event import DeviceEvent
from appliance.events.memory import parse_memory
from appliance.events.sentences import device_name, sentence
from appliance.store.device_identity import device_of, identify
from appliance.store.event_log import insert_event

MakeId = Callable[[], str]


class Outgoing(Protocol):
    """Gives readings and events the form in which they leave the site."""

    @property
    def mark(self) -> str:
        """The same text as long as the form is the same."""
        ...

    def reading(self, reading: report.Reading) -> report.Reading:
        """Return the reading as it is to be sent; the same one where nothing is masked."""
        ...

    def event(self, event: report.Event, device: report.Device) -> report.Event | None:
        """Return the event as it is to be sent, or None when it is not."""
        ...


class Unmasked:
    """Lets everything out as it is."""

    mark = ""

    def reading(self, reading: report.Reading) -> report.Reading:
        """Return the reading."""
        return reading

    def event(self, event: report.Event, device: report.Device) -> report.Event | None:  # noqa: ARG002 - the form of Outgoing
        """Return the event."""
        return event


def tell(
    connection: sqlite3.Connection,
    device_events: Iterable[DeviceEvent],
    device: report.Device,
    at: datetime,
    *,
    make_id: MakeId,
    outgoing: Outgoing,
) -> None:
    """Keep what happened to a device, and let it wait to be sent in the form it may leave the site."""
    for device_event in device_events:
        text = sentence(device_event.kind, device_name(device), device_event.detail)
        event = report.Event(
            id=make_id(), at=at, kind=device_event.kind, device=device.key, text=text, detail=dict(device_event.detail)
        )
        number = insert_event(connection, event.kind, text, event.device, event.detail, at=event.at, sent_as=event.id)
        if sent := outgoing.event(event, device):
            connection.execute("INSERT INTO event_outbox (event_id, body) VALUES (?, ?)", (number, sent.to_json()))


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
    profile: Mapping[str, Any] | None,
    *,
    make_id: MakeId,
    outgoing: Outgoing,
) -> None:
    """Keep a reading under the key its device is known by, let it wait in the outbox, and tell what has happened.

    One of another address of a device that is read at its first is not kept: it would tell the same twice.
    """
    address = str((profile or {}).get("address") or reading.device.ip or "") or None
    identified = identify(connection, reading, address, str((profile or {}).get("scan") or "") or None)
    device = identified.reading.device
    if identified.spare:
        events = (device_event for _, device_event in identified.device_events)
        tell(connection, events, device_of(connection, device.key), reading.taken_at, make_id=make_id, outgoing=outgoing)
        return
    before = connection.execute(
        "SELECT memory, body FROM device JOIN reading ON reading.id = last_reading_id WHERE key = ?", (device.key,)
    ).fetchone()
    memory, last = (parse_memory(before[0]), before[1]) if before else (None, None)
    # The reading before is only needed where nothing is remembered: on a database of a former version.
    previous = report.Reading.model_validate_json(last) if last and memory is None else None
    outcome = between(previous, identified.reading, memory)
    sent, remembered = outgoing.reading(outcome.reading), outcome.memory.to_json()
    put_away(connection, outcome.reading, sent, address, profile, memory=remembered, masks=outgoing.mark)
    for key, device_event in identified.device_events:
        about = device if key == device.key else device_of(connection, key)
        tell(connection, [device_event], about, reading.taken_at, make_id=make_id, outgoing=outgoing)
    tell(connection, outcome.device_events, device, reading.taken_at, make_id=make_id, outgoing=outgoing)


def put_away(
    connection: sqlite3.Connection,
    reading: report.Reading,
    sent: report.Reading,
    address: str | None,
    profile: Mapping[str, Any] | None,
    *,
    memory: str = "{}",
    masks: str | None = None,
) -> int:
    """Write the rows of a reading, its outbox entry and its device; return the number of the reading.

    The outbox has a body of its own only where what is sent differs from what is kept; `masks` marks the form it is sent in, None
    when that is not known.
    """
    device, taken_at = reading.device, to_rfc3339(reading.taken_at)
    reading_id = insert_reading(connection, reading, reading.to_json())
    body = None if sent is reading else sent.to_json()
    connection.execute("INSERT INTO outbox (reading_id, body, masks) VALUES (?, ?, ?)", (reading_id, body, masks))
    connection.execute(
        """INSERT INTO device (key, address, first_seen_at, last_seen_at, last_reading_id, agent, mac, memory)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET address = COALESCE(excluded.address, address), last_seen_at = excluded.last_seen_at,
        last_reading_id = excluded.last_reading_id, agent = CASE WHEN ? THEN excluded.agent ELSE agent END,
        mac = COALESCE(excluded.mac, mac), memory = excluded.memory,
        failure = NULL, failed_at = NULL, missed = 0, silent_at = NULL, replaced_by = NULL""",
        (
            device.key,
            address,
            taken_at,
            taken_at,
            reading_id,
            to_json(profile or {}).decode(),
            device.mac,
            memory,
            profile is not None,
        ),
    )
    return reading_id
