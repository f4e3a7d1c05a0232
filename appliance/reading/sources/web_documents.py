"""From a web document of a device to parts of a reading, as its definition says. Pure: octets in, parts out.

- A document is what it is taken for: its root or what has to be there is, else it is refused.
- A source is named by the document and the pointer: `LEDM ProductUsageDyn PrinterSubunit/TotalImpressions`.
- A count is digits alone, an amount may have two decimals; whatever else stands there is no number. A percentage above 100 is one
  that the device does not know.
- A supply counts where it has a level, a state or a serial number, or says what it is.
"""

from collections.abc import Iterable, Iterator, Mapping

from appliance.privacy.people import scrub_text
from appliance.reading.definitions.document_schema import (
    DocumentSupplySpec,
    DocumentTraySpec,
    EntriesSpec,
    FieldSpec,
    WebDocumentSpec,
)
from appliance.reading.definitions.fields import METER_PREFIX
from appliance.reading.identity.placeholders import is_no_value, is_no_version, is_placeholder
from appliance.reading.parts import Parts
from appliance.reading.sources.csv_document import read_csv
from appliance.reading.sources.document_tree import (
    DocumentError,
    Node,
    Pointer,
    amount_of,
    count_of,
    entries_at,
    found_at,
    shown,
    text_at,
)
from appliance.reading.sources.json_document import read_json
from appliance.reading.sources.key_values import read_key_values
from appliance.reading.sources.xml_document import read_xml
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import is_receptacle, percent_of, state_of
from appliance.reading.supplies.trays import state_of as tray_state
from appliance.report import Meter, Supply, Tray

MOST_ENTRIES = 100
"""Supplies or trays of one document."""
_LARGEST = 2**63
_LONGEST_INDEX = 6
_DEVICE, _MISC = "device.", "misc."


def parts_of_document(octets: bytes, spec: WebDocumentSpec) -> Parts:
    """Return what a document says. Raises DocumentError when `octets` are another one, or none at all."""
    root = _read(octets, spec)
    if missing := [pointer for pointer in spec.needs if found_at(root, pointer) is None]:
        raise DocumentError(f"it has no {shown(missing[0])}: it is another document")
    return Parts(
        spec.name,
        device=dict(_device(root, spec)),
        meters=_meters(root, spec),
        supplies=tuple(_supplies(root, spec)),
        trays=tuple(_trays(root, spec)),
        misc=dict(_misc(root, spec)),
        unproven=spec.unproven,
    )


def _read(octets: bytes, spec: WebDocumentSpec) -> Node:
    if spec.format == "json":
        return read_json(octets)
    if spec.format == "csv":
        return read_csv(octets)
    if spec.format == "key=value":
        return read_key_values(octets)
    name, root = read_xml(octets)
    if name != spec.root:
        raise DocumentError(f"it is no {spec.root}")
    return root


def _matching(text: str, spec: FieldSpec) -> str | None:
    """Return what counts in a text."""
    if spec.not_pattern is not None and spec.not_pattern.search(text):
        return None
    if spec.pattern is None:
        return text
    match = spec.pattern.search(text)
    if match is None:
        return None
    return ((match[1] if match.groups() else match[0]) or "").strip() or None


def _texts(root: Node, spec: FieldSpec) -> Iterator[tuple[str, Pointer]]:
    """Yield what stands where a field may be, and where that was."""
    for pointer in spec.at:
        found = text_at(root, (pointer,))
        text = _matching(found[0], spec) if found else None
        if text:
            yield text, pointer


def _device(root: Node, spec: WebDocumentSpec) -> Iterator[tuple[str, str]]:
    """Yield fields of the device; of several with one name the first."""
    said: set[str] = set()
    for each in spec.fields:
        name = each.gives.removeprefix(_DEVICE)
        if name == each.gives or name in said:
            continue
        says_none = {"serial": is_placeholder, "firmware": is_no_version}.get(name, is_no_value)
        text = next((text for text, _ in _texts(root, each) if not says_none(text)), None)
        if text:
            said.add(name)
            yield name, text


def _meters(root: Node, spec: WebDocumentSpec) -> dict[str, Meter]:
    meters: dict[str, Meter] = {}
    for each in spec.fields:
        name = each.gives.removeprefix(METER_PREFIX)
        if name == each.gives or name in meters:
            continue
        if meter := _meter(root, spec, each):
            meters[name] = meter
    return meters


def _meter(root: Node, document: WebDocumentSpec, spec: FieldSpec) -> Meter | None:
    for text, pointer in _texts(root, spec):
        count = count_of(text)
        if count is not None:
            return Meter(value=count, unit=spec.unit, source=f"{document.name} {shown(pointer)}")
    counts = [_count(root, pointer) for pointer in spec.sum]
    known = [count for count in counts if count is not None]
    if not known or len(known) != len(counts) or sum(known) >= _LARGEST:
        return None
    source = " + ".join(f"{document.name} {shown(pointer)}" for pointer in spec.sum)
    return Meter(value=sum(known), unit=spec.unit, source=source[:1024])


def _count(node: Node, pointer: Pointer) -> int | None:
    found = text_at(node, (pointer,))
    return count_of(found[0]) if found else None


def _misc(root: Node, spec: WebDocumentSpec) -> Iterator[tuple[str, int]]:
    """Yield numbers that are no meters; of `misc` documents give nothing else."""
    for each in spec.fields:
        if each.gives.startswith(_MISC):
            counts = (count_of(text) for text, _ in _texts(root, each))
            count = next((count for count in counts if count is not None), None)
            if count is not None:
                yield each.gives.removeprefix(_MISC), count


