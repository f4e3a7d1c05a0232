"""pysnmp decides on every reply `appliance.snmp.ber` did not fully recognise.

pysnmp is imported at the first such reply, not before: most sites never see one, and the modules cost memory.
"""

from typing import Any, Final

from appliance.snmp.ber import Response, without_rest
from appliance.snmp.values import Oid, Value

FAULTS: Final = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What pyasn1 lets through on some malformed input, beside its own errors; any of them means that it cannot be decoded."""


class UndecodableError(Exception):
    """The datagram is no valid SNMP v1 or v2c response; never shown to a person."""


def decode_response(data: bytes) -> Response:
    """Return the response in `data` as pysnmp reads it, without what stands behind it. Raises UndecodableError."""
    from pyasn1.codec.ber import decoder  # noqa: PLC0415 - see the module's docstring
    from pyasn1.error import PyAsn1Error  # noqa: PLC0415
    from pysnmp.proto import api  # noqa: PLC0415
    from pysnmp.proto.error import ProtocolError  # noqa: PLC0415

    data = without_rest(data)
    try:
        version = int(api.decodeMessageVersion(data))
        module: Any = api.PROTOCOL_MODULES.get(version)
        if module is None:
            raise UndecodableError(f"version {version}")
        message, _ = decoder.decode(data, asn1Spec=module.Message())
        pdu = module.apiMessage.get_pdu(message)
        if not pdu.isSameTypeWith(module.GetResponsePDU()):
            raise UndecodableError("not a response")
        return response_of(pdu, module, version, bytes(module.apiMessage.get_community(message)))
    except UndecodableError:
        raise
    except (PyAsn1Error, ProtocolError, *FAULTS) as error:
        raise UndecodableError(type(error).__name__) from error


def response_of(pdu: Any, module: Any, version: int, community: bytes) -> Response:
    """Return a PDU of pysnmp as ours; `module` is the part of `pysnmp.proto.api` that made it."""
    return Response(
        version,
        community,
        int(module.apiPDU.get_request_id(pdu)),
        int(module.apiPDU.get_error_status(pdu)),
        # Out of range is for the session to judge, so the raw number is taken.
        int(pdu.getComponentByPosition(2)),
        [(tuple(name), _value(content)) for name, content in module.apiPDU.get_varbinds(pdu)],
    )


def _value(content: Any) -> Value:
    """Return a pysnmp value as ours; a choice within a choice (v1 NetworkAddress) is unwrapped first."""
    from pyasn1.type import univ  # noqa: PLC0415

    while isinstance(content, univ.Choice):
        content = content.getComponent()
    base = content.tagSet[-1]
    tag = int(base.tagClass) | int(base.tagId)
    converted: int | bytes | Oid | None
    if isinstance(content, univ.Null):
        converted = None
    elif isinstance(content, univ.Integer):
        converted = int(content)
    elif isinstance(content, univ.ObjectIdentifier):
        converted = tuple(content)
    elif isinstance(content, univ.OctetString):
        converted = bytes(content)
    else:
        raise UndecodableError("a value of a type SNMP does not have")
    return Value(tag, converted)
