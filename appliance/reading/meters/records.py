"""Octet strings that carry more than text: Brother's maintenance records and numbers in IEEE 754."""

import math
import struct

_TYPE = 1
_END = 0xFF
_OPAQUE_FLOAT = b"\x9f\x78\x04"
"""How net-snmp's agents wrap a float in an Opaque."""


def read_records(octets: bytes) -> dict[int, bytes]:
    """Return the values of Brother's records by their key: key, 01, length, value; ff ends them. The first of two counts.

    Usually a value has four octets; older devices use one (a state) or two (a level and its capacity). What does not follow the
    form ends the reading: nothing behind it can be trusted.
    """
    found: dict[int, bytes] = {}
    position = 0
    while position + 3 <= len(octets) and octets[position] != _END:
        key, kind, length = octets[position : position + 3]
        value = octets[position + 3 : position + 3 + length]
        if kind != _TYPE or len(value) != length:
            break
        found.setdefault(key, value)
        position += 3 + length
    return found


def float32(octets: bytes) -> float | None:
    """Return the number in four octets of IEEE 754, None when it is none, infinite or below zero."""
    if len(octets) == 7 and octets.startswith(_OPAQUE_FLOAT):
        octets = octets[3:]
    if len(octets) != 4:
        return None
    number: float = struct.unpack(">f", octets)[0]
    return number if math.isfinite(number) and number >= 0 else None
