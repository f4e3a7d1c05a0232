"""What the private objects of a device say, by the definitions that apply to it. Pure: objects in, values with their sources out.

Values stand by what they give (`device.serial`, `meters.copy_color`), in the order in which they are believed: rows of tables,
single objects, records. Whether one is used
is decided where the item is read: before the standard object where the definition prefers it, else only where that is missing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from appliance.privacy.free_texts import holds_secrets
from appliance.privacy.masks import OUT_OF_HOST_NAME, OUT_OF_LOCATION
from appliance.privacy.people import scrub_text
from appliance.reading.definitions.definitions import Definition, Definitions
from appliance.reading.definitions.fields import METER_PREFIX, NUMBERS
from appliance.reading.definitions.part import Source
from appliance.reading.definitions.patterns import Pattern, fits
from appliance.reading.definitions.permitted import Meaning, meanings_of
from appliance.reading.definitions.schema import (
    ObjectSpec,
    PaperSpec,
    Quirks,
    RecordsSpec,
    RowSpec,
    SumSpec,
    TableSpec,
)
from appliance.reading.definitions.supply_schema import DocumentSpec, SuppliesSpec, SupplySpec
from appliance.reading.identity.descriptions import Texts, texts_of
from appliance.reading.meters.records import float32, read_records
from appliance.reading.sources.objects import SYS_NAME, MibObject
from appliance.reading.text import decode, decode_prefixed
from appliance.reading.view import View, integer, text
from appliance.snmp.values import Oid, Tag, Value, format_oid

LARGEST = 2**63
MOST_STEPS = 20_000_000
"""Steps that looking for labels may take in one reading: a tenth of a second, twenty times of what any known device needs."""
_STATUS_PREFIX = "status."
_MISC_PREFIX = "misc."
_WHOLE: frozenset[Meaning] = frozenset({"identity", "host name", "asset number"})
"""Of these a part goes where the whole goes: it is no text in which something else stands, or is masked whatever it is made of."""
_PAPER = re.compile(
    r"(?:jis_|iso_)?(?:[a-c]\d{1,2}|[abc]?r\d|8k|16k|letter|legal|ledger|tabloid|executive|statement|invoice|folio|oficio|foolscap"
    r"|custom|other|others|universal|hagaki|oufuku_?hagaki|postcard|envelope|com_?10|com_?9|dl|monarch|yougata|youkei)"
    r"(?:_?(?:r|plus|extra|wide|full|letter|\d{1,2}))?"
)
"""Names of paper that become names of meters where the product itself does not say which column they are from."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value an object gives; `source` is the name of the object in the definition, and its OID."""

    value: int | str
    source: str
    prefer: bool = False
    unit: str = "impressions"


