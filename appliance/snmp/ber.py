"""A small, fast reader of SNMP v1 and v2c response messages (RFC 1157, RFC 3416, BER of X.690).

It knows the encodings agents use every day. Whatever it does not fully recognise it does not guess: it answers None, and
`appliance.snmp.authority` (pysnmp) decides. What it does read is equal to what pysnmp reads, but for rules that agents bend and
whose meaning is plain; net-snmp reads them too, and one of them would otherwise cost the whole reply:

- An unsigned number of 2^31 and more in four bytes, without the leading zero, is the unsigned number the agent meant.
- A sub-identifier of an OID may begin with 0x80, which adds nothing to it (X.690 section 8.19.2 asks for the fewest octets).
- Bytes behind the message are no part of it: a NUL, a line end, what was left in the agent's buffer.

A number without any content is none (X.690 section 8.3.1), while pysnmp reads 0: it has the content None.
"""

from collections.abc import Callable, Mapping
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


class Unfamiliar(Exception):  # noqa: N818 - not an error: a reason to ask the authority
    """The message holds something this reader leaves to pysnmp."""


def read_request_id(data: bytes) -> int | None:
    """Return the request-id of a response message without reading the rest, or None if it is not plainly there."""
    head = _known_head(data)
    if head is not None:
        return int.from_bytes(data[head.id_at : head.id_end], "big", signed=True)
    try:
        position = inside(data, 0, _SEQUENCE)[0]
        position = inside(data, position, _INTEGER)[1]
        position = inside(data, position, _OCTET_STRING)[1]
        position = inside(data, position, _RESPONSE)[0]
        start, end = inside(data, position, _INTEGER)
        return _integer(data[start:end]) if end <= len(data) else None
    except (IndexError, Unfamiliar):
        return None


def read_message_id(data: bytes) -> int | None:
    """Return the msgID of an SNMPv3 message (RFC 3412 section 6.2) without reading the rest, or None if it is not plainly there."""
    try:
        position = inside(data, 0, _SEQUENCE)[0]
        version, position = _small_integer(data, position)
        start, end = inside(data, inside(data, position, _SEQUENCE)[0], _INTEGER)
        return _integer(data[start:end]) if version == 3 and end <= len(data) else None
    except (IndexError, Unfamiliar):
        return None


def read_response(data: bytes) -> Response | None:
    """Return the response in `data`, or None if any part of it is not fully recognised."""
    try:
        return _read(data)
    except (IndexError, Unfamiliar):
        return None


def read_what_is_readable(data: bytes) -> Response | None:
    """Return the response in `data` where nothing but names and values is at fault, or None.

    A value that cannot be decoded has the content None, a name the OID `()`: for messages that `read_response` and pysnmp reject.
    """
    try:
        position, end = inside(data, 0, _SEQUENCE)
        version, position = _small_integer(data, position)
        start, position = inside(data, position, _OCTET_STRING)
        head = _pdu_head(data, position)
        if not end == head.end <= len(data) or not 0 <= version <= 1:
            return None
        varbinds = _readable_varbinds(data, head.varbinds_at, end, version)
        return Response(version, data[start:position], head.request_id, head.error_status, head.error_index, varbinds)
    except (IndexError, Unfamiliar):
        return None


def without_rest(data: bytes) -> bytes:
    """Return the message in `data` without what stands behind it; all of it where its end is not plainly there."""
    try:
        return data[: inside(data, 0, _SEQUENCE)[1]]
    except (IndexError, Unfamiliar):
        return data


def request_id_offset(message: bytes) -> int:
    """Return where the four bytes of the request-id stand in an encoded request. Raises ValueError if they are not four."""
    position = inside(message, 0, _SEQUENCE)[0]
    position = inside(message, position, _INTEGER)[1]
    position = inside(message, position, _OCTET_STRING)[1]
    position = inside(message, position, message[position])[0]
    start, end = inside(message, position, _INTEGER)
    if end - start != 4:
        raise ValueError("the request-id of a template has to be four bytes long")
    return start


