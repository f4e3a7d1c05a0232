"""What a vendor definition may say: the schema of `appliance/definitions/*.toml`, checked when a definition is loaded.

A definition is data only. It names objects (each with its evidence mark and the item it gives), rows of tables picked by a type or
a label column, records packed into one octet string, supplies, sums with their parts, formats of free texts, and quirks. What it
may ask for is limited: objects of the standard MIBs and below the enterprise numbers of its own brands, each as what it means
(`permitted`). Everything is bounded: patterns (`patterns`), numbers, texts, and how many parts there are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from appliance.reading.definitions import permitted, permitted_documents
from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.definitions.fields import (
    METER,
    NUMBERS,
    Evidence,
    Format,
    Number,
    OidText,
    OidTexts,
    PatternText,
    States,
    Target,
    Title,
    Unit,
    WasteLevel,
    is_tested,
)
from appliance.reading.definitions.part import Part, Source
from appliance.reading.definitions.patterns import Pattern
from appliance.reading.definitions.permitted import ENTERPRISES, SHARED, Meaning
from appliance.reading.definitions.supply_schema import DocumentSpec, SuppliesSpec, SupplySpec
from appliance.reading.sources import objects as mib
from appliance.snmp.values import Oid

SHORTEST_SUBTREE = len(ENTERPRISES) + 3
"""Nothing wider than three numbers below the enterprise number is ever asked for."""


class Brand(Part):
    """A name devices of this design are sold under; `aliases` are other ways in which devices write it."""

    name: Title
    aliases: Annotated[tuple[Title, ...], Field(max_length=20)] = ()
    enterprises: Annotated[tuple[Annotated[int, Field(ge=1, lt=2**32)], ...], Field(max_length=20)] = ()
    """IANA private enterprise numbers of the brand."""
    rebrand: bool = False
    """True: a name under which devices of other makers are sold."""


class Match(Part):
    """Which devices a definition is for; without it, those whose sysObjectID or own texts name one of its brands."""

    object_ids: Annotated[tuple[OidText, ...], Field(max_length=100)] = ()
    """Prefixes of sysObjectID; by default all below the enterprise numbers of the brands."""
    descriptions: Annotated[tuple[PatternText, ...], Field(max_length=4)] = ()
    """Patterns found in sysDescr or hrDeviceDescr: designs that others sell under their own sysObjectID."""
    imaging: Annotated[tuple[OidText, ...], Field(max_length=100)] = ()
    """Prefixes of the sysObjectID of imaging devices, for those that have no Printer-MIB to show it."""
    web: Annotated[tuple[Annotated[str, Field(min_length=4, max_length=60)], ...], Field(max_length=10)] = ()
    """Texts in the first page of its web server by which a device is known that answers neither SNMP nor IPP."""


class LevelStates(Part):
    """Levels that name a state instead of an amount, in rows of prtMarkerSuppliesTable without a capacity."""

    states: States
    not_models: PatternText | None = None


class Quirks(Part):
    """In what the devices differ from RFC 3805."""

    empty_level: Number | None = None
    """The prtMarkerSuppliesLevel that says "empty"."""
    level_states: LevelStates | None = None
    waste_level: WasteLevel | None = None
    """What the level of a waste container tells, where the vendor's devices agree: how full it is, or the space left."""
    charset: Number | None = None
    """The IANA character set of the private texts, where the device names none."""
    cartridge_serials: bool = True
    """False: no object of this vendor tells the serial numbers of cartridges."""


class ObjectSpec(Source):
    """One instance of an object; of several OIDs the first that answers with something usable counts ("probe both")."""

    oid: OidTexts
    gives: Target | None = None
    """The item it is; nothing for an object that only a supply refers to."""
    prefer: bool = False
    """True: it comes before the standard object; a meter of that name from the standard stays beside it as `marker_NAME`."""
    format: Format = "text"
    pattern: PatternText | None = None
    """What counts in a text: the first group, or all that matches."""
    not_pattern: PatternText | None = None
    """A text with this in it counts for nothing."""
    unit: Unit = "impressions"


class RowSpec(Part):
    """A row of a table, found by its key, or by its label where it has no key."""

    key: Number | Title | None = None
    label: PatternText | None = None
    not_label: PatternText | None = None
    """With `label`: a label with this in it is another one's."""
    code: Annotated[str, Field(pattern=r"^[0-9]{1,10}(?:\.[0-9]{1,10}){0,15}$")] | None = None
    """For tables whose index itself is the type: `1.2` (a last 0 does not count)."""
    only: bool = False
    """The row of a table that has no other."""
    gives: Target
    prefer: bool = False
    unit: Unit | None = None

    @model_validator(mode="after")
    def _found_by_something(self) -> "RowSpec":
        if self.key is None and self.label is None and self.code is None and not self.only:
            raise ValueError("a row is found by what it is, never by its position: write key, label, code or only")
        return self


