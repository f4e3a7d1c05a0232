"""Basic Encoding Rules (X.690), as far as SNMPv1 and SNMPv2c use them (RFC 1157, RFC 3416, RFC 3417 section 8)."""

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

Oid = tuple[int, ...]


class Tag(IntEnum):
    """Tags of values and PDUs: RFC 2578 section 7.1 (SMIv2 types) and RFC 3416 section 3."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    SEQUENCE = 0x30
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIME_TICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82
    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GET_BULK = 0xA5


class Value(NamedTuple):
    """A value of an object: its tag and its content."""

    tag: Tag
    content: int | bytes | Oid


class BerError(ValueError):
    """The bytes are not a message this simulator understands."""


UNSIGNED = frozenset({Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64})
SUBIDENTIFIER_LIMIT = 1 << 32


def parse_oid(text: str) -> Oid:
    """Return the OID written as `1.3.6.1` (a leading dot is allowed). Raises ValueError."""
    parts = text.strip().removeprefix(".").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{text!r} is no object identifier")
    oid = tuple(int(part) for part in parts)
    if len(oid) < 2 or oid[0] > 2 or max(oid) >= SUBIDENTIFIER_LIMIT:
        raise ValueError(f"{text!r} is no object identifier")
    return oid


def format_oid(oid: Oid) -> str:
    """Return `oid` as `1.3.6.1`."""
    return ".".join(map(str, oid))


def encode_length(length: int) -> bytes:
    """Return the length octets in their shortest definite form."""
    if length < 0x80:
        return bytes((length,))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, content: bytes) -> bytes:
    """Return tag, length and content."""
    return bytes((tag,)) + encode_length(len(content)) + content


def encode_integer(number: int) -> bytes:
    """Return the shortest two's complement of `number`; unsigned types get a leading zero octet where the top bit is set."""
    return number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, "big", signed=True)


def encode_oid(oid: Oid) -> bytes:
    """Return the content octets of an OID."""
    out = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        if number < 0x80:
            out.append(number)
            continue
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        out += bytes(reversed(groups))
    return bytes(out)


def decode_oid(content: bytes) -> Oid:
    """Return the OID of its content octets. Raises BerError."""
    if not content or content[-1] & 0x80:
        raise BerError("an object identifier that ends in the middle")
    numbers = []
    number = 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if octet & 0x80:
            continue
        numbers.append(number)
        number = 0
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - first * 40, *numbers[1:])


def encode_value(value: Value) -> bytes:
    """Return tag, length and content of a value. Raises ValueError when the content does not fit the tag."""
    tag, content = value
    if isinstance(content, tuple):
        return tlv(tag, encode_oid(content))
    if isinstance(content, bytes):
        return tlv(tag, content)
    if tag in UNSIGNED and not 0 <= content < (1 << 64 if tag == Tag.COUNTER64 else 1 << 32):
        raise ValueError(f"{content} does not fit {tag.name}")
    return tlv(tag, encode_integer(content))


def encode_varbind(oid_octets: bytes, value_octets: bytes) -> bytes:
    """Return the VarBind SEQUENCE of an encoded OID (content octets) and an encoded value (tag, length, content)."""
    return tlv(Tag.SEQUENCE, tlv(Tag.OBJECT_IDENTIFIER, oid_octets) + value_octets)


def read_header(data: bytes, at: int) -> tuple[int, int, int]:
    """Return tag, start and end of the content of the element at `at`. Raises BerError or IndexError when it is cut off."""
    tag = data[at]
    length = data[at + 1]
    at += 2
    if length > 0x7F:
        octets = length & 0x7F
        if not 1 <= octets <= 4:
            raise BerError("a length of no use")
        length = int.from_bytes(data[at : at + octets], "big")
        at += octets
    end = at + length
    if end > len(data):
        raise BerError("an element that is cut off")
    return tag, at, end


class Request(NamedTuple):
    """A message as it came in. `first` and `second` are error-status and error-index, or non-repeaters and max-repetitions."""

    version: int
    community: bytes
    pdu: int
    request_id: bytes
    first: int
    second: int
    oids: tuple[bytes, ...]
    variables: bytes


def parse_request(data: bytes) -> Request:
    """Return the request in `data`; OIDs stay as content octets. Raises BerError or IndexError when it is none."""
    tag, at, end = read_header(data, 0)
    if tag != Tag.SEQUENCE:
        raise BerError("no message")
    _, at, stop = read_header(data, at)
    version = int.from_bytes(data[at:stop], "big")
    tag, at, after = read_header(data, stop)
    if tag != Tag.OCTET_STRING:
        raise BerError("no community")
    community = data[at:after]
    pdu, at, end = read_header(data, after)
    stop = at + 2 + data[at + 1]
    request_id = data[at:stop]
    first, stop = _small(data, stop)
    second, stop = _small(data, stop)
    tag, at, stop = read_header(data, stop)
    if tag != Tag.SEQUENCE or stop != end:
        raise BerError("no list of variables")
    variables = data[at:stop]
    return Request(version, community, pdu, request_id, first, second, _names(variables), variables)


def _small(data: bytes, at: int) -> tuple[int, int]:
    """Return the INTEGER at `at` and where it ends; nearly all have one octet."""
    stop = at + 2 + data[at + 1]
    if stop == at + 3 and data[at + 2] < 0x80:
        return data[at + 2], stop
    return int.from_bytes(data[at + 2 : stop], "big", signed=True), stop


# A collector asks every printer for the same objects: its lists of variables are read once.
@lru_cache(maxsize=4096)
def _names(variables: bytes) -> tuple[bytes, ...]:
    oids = []
    at = 0
    while at < len(variables):
        tag, inner, at = read_header(variables, at)
        name, start, inner = read_header(variables, inner)
        if tag != Tag.SEQUENCE or name != Tag.OBJECT_IDENTIFIER or inner > at:
            raise BerError("no variable")
        oids.append(variables[start:inner])
    return tuple(oids)