@dataclass(slots=True)
class Vendor:
    """What the definitions make of a device."""

    view: View
    texts: Texts
    applying: tuple[Definition, ...]
    quirks: Quirks
    given: dict[str, list[Given]] = field(default_factory=dict)
    named: dict[str, Given] = field(default_factory=dict)
    """Values that supplies refer to: by the name of the object, or `RECORDS:KEY`."""
    pairs: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Records of two octets: a level and its capacity."""
    states: set[str] = field(default_factory=set)
    """Records of one octet: a state, never an amount."""
    changing: list[Oid] = field(default_factory=list)
    """The objects that gave what changes from poll to poll: meters, amounts, states, the display."""
    spoken: list[Oid] = field(default_factory=list)
    """Those of them that gave the display."""
    steps: int = 0
    """How many steps looking for labels has taken."""

    def best(self, target: str, *, prefer: bool | None = None) -> Given | None:
        """Return the first value for `target`; with `prefer`, of those that do, or do not, come before the standard object."""
        return next((each for each in self.given.get(target, ()) if prefer is None or each.prefer is prefer), None)

    def meters(self) -> Iterator[tuple[str, Given]]:
        """Return by name the best value of each meter: one that comes before the standard object first."""
        for target, found in self.given.items():
            if target.startswith(METER_PREFIX):
                best = next((each for each in found if each.prefer), found[0])
                if isinstance(best.value, int):
                    yield target.removeprefix(METER_PREFIX), best

    def sums(self) -> Iterator[SumSpec]:
        """Return the sums to make."""
        for each in self.applying:
            yield from each.content.sums

    def applies(self, spec: Source | SupplySpec) -> bool:
        """Return whether `spec` is for this model."""
        return fits(spec.model, spec.not_model, self.texts.descriptions)

    def has(self, label: str, pattern: Pattern) -> bool:
        """Return whether a label has a pattern, as long as there are steps left to look for it."""
        self.steps += pattern.cost(label)
        return self.steps <= MOST_STEPS and pattern.search(label) is not None


def read_vendor(view: View, definitions: Definitions) -> Vendor:
    """Return what the private objects of a device say."""
    texts = texts_of(view, definitions)
    applying = definitions.applying_to(texts)
    vendor = Vendor(view, texts, applying, definitions.quirks_of(applying))
    for each in applying:
        content = each.content
        for supplies in content.supply_tables:
            _note_supplies(vendor, supplies, supplies.columns.level, supplies.columns.state)
        for document in content.documents:
            _note_supplies(vendor, document, document.columns.text)
        for table in content.tables:
            _read_table(vendor, table, each)
        for spec in content.objects:
            _read_object(vendor, spec, each)
        for records in content.records:
            _read_records(vendor, records)
        for paper in content.papers:
            _read_paper(vendor, paper, each)
    return vendor


def charset_of(vendor: Vendor) -> int | None:
    """Return the character set of the private texts."""
    return vendor.view.charset or vendor.quirks.charset


def source(name: str, oid: Oid) -> str:
    """Return what is shown as the source of a value: the name of the object in its definition, and the OID."""
    return f"{name} {format_oid(oid)}"


# Single objects


def _read_object(vendor: Vendor, spec: ObjectSpec, definition: Definition) -> None:
    if not vendor.applies(spec):
        return
    for oid in spec.oid:
        found = vendor.view.get(oid)
        is_number = (spec.gives or "").startswith(METER_PREFIX)
        usable = found is not None and not _cuts_secrets(vendor, spec, oid, found, definition)
        value = _content(vendor, spec, found, is_number=is_number) if found is not None and usable else None
        if value is not None:
            given = Given(value, source(spec.name, oid) + _out_of(spec.gives, oid), spec.prefer, spec.unit)
            vendor.named.setdefault(spec.name, given)
            if spec.gives is not None:
                _give(vendor, spec.gives, given)
            _note_changing(vendor, spec.gives, oid)
            return


def _content(vendor: Vendor, spec: ObjectSpec | TableSpec, value: Value, *, is_number: bool) -> int | str | None:
    """Return what counts in a value: a number for meters and amounts, else a text. None for nothing usable."""
    if spec.format == "float32":
        number = float32(value.content) if isinstance(value.content, bytes) else integer(value)
        return round(number) if number is not None else None
    if spec.format in NUMBERS or is_number:
        found = _matching(_text(vendor, value), spec) if spec.pattern is not None or spec.not_pattern is not None else None
        return integer(Value(Tag.OCTET_STRING, found.encode())) if found is not None else integer(value)
    return _matching(_text(vendor, value, prefixed=spec.format == "prefixed_text"), spec)


def _out_of(target: str | None, oid: Oid) -> str:
    """Return how the source of an asset number ends: by what it stands in, where that is masked by itself."""
    meanings = meanings_of(oid)
    if target != "device.asset_number" or meanings & {"identity", "asset number"}:
        return ""
    return OUT_OF_LOCATION if "location" in meanings else OUT_OF_HOST_NAME


def _cuts_secrets(vendor: Vendor, spec: ObjectSpec | TableSpec, oid: Oid, value: Value, definition: Definition) -> bool:
    """Return whether a pattern that somebody has added would cut something out of a text that has to be masked as a whole."""
    if spec.pattern is None or definition.origin == "product" or meanings_of(oid) & _WHOLE:
        return False
    whole = _text(vendor, value)
    return whole is not None and holds_secrets(whole, text(vendor.view.system(SYS_NAME)))


def _matching(found: str | None, spec: ObjectSpec | TableSpec) -> str | None:
    if found is None or (spec.not_pattern is not None and spec.not_pattern.search(found)):
        return None
    if spec.pattern is None:
        return found or None
    match = spec.pattern.search(found)
    if match is None:
        return None
    return (match[1] if match.groups() else match[0]) or None


def _text(vendor: Vendor, value: Value, *, prefixed: bool = False) -> str | None:
    if isinstance(value.content, bytes):
        charset = charset_of(vendor)
        if charset is None and not vendor.view.is_readable(value):
            return None
        return (decode_prefixed(value.content, charset) if prefixed else decode(value.content, charset)) or None
    number = integer(value)
    return str(number) if number is not None else None


def _give(vendor: Vendor, target: str, given: Given) -> None:
    is_meter = target.startswith(METER_PREFIX)
    if is_meter and not (isinstance(given.value, int) and 0 <= given.value < LARGEST):
        return
    if target.startswith(_MISC_PREFIX) and isinstance(given.value, str):
        # Whatever an object of identity holds on some model: names of people and documents stay here.
        given = replace(given, value=scrub_text(given.value))
    vendor.given.setdefault(target, []).append(given)


def _note_changing(vendor: Vendor, target: str | None, oid: Oid) -> None:
    """Note an object whose value changes from poll to poll; one that gives no item is the amount or state of a supply."""
    if target is None or target.startswith((METER_PREFIX, _STATUS_PREFIX)):
        vendor.changing.append(oid)
    if target is not None and target.startswith(_STATUS_PREFIX):
        vendor.spoken.append(oid)


# Tables and records


def rows_of(view: View, columns: Iterable[tuple[str, Oid | None]]) -> dict[Oid, dict[str, tuple[Oid, Value]]]:
    """Return the rows of a table by their index: the cells by the name of the column, each with its OID."""
    rows: dict[Oid, dict[str, tuple[Oid, Value]]] = {}
    for name, oid in columns:
        if oid is not None:
            for index, value in view.instances(MibObject(name, oid)).items():
                rows.setdefault(index, {})[name] = ((*oid, *index), value)
    return rows


@dataclass(frozen=True, slots=True)
class _TableRow:
    """A row of a table of values; its texts are decoded once, for all the rows a definition looks for."""

    index: Oid
    oid: Oid
    value: Value
    key: int | None
    key_text: str | None
    label: str | None


def _read_table(vendor: Vendor, spec: TableSpec, definition: Definition) -> None:
    if not vendor.applies(spec):
        return
    rows = [
        _TableRow(
            index,
            *cells["value"],
            key=integer(cells["key"][1]) if "key" in cells else None,
            key_text=_text(vendor, cells["key"][1]) if "key" in cells else None,
            label=_text(vendor, cells["label"][1]) if "label" in cells else None,
        )
        for index, cells in rows_of(vendor.view, spec.columns).items()
        if "value" in cells
    ]
    for wanted in spec.rows:
        found = [row for row in rows if _is_row(vendor, wanted, row, alone=len(rows) == 1)]
        if len(found) != 1:
            continue  # none, or several: then nobody can tell which one is meant
        row = found[0]
        if _cuts_secrets(vendor, spec, row.oid, row.value, definition):
            continue
        content = _content(vendor, spec, row.value, is_number=wanted.gives.startswith(METER_PREFIX))
        if content is not None:
            told = source(spec.name, row.oid) + _out_of(wanted.gives, row.oid)
            _give(vendor, wanted.gives, Given(content, told, wanted.prefer, wanted.unit or spec.unit))
            _note_changing(vendor, wanted.gives, row.oid)


def _is_row(vendor: Vendor, wanted: RowSpec, row: _TableRow, *, alone: bool) -> bool:
    """Return whether a row has the code or the key that is looked for; where its table has no keys, whether it has the label."""
    if wanted.only and alone:
        return True
    if wanted.code is not None:
        code = tuple(map(int, wanted.code.split(".")))
        return row.index in {code, (*code, 0)}
    if wanted.key is not None and row.key_text is not None:
        return (row.key_text if isinstance(wanted.key, str) else row.key) == wanted.key
    if wanted.label is None or row.label is None or not vendor.has(row.label, wanted.label):
        return False
    return wanted.not_label is None or not vendor.has(row.label, wanted.not_label)


def _note_supplies(vendor: Vendor, spec: SuppliesSpec | DocumentSpec, *columns: Oid | None) -> None:
    """Note what tells levels and states in a vendor's own table of supplies, or its document, which `vendor_supplies` reads."""
    if vendor.applies(spec):
        for column in columns:
            if column is not None:
                vendor.changing += [(*column, *index) for index in vendor.view.instances(MibObject(spec.name, column))]


