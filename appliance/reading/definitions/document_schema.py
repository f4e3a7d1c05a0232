"""What a vendor definition may say of the web documents of devices: where they are, in which format, and what stands where in them.

Pointers are those of `document_tree`. What documents are asked for is limited by meaning, as objects are (`permitted_documents`).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from appliance.reading.definitions.fields import (
    LONGEST_NAME,
    METER,
    METER_PREFIX,
    Number,
    PatternText,
    State,
    SupplyType,
    Title,
    Unit,
    WasteLevel,
)
from appliance.reading.definitions.part import Part, Source
from appliance.reading.sources.document_tree import LONGEST_POINTER, Pointer, parse_pointer

DocumentFormat = Literal["xml", "json", "csv", "key=value"]
_LONGEST_PATH = 200
_PATH = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_DEVICE_FIELDS = "serial|description|firmware|location|hostname|asset_number"
_TARGET = re.compile(rf"device\.(?:{_DEVICE_FIELDS})|meters\.{METER}|misc\.(?!unproven\Z)[a-z][a-z0-9_]*")


def _path(value: str) -> str:
    if not _PATH.fullmatch(value) or len(value) > _LONGEST_PATH:
        raise ValueError(
            "write the path of a document, such as /cdm/supply/v1/suppliesPublic: no host, no query, nothing that is escaped, "
            "no folder above"
        )
    return value


def _target(value: str) -> str:
    if not _TARGET.fullmatch(value) or len(value) > LONGEST_NAME:
        raise ValueError(
            "a document gives device.serial, device.description, device.firmware, device.location, device.hostname, "
            "device.asset_number, misc.NAME, or meters. with total, print, copy, fax, scan, duplex …, as in meters.copy_color"
        )
    return value


def _pointer(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("write a pointer in quotes, such as /printUsage/impressions/total")
    return parse_pointer(value)


def _pointers(value: object) -> object:
    return tuple(_pointer(each) for each in value) if isinstance(value, list) else (_pointer(value),)


def _texts(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _small_names(value: dict[str, str]) -> dict[str, str]:
    return {name.casefold(): each for name, each in value.items()}


PathText = Annotated[str, AfterValidator(_path)]
PointerText = Annotated[Pointer, BeforeValidator(_pointer)]
PointerTexts = Annotated[tuple[Pointer, ...], BeforeValidator(_pointers), Field(max_length=10)]
DocumentTarget = Annotated[str, AfterValidator(_target)]
_ShortText = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
_Conditions = Annotated[
    dict[Annotated[str, StringConstraints(max_length=LONGEST_POINTER)], Annotated[tuple[_ShortText, ...], BeforeValidator(_texts)]],
    Field(max_length=5),
]
_Types = Annotated[dict[Title, SupplyType], AfterValidator(_small_names), Field(max_length=100)]
_Colors = Annotated[dict[Title, Title], AfterValidator(_small_names), Field(max_length=100)]
_States = Annotated[dict[Title, State], AfterValidator(_small_names), Field(max_length=100)]


class FieldSpec(Part):
    """A value of a document and the item it gives: the first of several pointers that leads to one, or a sum."""

    at: PointerTexts = ()
    sum: PointerTexts = ()
    """Counts that make the meter together, where nothing is at `at`; all of them have to be there."""
    gives: DocumentTarget
    unit: Unit = "impressions"
    pattern: PatternText | None = None
    """What counts in a text: the first group, or all that matches."""
    not_pattern: PatternText | None = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> "FieldSpec":
        if not self.at and not self.sum:
            raise ValueError("write with `at` where the value is")
        if self.sum and not self.gives.startswith(METER_PREFIX):
            raise ValueError("sum: only meters add up")
        return self


class EntriesSpec(Part):
    """A list of a document: each item at `each`, or the one thing that is there. Its pointers begin at the item."""

    each: PointerText = ()
    when: _Conditions = Field(default_factory=dict)
    """By pointers the texts of which one has to be there for an item to count."""
    unless: _Conditions = Field(default_factory=dict)
    """The texts by which an item counts for nothing."""

    @model_validator(mode="after")
    def _conditions_are_pointers(self) -> "EntriesSpec":
        for _ in self.conditions():
            pass
        return self

    def conditions(self) -> Iterator[tuple[Pointer, tuple[str, ...], bool]]:
        """Yield pointer, texts and whether one of them has to be there."""
        for wanted, conditions in ((True, self.when), (False, self.unless)):
            for pointer, texts in conditions.items():
                yield parse_pointer(pointer), texts, wanted


class SupplyPointers(Part):
    """Where an entry tells what of a supply."""

    index: PointerTexts = ()
    type: PointerTexts = ()
    color: PointerTexts = ()
    description: PointerTexts = ()
    level: PointerTexts = ()
    capacity: PointerTexts = ()
    state: PointerTexts = ()
    serial: PointerTexts = ()
    part_number: PointerTexts = ()


class DocumentSupplySpec(EntriesSpec):
    """The supplies of a list; what no pointer tells stands here for all of them."""

    at: SupplyPointers
    types: _Types = Field(default_factory=dict)
    colors: _Colors = Field(default_factory=dict)
    states: _States = Field(default_factory=dict)
    """What the texts of an entry stand for, capitals or not; a colour that is not listed goes by its name."""
    type: SupplyType = "other"
    color: Title | None = None
    description: Title | None = None
    capacity: Number | None = None
    """What the level is measured against where no pointer tells it: 100 for a percentage, of which more than that is unknown."""
    waste_level: WasteLevel | None = None


class TrayPointers(Part):
    """Where an entry tells what of a tray."""

    index: PointerTexts = ()
    name: PointerTexts = ()
    media: PointerTexts = ()
    level: PointerTexts = ()
    capacity: PointerTexts = ()


class DocumentTraySpec(EntriesSpec):
    """The trays of a list."""

    at: TrayPointers
    name: Title | None = None


class WebDocumentSpec(Source):
    """A document that a device has at a path, for whoever asks with GET."""

    name: Title
    path: PathText
    format: DocumentFormat
    family: Title
    """Documents that a device has together: where none of a family is, the next one of the definition is tried."""
    prefer: bool = False
    """True: it is asked before IPP, for it says more; others are asked for what IPP leaves open."""
    root: Title | None = None
    """The name of the root element, for XML."""
    needs: PointerTexts = ()
    """What has to be there for it to be this document."""
    fields: tuple[FieldSpec, ...] = Field(default=(), alias="field", max_length=100)
    supplies: tuple[DocumentSupplySpec, ...] = Field(default=(), alias="supply", max_length=30)
    trays: tuple[DocumentTraySpec, ...] = Field(default=(), alias="tray", max_length=20)

    @model_validator(mode="after")
    def _root_of_xml(self) -> "WebDocumentSpec":
        if (self.root is not None) is not (self.format == "xml"):
            raise ValueError("root: write the name of the root element for xml, and for nothing else")
        if not (self.fields or self.supplies or self.trays):
            raise ValueError("write with field, supply or tray what it gives")
        return self

    def items(self) -> Iterator[str]:
        """Yield what it gives, as the definition says."""
        yield from (each.gives for each in self.fields)
        yield from ("a supply" for _ in self.supplies)
        yield from ("a tray" for _ in self.trays)

    def gives(self, prefix: str) -> bool:
        """Return whether a field gives an item whose name begins so."""
        return any(each.gives.startswith(prefix) for each in self.fields)
