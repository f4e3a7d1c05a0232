"""Recordings of devices in the `.snmprec` format: a line is `OID|TAG|VALUE`; the letter `x` behind a tag means hex octets.

Tags are BER tag numbers in decimal: 2 Integer32, 4 OCTET STRING, 5 NULL, 6 OBJECT IDENTIFIER, 64 IpAddress, 65 Counter32,
66 Gauge32, 67 TimeTicks, 68 Opaque, 70 Counter64.
"""

import ipaddress
from pathlib import Path

from simulator.ber import Oid, Tag, Value, parse_oid
from simulator.errors import RecordingError

NUMBERS = frozenset({Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64})


def read_recording(file: Path) -> dict[Oid, Value]:
    """Return the objects of one recording. Raises RecordingError naming file and line."""
    try:
        lines = file.read_text(encoding="utf-8").replace("\r\n", "\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"The recording {file} cannot be read: {error}.") from error
    objects: dict[Oid, Value] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            oid, value = parse_line(line)
        except ValueError as error:
            raise RecordingError(f"Line {number} of the recording {file} cannot be used: {error}.") from error
        objects[oid] = value
    if not objects:
        raise RecordingError(f"The recording {file} holds no objects.")
    return objects


def parse_line(line: str) -> tuple[Oid, Value]:
    """Return the object of one line. Raises ValueError saying what is wrong with it."""
    parts = line.split("|", 2)
    if len(parts) != 3:
        raise ValueError("a line is OID|TAG|VALUE")
    oid = parse_oid(parts[0])
    number = parts[1].removesuffix("x")
    try:
        tag = Tag(int(number))
    except ValueError as error:
        raise ValueError(f"the tag {parts[1]!r} is not known") from error
    return oid, _value(tag, parts[2], hexadecimal=parts[1].endswith("x"))


def _value(tag: Tag, text: str, *, hexadecimal: bool) -> Value:
    if hexadecimal:
        octets = bytes.fromhex(text)
        return Value(tag, int.from_bytes(octets, "big", signed=True) if tag in NUMBERS else octets)
    if tag in NUMBERS:
        return Value(tag, int(text))
    if tag == Tag.OBJECT_IDENTIFIER:
        return Value(tag, parse_oid(text))
    if tag == Tag.IP_ADDRESS:
        return Value(tag, ipaddress.IPv4Address(text.strip()).packed)
    if tag == Tag.NULL:
        return Value(tag, b"")
    if tag in (Tag.OCTET_STRING, Tag.OPAQUE):
        return Value(tag, text.encode())
    raise ValueError(f"a value of type {tag.name} cannot be recorded")
