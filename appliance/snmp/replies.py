"""From the octets of a reply to the response in it: by the fast reader, else by pysnmp, else what of it can be read.

Of SNMPv3 pysnmp checks and decrypts the message; its PDU is taken out before pysnmp looks at that, and read as those of SNMPv2c.
"""

from typing import Final

from appliance.snmp.authority import UndecodableError, decode_response
from appliance.snmp.ber import Response, Unfamiliar, inside, read_response, read_what_is_readable
from appliance.snmp.values import Tag

UNDECODABLE: Final = -1
"""The error status of a reply nobody can decode."""

_SEQUENCE: Final = 0x30
_RESPONSE: Final = 0xA2
_V2C: Final = bytes((Tag.INTEGER, 1, 1, Tag.OCTET_STRING, 0))
_NO_CONTENT: Final = bytes((Tag.INTEGER, 1, 0) * 3 + (_SEQUENCE, 0))


def decode_reply(data: bytes, request_id: int) -> Response:
    """Return the reply to an SNMPv1 or SNMPv2c request; what nobody can decode has the error status UNDECODABLE.

    A value that cannot be decoded has the content None, a name that cannot be the OID `()`.
    """
    response = read_response(data)
    if response is not None:
        return response
    try:
        return decode_response(data)
    except UndecodableError:
        return read_what_is_readable(data) or Response(0, b"", request_id, UNDECODABLE, 0, [])


def split_message(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return an SNMPv3 message (RFC 3412 section 6) without what follows it, the same with an empty PDU in it, and its PDU.

    The PDU is empty, and both messages are the same, where it is encrypted or not plainly there.
    """
    try:
        start, end = inside(data, 0, _SEQUENCE)
        position = inside(data, inside(data, start, Tag.INTEGER)[1], _SEQUENCE)[1]
        position = inside(data, position, Tag.OCTET_STRING)[1]
    except (IndexError, Unfamiliar):
        return data, data, b""
    whole = data[:end]
    hollow, pdu = split_scoped_pdu(whole[position:])
    return whole, _element(_SEQUENCE, whole[start:position] + hollow) if pdu else whole, pdu


def split_scoped_pdu(data: bytes) -> tuple[bytes, bytes]:
    """Return a scoped PDU (RFC 3412 section 6.8) with an empty PDU in it, and its PDU: that is empty where it is not plainly there.

    A cipher may have left padding behind it.
    """
    try:
        start, end = inside(data, 0, _SEQUENCE)
        position = inside(data, inside(data, start, Tag.OCTET_STRING)[1], Tag.OCTET_STRING)[1]
        if not inside(data, position, data[position])[1] == end <= len(data):
            return data, b""
    except (IndexError, Unfamiliar):
        return data, b""
    return _element(_SEQUENCE, data[start:position] + _element(data[position], _NO_CONTENT)), data[position:end]


def decode_pdu(pdu: bytes) -> Response:
    """Return the content of a Response-PDU or Report-PDU of SNMPv3; see `decode_reply`."""
    return decode_reply(_element(_SEQUENCE, _V2C + bytes((_RESPONSE,)) + pdu[1:]), 0)._replace(version=3)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes((tag, size) if size < 0x80 else (tag, 0x82, size >> 8, size & 0xFF)) + content
