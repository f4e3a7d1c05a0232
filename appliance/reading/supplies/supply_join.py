"""What the vendor's objects tell of supplies, joined to the rows of prtMarkerSuppliesTable.

- A row of the vendor finds its standard row by index, part number, description, or colour and type; never by its position.
- It fills what is open there: a serial number, a part number, a level the standard row only hints at (-3). A level that is known
  stays, unless the definition prefers the vendor's.
- What the standard table does not have is a supply of its own, if it says what it is: an amount of nothing is none.
"""

from collections.abc import Sequence
from itertools import islice

from appliance.common.message import Message
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.identity import NOT_REPORTED
from appliance.reading.supplies.indexes import free_index
from appliance.reading.supplies.supplies import Supplies, is_receptacle, state_of
from appliance.reading.supplies.vendor_supplies import INKS, TONERS, WASTES, VendorSupply, vendor_supplies
from appliance.report import Supply

NOT_FROM_THIS_VENDOR = Message("not available from this manufacturer")
_FAMILIES = (TONERS, INKS, frozenset(WASTES))
_CARTRIDGES = frozenset({"toner", "tonerCartridge", "ink", "inkCartridge", "inkRibbon", "solidWax", "matteToner", "matteInk"})
MOST_TOLD, MOST_SUPPLIES = 500, 200
"""How much is looked at, and kept, of one device: definitions can name a table again and again. Large printers have some 40."""


def join_supplies(supplies: Supplies, vendor: Vendor) -> None:
    """Join what the vendor's objects tell to `supplies`, and say why cartridges have no serial number."""
    for found in islice(vendor_supplies(vendor), MOST_TOLD):
        matches = _matches(found, supplies.rows)
        if len(matches) == 1:
            position = matches[0]
            supplies.rows[position] = _filled(supplies.rows[position], found, supplies, vendor)
        elif not matches and found.add and _tells(found) and len(supplies.rows) < MOST_SUPPLIES:
            supplies.rows.append(_new(found, {row.index for row in supplies.rows}, vendor))
    cartridges = [row for row in supplies.rows if row.type in _CARTRIDGES]
    if cartridges and not any(row.serial for row in cartridges):
        can = vendor.quirks.cartridge_serials
        supplies.reasons["supplies.serial"] = NOT_REPORTED if can else NOT_FROM_THIS_VENDOR


def _tells(found: VendorSupply) -> bool:
    return found.level is not None or bool(found.state or found.serial)


def _matches(found: VendorSupply, rows: Sequence[Supply]) -> list[int]:
    """Return the positions of the rows `found` may be about, by the first rule that names any."""
    for rule in found.join:
        fitting = [position for position, row in enumerate(rows) if _fits(rule, found, row)]
        if fitting:
            return fitting
    return []


def _fits(rule: str, found: VendorSupply, row: Supply) -> bool:
    if rule == "index":
        return row.index == found.index
    if rule == "part_number":
        number = (found.part_number or "").upper()
        return number != "" and number in {(row.part_number or "").upper(), *(row.description or "").upper().split()}
    if rule == "description":
        return (row.description or "").casefold() in {text.casefold() for text in (found.description, found.name) if text}
    if rule == "color":
        return found.color is not None and row.color == found.color and (row.type == "unknown" or _alike(found.type, row.type))
    return _alike(found.type, row.type) and found.color in {None, row.color}


def _alike(one: str | None, other: str) -> bool:
    return one == other or any(one in family and other in family for family in _FAMILIES)


def _filled(row: Supply, found: VendorSupply, supplies: Supplies, vendor: Vendor) -> Supply:
    changes: dict[str, object] = {
        name: getattr(found, name)
        for name in ("serial", "part_number", "color")
        if getattr(row, name) is None and getattr(found, name) is not None
    }
    takes_level = found.percent is not None and (row.percent is None or found.prefer)
    if takes_level:
        changes |= {"level": found.level, "capacity": found.capacity, "unit": found.unit, "percent": found.percent}
        changes |= {"source": found.source}
        supplies.reasons.pop(f"supplies.{row.index}.percent", None)
        supplies.reasons[f"supplies.{row.index}.level"] = f"{row.source} is {row.level}"
    if row.state in {"unknown", "some_remaining"}:
        state = found.state or (_state(found, row.type, vendor) if takes_level or row.percent is None else None)
        if state not in {None, "unknown", row.state}:
            changes = {"source": f"{row.source}, {found.source}"} | changes | {"state": state}
    return row.model_copy(update=changes)


def _state(found: VendorSupply, kind: str, vendor: Vendor) -> str:
    receptacle = is_receptacle("", kind, found.description)
    waste_level = found.waste_level or vendor.quirks.waste_level
    return state_of(found.level, found.capacity, found.percent, receptacle=receptacle, waste_level=waste_level)


def _new(found: VendorSupply, taken: set[str], vendor: Vendor) -> Supply:
    kind = found.type or "unknown"
    is_waste = is_receptacle("", kind, found.description)
    return Supply.model_validate(
        {
            "index": free_index(found.index, taken, found.source.partition(" ")[0]),
            "type": kind,
            "class": "receptacleThatIsFilled" if is_waste else "supplyThatIsConsumed",
            "color": found.color,
            "description": found.description,
            "unit": found.unit,
            "level": found.level,
            "capacity": found.capacity,
            "percent": found.percent,
            "state": found.state or _state(found, kind, vendor),
            "serial": found.serial,
            "part_number": found.part_number,
            "source": found.source,
        }
    )
