"""Which device a reading is of, and where it is now. Inside the transaction of the one writer, so that no device is there twice.

- A device is known by its serial number; before it told one, by its MAC address or its IP address: such a key is provisional.
- A device that tells more of itself than before keeps its history: the provisional key is replaced, and stays known as an alias.
- A serial number under another name of its maker, or spelled otherwise, is of the device that is known to have this MAC address or
  to be at this address: it keeps the key it has, and the other one is known as an alias.
- A reading that tells less (half an answer) belongs to the device that is known to have this MAC address or to be at this address.
- The same serial number at another address is a device that moved; another one at the same address is another device. Where both
  addresses answer in one scan, see `appliance.store.same_key`.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.common.clock import to_rfc3339
from appliance.events.device_event import SILENT_AFTER_CYCLES, DeviceEvent
from appliance.events.sentences import device_name
from appliance.report import Device, Reading
from appliance.report.device_keys import are_of_one_serial, device_key, is_by_serial
from appliance.store.merging import merge
from appliance.store.same_key import second_of, shares_serial

KeyedEvent = tuple[str, DeviceEvent]
"""An event, led by the key of the device it is about."""


@dataclass(slots=True)
class IdentifiedReading:
    """A reading under the key its device is known by, and what happened to devices because of it."""

    reading: Reading
    address: str | None
    spare: bool = False
    """Whether the device was read at another address of its own already: then this reading tells nothing new."""
    device_events: list[KeyedEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the table of devices says."""

    address: str | None
    silent_at: str | None
    replaced_by: str | None


def identify(connection: sqlite3.Connection, reading: Reading, address: str | None, scan: str | None = None) -> IdentifiedReading:
    """Return the reading under the key of its device, with the events of devices found, moved, replaced, back or identified.

    Renames and merges devices in the tables; the row of the device itself is left to the caller. `scan` is the id of the scan that
    brought the reading.
    """
    device = reading.device
    key = _established(connection, device, address, partial="reading" in reading.reasons)
    identified = IdentifiedReading(reading, address)
    second = second_of(connection, reading, key, address, scan) if address and is_by_serial(key) else None
    if second is not None:
        key, identified.spare = second.key, second.spare
        identified.device_events += [(key, second.device_event)] if second.device_event else []
    if key != device.key:
        if is_by_serial(device.key) and is_by_serial(key):
            connection.execute("INSERT OR IGNORE INTO device_alias (key, device_key) VALUES (?, ?)", (device.key, key))
        device = device.model_copy(update={"key": key})
        identified.reading = reading.model_copy(update={"device": device})
    if identified.spare:
        return identified
    for former in _predecessors(connection, device, address):
        merge(connection, former, key)
        identified.device_events.append((key, DeviceEvent("device_identified", {"former_key": former, "key": key})))
    known = _known(connection, key)
    identified.device_events += [(key, device_event) for device_event in _whereabouts(connection, key, known, address)]
    if address and (known is None or known.address != address):
        identified.device_events += _displaced(connection, device, address, newcomer=known is None)
    if address:
        _note_address(connection, key, address, to_rfc3339(reading.taken_at))
    return identified


def _known(connection: sqlite3.Connection, key: str) -> _Known | None:
    row = connection.execute("SELECT address, silent_at, replaced_by FROM device WHERE key = ?", (key,)).fetchone()
    return _Known(*row) if row else None


def _established(connection: sqlite3.Connection, device: Device, address: str | None, *, partial: bool) -> str:
    """Return the key the device of a reading is known by: its own, unless a device with a better key is surely the same."""
    key = device.key
    if _known(connection, key) is not None:
        return key
    kind = key.partition(":")[0]
    alias = connection.execute(
        "SELECT device.key, device.address FROM device_alias JOIN device ON device.key = device_key WHERE device_alias.key = ?",
        (key,),
    ).fetchone()
    if alias and (kind != "address" or alias[1] == address):
        return str(alias[0])
    if is_by_serial(key):
        return _of_one_serial(connection, device, address) or key
    same: list[tuple[str]] = []
    if kind == "mac":
        same = connection.execute("SELECT key FROM device WHERE mac = ?", (device.mac,)).fetchall()
    if kind == "address" or (not same and partial):
        at_address = """SELECT key FROM device WHERE address = ?1 AND (?2 IS NULL OR mac IS NULL OR mac = ?2)
            UNION SELECT device_key FROM second_address WHERE other = ?1"""
        same = connection.execute(at_address, (address, device.mac)).fetchall()
    fitting = [str(other) for (other,) in same if _fit(connection, str(other), device)]
    return fitting[0] if len(fitting) == 1 else key


def _of_one_serial(connection: sqlite3.Connection, device: Device, address: str | None) -> str | None:
    """Return the key of the one device with this MAC address, or at this address, whose serial number is that of `device`."""
    rows = connection.execute("SELECT key FROM device WHERE address = ? OR mac = ?", (address, device.mac))
    found = [str(key) for (key,) in rows if are_of_one_serial(str(key), device.key)]
    return found[0] if len(found) == 1 else None


