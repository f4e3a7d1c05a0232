"""SNMP messages as pysnmp writes and reads them: what the tests compare with and answer with."""

from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.api import v1, v2c

from appliance.snmp.values import Oid, Tag, Value

CONSTRUCTORS: dict[int, Any] = {
    Tag.INTEGER: v2c.Integer32,
    Tag.OCTET_STRING: v2c.OctetString,
    Tag.OBJECT_IDENTIFIER: v2c.ObjectIdentifier,
    Tag.IP_ADDRESS: v2c.IpAddress,
    Tag.COUNTER32: v2c.Counter32,
    Tag.GAUGE32: v2c.Gauge32,
    Tag.TIME_TICKS: v2c.TimeTicks,
    Tag.OPAQUE: v2c.Opaque,
    Tag.COUNTER64: v2c.Counter64,
}
V1_CONSTRUCTORS: dict[int, Any] = {
    Tag.INTEGER: v1.Integer,
    Tag.OCTET_STRING: v1.OctetString,
    Tag.OBJECT_IDENTIFIER: v1.ObjectIdentifier,
    Tag.IP_ADDRESS: v1.IpAddress,
    Tag.COUNTER32: v1.Counter,
    Tag.GAUGE32: v1.Gauge,
    Tag.TIME_TICKS: v1.TimeTicks,
    Tag.OPAQUE: v1.Opaque,
}
EMPTY: dict[int, Any] = {
    Tag.NULL: v2c.null,
    Tag.NO_SUCH_OBJECT: v2c.NoSuchObject(""),
    Tag.NO_SUCH_INSTANCE: v2c.NoSuchInstance(""),
    Tag.END_OF_MIB_VIEW: v2c.EndOfMibView(""),
}

NO_SUCH_INSTANCE = Value(Tag.NO_SUCH_INSTANCE, None)
END_OF_MIB_VIEW = Value(Tag.END_OF_MIB_VIEW, None)

GET, GET_NEXT, GET_BULK = 0xA0, 0xA1, 0xA5


def integer(number: int) -> Value:
    return Value(Tag.INTEGER, number)


def text(content: str) -> Value:
    return Value(Tag.OCTET_STRING, content.encode())


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    version: int
    community: str
    kind: int
    request_id: int
    oids: tuple[Oid, ...]
    non_repeaters: int = 0
    max_repetitions: int = 0


def read_request(data: bytes) -> Asked:
    version = int(api.decodeMessageVersion(data))
    module: Any = api.PROTOCOL_MODULES[version]
    message, rest = decoder.decode(data, asn1Spec=module.Message())
    assert not rest
    pdu = module.apiMessage.get_pdu(message)
    kind = int(pdu.tagSet[-1].tagClass) | int(pdu.tagSet[-1].tagFormat) | int(pdu.tagSet[-1].tagId)
    oids = tuple(tuple(varbind[0]) for varbind in pdu.getComponentByPosition(3))
    bulk = kind == GET_BULK
    return Asked(
        version,
        bytes(module.apiMessage.get_community(message)).decode(),
        kind,
        int(pdu.getComponentByPosition(0)),
        oids,
        int(pdu.getComponentByPosition(1)) if bulk else 0,
        int(pdu.getComponentByPosition(2)) if bulk else 0,
    )


def write_response(
    version: int,
    request_id: int,
    varbinds: list[tuple[Oid, Value]],
    *,
    status: int = 0,
    index: int = 0,
    community: bytes = b"public",
) -> bytes:
    module: Any = api.PROTOCOL_MODULES[version]
    constructors = CONSTRUCTORS if version else V1_CONSTRUCTORS
    pdu = module.GetResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, request_id)
    module.apiPDU.set_error_status(pdu, status)
    module.apiPDU.set_error_index(pdu, index)
    module.apiPDU.set_varbinds(
        pdu, [(oid, EMPTY[value.tag] if value.tag in EMPTY else constructors[value.tag](value.content)) for oid, value in varbinds]
    )
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