def inside(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return start and end of the content of the element with `tag` at `position`. Raises Unfamiliar, IndexError."""
    if data[position] != tag:
        raise Unfamiliar
    length = data[position + 1]
    if length < 0x80:
        return position + 2, position + 2 + length
    # 0x80 is the indefinite form; nothing that fits a datagram needs more than two octets.
    if length == 0x82:
        return position + 4, position + 4 + (data[position + 2] << 8 | data[position + 3])
    if length == 0x81:
        return position + 3, position + 3 + data[position + 2]
    raise Unfamiliar


def _small_integer(data: bytes, position: int) -> tuple[int, int]:
    """Return a number, mostly of one byte, and where the next element starts."""
    if data[position] == _INTEGER and data[position + 1] == 1 and data[position + 2] < 0x80:
        return data[position + 2], position + 3
    start, end = inside(data, position, _INTEGER)
    return _integer(data[start:end]), end


def _known_head(data: bytes) -> _Head | None:
    """Return the head of a message where it has been read before: not a byte but those of the request-id is another one."""
    head = _heads.get(len(data))
    if head is None or not data.startswith(head.before) or data[head.id_end : head.varbinds_at] != head.after:
        return None
    return head


class _PduHead(NamedTuple):
    """What stands before the varbinds of a PDU."""

    id_at: int
    id_end: int
    request_id: int
    error_status: int
    error_index: int
    varbinds_at: int
    end: int


def _pdu_head(data: bytes, position: int) -> _PduHead:
    position, pdu_end = inside(data, position, _RESPONSE)
    id_at, id_end = inside(data, position, _INTEGER)
    request_id = _integer(data[id_at:id_end])
    position = id_end
    if data[position : position + 6] == _NO_ERROR:
        error_status = error_index = 0
        position += 6
    else:
        error_status, position = _small_integer(data, position)
        error_index, position = _small_integer(data, position)
        if error_index < 0:
            raise Unfamiliar  # INTEGER (0..max-bindings): counted from behind, it would name an object that is not at fault
    varbinds_at, end = inside(data, position, _SEQUENCE)
    if end != pdu_end:
        raise Unfamiliar
    return _PduHead(id_at, id_end, request_id, error_status, error_index, varbinds_at, end)


def _read(data: bytes) -> Response:
    known = _known_head(data)
    if known is not None:
        _, id_at, id_end, _, position, version, community = known
        request_id = int.from_bytes(data[id_at:id_end], "big", signed=True)
        return Response(version, community, request_id, 0, 0, _varbinds(data, position, len(data), version))
    position, end = inside(data, 0, _SEQUENCE)
    if end < len(data):
        return _read(data[:end])
    if end > len(data):
        raise Unfamiliar
    version, position = _small_integer(data, position)
    if not 0 <= version <= 1:
        raise Unfamiliar
    start, position = inside(data, position, _OCTET_STRING)
    community = data[start:position]
    head = _pdu_head(data, position)
    if head.end != end:
        raise Unfamiliar
    at = head.varbinds_at
    response = Response(version, community, head.request_id, head.error_status, head.error_index, _varbinds(data, at, end, version))
    if head.error_status == head.error_index == 0 and head.id_end - head.id_at == 4:
        if len(_heads) == _HEADS:
            _heads.clear()
        _heads[end] = _Head(data[: head.id_at], head.id_at, head.id_end, data[head.id_end : at], at, version, community)
    return response


def _varbinds(data: bytes, position: int, end: int, version: int) -> list[tuple[Oid, Value]]:
    # The hot path of a scan: the short form of lengths is read right here, and tuple.__new__ makes a Value without a Python call.
    found: list[tuple[Oid, Value]] = []
    readers = _V2C_CONTENT if version else _V1_CONTENT
    name_of, make, append, number_of = read_oid, tuple.__new__, found.append, int.from_bytes
    value: int | bytes | Oid | None
    while position < end:
        if data[position] != _SEQUENCE:
            raise Unfamiliar
        start = position + 2
        length = data[position + 1]
        if length < 0x80:
            position = start + length
        else:
            start, position = inside(data, position, _SEQUENCE)
        length = data[start + 1]
        name_end = start + 2 + length
        if data[start] != _OBJECT_IDENTIFIER or length >= 0x80:
            name_at, name_end = inside(data, start, _OBJECT_IDENTIFIER)
            start = name_at - 2
        tag = data[name_end]
        content = name_end + 2
        length = data[name_end + 1]
        if length >= 0x80:
            content, value_end = inside(data, name_end, tag)
            length = value_end - content
        if content + length != position:
            raise Unfamiliar
        if tag == _OCTET_STRING:
            value = data[content:position]
        elif tag in _NUMBERS and 0 < length < 5 and data[content] < 0x80:
            value = data[content] if length == 1 else number_of(data[content:position], "big")
        else:
            value = _content(readers, tag, data[content:position])
        append((name_of(data[start + 2 : name_end]), make(Value, (tag, value))))
    if position != end:
        raise Unfamiliar
    return found


def _content(readers: "Mapping[int, Reader]", tag: int, content: bytes) -> int | bytes | Oid | None:
    if not content and tag in _ALL_NUMBERS:
        return None
    if tag not in readers:
        raise Unfamiliar
    return readers[tag](content)


def _readable_varbinds(data: bytes, position: int, end: int, version: int) -> list[tuple[Oid, Value]]:
    """Return the varbinds; what cannot be decoded of one costs no other."""
    found: list[tuple[Oid, Value]] = []
    while position < end:
        start, after = inside(data, position, _SEQUENCE)
        try:
            found.extend(_varbinds(data, position, after, version))
        except Unfamiliar:
            name_at, name_end = inside(data, start, _OBJECT_IDENTIFIER)
            if inside(data, name_end, data[name_end])[1] != after:
                raise
            found.append((_readable_oid(data[name_at:name_end]), Value(data[name_end], None)))
        position = after
    if position != end:
        raise Unfamiliar
    return found


def _readable_oid(content: bytes) -> Oid:
    try:
        return read_oid(content)
    except Unfamiliar:
        return ()


def _integer(content: bytes) -> int:
    length = len(content)
    number = int.from_bytes(content, "big", signed=True)
    # Five bytes: pysnmp itself writes -2^31 that way.
    if 0 < length < 5 or (length == 5 and -(2**31) <= number < 2**31):
        return number
    raise Unfamiliar


def _nothing(content: bytes) -> None:
    if content:
        raise Unfamiliar


def _address(content: bytes) -> bytes:
    if len(content) != 4:
        raise Unfamiliar
    return content


def _counter64(content: bytes) -> int:
    number = int.from_bytes(content, "big", signed=True)
    if not 1 <= len(content) <= 9 or not 0 <= number < 2**64:
        raise Unfamiliar
    return number


def _unsigned(content: bytes) -> int:
    number = int.from_bytes(content, "big", signed=len(content) != 4)
    if not 1 <= len(content) <= 5 or not 0 <= number <= 0xFFFFFFFF:
        raise Unfamiliar
    return number


@lru_cache(maxsize=4096)
def read_oid(content: bytes) -> Oid:
    """Return the OID whose BER content is `content` (X.690 section 8.19); the same few names come in every reply."""
    oid: list[int] = []
    number = 0
    fresh = False
    for octet in content:
        number = number << 7 | octet & 0x7F
        fresh = octet < 0x80
        if fresh:
            oid.append(number)
            number = 0
    if not oid or not fresh or len(oid) >= MAX_SUB_IDENTIFIERS or max(oid) > MAX_SUB_IDENTIFIER:
        raise Unfamiliar
    first = min(oid[0] // 40, 2)
    return (first, oid[0] - 40 * first, *oid[1:])


Reader = Callable[[bytes], int | bytes | Oid | None]
_V1_CONTENT: Final[dict[int, Reader]] = {
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
_ALL_NUMBERS: Final = _NUMBERS | {Tag.COUNTER64}
_V2C_CONTENT: Final = _V1_CONTENT | {
    Tag.COUNTER64: _counter64,
    Tag.NO_SUCH_OBJECT: _nothing,
    Tag.NO_SUCH_INSTANCE: _nothing,
    Tag.END_OF_MIB_VIEW: _nothing,
}