# Lists


def _entries(root: Node, spec: EntriesSpec) -> Iterator[tuple[int, Node]]:
    """Yield the entries that count, with their positions from 1."""
    for position, entry in enumerate(entries_at(root, spec.each)[:MOST_ENTRIES], 1):
        if all(_holds(entry, *condition) for condition in spec.conditions()):
            yield position, entry


def _holds(entry: Node, pointer: Pointer, texts: Iterable[str], wanted: bool) -> bool:
    found = text_at(entry, (pointer,))
    return ((found[0] if found else "").casefold() in {text.casefold() for text in texts}) is wanted


def _index(entry: Node, pointers: tuple[Pointer, ...], position: int) -> str:
    """Return the number a device has for an entry, else its position: an index is nothing but a number."""
    found = text_at(entry, pointers)
    return found[0] if found and found[0].isdecimal() and len(found[0]) <= _LONGEST_INDEX else str(position)


def _number(entry: Node, pointers: tuple[Pointer, ...]) -> float | None:
    """Return the first amount that one of `pointers` leads to."""
    for pointer in pointers:
        found = text_at(entry, (pointer,))
        amount = amount_of(found[0]) if found else None
        if amount is not None:
            return amount
    return None


def _named(entry: Node, pointers: tuple[Pointer, ...], names: Mapping[str, str]) -> str | None:
    """Return what the first text stands for that has a name."""
    for pointer in pointers:
        found = text_at(entry, (pointer,))
        if found and (name := names.get(found[0].casefold())):
            return name
    return None


def _words(entry: Node, pointers: tuple[Pointer, ...]) -> str | None:
    """Return words of a supply or a tray, without names of people and documents."""
    found = text_at(entry, pointers)
    return (scrub_text(found[0]) or None) if found and not is_no_value(found[0]) else None


def _supplies(root: Node, document: WebDocumentSpec) -> Iterator[Supply]:
    told = 0
    for spec in document.supplies:
        for position, entry in _entries(root, spec):
            supply = _supply(entry, spec, document, position if len(document.supplies) == 1 else told + 1)
            if supply is not None:
                told += 1
                yield supply


def _supply(entry: Node, spec: DocumentSupplySpec, document: WebDocumentSpec, position: int) -> Supply | None:
    at = spec.at
    kind = _named(entry, at.type, spec.types) or spec.type
    color = _named(entry, at.color, spec.colors) or _color(entry, at.color) or spec.color
    level, capacity = _level(entry, spec)
    number = None if level is None else (max(round(level), 1) if level else 0)
    percent = level if capacity == 100 else percent_of(number, capacity, None)[0]
    serial, part_number = (_number_text(entry, pointers) for pointers in (at.serial, at.part_number))
    description = _words(entry, at.description) or spec.description
    state = _named(entry, at.state, spec.states)
    if level is None and not state and not serial and not (at.type and text_at(entry, at.type)) and not part_number:
        return None
    receptacle = is_receptacle("", kind, description)
    derived = state_of(number, capacity, percent, receptacle=receptacle, waste_level=spec.waste_level)
    return Supply.model_validate(
        {
            "index": _index(entry, at.index, position),
            "type": kind,
            "class": "receptacleThatIsFilled" if receptacle else "supplyThatIsConsumed",
            "color": color,
            "description": description,
            "unit": "percent" if capacity == 100 else None,
            "level": number,
            "capacity": capacity,
            "percent": percent,
            "state": state or derived,
            "serial": serial,
            "part_number": part_number,
            "source": document.name,
        }
    )


def _color(entry: Node, pointers: tuple[Pointer, ...]) -> str | None:
    """Return the colour that the first text names which names one."""
    return next((color for pointer in pointers if (found := text_at(entry, (pointer,))) and (color := color_named(found[0]))), None)


def _level(entry: Node, spec: DocumentSupplySpec) -> tuple[float | None, int | None]:
    """Return level and capacity, both None where the level is not known; 255 of 100 is what devices write that cannot measure."""
    level, told = _number(entry, spec.at.level), _number(entry, spec.at.capacity)
    capacity = round(told) if told is not None else spec.capacity
    if level is None or level < 0 or (capacity == 100 and level > capacity):
        return None, None
    return level, capacity


def _number_text(entry: Node, pointers: tuple[Pointer, ...]) -> str | None:
    """Return a serial or part number."""
    for pointer in pointers:
        found = text_at(entry, (pointer,))
        if found and not is_placeholder(found[0]):
            return found[0]
    return None


def _trays(root: Node, document: WebDocumentSpec) -> Iterator[Tray]:
    told = 0
    for spec in document.trays:
        for position, entry in _entries(root, spec):
            told += 1
            yield _tray(entry, spec, position if len(document.trays) == 1 else told)


def _tray(entry: Node, spec: DocumentTraySpec, position: int) -> Tray:
    level, capacity = (_number(entry, pointers) for pointers in (spec.at.level, spec.at.capacity))
    amounts = tuple(None if each is None else round(each) for each in (level, capacity))
    return Tray(
        index=_index(entry, spec.at.index, position),
        name=_words(entry, spec.at.name) or spec.name,
        media=_words(entry, spec.at.media),
        level=amounts[0],
        capacity=amounts[1],
        state=tray_state(*amounts),
    )
