"""A poll: a device that was read in full is asked only for what changes. What to ask, and whether that is enough. Pure.

The rest is taken from the snapshot of the full read, and is read again

- once a day, a little earlier at one device than at another;
- when the device was restarted (sysUpTime) or counts a change of its configuration (prtGeneralConfigChanges);
- when another device answers (prtGeneralSerialNumber), or one lacks what it had;
- when a supply is fuller than before: then it was replaced, with another serial number, description and capacity.

Alerts are read when prtAlertAllEvents has moved, or is not there. Some printers do not keep it: where the state of the device
changes and it does not, alerts are read all the same, and where they have changed then, it is never believed again.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from appliance.reading import enumerations as enum
from appliance.reading.definitions.definitions import Definitions
from appliance.reading.definitions.vendor import read_vendor
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.supplies.supplies import OVERSHOOT
from appliance.reading.view import View, integer
from appliance.snmp.values import Objects, Oid, Value

FULL_AFTER: Final = timedelta(hours=24)
FULL_SPREAD_SECONDS: Final = 7200
"""The devices of a site are not all read in full in the same cycle."""
CLEAR_RISE: Final = OVERSHOOT - 1
"""The part of its capacity by which a supply has to be fuller than before to have been replaced: estimates waver."""

_SCALARS = (
    mib.HR_DEVICE_STATUS,
    mib.HR_PRINTER_STATUS,
    mib.HR_PRINTER_DETECTED_ERROR_STATE,
    mib.PRT_GENERAL_CONFIG_CHANGES,
    mib.PRT_GENERAL_SERIAL_NUMBER,
    mib.PRT_ALERT_ALL_EVENTS,
)
_COLUMNS = (
    mib.PRT_MARKER_LIFE_COUNT,
    mib.PRT_MARKER_POWER_ON_COUNT,
    mib.PRT_MARKER_SUPPLIES_LEVEL,
    mib.PRT_INPUT_CURRENT_LEVEL,
    mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT,
)
_STATE = (mib.HR_DEVICE_STATUS, mib.HR_PRINTER_STATUS, mib.HR_PRINTER_DETECTED_ERROR_STATE)
_RESTART_TICKS = 2**32
_ABOUT_TO_WRAP = _RESTART_TICKS - 100 * 86_400 * 3
"""sysUpTime, hundredths of seconds in 32 bits, starts anew after 497 days; in the last three of them that is no restart."""


@dataclass(frozen=True, slots=True)
class Changing:
    """What changes at a device, and how its tables are made."""

    scalars: tuple[Oid, ...]
    columns: tuple[Oid, ...]
    rows: Mapping[Oid, Sequence[Oid]]
    """The indexes of the rows, by the OID of the table entry."""
    spoken: frozenset[Oid]
    """Private objects that say what the panel shows."""

    def covers(self, oid: Oid) -> bool:
        """Return whether a poll asks for `oid`."""
        return oid in self.scalars or any(oid[: len(column)] == column for column in self.columns)


def changing(objects: Objects, definitions: Definitions) -> Changing:
    """Return what changes at a device that has said `objects`."""
    view = View(objects)
    vendor = read_vendor(view, definitions)
    wanted = [mib.SYS_UP_TIME.instance(0), *(view.instance(each) for each in _SCALARS), *vendor.changing]
    indexes = {column: list(view.instances(column)) for column in _COLUMNS}
    rows: dict[Oid, list[Oid]] = {}
    for each, found in indexes.items():
        # A panel may show another number of lines at any time: those are looked for.
        if found and each is not mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT:
            rows[each.oid[:-1]] = sorted({*rows.get(each.oid[:-1], ()), *found})
    return Changing(
        scalars=tuple(oid for oid in dict.fromkeys(wanted) if oid in objects),
        columns=tuple(column.oid for column, found in indexes.items() if found),
        rows=rows,
        spoken=frozenset(vendor.spoken),
    )


def is_due(address: str, full_at: datetime, now: datetime) -> bool:
    """Return whether the device at `address`, read in full at `full_at`, is to be read so again; also if the clock was set back."""
    earlier = timedelta(seconds=zlib.crc32(address.encode()) % FULL_SPREAD_SECONDS)
    return not timedelta() <= now - full_at < FULL_AFTER - earlier


def why_not_enough(before: Objects, now: Objects, asked: Changing) -> str | None:
    """Return why the device has to be read in full after a poll that brought `now`, or None."""
    view = View(before)
    if any(oid not in now for oid in asked.scalars):
        return "it lacks an object it had"
    known = [column for column in asked.columns if column[:-1] in asked.rows]
    if any(_cells(before, column) != _cells(now, column) for column in known):
        return "a table has other rows"
    if _was_restarted(integer(before.get(mib.SYS_UP_TIME.instance(0))), integer(now.get(mib.SYS_UP_TIME.instance(0)))):
        return "it was restarted"
    for each, reason in (
        (mib.PRT_GENERAL_CONFIG_CHANGES, "its configuration was changed"),
        (mib.PRT_GENERAL_SERIAL_NUMBER, "it is another device"),
    ):
        instance = view.instance(each)
        if before.get(instance) != now.get(instance):
            return reason
    return "a supply was replaced" if _was_filled(view, now) else None


def needs_alerts(before: Objects, now: Objects, *, counted: bool) -> bool:
    """Return whether the alerts are to be read; `counted`: prtAlertAllEvents is believed."""
    view = View(before)
    events = view.instance(mib.PRT_ALERT_ALL_EVENTS)
    return not counted or events not in now or now[events] != before.get(events) or _state(view, before) != _state(view, now)


def counts_alerts(before: Objects, now: Objects) -> bool:
    """Return whether prtAlertAllEvents told of what became of the alerts; `now` holds the alerts as well."""
    events = View(before).instance(mib.PRT_ALERT_ALL_EVENTS)
    if events not in now:
        return False
    return now[events] != before.get(events) or alerts_of(now) == alerts_of(before)


def alerts_of(objects: Objects) -> dict[Oid, Value]:
    """Return the cells of prtAlertTable."""
    columns = [column.oid for column in mib.ALERT_COLUMNS]
    return {oid: value for oid, value in objects.items() if any(oid[: len(column)] == column for column in columns)}


def merged(before: Objects, now: Objects, asked: Changing, *, with_alerts: bool) -> dict[Oid, Value]:
    """Return the objects of the device after a poll; of what was asked nothing old stays."""
    old = alerts_of(before) if with_alerts else {}
    kept = {oid: value for oid, value in before.items() if oid not in old and not asked.covers(oid)}
    return kept | dict(now)


def _state(view: View, objects: Objects) -> list[Value | None]:
    return [objects.get(view.instance(column)) for column in _STATE]


def _was_restarted(before: int | None, now: int | None) -> bool:
    if before is None or now is None:
        return before != now
    return now < before < _ABOUT_TO_WRAP


def _was_filled(before: View, now: Objects) -> bool:
    """Return whether a supply that is consumed is fuller than before."""
    after = View(now).instances(mib.PRT_MARKER_SUPPLIES_LEVEL)
    for index, value in before.instances(mib.PRT_MARKER_SUPPLIES_LEVEL).items():
        level, new = integer(value), integer(after.get(index))
        if level is None or new is None or new <= level or _number(before, mib.PRT_MARKER_SUPPLIES_CLASS, index) == enum.FILLED:
            continue
        capacity = _number(before, mib.PRT_MARKER_SUPPLIES_MAX_CAPACITY, index) or 0
        in_percent = _number(before, mib.PRT_MARKER_SUPPLIES_SUPPLY_UNIT, index) == enum.PERCENT
        if level < 0 or new - level > CLEAR_RISE * (100 if in_percent or capacity <= 0 else capacity):
            return True
    return False


def _cells(objects: Objects, column: Oid) -> set[Oid]:
    return {oid for oid in objects if oid[: len(column)] == column}


def _number(view: View, column: MibObject, index: Oid) -> int | None:
    return integer(view.get(column.instance(*index)))