class TableColumns(Part):
    """The columns of a table of values."""

    key: OidText | None = None
    label: OidText | None = None
    value: OidText


class TableSpec(Source):
    """A table whose rows are picked by a type or label column."""

    columns: TableColumns
    unit: Unit = "impressions"
    format: Format = "text"
    pattern: PatternText | None = None
    not_pattern: PatternText | None = None
    rows: tuple[RowSpec, ...] = Field(alias="row", min_length=1, max_length=100)


class PaperColumns(Part):
    """The columns of a table of paper sizes."""

    size: OidText
    total: OidText
    mono: OidText | None = None
    color: OidText | None = None
    simplex: OidText | None = None
    """Of the total, what was printed on one side only."""
    simplex_color: OidText | None = None


class PaperSpec(Source):
    """Meters by paper size: each row gives `paper_SIZE`, and `paper_SIZE_mono` and `_color` where that size was used.

    Where all rows tell what of them is simplex, they give `simplex` and `duplex` as well, in the unit of the totals.
    """

    columns: PaperColumns
    unit: Unit = "impressions"


class EntrySpec(Part):
    """One record inside an octet string."""

    key: Annotated[int, Field(ge=0, le=255)]
    gives: Target
    prefer: bool = False
    unit: Unit = "impressions"


class RecordsSpec(Source):
    """Records packed into one octet string: key, type 01, length, big-endian value; ff ends them (Brother)."""

    oid: OidText
    entries: tuple[EntrySpec, ...] = Field(default=(), alias="entry", max_length=100)


class SumSpec(Part):
    """A meter that is the sum of others, which all stay; there is none where one of them is missing that is not optional."""

    gives: Annotated[str, Field(pattern=rf"^meters\.{METER}$")]
    parts: tuple[Annotated[str, Field(pattern=rf"^meters\.{METER}$")], ...] = Field(min_length=2, max_length=20)
    optional: tuple[str, ...] = Field(default=(), max_length=20)
    """Those of the parts that not every model counts: added where they are there."""
    prefer: bool = False

    @model_validator(mode="after")
    def _of_its_parts(self) -> "SumSpec":
        if not set(self.optional) < set(self.parts):
            raise ValueError("optional: write some of the parts, and not all of them")
        return self


class TextSpec(Part):
    """What stands inside a free text: named groups model, serial, firmware, network_firmware."""

    of: Literal["sysDescr", "hrDeviceDescr"]
    pattern: PatternText
    evidence: Evidence = "A"
    owners: bool = False
    """True: the owner of the device may have written the model in it, so that it counts after all that the maker has written."""

    @field_validator("pattern")
    @classmethod
    def _known_groups(cls, pattern: Pattern, info: ValidationInfo) -> Pattern:
        if is_tested(info):
            return pattern
        known = {"model", "serial", "firmware", "network_firmware"}
        if not pattern.names or not known.issuperset(pattern.names):
            raise ValueError("the pattern needs named groups, of these: (?P<model>…), serial, firmware, network_firmware")
        return pattern


@dataclass(frozen=True, slots=True)
class Asked:
    """Something a definition asks for."""

    path: str
    """The path of its key."""
    oid: Oid
    """As it is written."""
    subtree: Oid
    """What has to be allowed for it."""
    item: str
    """What it gives, as the definition says."""
    needed: frozenset[Meaning]
    """What an object has to mean to give that."""
    name: str = ""
    """Of the object or table in the definition."""


_SUPPLIES: frozenset[Meaning] = frozenset({"supplies"})
_AMOUNTS: frozenset[Meaning] = frozenset({"supplies", "meters"})
_METERS: frozenset[Meaning] = frozenset({"meters"})


