"""Merging what another source says into a reading. Pure.

- What SNMP said stays: only what is null or missing is filled, and the reason why it was missing goes.
- `Device.key` stays as SNMP made it: a device that sleeps, and so is not asked over HTTP, has to keep its key.
- A supply is completed only from the one row that is certainly the same: same colour, same kind of thing, and no other like it.
- The parts of a total that is another than SNMP's, such as one since the start, are left out: they would not add up to it.
- Where a field of the device came from stands in `Reading.sources`.
"""

from collections.abc import Iterable
from typing import Any

from appliance.reading.parts import Parts
from appliance.reading.supplies.indexes import told_apart
from appliance.report import Access, Reading, Supply

_KINDS = {
    **dict.fromkeys(("toner", "tonerCartridge", "matteToner"), "toner"),
    **dict.fromkeys(("ink", "inkCartridge", "matteInk"), "ink"),
}
"""Names makers use for the same thing."""
_PARTS_OF_TOTAL = frozenset({"total_mono", "total_color", "blank_total"})
_DRIFT = 100
"""Impressions that may be made between two questions, or a hundredth of them all."""
_COMPLETED = ("serial", "part_number", "description", "color")


def supplement(reading: Reading, parts: Parts) -> Reading:
    """Return `reading` with what it lacks and `parts` have."""
    device = {name: value for name, value in parts.device.items() if name != "key" and getattr(reading.device, name, "") is None}
    excluded = reading.meters.keys() | (_PARTS_OF_TOTAL if _count_otherwise(reading, parts) else set())
    meters = {name: meter for name, meter in parts.meters.items() if name not in excluded}
    supplies = tuple(_completed(reading.supplies, parts.supplies)) if reading.supplies else told_apart(parts.supplies)
    status = {"printer": parts.printer_status} if parts.printer_status and reading.status.printer == "unknown" else {}
    filled = [*(f"device.{name}" for name in device), *(f"status.{name}" for name in status)]
    answered = {*filled, *(f"meters.{name}" for name in meters), *_answered_supplies(reading.supplies, supplies)}
    update: dict[str, Any] = {
        "device": reading.device.model_copy(update=device),
        "status": reading.status.model_copy(update=status),
        "meters": {**reading.meters, **meters},
        "supplies": supplies,
        "trays": reading.trays or parts.trays,
        "misc": {**parts.misc, **reading.misc},
        "access": (reading.access or Access()).joined(parts.access) if parts.access else reading.access,
        "sources": {**reading.sources, **dict.fromkeys(filled, parts.source)},
        "reasons": {path: reason for path, reason in reading.reasons.items() if path not in answered},
    }
    return reading.model_copy(update=update)


def _count_otherwise(reading: Reading, parts: Parts) -> bool:
    """Return whether both tell a total, and not the same one."""
    own, told = reading.meters.get("total"), parts.meters.get("total")
    return own is not None and told is not None and abs(own.value - told.value) > max(_DRIFT, own.value // 100)


def _answered_supplies(before: tuple[Supply, ...], after: tuple[Supply, ...]) -> set[str]:
    """Return the paths of reasons that hold no longer."""
    if not before:
        return {"supplies"} if after else set()
    pairs = list(zip(before, after, strict=True))
    serials = {"supplies.serial"} if any(new.serial for _, new in pairs) else set()
    return serials | {f"supplies.{old.index}.percent" for old, new in pairs if old.percent is None and new.percent is not None}


def _completed(rows: Iterable[Supply], offered: Iterable[Supply]) -> Iterable[Supply]:
    own, other = list(rows), list(offered)
    for row in own:
        twins = [each for each in other if _same(row, each)]
        alone = sum(_same(row, each) for each in own) == 1
        yield _complete(row, twins[0]) if alone and len(twins) == 1 else row


def _same(one: Supply, other: Supply) -> bool:
    """Return whether two rows tell of the same thing: both of a known kind and colour (black, where the kind has none)."""
    kind = _kind(one)
    return (
        kind is not None
        and kind == _kind(other)
        and one.color == other.color
        and (one.color is not None or kind not in ("toner", "ink"))
        and one.supply_class == other.supply_class
    )


def _kind(row: Supply) -> str | None:
    return None if row.type in ("other", "unknown") else _KINDS.get(row.type, row.type)


def _complete(row: Supply, twin: Supply) -> Supply:
    update: dict[str, Any] = {
        name: value for name in _COMPLETED if getattr(row, name) is None and (value := getattr(twin, name)) is not None
    }
    special = row.level is None or row.level < 0
    if special and row.percent is None and twin.percent is not None and row.state in ("unknown", "some_remaining"):
        # Level and capacity belong together: both replace special values, never real ones.
        update |= {name: getattr(twin, name) for name in ("level", "capacity", "unit", "percent", "state")}
    if update:
        update["source"] = f"{row.source}, {twin.source}"
    return row.model_copy(update=update)
