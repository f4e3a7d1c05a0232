"""The kinds of values in a vendor definition, each with its form and its bounds."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, PlainSerializer, StringConstraints, ValidationInfo

from appliance.reading import enumerations as enum
from appliance.reading.definitions.patterns import Pattern
from appliance.snmp.values import Oid, parse_oid

METER = (
    r"(?:total|print|copy|fax|scan|duplex|simplex|large|small|paper|engine|length|report|images|blank|document_filing|other|jams)"
    r"(?:_[a-z0-9]+)*"
)
_DEVICE_FIELDS = "serial|model|firmware|asset_number|location|hostname|device_id"
_TARGET = re.compile(rf"device\.(?:{_DEVICE_FIELDS})|status\.console|meters\.{METER}|misc\.(?!unproven\Z)[a-z][a-z0-9_]*")

METER_PREFIX = "meters."
LONGEST_NAME = 60
LONGEST_OID = 400
TESTED = "tested"
"""The context of a validation of what comes with the program."""
State = Literal["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"]


def is_tested(info: ValidationInfo) -> bool:
    """Return whether what is validated comes with the program, whose tests compile each pattern."""
    return info.context is TESTED


def _oid(value: object) -> Oid:
    if not isinstance(value, str) or len(value) > LONGEST_OID:
        raise ValueError("write an object identifier in quotes, such as 1.3.6.1.2.1.1.2.0")
    return parse_oid(value)


def _oids(value: object) -> object:
    return tuple(_oid(each) for each in value) if isinstance(value, list) else (_oid(value),)


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _number_keys(value: object) -> object:
    """TOML writes every key as text."""
    return (
        {int(key) if re.fullmatch(r"-?[0-9]{1,9}", key) else key: each for key, each in value.items()}
        if isinstance(value, dict)
        else value
    )


def _pattern(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        raise ValueError("write a regular expression in quotes")
    return Pattern(value, tested=is_tested(info))


def _target(value: object) -> object:
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not _TARGET.fullmatch(value):
        shown = value[:LONGEST_NAME] if isinstance(value, str) else "that"
        raise ValueError(
            f"{shown!r} is nothing a reading has: write device.serial, device.model, device.firmware, device.asset_number, "
            "device.location, device.hostname, device.device_id, status.console, misc.NAME, or meters. with total, print, copy, "
            "fax, scan, duplex, large, small, paper, engine …, as in meters.copy_color"
        )
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a name has no control characters")
    return value


OidText = Annotated[Oid, BeforeValidator(_oid)]
OidTexts = Annotated[tuple[Oid, ...], BeforeValidator(_oids), Field(min_length=1, max_length=10)]
PatternText = Annotated[InstanceOf[Pattern], BeforeValidator(_pattern), PlainSerializer(lambda pattern: pattern.text)]
Target = Annotated[str, BeforeValidator(_target)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=LONGEST_NAME)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), AfterValidator(_printable)]
Sentence = Annotated[str, StringConstraints(max_length=400)]
Number = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Evidence = Literal["A", "B", "C", "K"]
"""A: a MIB, or two independent sources agree. B: one maintained project. C: one unreviewed source. K: background knowledge."""
Unit = Literal[
    "impressions",
    "sheets",
    "hours",
    "feet",
    "meters",
    "micrometers",
    "tenThousandthsOfInches",
    "inches",
    "items",
    "images",
    "a4Equivalents",
]
WasteLevel = Literal["filled", "remaining"]
"""How full a container for waste is, or the space left in it."""
Format = Literal["text", "prefixed_text", "integer", "float32"]
NUMBERS = frozenset({"integer", "float32"})
"""Formats of which nothing but a number goes out."""
Names = Annotated[dict[Number | Title, Title], BeforeValidator(_number_keys), Field(max_length=100)]
States = Annotated[dict[Number, State], BeforeValidator(_number_keys), Field(max_length=100)]
Capacities = Annotated[tuple[Number | Title, ...], BeforeValidator(_several), Field(max_length=10)]
References = Annotated[tuple[Title, ...], BeforeValidator(_several), Field(max_length=10)]
SupplyType = Annotated[str, Field(pattern=f"^(?:{'|'.join(enum.SUPPLY_TYPE.values())})$")]
