"""A small, fast reader of SNMP v1 and v2c response messages (RFC 1157, RFC 3416, BER of X.690).

It knows the encodings agents use every day. Whatever it does not fully recognise it does not guess: it answers None, and
`appliance.snmp.authority` (pysnmp) decides. What it does read is equal to what pysnmp reads, with one addition: pysnmp rejects an
unsigned number of 2^31 and more that an agent sent in four bytes without the leading zero. No unsigned type can be negative, so
it is read as the unsigned number the agent meant, as net-snmp does; otherwise an uptime above 248 days would cost the whole reply.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from appliance.snmp.values import MAX_SUB_IDENTIFIER, MAX_SUB_IDENTIFIERS, Oid, Tag, Value

_SEQUENCE: Final = 0x30
_RESPONSE: Final = 0xA2
_INTEGER: Final = int(Tag.INTEGER)
_OCTET_STRING: Final = int(Tag.OCTET_STRING)
_OBJECT_IDENTIFIER: Final = int(Tag.OBJECT_IDENTIFIER)
_NO_ERROR: Final = bytes((_INTEGER, 1, 0, _INTEGER, 1, 0))
"""Error status and error index of nearly every response."""
_HEADS: Final = 512
"""Heads of responses that are remembered."""


class Response(NamedTuple):
    """A response message. `error_index` counts from 1, as RFC 3416 does; `varbinds` are in the order of the message."""

    version: int
    community: bytes
    request_id: int
    error_status: int
    error_index: int
    varbinds: list[tuple[Oid, Value]]


class _Head(NamedTuple):
    """What stands before the varbinds of a response without error. Only the request-id differs between responses of one length."""

    before: bytes
    """Up to the request-id, which has four bytes."""
    id_at: int
    id_end: int
    after: bytes
    """From behind the request-id to the first varbind."""
    varbinds_at: int
    version: int
    community: bytes


_heads: Final[dict[int, _Head]] = {}
"""The head read last, by the length of its message: of a scan's replies most begin with one that was read before."""


class _Unfamiliar(Exception):  # noqa: N818 - not an error: a reason to ask the authority
    """The message holds something this reader leaves to pysnmp."""


def read_request_id(data: bytes) -> int | None:
    """Return the request-id of a response message without reading the rest, or None if it is not plainly there."""
    head = _known_head(data)
    if head is not None:
        return int.from_bytes(data[head.id_at : head.id_end], "big", signed=True)
    try:
        position = _inside(data, 0, _SEQUENCE)[0]
        position = _inside(data, position, _INTEGER)[1]
        position = _inside(data, position, _OCTET_STRING)[1]
        position = _inside(data, position, _RESPONSE)[0]
        start, end = _inside(data, position, _INTEGER)
        return _integer(data[start:end]) if end <= len(data) else None
    except (IndexError, _Unfamiliar):
        return None


def read_message_id(data: bytes) -> int | None:
    """Return the msgID of an SNMPv3 message (RFC 3412 section 6.2) without reading the rest, or None if it is not plainly there."""
    try:
        position = _inside(data, 0, _SEQUENCE)[0]
        version, position = _small_integer(data, position)
        start, end = _inside(data, _inside(data, position, _SEQUENCE)[0], _INTEGER)
        return _integer(data[start:end]) if version == 3 and end <= len(data) else None
    except (IndexError, _Unfamiliar):
        return None


def read_response(data: bytes) -> Response | None:
    """Return the response in `data`, or None if any part of it is not fully recognised."""
    try:
        return _read(data)
    except (IndexError, _Unfamiliar):
        return None


def request_id_offset(message: bytes) -> int:
    """Return where the four bytes of the request-id stand in an encoded request. Raises ValueError if they are not four."""
    position = _inside(message, 0, _SEQUENCE)[0]
    position = _inside(message, position, _INTEGER)[1]
    position = _inside(message, position, _OCTET_STRING)[1]
    position = _inside(message, position, message[position])[0]
    start, end = _inside(message, position, _INTEGER)
    if end - start != 4:
        raise ValueError("the request-id of a template has to be four bytes long")
    return start


