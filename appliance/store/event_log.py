"""The events of the site as rows: the sentence in English, and beside the facts what it takes to word it in another language."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from appliance.common.clock import from_rfc3339, to_rfc3339, utc_now
from appliance.common.errors import StoreError
from appliance.common.files import to_json
from appliance.common.message import messages_from, with_messages
from appliance.store.rows import EventRow

_TEXT = "text"


def insert_event(
    connection: sqlite3.Connection,
    kind: str,
    text: str,
    device_key: str | None,
    details: Mapping[str, Any],
    *,
    at: datetime | None = None,
    sent_as: str | None = None,
) -> int:
    """Insert an event of this moment, where no other is given, and return its number; `sent_as` is its id away from the site."""
    facts = with_messages({**details, _TEXT: text})
    del facts[_TEXT]
    number = connection.execute(
        "INSERT INTO event (at, kind, text, device_key, details, sent_as) VALUES (?, ?, ?, ?, ?, ?)",
        (to_rfc3339(at or utc_now()), kind, str(text), device_key, to_json(facts).decode(), sent_as),
    ).lastrowid
    if number is None:
        raise StoreError("The database gave no number to a new event.")
    return number


def events(connection: sqlite3.Connection, limit: int, key: str | None = None) -> list[EventRow]:
    """Return the newest events, of one device when `key` is given, newest first."""
    where, values = ("WHERE device_key = ?", (key, limit)) if key is not None else ("", (limit,))
    rows = connection.execute(
        f"SELECT id, at, kind, text, device_key, details FROM event {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - words of ours
        values,
    )
    found = []
    for number, at, kind, text, device_key, details in rows:
        told = _told(details, text)
        found.append(EventRow(number, from_rfc3339(at), kind, told.pop(_TEXT), device_key, told))
    return found


def event_facts(details: str, text: str) -> dict[str, Any]:
    """Return the facts of an event from its row, without what its sentence is made of."""
    told = _told(details, text)
    del told[_TEXT]
    return told


def _told(details: str, text: str) -> dict[str, Any]:
    told: dict[str, Any] = messages_from({**json.loads(details), _TEXT: text})
    return told
