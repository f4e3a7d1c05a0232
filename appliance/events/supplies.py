"""Supplies: replaced, low, empty or full. Told at the edge, once, with room for a level that wavers.

- Replaced: the cartridge has another serial number; or its level rose by 15 points or more; or, where no percentage is told, an
  empty one is not empty any more. A level that fell at once and came back to where it was had not been read well: no event.
- Low and empty: when the state first says so. Told again only after the supply was replaced, or was clearly fine in between.
- A waste container has no such levels: makers do not agree whether they tell what is in it or what still fits.
"""

from appliance.events.device_event import DeviceEvent, Kind
from appliance.events.memory import Memory, SupplyMemory
from appliance.report import Supply

CLEAR_RISE = 15.0
"""Points by which a level has to rise: more than an estimate wavers, less than any refill."""
BACK_AGAIN = 3.0
"""Points around the level before a fall within which a level counts as back."""
FINE_PERCENT = 15.0
FINE_RISE = 5.0
"""A supply told low is fine again from this percentage on, and this much above what was told."""
FINE_READINGS = 3
"""Where no percentage is told: readings in a row without the state."""

MOST = 100
"""Supplies of one device that are followed at most."""

_RANK = {"low": 1, "empty": 2, "full": 2}
_TOLD: dict[str, Kind] = {"low": "supply_low", "empty": "supply_empty", "full": "supply_full"}


def judge_supplies(supplies: tuple[Supply, ...], memory: Memory) -> list[DeviceEvent]:
    """Return what happened to the supplies; `memory` is brought up to date. A row this reading lacks stays remembered."""
    device_events: list[DeviceEvent] = []
    for supply in supplies[:MOST]:
        name = "|".join((supply.index, supply.type, supply.color or ""))
        known = memory.supplies.get(name)
        now = known or SupplyMemory()
        if known is not None and _was_replaced(supply, now):
            device_events.append(DeviceEvent("supply_replaced", _facts(supply) | _change(supply, now)))
            now.told, now.told_percent, now.fine = 0, None, 0
        if kind := _edge(supply, now):
            device_events.append(DeviceEvent(kind, _facts(supply) | {"percent": supply.percent}))
        _remember(supply, now)
        # The newest at the end: rows a device has not told for long make room first.
        memory.supplies.pop(name, None)
        memory.supplies[name] = now
    for name in list(memory.supplies)[:-MOST]:
        del memory.supplies[name]
    return device_events


def _was_replaced(supply: Supply, before: SupplyMemory) -> bool:
    if supply.serial and before.serial and supply.serial != before.serial:
        return True
    if supply.supply_class == "receptacleThatIsFilled" or (supply.serial and supply.serial == before.serial):
        return False
    if supply.percent is not None and before.percent is not None:
        back = before.before_fall is not None and abs(supply.percent - before.before_fall) <= BACK_AGAIN
        return supply.percent - before.percent >= CLEAR_RISE and not back
    return before.state == "empty" and supply.state in ("ok", "some_remaining")


def _edge(supply: Supply, now: SupplyMemory) -> Kind | None:
    """Return the event to tell of the state, and note what was told and when it may be told again."""
    rank = _RANK.get(supply.state, 0)
    if rank > now.told:
        now.told, now.told_percent, now.fine = rank, supply.percent, 0
        return _TOLD[supply.state]
    if rank == 0 and now.told:
        if supply.percent is not None:
            fine = supply.percent >= max(FINE_PERCENT, (now.told_percent or 0.0) + FINE_RISE)
        else:
            now.fine += supply.state in ("ok", "some_remaining", "unrestricted")
            fine = now.fine >= FINE_READINGS
        if fine:
            now.told, now.told_percent, now.fine = 0, None, 0
    elif rank:
        now.fine = 0
    return None


def _remember(supply: Supply, now: SupplyMemory) -> None:
    """Note level, state and serial number; what this reading does not tell stays as it was."""
    if supply.percent is not None:
        fell = now.percent is not None and now.percent - supply.percent >= CLEAR_RISE
        now.before_fall = now.percent if fell else None
        now.percent = supply.percent
    if supply.state != "unknown":
        now.state = supply.state
    now.serial = supply.serial or now.serial


def _facts(supply: Supply) -> dict[str, object]:
    return {"supply": supply.index, "type": supply.type, "color": supply.color, "description": supply.description}


def _change(supply: Supply, before: SupplyMemory) -> dict[str, object]:
    return {
        "old_percent": before.percent,
        "new_percent": supply.percent,
        "old_serial": before.serial,
        "new_serial": supply.serial,
        "part_number": supply.part_number,
    }
