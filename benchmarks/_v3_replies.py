"""Replies of an SNMPv3 agent, as pysnmp writes them: what the endurance run breaks."""

from typing import Any

from pyasn1.type import univ
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v2c
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message

from appliance.snmp.v3.usm import User

ENGINE_ID = bytes.fromhex("80001f8804") + b"endurance"
USER = User("reader", "SHA-256", "correct horse battery", b"", "AES-128", "staple of the printer")
OPEN = User("open")
MESSAGE_ID = 0x0100_0000

VALUES: tuple[tuple[tuple[int, ...], Any], ...] = (
    ((1, 3, 6, 1, 2, 1, 1, 1, 0), v2c.OctetString("a printer")),
    ((1, 3, 6, 1, 2, 1, 1, 2, 0), v2c.ObjectIdentifier((1, 3, 6, 1, 4, 1, 11, 2, 3, 9, 1))),
    ((1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 4, 1, 1), v2c.Counter32(123456)),
    ((1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9, 1, 1), v2c.Integer32(-3)),
)
REPORTS = tuple((1, 3, 6, 1, 6, 3, 15, 1, 1, number, 0) for number in range(1, 7))


def v3_replies() -> list[bytes]:
    """Return responses with and without protection, and one report of each kind."""
    engine = SnmpEngine(v2c.OctetString(ENGINE_ID))
    config.add_v3_user(
        engine,
        USER.name,
        config.USM_AUTH_HMAC192_SHA256,
        USER.auth_passphrase,
        config.USM_PRIV_CFB128_AES,
        USER.priv_passphrase,
    )
    config.add_v3_user(engine, OPEN.name)
    response = v2c.GetResponsePDU()
    v2c.apiPDU.set_defaults(response)
    v2c.apiPDU.set_request_id(response, MESSAGE_ID)
    v2c.apiPDU.set_varbinds(response, VALUES)
    replies = [_write(engine, response, USER.name, level) for level in (2, 3)]
    replies.append(_write(engine, response, OPEN.name, 1))
    for oid in REPORTS:
        report = rfc1905.ReportPDU()
        v2c.apiPDU.set_defaults(report)
        v2c.apiPDU.set_varbinds(report, [(oid, v2c.Counter32(7))])
        replies.append(_write(engine, report, OPEN.name, 1))
    return replies


def _write(engine: Any, pdu: Any, name: str, level: int) -> bytes:
    message = SNMPv3Message()
    message[0] = 3
    header = message.setComponentByPosition(1)[1]
    header[0], header[1], header[2], header[3] = MESSAGE_ID, 65507, bytes(({1: 0, 2: 1, 3: 3}[level],)), 3
    scoped = ScopedPDU()
    scoped[0], scoped[1] = ENGINE_ID, b""
    scoped.setComponentByPosition(2)
    scoped[2].setComponentByType(pdu.tagSet, pdu, verifyConstraints=False, matchTags=False, matchConstraints=False)
    _, whole = engine.security_models[3].generate_request_message(
        engine, 3, message, univ.Integer(65507), 3, v2c.OctetString(ENGINE_ID), v2c.OctetString(name), level, scoped
    )
    return bytes(whole)