class DefinitionFile(Part):
    """A whole file."""

    schema_version: Literal[1] = Field(alias="schema")
    vendor: Title
    brands: tuple[Brand, ...] = Field(alias="brand", min_length=1, max_length=50)
    based_on: Annotated[tuple[Title, ...], Field(max_length=5)] = ()
    """Vendors whose definitions apply to these devices too."""
    match: Match = Match()
    quirks: Quirks = Quirks()
    texts: tuple[TextSpec, ...] = Field(default=(), alias="text", max_length=20)
    objects: tuple[ObjectSpec, ...] = Field(default=(), alias="object", max_length=150)
    tables: tuple[TableSpec, ...] = Field(default=(), alias="table", max_length=20)
    papers: tuple[PaperSpec, ...] = Field(default=(), alias="paper", max_length=5)
    records: Annotated[tuple[RecordsSpec, ...], Field(max_length=10)] = ()
    sums: tuple[SumSpec, ...] = Field(default=(), alias="sum", max_length=50)
    supplies: tuple[SupplySpec, ...] = Field(default=(), alias="supply", max_length=100)
    supply_tables: tuple[SuppliesSpec, ...] = Field(default=(), alias="supplies", max_length=10)
    documents: tuple[DocumentSpec, ...] = Field(default=(), alias="document", max_length=5)
    web_documents: tuple[WebDocumentSpec, ...] = Field(default=(), alias="web_document", max_length=20)

    @property
    def enterprises(self) -> frozenset[int]:
        """The private enterprise numbers of its brands."""
        return frozenset(number for brand in self.brands for number in brand.enterprises)

    def asked(self) -> Iterator[Asked]:
        """Return each thing it asks for, once for each item it gives."""
        words = {name for supply in self.supplies for name in (supply.serial, supply.part_number) if name}
        for number, each in enumerate(self.objects):
            needed = permitted.meanings_for(each.gives, number=each.format in NUMBERS) if each.gives else _AMOUNTS
            needed = _SUPPLIES if each.name in words else needed
            yield from (
                Asked(f"object.{number}.oid", oid, oid[:-1], each.gives or "a supply", needed, each.name) for oid in each.oid
            )
        for number, records in enumerate(self.records):
            path, oid = f"records.{number}.oid", records.oid
            yield Asked(path, oid, oid[:-1], "a supply", _AMOUNTS, records.name)
            for entry in records.entries:
                yield Asked(path, oid, oid[:-1], entry.gives, permitted.meanings_for(entry.gives, number=True), records.name)
        for number, table in enumerate(self.tables):
            yield from _asked_of_table(f"table.{number}.columns", table)
        tables: tuple[tuple[str, str, frozenset[Meaning], Sequence[PaperSpec | SuppliesSpec | DocumentSpec]], ...] = (
            ("paper", "a meter of a paper size", _METERS, self.papers),
            ("supplies", "a supply", _SUPPLIES, self.supply_tables),
            ("document", "a supply", _SUPPLIES, self.documents),
        )
        for kind, item, needed, specs in tables:
            for number, spec in enumerate(specs):
                for column, oid in spec.columns:
                    if oid is not None:
                        yield Asked(f"{kind}.{number}.columns.{column}", oid, oid, item, needed, f"{spec.name}.{column}")

    def why_not(self, asked: Asked) -> str | None:
        """Return why this definition may not ask for something, or None when it may."""
        subtree = asked.subtree
        is_standard = subtree in SHARED or any(subtree[:length] in mib.STANDARD for length in range(7, len(subtree) + 1))
        if not is_standard:
            if subtree[:6] != ENTERPRISES or (len(subtree) > 6 and subtree[6] not in self.enterprises):
                numbers = ", ".join(map(str, sorted(self.enterprises))) or "none"
                return f"it is outside 1.3.6.1.4.1 and the enterprise numbers of its brands ({numbers})"
            if len(subtree) < SHORTEST_SUBTREE and not permitted.is_forbidden(asked.oid):
                return "this is too wide: name a column or an instance"
        return permitted.why_not(asked.oid, asked.needed, asked.item)

    def why_no_documents(self) -> Iterator[tuple[str, str]]:
        """Yield what this definition may not ask of web documents: the path of the key, and why."""
        for number, document in enumerate(self.web_documents):
            for key, reason in permitted_documents.why_not(document, self.enterprises):
                yield f"web_document.{number}.{key}", reason

    def unproven(self) -> frozenset[str]:
        """Return the names of what no recording of a device has shown yet."""
        sources = (self.objects, self.tables, self.papers, self.records, self.supply_tables, self.documents, self.web_documents)
        return frozenset(each.name for kind in sources for each in kind if each.unproven)

    def referred(self) -> Iterator[tuple[str, str]]:
        """Return the path and the text of each reference of a supply to an object or record."""
        for number, supply in enumerate(self.supplies):
            fields = {
                "level": supply.level,
                "capacity": supply.capacity,
                "state": (supply.state,),
                "serial": (supply.serial,),
                "part_number": (supply.part_number,),
            }
            for field, references in fields.items():
                yield from ((f"supply.{number}.{field}", each) for each in references if isinstance(each, str))

    def knows(self, reference: str) -> bool:
        """Return whether an object, or a record as `RECORDS:KEY`, goes by this name."""
        name, colon, key = reference.partition(":")
        if not colon:
            return any(each.name == name for each in self.objects)
        return any(each.name == name for each in self.records) and re.fullmatch(r"[0-9a-f]{2}", key) is not None


def _asked_of_table(path: str, table: TableSpec) -> Iterator[Asked]:
    """Return what a table asks for; by its keys and labels nothing is found but rows that mean the same."""
    is_number = table.format in NUMBERS
    needed = {row.gives: permitted.meanings_for(row.gives, number=is_number) for row in table.rows}
    for item, meanings in needed.items():
        yield Asked(f"{path}.value", table.columns.value, table.columns.value, item, meanings, f"{table.name}.value")
    for column, oid in (("key", table.columns.key), ("label", table.columns.label)):
        if oid is not None:
            any_of = frozenset[Meaning]().union(*needed.values())
            yield Asked(f"{path}.{column}", oid, oid, f"the {column} of {table.name}", any_of, f"{table.name}.{column}")
