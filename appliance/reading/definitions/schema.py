"""What a vendor definition may say: the schema of `appliance/definitions/*.toml`, checked when a definition is loaded.

A definition is data only. It names objects (each with its evidence mark and the item it gives), rows of tables picked by a type or
a label column, records packed into one octet string, supplies, sums with their parts, formats of free texts, and quirks. What it
may name is limited here: objects below the enterprise numbers of its own brands, nothing in `FORBIDDEN`, no wide subtrees.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from appliance.reading import enumerations as enum
from appliance.reading.sources import objects as mib
from appliance.snmp.values import Oid, format_oid, parse_oid

ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
SHORTEST_SUBTREE = len(ENTERPRISES) + 3
"""Nothing wider than three numbers below the enterprise number is ever asked for."""

FORBIDDEN: dict[Oid, str] = {
    (*ENTERPRISES, 1248, 1, 2, 2, 44): "the remote mode of Epson devices, which carries EEPROM commands",
    (*ENTERPRISES, 1248, 1, 1, 3, 1, 2): "the SNMP communities of Epson devices",
    (*ENTERPRISES, 11, 2, 3, 9, 1, 1, 13): "the password of HP print servers",
    (*ENTERPRISES, 11, 2, 3, 9, 4, 2, 1, 3, 9, 1): "the passwords of HP devices",
    (*ENTERPRISES, 11, 2, 3, 9, 4, 2, 1, 1, 6): "the jobs of HP devices",
    (*ENTERPRISES, 253, 8, 59): "the jobs of Xerox devices (XEROX-JOB-MONITORING-MIB)",
    (*ENTERPRISES, 683, 6, 2, 6): "the job log of Zebra print servers",
    (*ENTERPRISES, 2699, 1, 1): "the jobs of a printer (Job-Monitoring-MIB)",
    (*ENTERPRISES, 2699, 1, 2, 1, 2, 1, 1, 7): "the SNMP communities of a printer (PWG Printer Port Monitor MIB)",
}
"""Subtrees no definition may name, and what is in them."""

SHARED: frozenset[Oid] = frozenset({(*ENTERPRISES, 11, 2, 3, 9, 1, 1, 7)})
"""Objects of one vendor that print servers of others answer too: the IEEE 1284 device ID of HP's JetDirect."""

_METER = (
    r"(?:total|print|copy|fax|scan|duplex|simplex|large|small|paper|engine|length|report|images|blank|document_filing|other|jams)"
    r"(?:_[a-z0-9]+)*"
)
_DEVICE_FIELDS = "serial|model|firmware|asset_number|location|hostname|device_id"
_TARGET = re.compile(rf"device\.(?:{_DEVICE_FIELDS})|status\.console|meters\.{_METER}|misc\.[a-z][a-z0-9_]*")

METER_PREFIX = "meters."
State = Literal["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"]


def _oid(value: object) -> object:
    return parse_oid(value) if isinstance(value, str) else value


def _oids(value: object) -> object:
    return tuple(_oid(each) for each in value) if isinstance(value, list) else (_oid(value),)


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _number_keys(value: object) -> object:
    """TOML writes every key as text."""
    return (
        {int(key) if re.fullmatch(r"-?\d+", key) else key: each for key, each in value.items()}
        if isinstance(value, dict)
        else value
    )


def _target(value: str) -> str:
    if not _TARGET.fullmatch(value):
        raise ValueError(
            f"{value!r} is nothing a reading has: write device.serial, device.model, device.firmware, device.asset_number, "
            "device.location, device.hostname, device.device_id, status.console, misc.NAME, or meters. with total, print, copy, "
            "fax, scan, duplex, large, small, paper, engine …, as in meters.copy_color"
        )
    return value


OidText = Annotated[Oid, BeforeValidator(_oid)]
OidTexts = Annotated[tuple[Oid, ...], BeforeValidator(_oids), Field(min_length=1)]
Target = Annotated[str, BeforeValidator(_target)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=60)]
Evidence = Literal["A", "B", "C", "K"]
"""A: a MIB, or two independent sources agree. B: one maintained project. C: one unreviewed source. K: background knowledge."""
Unit = Literal[
    "impressions", "sheets", "hours", "feet", "meters", "micrometers", "tenThousandthsOfInches", "inches", "items", "a4Equivalents"
]
Format = Literal["text", "prefixed_text", "integer", "float32"]
Names = Annotated[dict[int | str, str], BeforeValidator(_number_keys)]
References = Annotated[tuple[str, ...], BeforeValidator(_several)]
SupplyType = Annotated[str, Field(pattern=f"^(?:{'|'.join(enum.SUPPLY_TYPE.values())})$")]