def _read_paper(vendor: Vendor, spec: PaperSpec, definition: Definition) -> None:
    """Give the meters of each paper size; those of mono and colour only for sizes that were used."""
    if not vendor.applies(spec):
        return
    rows = list(rows_of(vendor.view, spec.columns).values())
    for cells in rows:
        size = _slug(_text(vendor, cells["size"][1])) if "size" in cells else None
        total = integer(cells["total"][1]) if "total" in cells else None
        if not size or total is None or (definition.origin != "product" and not _PAPER.fullmatch(size)):
            continue
        for column in ("total", "mono", "color"):
            if column in cells and (column == "total" or total > 0):
                oid, value = cells[column]
                count = integer(value)
                suffix = "" if column == "total" else f"_{column}"
                if count is not None:
                    _give(vendor, f"{METER_PREFIX}paper_{size}{suffix}", Given(count, source(spec.name, oid), unit=spec.unit))
                    vendor.changing.append(oid)
    _read_sides(vendor, spec, rows, ("total", "simplex"), "")
    _read_sides(vendor, spec, rows, ("color", "simplex_color"), "_color")


def _read_sides(
    vendor: Vendor, spec: PaperSpec, rows: Sequence[Mapping[str, tuple[Oid, Value]]], columns: tuple[str, str], suffix: str
) -> None:
    """Give what all sizes together count as simplex, and as duplex: the rest; nothing where a row does not tell both."""
    counted = [row for row in rows if columns[0] in row]
    cells = [row[column] for row in counted for column in columns if column in row]
    numbers = [integer(value) for _, value in cells]
    known = [number for number in numbers if number is not None and number >= 0]
    if not known or len(known) != 2 * len(counted):
        return
    totals, simplex = known[::2], known[1::2]
    if any(one_sided > total for total, one_sided in zip(totals, simplex, strict=True)):
        return
    vendor.changing += [oid for oid, _ in cells]
    (whole, _), (part, _) = cells[:2]
    told = {
        "simplex": (sum(simplex), source(spec.name, part[:-1])),
        "duplex": (sum(totals) - sum(simplex), f"{source(spec.name, whole[:-1])} - {format_oid(part[:-1])}"),
    }
    for name, (number, shown) in told.items():
        _give(vendor, f"{METER_PREFIX}{name}{suffix}", Given(number, shown, unit=spec.unit))


def _slug(text: str | None) -> str:
    """Return the name of a paper size as part of the name of a meter: `a4`, `letter`, `iso_b5`."""
    words = "".join(character if character.isascii() and character.isalnum() else " " for character in (text or "").lower()).split()
    return "_".join(words)[:40]


def _read_records(vendor: Vendor, spec: RecordsSpec) -> None:
    value = vendor.view.get(spec.oid)
    if not vendor.applies(spec) or value is None or not isinstance(value.content, bytes):
        return
    vendor.changing.append(spec.oid)
    gives = {entry.key: entry for entry in spec.entries}
    for key, octets in read_records(value.content).items():
        if not octets or len(octets) > 8:
            continue
        name = f"{spec.name}:{key:02x}"
        given = Given(int.from_bytes(octets, "big"), source(name, spec.oid))
        vendor.named.setdefault(name, given)
        if len(octets) == 2:
            vendor.pairs.setdefault(name, (octets[0], octets[1]))
        elif len(octets) == 1:
            vendor.states.add(name)
        if key in gives and len(octets) > 2:
            entry = gives[key]
            _give(vendor, entry.gives, Given(given.value, given.source, entry.prefer, entry.unit))