def _predecessors(connection: sqlite3.Connection, device: Device, address: str | None) -> list[str]:
    """Return the keys under which this device was known before it told what it is known by now."""
    kind = device.key.partition(":")[0]
    found: list[str] = []
    if kind == "serial" and device.mac:
        found.append(device_key(None, None, device.mac, ""))
    if kind in ("serial", "mac") and address:
        found.append(device_key(None, None, None, address))
    known = [key for key in found if _known(connection, key) is not None and not shares_serial(connection, key, device.key)]
    return [key for key in known if key.startswith("mac:") or _fit(connection, key, device)]


def _fit(connection: sqlite3.Connection, key: str, device: Device) -> bool:
    """Return whether the device known as `key` can be `device`: maker and model agree as far as both are known."""
    row = connection.execute(
        """SELECT json_extract(body, '$.device.manufacturer'), json_extract(body, '$.device.model')
        FROM device JOIN reading ON reading.id = last_reading_id WHERE device.key = ?""",
        (key,),
    ).fetchone()
    pairs = zip(row or (None, None), (device.manufacturer, device.model), strict=True)
    return all(not before or not now or before.lower() == now.lower() for before, now in pairs)


def _whereabouts(connection: sqlite3.Connection, key: str, known: _Known | None, address: str | None) -> list[DeviceEvent]:
    """Return the events of the device itself: new, moved, back."""
    if known is None:
        return [DeviceEvent("device_new", {"address": address})]
    device_events = []
    before = known.address or _last_address(connection, key)
    if address and before != address:
        device_events.append(DeviceEvent("device_moved", {"from": before, "to": address}))
    if known.silent_at or (known.replaced_by and before == address):
        device_events.append(DeviceEvent("device_back", {"address": address, "silent_since": known.silent_at}))
    return device_events


def _displaced(connection: sqlite3.Connection, device: Device, address: str, *, newcomer: bool) -> list[KeyedEvent]:
    """Take `address` from the devices that had it. One that has to make way for a newcomer was replaced by it."""
    others = connection.execute("SELECT key FROM device WHERE address = ? AND key <> ?", (address, device.key)).fetchall()
    device_events: list[KeyedEvent] = []
    for (other,) in others:
        connection.execute(
            "UPDATE device SET address = NULL, replaced_by = ? WHERE key = ?", (device.key if newcomer else None, other)
        )
        if newcomer:
            facts = {"address": address, "by": device.key, "by_name": device_name(device)}
            device_events.append((str(other), DeviceEvent("device_replaced", facts)))
    return device_events


def _last_address(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT address FROM device_stay WHERE device_key = ? ORDER BY id DESC LIMIT 1", (key,)).fetchone()
    return str(row[0]) if row else None


def _note_address(connection: sqlite3.Connection, key: str, address: str, at: str) -> None:
    """Keep the history of addresses, one row for each stay; where a device is read is no second address of any."""
    connection.execute("DELETE FROM second_address WHERE other = ?", (address,))
    if _last_address(connection, key) == address:
        connection.execute(
            """UPDATE device_stay SET last_seen_at = ?
            WHERE id = (SELECT MAX(id) FROM device_stay WHERE device_key = ?)""",
            (at, key),
        )
    else:
        connection.execute(
            "INSERT INTO device_stay (device_key, address, first_seen_at, last_seen_at) VALUES (?, ?, ?, ?)",
            (key, address, at, at),
        )


def note_missed(connection: sqlite3.Connection, reasons: Mapping[str, str], at: str, *, everyone: bool) -> list[KeyedEvent]:
    """Count one cycle in vain for the devices in `reasons`; return the events of those that count as silent now.

    `everyone`: also for devices whose address another device has taken without replacing them, for nobody can ask those.
    """
    device_events: list[KeyedEvent] = []
    rows = connection.execute("SELECT key FROM device WHERE address IS NULL AND replaced_by IS NULL AND ?", (everyone,))
    displaced = {str(key): "Another device is at its address now." for (key,) in rows}
    for key, reason in {**displaced, **reasons}.items():
        connection.execute(
            "UPDATE device SET failure = ?, failed_at = COALESCE(failed_at, ?), missed = missed + 1 WHERE key = ?",
            (reason, at, key),
        )
        row = connection.execute("SELECT missed, silent_at, last_seen_at FROM device WHERE key = ?", (key,)).fetchone()
        if row and row[0] >= SILENT_AFTER_CYCLES and row[1] is None:
            connection.execute("UPDATE device SET silent_at = ? WHERE key = ?", (at, key))
            device_events.append((key, DeviceEvent("device_silent", {"missed": row[0], "reason": reason, "last_seen_at": row[2]})))
    return device_events


def device_of(connection: sqlite3.Connection, key: str) -> Device:
    """Return the device as its last reading has it, under the key it is known by."""
    row = connection.execute(
        "SELECT json_extract(body, '$.device') FROM device JOIN reading ON reading.id = last_reading_id WHERE key = ?", (key,)
    ).fetchone()
    return Device.model_validate({**(json.loads(row[0]) if row else {}), "key": key})
