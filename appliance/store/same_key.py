"""One key at two addresses in one scan: one device with two addresses, or two devices that tell the same serial number.

It is one device (wired and wireless) where model, firmware and meters agree. Then it is read where it always was, and its other
address is known. Where they do not agree, the second device is known by its MAC address, else by its address, for as long as it
tells that number. Inside the transaction of the one writer.
"""

import sqlite3
from dataclasses import dataclass

from appliance.events.device_event import DeviceEvent
from appliance.report import Reading
from appliance.report.device_keys import device_key

_FASTEST = 5
"""No device counts more in a second, whatever it counts."""


@dataclass(frozen=True, slots=True)
class SameKey:
    """What a reading turned out to be that has the key of a device read elsewhere."""

    key: str
    spare: bool
    """Whether the reading is of a device that is read at its first address already."""
    device_event: DeviceEvent | None = None
    """What happened, told once."""


def second_of(connection: sqlite3.Connection, reading: Reading, key: str, address: str, scan: str | None) -> SameKey | None:
    """Return what a reading under `key` at `address` is, where that device was read at another one in this scan; None elsewhere.

    `scan` is the id of the scan that brought the reading, None where that is not known.
    """
    row = connection.execute(
        "SELECT address, mac, missed, json_extract(agent, '$.scan') FROM device WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    before, mac, missed, last_scan = row
    own = _provisional_key(reading, mac, address)
    elsewhere = before is not None and before != address
    found: SameKey | None = None
    if (own.startswith("mac:") or before != address) and _is_noted(connection, "shared_serial", key, own):
        found = SameKey(own, spare=False)
    elif elsewhere and not missed and _is_noted(connection, "second_address", key, address):
        found = SameKey(key, spare=True)
    elif elsewhere and scan is not None and last_scan == scan:
        found = _judged(connection, reading, key, own, (before, address))
    return found


def _judged(connection: sqlite3.Connection, reading: Reading, key: str, own: str, addresses: tuple[str, str]) -> SameKey:
    """Note which of both it is: one device at two addresses, the first one and this one, or two devices."""
    before, address = addresses
    question = "SELECT body FROM device JOIN reading ON reading.id = last_reading_id WHERE key = ?"
    (body,) = connection.execute(question, (key,)).fetchone()
    if _agree(Reading.model_validate_json(body), reading):
        connection.execute("INSERT OR REPLACE INTO second_address (other, device_key) VALUES (?, ?)", (address, key))
        return SameKey(key, spare=True, device_event=DeviceEvent("device_second_address", {"from": before, "to": address}))
    connection.execute("INSERT OR REPLACE INTO shared_serial (other, device_key) VALUES (?, ?)", (own, key))
    facts = {"address": address, "from": before, "by": key}
    return SameKey(own, spare=False, device_event=DeviceEvent("serial_number_shared", facts))


def shares_serial(connection: sqlite3.Connection, key: str, of: str) -> bool:
    """Return whether `key` stands for another device that tells the serial number of the one with the key `of`."""
    return _is_noted(connection, "shared_serial", of, key)


def _provisional_key(reading: Reading, other_mac: str | None, address: str) -> str:
    mac = reading.device.mac
    return device_key(None, None, mac if mac != other_mac else None, address)


def _is_noted(connection: sqlite3.Connection, table: str, key: str, other: str) -> bool:
    question = f"SELECT 1 FROM {table} WHERE device_key = ? AND other = ?"  # noqa: S608 - names of ours
    return connection.execute(question, (key, other)).fetchone() is not None


def _agree(one: Reading, other: Reading) -> bool:
    """Return whether two readings can be of one device: its model, firmware and meters, as far as both tell them."""
    if one.device.mac and one.device.mac == other.device.mac:
        return True
    texts = ((getattr(one.device, name), getattr(other.device, name)) for name in ("model", "firmware"))
    if any(before and now and before.lower() != now.lower() for before, now in texts):
        return False
    most = _FASTEST * (1 + abs((other.taken_at - one.taken_at).total_seconds()))
    return all(abs(meter.value - other.meters[name].value) <= most for name, meter in one.meters.items() if name in other.meters)
