"""What the vendor's objects tell of supplies, joined to the rows of prtMarkerSuppliesTable.

- A row of the vendor finds its standard row by index, part number, description, or colour and type; never by its position.
- It fills what is open there: a serial number, a part number, a level the standard row only hints at (-3). A level that is known
  stays, unless the definition prefers the vendor's.
- What the standard table does not have is a supply of its own, if it says what it is: an amount of nothing is none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice

from appliance.common.message import Message
from appliance.privacy.people import scrub_text
from appliance.reading import enumerations as enum
from appliance.reading.definitions.fields import State, WasteLevel
from appliance.reading.definitions.supply_schema import SuppliesSpec, SupplySpec
from appliance.reading.definitions.vendor import Given, Vendor, charset_of, rows_of, source
from appliance.reading.identity.identity import NOT_REPORTED
from appliance.reading.identity.placeholders import is_placeholder
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import Supplies, is_receptacle, percent_of, state_of
from appliance.reading.text import decode
from appliance.reading.view import integer
from appliance.report import Supply
from appliance.snmp.values import Oid, Value

NOT_FROM_THIS_VENDOR = Message("not available from this manufacturer")
_TONERS = frozenset({"toner", "tonerCartridge", "matteToner"})
_INKS = frozenset({"ink", "inkCartridge", "matteInk", "inkRibbon"})
_WASTES = {"wasteToner": _TONERS, "wasteInk": _INKS}
_FAMILIES = (_TONERS, _INKS, frozenset(_WASTES))
_CARTRIDGES = frozenset({"toner", "tonerCartridge", "ink", "inkCartridge", "inkRibbon", "solidWax", "matteToner", "matteInk"})
MOST_TOLD, MOST_SUPPLIES = 500, 200
"""How much is looked at, and kept, of one device: definitions can name a table again and again. Large printers have some 40."""
_HAS_SERIAL = re.compile(r"[A-Za-z0-9]{4,}")


@dataclass(frozen=True, slots=True)
class VendorSupply:
    """What the vendor tells of one supply."""

    index: str
    join: tuple[str, ...]
    type: str | None = None
    color: str | None = None
    description: str | None = None
    name: str | None = None
    """Another text of it."""
    unit: str | None = None
    level: int | None = None
    capacity: int | None = None
    percent: float | None = None
    state: State | None = None
    serial: str | None = None
    part_number: str | None = None
    source: str = ""
    waste_level: WasteLevel | None = None
    prefer: bool = False
    add: bool = True


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


def _free_index(found: VendorSupply, taken: set[str]) -> str:
    """Return an index that no supply of the reading has: `1`, or `acmeToner.1` where the standard table has a row 1 of its own."""
    name = found.source.partition(" ")[0]
    longer = f"{name}.{found.index}"
    candidates = chain((found.index, longer), (f"{longer}.{number}" for number in count(2)))
    return next(each for each in candidates if each not in taken)


def _new(found: VendorSupply, taken: set[str], vendor: Vendor) -> Supply:
    kind = found.type or "unknown"
    is_waste = is_receptacle("", kind, found.description)
    return Supply.model_validate(
        {
            "index": _free_index(found, taken),
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


# What the definitions name


def vendor_supplies(vendor: Vendor) -> Iterator[VendorSupply]:
    """Return what the definitions that apply make of the vendor's objects."""
    for each in vendor.applying:
        for table in each.content.supply_tables:
            if vendor.applies(table):
                yield from _table_rows(vendor, table)
        for number, spec in enumerate(each.content.supplies, 1):
            if vendor.applies(spec):
                yield from _single(vendor, spec, f"{each.vendor}.{number}")


def _single(vendor: Vendor, spec: SupplySpec, index: str) -> Iterator[VendorSupply]:
    """Yield the supply that is put together from single objects, if any of them has answered."""
    level_given, level, capacity = _level(vendor, spec)
    state_given = vendor.named.get(spec.state or "")
    state = spec.states.get(_number(state_given) if state_given is not None else None)  # type: ignore[arg-type] # None is no key
    serial, part_number = (_word(vendor.named.get(name or "")) for name in (spec.serial, spec.part_number))
    given = next((each for each in (level_given, state_given, vendor.named.get(spec.serial or "")) if each is not None), None)
    if given is None or not (level is not None or state or serial):
        return
    percent, _ = percent_of(level, capacity, None)
    yield VendorSupply(
        index=index,
        join=spec.join or (("color", "type") if spec.color else ("type",)),
        type=spec.type,
        color=spec.color,
        description=spec.description,
        unit="percent" if capacity == 100 and level is not None else None,
        level=level,
        capacity=capacity,
        percent=percent,
        state=state,
        serial=serial,
        part_number=part_number,
        source=given.source,
        waste_level=spec.waste_level,
        prefer=spec.prefer,
    )