def _inside(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return start and end of the content of the element with `tag` at `position`."""
    if data[position] != tag:
        raise _Unfamiliar
    length = data[position + 1]
    if length < 0x80:
        return position + 2, position + 2 + length
    # 0x80 is the indefinite form; nothing that fits a datagram needs more than two octets.
    if length == 0x82:
        return position + 4, position + 4 + (data[position + 2] << 8 | data[position + 3])
    if length == 0x81:
        return position + 3, position + 3 + data[position + 2]
    raise _Unfamiliar


def _small_integer(data: bytes, position: int) -> tuple[int, int]:
    """Return a number of one byte, 0 to 127, and where the next element starts."""
    if data[position] != _INTEGER or data[position + 1] != 1 or data[position + 2] > 0x7F:
        raise _Unfamiliar
    return data[position + 2], position + 3


def _known_head(data: bytes) -> _Head | None:
    """Return the head of a message where it has been read before: not a byte but those of the request-id is another one."""
    head = _heads.get(len(data))
    if head is None or not data.startswith(head.before) or data[head.id_end : head.varbinds_at] != head.after:
        return None
    return head


def _read(data: bytes) -> Response:
    head = _known_head(data)
    if head is not None:
        _, id_at, id_end, _, position, version, community = head
        request_id = int.from_bytes(data[id_at:id_end], "big", signed=True)
        return Response(version, community, request_id, 0, 0, _varbinds(data, position, len(data), version))
    position, end = _inside(data, 0, _SEQUENCE)
    if end != len(data):
        raise _Unfamiliar
    version, position = _small_integer(data, position)
    if version > 1:
        raise _Unfamiliar
    start, position = _inside(data, position, _OCTET_STRING)
    community = data[start:position]
    position, pdu_end = _inside(data, position, _RESPONSE)
    id_at, id_end = _inside(data, position, _INTEGER)
    request_id = _integer(data[id_at:id_end])
    position = id_end
    if data[position : position + 6] == _NO_ERROR:
        error_status = error_index = 0
        position += 6
    else:
        error_status, position = _small_integer(data, position)
        error_index, position = _small_integer(data, position)
    position, list_end = _inside(data, position, _SEQUENCE)
    if not end == pdu_end == list_end:
        raise _Unfamiliar
    response = Response(version, community, request_id, error_status, error_index, _varbinds(data, position, end, version))
    if error_status == error_index == 0 and id_end - id_at == 4:
        if len(_heads) == _HEADS:
            _heads.clear()
        _heads[end] = _Head(data[:id_at], id_at, id_end, data[id_end:position], position, version, community)
    return response


def _varbinds(data: bytes, position: int, end: int, version: int) -> list[tuple[Oid, Value]]:
    # The hot path of a scan: the short form of lengths is read right here, and tuple.__new__ makes a Value without a Python call.
    found: list[tuple[Oid, Value]] = []
    readers = _V2C_CONTENT if version else _V1_CONTENT
    name_of, make, append, number_of = read_oid, tuple.__new__, found.append, int.from_bytes
    value: int | bytes | Oid | None
    while position < end:
        if data[position] != _SEQUENCE:
            raise _Unfamiliar
        start = position + 2
        length = data[position + 1]
        if length < 0x80:
            position = start + length
        else:
            start, position = _inside(data, position, _SEQUENCE)
        length = data[start + 1]
        name_end = start + 2 + length
        if data[start] != _OBJECT_IDENTIFIER or length >= 0x80:
            raise _Unfamiliar
        tag = data[name_end]
        content = name_end + 2
        length = data[name_end + 1]
        if length >= 0x80:
            content, value_end = _inside(data, name_end, tag)
            length = value_end - content
        if content + length != position:
            raise _Unfamiliar
        if tag == _OCTET_STRING:
            value = data[content:position]
        elif tag in _NUMBERS and 0 < length < 5 and data[content] < 0x80:
            value = data[content] if length == 1 else number_of(data[content:position], "big")
        elif tag in readers:
            value = readers[tag](data[content:position])
        else:
            raise _Unfamiliar
        append((name_of(data[start + 2 : name_end]), make(Value, (tag, value))))
    if position != end:
        raise _Unfamiliar
    return found


def _integer(content: bytes) -> int:
    length = len(content)
    number = int.from_bytes(content, "big", signed=True)
    # Five bytes: pysnmp itself writes -2^31 that way.
    if 0 < length < 5 or (length == 5 and -(2**31) <= number < 2**31):
        return number
    raise _Unfamiliar


def _nothing(content: bytes) -> None:
    if content:
        raise _Unfamiliar


def _address(content: bytes) -> bytes:
    if len(content) != 4:
        raise _Unfamiliar
    return content


def _counter64(content: bytes) -> int:
    number = int.from_bytes(content, "big", signed=True)
    if not 1 <= len(content) <= 9 or not 0 <= number < 2**64:
        raise _Unfamiliar
    return number


def _unsigned(content: bytes) -> int:
    number = int.from_bytes(content, "big", signed=len(content) != 4)
    if not 1 <= len(content) <= 5 or not 0 <= number <= 0xFFFFFFFF:
        raise _Unfamiliar
    return number


@lru_cache(maxsize=4096)
def read_oid(content: bytes) -> Oid:
    """Return the OID whose BER content is `content` (X.690 section 8.19); the same few names come in every reply."""
    oid: list[int] = []
    number = 0
    fresh = True
    for octet in content:
        if fresh and octet == 0x80:
            raise _Unfamiliar
        number = number << 7 | octet & 0x7F
        fresh = octet < 0x80
        if fresh:
            oid.append(number)
            number = 0
    if not oid or not fresh or len(oid) >= MAX_SUB_IDENTIFIERS or max(oid) > MAX_SUB_IDENTIFIER:
        raise _Unfamiliar
    first = min(oid[0] // 40, 2)
    return (first, oid[0] - 40 * first, *oid[1:])


_V1_CONTENT: Final[dict[int, Callable[[bytes], int | bytes | Oid | None]]] = {
    Tag.INTEGER: _integer,
    Tag.OCTET_STRING: bytes,
    Tag.NULL: _nothing,
    Tag.OBJECT_IDENTIFIER: read_oid,
    Tag.IP_ADDRESS: _address,
    Tag.COUNTER32: _unsigned,
    Tag.GAUGE32: _unsigned,
    Tag.TIME_TICKS: _unsigned,
    Tag.OPAQUE: bytes,
}
_NUMBERS: Final = frozenset((Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS))
_V2C_CONTENT: Final = _V1_CONTENT | {
    Tag.COUNTER64: _counter64,
    Tag.NO_SUCH_OBJECT: _nothing,
    Tag.NO_SUCH_INSTANCE: _nothing,
    Tag.END_OF_MIB_VIEW: _nothing,
}
