"""What SNMP objects are made of: object identifiers, tags and values (RFC 2578 section 7, RFC 3416 section 3).

An OID is a plain tuple of integers: it hashes, compares and sorts in lexicographic order as SNMP defines it.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

Oid = tuple[int, ...]

MAX_SUB_IDENTIFIER = 2**32 - 1
MAX_SUB_IDENTIFIERS = 128

_DOTTED = re.compile(r"\.?(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*", re.ASCII)


class Tag(IntEnum):
    """The BER tags a variable binding can carry (RFC 3416 section 3)."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIME_TICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


class Value(NamedTuple):
    """A value as it came: `content` is an int for numbers, bytes for strings, IpAddress (4 bytes) and Opaque, an Oid, or None.

    None is what there is for the tags of NO_OBJECT, and what cannot be decoded has for any other.
    """

    tag: int
    content: int | bytes | Oid | None


NO_OBJECT = frozenset((int(Tag.NO_SUCH_OBJECT), int(Tag.NO_SUCH_INSTANCE), int(Tag.END_OF_MIB_VIEW), int(Tag.NULL)))
"""Tags of a variable binding that carries no value; NULL is what some agents send for an object they do not have."""


def is_undecodable(value: Value) -> bool:
    """Return whether an agent has sent a value that nobody can decode."""
    return value.content is None and value.tag not in NO_OBJECT


Objects = Mapping[Oid, Value]
"""Objects that exist, by OID: noSuchObject, noSuchInstance, endOfMibView and what cannot be decoded never get in."""


def parse_oid(text: str) -> Oid:
    """Return the OID written in `text` as `1.3.6.1` or `.1.3.6.1`. Raises ValueError for anything else."""
    if not _DOTTED.fullmatch(text):
        raise ValueError(f"{text!r} is no object identifier: write numbers with dots between them, such as 1.3.6.1.2.1.1.2.0")
    oid = tuple(int(part) for part in text.lstrip(".").split("."))
    if len(oid) > MAX_SUB_IDENTIFIERS or max(oid) > MAX_SUB_IDENTIFIER:
        raise ValueError(f"{text!r} is no object identifier: it has at most 128 numbers, each below 2^32")
    return oid


def format_oid(oid: Oid) -> str:
    """Return `oid` as `1.3.6.1`."""
    return ".".join(map(str, oid))