def _level(vendor: Vendor, spec: SupplySpec) -> tuple[Given | None, int | None, int | None]:
    """Return the first level that has answered, with its capacity; records of two octets carry both themselves."""
    for position, name in enumerate(spec.level):
        given = vendor.named.get(name)
        if given is None or name in vendor.states:
            continue
        if name in vendor.pairs:
            return given, *vendor.pairs[name]
        capacity = spec.capacity[min(position, len(spec.capacity) - 1)] if spec.capacity else None
        return given, _number(given), capacity if isinstance(capacity, int) else _number(vendor.named.get(capacity or ""))
    return None, None, None


def _number(given: Given | None) -> int | None:
    if given is None:
        return None
    if isinstance(given.value, int):
        return given.value
    return int(given.value) if re.fullmatch(r"-?\d{1,18}", given.value) else None


def _word(given: Given | None) -> str | None:
    return str(given.value) if given is not None and _HAS_SERIAL.search(str(given.value)) else None


def _table_rows(vendor: Vendor, spec: SuppliesSpec) -> Iterator[VendorSupply]:
    """Yield a supply for each row of a vendor's own table."""
    for index, cells in sorted(rows_of(vendor.view, spec.columns).items()):
        if len(index) < (spec.index + 1 if spec.index >= 0 else -spec.index):
            continue
        row = _TableRow(vendor, spec, index, cells)
        told = row.enumerated("type", spec.types)
        level, capacity, unit = row.number("level"), row.number("capacity"), row.enumerated("unit", spec.units)
        capacity = spec.capacity if capacity is None else capacity
        unit = "percent" if unit is None and capacity == 100 else unit
        percent, _ = percent_of(level, capacity, enum.PERCENT if unit == "percent" else None)
        texts = [text for column in ("description", "name") if (text := scrub_text(row.text(column) or ""))]
        color = (
            row.enumerated("color", spec.colors)
            or color_named(row.text("color"))
            or next(filter(None, map(color_named, texts)), None)
        )
        kind = told or _receptacle_of(spec.type, texts)
        serial, part_number = row.word("serial"), row.word("part_number")
        yield VendorSupply(
            index=str(index[spec.index]),
            join=spec.join,
            type=kind,
            color=color,
            description=texts[0] if texts else None,
            name=texts[-1] if texts else None,
            unit=unit,
            level=level,
            capacity=capacity,
            percent=percent,
            state=spec.states.get(row.number("state") or 0) or (spec.level_states.get(level) if level is not None else None),
            serial=serial,
            part_number=part_number,
            source=row.source(),
            prefer=spec.prefer,
            add=spec.add and any((texts, color, told, serial, part_number)),
        )


def _receptacle_of(kind: str | None, texts: Sequence[str]) -> str | None:
    """Return the type of a row that tells none: that of its table, or of what takes its waste where a text names that."""
    family = next((name for name, kinds in _WASTES.items() if kind in kinds), None)
    return family if family and any(is_receptacle("", "", text) for text in texts) else kind


@dataclass(frozen=True, slots=True)
class _TableRow:
    vendor: Vendor
    spec: SuppliesSpec
    index: Oid
    cells: dict[str, tuple[Oid, Value]]

    def number(self, column: str) -> int | None:
        return integer(self.cells[column][1]) if column in self.cells else None

    def text(self, column: str) -> str | None:
        if column not in self.cells:
            return None
        content = self.cells[column][1].content
        if isinstance(content, bytes):
            return decode(content, charset_of(self.vendor)) or None
        return str(content) if isinstance(content, int) else None

    def word(self, column: str) -> str | None:
        """Return a serial or part number: a text with something in it, not "unknown", blanks or the name of the maker."""
        found = self.text(column)
        if (
            found is None
            or not _HAS_SERIAL.search(found)
            or found.casefold() in {"unknown", "none", "null"}
            or is_placeholder(found)
        ):
            return None
        brands = [brand for each in self.vendor.applying for brand in each.content.brands]
        return None if found.casefold() in {name.casefold() for each in brands for name in (each.name, *each.aliases)} else found

    def enumerated(self, column: str, names: dict[int | str, str]) -> str | None:
        value = self.number(column)
        return names.get(value) if value is not None else None

    def source(self) -> str:
        column = next(each for each in ("level", "serial", "state", *self.cells) if each in self.cells)
        return source(self.spec.name, self.cells[column][0])
