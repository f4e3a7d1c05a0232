"""What the vendor tells of supplies, as the definitions say: put together from objects, from tables, from documents."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.privacy.people import scrub_text
from appliance.reading import enumerations as enum
from appliance.reading.definitions.fields import State, WasteLevel
from appliance.reading.definitions.supply_schema import DocumentSpec, SuppliesSpec, SupplySpec
from appliance.reading.definitions.vendor import Given, Vendor, charset_of, rows_of, source
from appliance.reading.identity.placeholders import is_placeholder
from appliance.reading.sources.objects import MibObject
from appliance.reading.sources.safe_xml import XmlError, local_name, parse_xml
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import is_receptacle, percent_of
from appliance.reading.text import decode
from appliance.reading.view import integer
from appliance.snmp.values import Oid, Value

TONERS = frozenset({"toner", "tonerCartridge", "matteToner"})
INKS = frozenset({"ink", "inkCartridge", "matteInk", "inkRibbon"})
WASTES = {"wasteToner": TONERS, "wasteInk": INKS}
"""Types of what takes waste, with the types whose waste it is."""
_HAS_SERIAL = re.compile(r"[A-Za-z0-9]{4,}")
_UTF_8 = 106
_PADDING = b"\0 \r\n\t"


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


def vendor_supplies(vendor: Vendor) -> Iterator[VendorSupply]:
    """Return what the definitions that apply make of the vendor's objects."""
    for each in vendor.applying:
        for table in each.content.supply_tables:
            if vendor.applies(table):
                yield from _table_rows(vendor, table)
        for document in each.content.documents:
            if vendor.applies(document):
                yield from _document_rows(vendor, document)
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
    family = next((name for name, kinds in WASTES.items() if kind in kinds), None)
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
        if found is None or not _HAS_SERIAL.search(found) or is_placeholder(found):
            return None
        brands = [brand for each in self.vendor.applying for brand in each.content.brands]
        return None if found.casefold() in {name.casefold() for each in brands for name in (each.name, *each.aliases)} else found

    def enumerated(self, column: str, names: dict[int | str, str]) -> str | None:
        value = self.number(column)
        return names.get(value) if value is not None else None

    def source(self) -> str:
        column = next(each for each in ("level", "serial", "state", *self.cells) if each in self.cells)
        return source(self.spec.name, self.cells[column][0])


def _document_rows(vendor: Vendor, spec: DocumentSpec) -> Iterator[VendorSupply]:
    """Yield a supply for each element of a document that names one; nothing of one that is not whole."""
    try:
        root = parse_xml(_document(vendor, spec), namespaces=False)
    except XmlError:
        return
    for position, element in enumerate((each for each in root.iter() if local_name(each) == spec.element), 1):
        texts = {local_name(child): _text_of(child.text) for child in element}
        description = scrub_text(texts.get(spec.description) or "") or None
        told = texts.get(spec.level) or ""
        level = int(told) if re.fullmatch(r"[0-9]{1,9}", told) else None
        percent, _ = percent_of(level, spec.capacity, None)
        yield VendorSupply(
            index=str(position),
            join=spec.join,
            type=spec.type,
            color=color_named(description),
            description=description,
            unit="percent" if spec.capacity == 100 else None,
            level=level,
            capacity=spec.capacity,
            percent=percent,
            source=source(spec.name, spec.columns.text),
            add=False,
        )


def _document(vendor: Vendor, spec: DocumentSpec) -> bytes:
    """Return the octets of a document, none where a piece of it is missing: what stands on both sides must not become one."""
    pieces = vendor.view.instances(MibObject(spec.name, spec.columns.text))
    first = next(iter(pieces), ())
    whole = all(index == (*first[:-1], first[-1] + position) for position, index in enumerate(pieces))
    return (
        b"".join(value.content for value in pieces.values() if isinstance(value.content, bytes)).strip(_PADDING) if whole else b""
    )


def _text_of(content: str | None) -> str:
    return decode(content.encode(errors="replace"), _UTF_8) if content else ""