class Part(BaseModel):
    """Base of every part of a definition: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Brand(Part):
    """A name devices of this design are sold under; `aliases` are other ways in which devices write it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    aliases: tuple[str, ...] = ()
    enterprises: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """IANA private enterprise numbers of the brand."""


class Match(Part):
    """Which devices a definition is for; without it, those whose sysObjectID or own texts name one of its brands."""

    object_ids: tuple[OidText, ...] = ()
    """Prefixes of sysObjectID; by default all below the enterprise numbers of the brands."""
    descriptions: tuple[re.Pattern[str], ...] = ()
    """Patterns found in sysDescr or hrDeviceDescr: designs that others sell under their own sysObjectID."""
    imaging: tuple[OidText, ...] = ()
    """Prefixes of the sysObjectID of imaging devices, for those that have no Printer-MIB to show it."""


class LevelStates(Part):
    """Levels that name a state instead of an amount, in rows of prtMarkerSuppliesTable without a capacity."""

    states: Annotated[dict[int, State], BeforeValidator(_number_keys)]
    not_models: re.Pattern[str] | None = None


class Quirks(Part):
    """In what the devices differ from RFC 3805."""

    empty_level: int | None = None
    """The prtMarkerSuppliesLevel that says "empty"."""
    level_states: LevelStates | None = None
    waste_level: Literal["filled", "remaining"] | None = None
    """What the level of a waste container tells, where the vendor's devices agree: how full it is, or the space left."""
    charset: int | None = None
    """The IANA character set of the private texts, where the device names none."""
    cartridge_serials: bool = True
    """False: no object of this vendor tells the serial numbers of cartridges."""


class Source(Part):
    """What every object of a definition tells of itself."""

    name: Name
    evidence: Evidence
    model: re.Pattern[str] | None = None
    """Only for devices with this in one of their descriptions."""
    note: str | None = None


class ObjectSpec(Source):
    """One instance of an object; of several OIDs the first that answers with something usable counts ("probe both")."""

    oid: OidTexts
    gives: Target | None = None
    """The item it is; nothing for an object that only a supply refers to."""
    prefer: bool = False
    """True: it comes before the standard object; a meter of that name from the standard stays beside it as `marker_NAME`."""
    format: Format = "text"
    pattern: re.Pattern[str] | None = None
    """What counts in a text: the first group, or all that matches."""
    unit: Unit = "impressions"


class RowSpec(Part):
    """A row of a table, found by its key, or by its label where it has no key."""

    key: int | str | None = None
    label: re.Pattern[str] | None = None
    code: Annotated[str, Field(pattern=r"^\d+(?:\.\d+)*$")] | None = None
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
    pattern: re.Pattern[str] | None = None
    rows: tuple[RowSpec, ...] = Field(alias="row", min_length=1)


class PaperColumns(Part):
    """The columns of a table of paper sizes."""

    size: OidText
    total: OidText
    mono: OidText | None = None
    color: OidText | None = None


class PaperSpec(Source):
    """Meters by paper size: each row gives `paper_SIZE`, and `paper_SIZE_mono` and `_color` where that size was used."""

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
    entries: tuple[EntrySpec, ...] = Field(default=(), alias="entry")


class SumSpec(Part):
    """A meter that is the sum of others, which all stay; there is none where one of them is missing."""

    gives: Annotated[str, Field(pattern=rf"^meters\.{_METER}$")]
    parts: tuple[Annotated[str, Field(pattern=rf"^meters\.{_METER}$")], ...] = Field(min_length=2)
    prefer: bool = False


class SupplySpec(Part):
    """One supply, put together from objects: a field is the name of an object, or `RECORDS:KEY` with the key in two hex digits."""

    type: SupplyType
    color: str | None = None
    description: str | None = None
    level: References = ()
    """Of several the first that has answered."""
    capacity: Annotated[tuple[int | str, ...], BeforeValidator(_several)] = ()
    """What each level is measured against: a number, or the object that tells it; 100 for a percentage."""
    join: tuple[Literal["description", "color", "type"], ...] | None = None
    """By what it finds its row of prtMarkerSuppliesTable: by default colour and type."""
    state: str | None = None
    states: Annotated[dict[int, State], BeforeValidator(_number_keys)] = Field(default_factory=dict)
    serial: str | None = None
    part_number: str | None = None
    prefer: bool = False
    model: re.Pattern[str] | None = None

    @model_validator(mode="after")
    def _a_capacity_for_each_level(self) -> "SupplySpec":
        if len(self.capacity) not in {0, 1, len(self.level)}:
            raise ValueError("capacity: write one for all levels, or one for each")
        return self


