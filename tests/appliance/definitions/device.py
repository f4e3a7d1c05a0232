"""Devices made up from what is known of a vendor's objects, read as the collector reads real ones."""

import asyncio
import struct
from collections.abc import Mapping
from pathlib import Path

from appliance.reading.definitions.definitions import DefinitionError, Definitions, builtin_definitions, parse
from appliance.reading.device import read_device
from appliance.report import Meter, Reading, Supply
from appliance.snmp.recording import Recording
from appliance.snmp.values import Objects, Oid, Tag, Value, parse_oid
from tests.appliance.reading.printer import TAKEN_AT

P = "1.3.6.1.4.1"
SYS_OBJECT_ID, SYS_DESCR = "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.1.0"
DEVICE_DESCR, SERIAL = "1.3.6.1.2.1.25.3.2.1.3.1", "1.3.6.1.2.1.43.5.1.1.17.1"
LIFE_COUNT = "1.3.6.1.2.1.43.10.2.1.4.1.1"

Content = str | bytes | int | Oid | Value
Device = Mapping[str, Content]


def oid_value(dotted: str) -> Oid:
    """Return an OID as the content of an object."""
    return parse_oid(dotted)


def float32(number: float) -> bytes:
    """Return a number in four octets of IEEE 754."""
    return struct.pack(">f", number)


def objects(device: Device) -> Objects:
    """Return the objects of a device written by dotted OID."""
    return {parse_oid(oid): _value(content) for oid, content in device.items()}


def _value(content: Content) -> Value:
    if isinstance(content, Value):
        return content
    if isinstance(content, str):
        return Value(Tag.OCTET_STRING, content.encode())
    if isinstance(content, bytes):
        return Value(Tag.OCTET_STRING, content)
    return Value(Tag.INTEGER, content) if isinstance(content, int) else Value(Tag.OBJECT_IDENTIFIER, content)


def of(enterprise: str, device: Device) -> dict[str, Content]:
    """Return `device` with the sysObjectID below an enterprise number."""
    return {SYS_OBJECT_ID: oid_value(f"{P}.{enterprise}"), **device}


def read(device: Device, definitions: Definitions | None = None) -> Reading:
    """Return the reading of a device, asked for exactly what the collector would ask it."""
    return asyncio.run(read_device(Recording(objects(device)), taken_at=TAKEN_AT, definitions=definitions))


def asked(device: Device, definitions: Definitions | None = None) -> set[Oid]:
    """Return what a device is asked for."""
    recording = Recording(objects(device))
    asyncio.run(read_device(recording, taken_at=TAKEN_AT, definitions=definitions))
    return recording.asked


def meters(device: Device, definitions: Definitions | None = None) -> dict[str, int]:
    """Return the meters of a device by name."""
    return {name: meter.value for name, meter in read(device, definitions).meters.items()}


def meter(device: Device, name: str, definitions: Definitions | None = None) -> Meter:
    """Return one meter of a device."""
    return read(device, definitions).meters[name]


def only_supply(device: Device, definitions: Definitions | None = None) -> Supply:
    """Return the one supply of a device."""
    (supply,) = read(device, definitions).supplies
    return supply


def supply_row(row: int, **cells: Content) -> dict[str, Content]:
    """Return a row of prtMarkerSuppliesTable; cells: `colorant`, `cls`, `kind`, `text`, `unit`, `capacity`, `level`."""
    columns = {"colorant": 3, "cls": 4, "kind": 5, "text": 6, "unit": 7, "capacity": 8, "level": 9}
    return {f"1.3.6.1.2.1.43.11.1.1.{columns[name]}.1.{row}": content for name, content in cells.items()}


HEAD = """schema = 1
vendor = "Acme"

[[brand]]
name = "Acme"
enterprises = [32473]
"""
"""How a definition begins: a vendor nobody knows, with the enterprise number 32473."""


def refusal(text: str) -> str:
    """Return the sentence by which a definition is refused, empty where it is taken."""
    try:
        parse(text, "acme.toml")
    except DefinitionError as error:
        return str(error)
    return ""


def defined(text: str, *, head: str = HEAD) -> Definitions:
    """Return the built-in definitions and one more."""
    builtin = builtin_definitions()
    return Definitions((*builtin.definitions, parse(head + text, "acme.toml")))


def written(folder: Path, text: str, name: str = "acme.toml") -> Path:
    """Write a definition to a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file