class SupplyColumns(Part):
    """The columns of a vendor's table of supplies."""

    type: OidText | None = None
    color: OidText | None = None
    description: OidText | None = None
    level: OidText | None = None
    capacity: OidText | None = None
    unit: OidText | None = None
    state: OidText | None = None
    serial: OidText | None = None
    part_number: OidText | None = None


class SuppliesSpec(Source):
    """A vendor's own table of supplies, joined to prtMarkerSuppliesTable."""

    columns: SupplyColumns
    join: tuple[Literal["index", "part_number", "description", "color", "type"], ...] = Field(min_length=1)
    """By what a row finds its row of the standard table: the first of these that names exactly one."""
    index: int = -1
    """Which number of a row's index is the index of the supply."""
    add: bool = True
    """Whether rows the standard table does not have are supplies of their own."""
    types: Names = Field(default_factory=dict)
    units: Names = Field(default_factory=dict)
    states: Annotated[dict[int, State], BeforeValidator(_number_keys)] = Field(default_factory=dict)
    type: SupplyType | None = None
    """The type of rows that do not tell one."""
    capacity: int | None = None
    """The capacity where no column tells it: 100 for percentages."""
    prefer: bool = False


class TextSpec(Part):
    """What stands inside a free text: named groups model, serial, firmware, network_firmware."""

    of: Literal["sysDescr", "hrDeviceDescr"]
    pattern: re.Pattern[str]
    evidence: Evidence = "A"

    @field_validator("pattern")
    @classmethod
    def _known_groups(cls, pattern: re.Pattern[str]) -> re.Pattern[str]:
        known = {"model", "serial", "firmware", "network_firmware"}
        if not pattern.groupindex or not known.issuperset(pattern.groupindex):
            raise ValueError("the pattern needs named groups, of these: (?P<model>…), serial, firmware, network_firmware")
        return pattern


class DefinitionFile(Part):
    """A whole file."""

    schema_version: Literal[1] = Field(alias="schema")
    vendor: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    brands: tuple[Brand, ...] = Field(alias="brand", min_length=1)
    based_on: tuple[str, ...] = ()
    """Vendors whose definitions apply to these devices too."""
    match: Match = Match()
    quirks: Quirks = Quirks()
    texts: tuple[TextSpec, ...] = Field(default=(), alias="text")
    objects: tuple[ObjectSpec, ...] = Field(default=(), alias="object")
    tables: tuple[TableSpec, ...] = Field(default=(), alias="table")
    papers: tuple[PaperSpec, ...] = Field(default=(), alias="paper")
    records: tuple[RecordsSpec, ...] = ()
    sums: tuple[SumSpec, ...] = Field(default=(), alias="sum")
    supplies: tuple[SupplySpec, ...] = Field(default=(), alias="supply")
    supply_tables: tuple[SuppliesSpec, ...] = Field(default=(), alias="supplies")

    @property
    def enterprises(self) -> frozenset[int]:
        """The private enterprise numbers of its brands."""
        return frozenset(number for brand in self.brands for number in brand.enterprises)

    def asked(self) -> Iterator[tuple[str, Oid, Oid]]:
        """Return each thing it asks for: the path of its key, the OID as written, and the subtree that has to be allowed for it."""
        for number, each in enumerate(self.objects):
            yield from ((f"object.{number}.oid", oid, oid[:-1]) for oid in each.oid)
        for number, records in enumerate(self.records):
            yield f"records.{number}.oid", records.oid, records.oid[:-1]
        kinds: tuple[tuple[str, Sequence[Part]], ...] = (
            ("table", [each.columns for each in self.tables]),
            ("paper", [each.columns for each in self.papers]),
            ("supplies", [each.columns for each in self.supply_tables]),
        )
        for kind, tables in kinds:
            for number, columns in enumerate(tables):
                yield from ((f"{kind}.{number}.columns.{name}", oid, oid) for name, oid in columns if oid is not None)

    def why_not(self, subtree: Oid) -> str | None:
        """Return why this definition may not ask for `subtree`, or None when it may."""
        if subtree in SHARED or any(subtree[:length] in mib.STANDARD for length in range(7, len(subtree) + 1)):
            return None
        if subtree[:6] != ENTERPRISES or (len(subtree) > 6 and subtree[6] not in self.enterprises):
            numbers = ", ".join(map(str, sorted(self.enterprises))) or "none"
            return f"it is outside 1.3.6.1.4.1 and the enterprise numbers of its brands ({numbers})"
        if len(subtree) < SHORTEST_SUBTREE:
            return "this is too wide: name a column or an instance"
        for oid, what in FORBIDDEN.items():
            if subtree[: len(oid)] == oid or oid[: len(subtree)] == subtree:
                return f"{format_oid(oid)} is never asked for: {what}"
        return None

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
