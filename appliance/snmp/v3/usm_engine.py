"""pysnmp's SNMPv3: its message format (RFC 3412) and its User-based Security Model (RFC 3414).

Its sockets are not used, nor its tables of targets, which grow with each device. This module is imported with the first SNMPv3
message; see `appliance.snmp.v3.user_security`.
"""

import time
from functools import lru_cache
from typing import Any, Final

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1905
from pysnmp.proto.api import v2c
from pysnmp.proto.error import StatusInformation
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from appliance.snmp.authority import FAULTS, UndecodableError, response_of
from appliance.snmp.replies import UNDECODABLE, decode_pdu, split_message, split_scoped_pdu
from appliance.snmp.templates import Kind, Query, build_pdu
from appliance.snmp.v3.user_reply import Reply, UnknownUserError, UnreadableError
from appliance.snmp.v3.usm import AuthProtocol, PrivProtocol, SecurityLevel, User

USM: Final = 3
"""SnmpSecurityModel of RFC 3411: the User-based Security Model; also the version number of SNMPv3."""
LARGEST_MESSAGE: Final = 65507
FLAGS: Final[dict[SecurityLevel, bytes]] = {1: b"\x04", 2: b"\x05", 3: b"\x07"}
"""msgFlags of a request: how it is protected, and that a report may be sent (RFC 3412 section 6.4)."""
LEVELS: Final[dict[int, SecurityLevel]] = {0: 1, 1: 2, 3: 3}
USER_STATUS: Final = 13
"""usmUserStatus, the column of usmUserEntry that removes a row."""
TICKS_AT_ONCE: Final = 301

AUTH: Final[dict[AuthProtocol, Any]] = {
    "none": config.USM_AUTH_NONE,
    "MD5": config.USM_AUTH_HMAC96_MD5,
    "SHA": config.USM_AUTH_HMAC96_SHA,
    "SHA-224": config.USM_AUTH_HMAC128_SHA224,
    "SHA-256": config.USM_AUTH_HMAC192_SHA256,
    "SHA-384": config.USM_AUTH_HMAC256_SHA384,
    "SHA-512": config.USM_AUTH_HMAC384_SHA512,
}
PRIV: Final[dict[PrivProtocol, Any]] = {
    "none": config.USM_PRIV_NONE,
    "DES": config.USM_PRIV_CBC56_DES,
    "3DES": config.USM_PRIV_CBC168_3DES,
    "AES-128": config.USM_PRIV_CFB128_AES,
    "AES-192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES-256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "AES-192-C": config.USM_PRIV_CFB192_AES,
    "AES-256-C": config.USM_PRIV_CFB256_AES,
}

_FAULTS = (PyAsn1Error, PySnmpError, UndecodableError, *FAULTS)
"""What pysnmp and pyasn1 let through on malformed input; any of them means the same here."""


class _Cipher:
    """A cipher of pysnmp's that puts the PDU of what it decrypts into `decrypted`, and gives pysnmp an empty one."""

    def __init__(self, service: Any, decrypted: list[bytes]) -> None:
        self._service = service
        self._decrypted = decrypted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def decrypt_data(self, key: Any, parameters: Any, data: Any) -> bytes:
        """Return the decrypted scoped PDU with an empty PDU."""
        hollow, pdu = split_scoped_pdu(bytes(self._service.decrypt_data(key, parameters, data)))
        self._decrypted.append(pdu)
        return hollow


class UsmEngine:
    """One engine of pysnmp, used for nothing but the writing and reading of messages."""

    def __init__(self) -> None:
        self._engine = SnmpEngine()
        self._usm = self._engine.security_models[USM]
        self._decrypted: list[bytes] = []
        services = self._usm.PRIV_SERVICES.items()
        self._usm.PRIV_SERVICES = {number: _Cipher(service, self._decrypted) for number, service in services}
        # A passphrase is hashed over a megabyte (RFC 3414 appendix A.2): once for all agents.
        self._master_keys = lru_cache(maxsize=64)(_master_keys)

    def add_user(self, user: User, engine_id: bytes) -> None:
        """Make `user` known at the agent with `engine_id`, in place of another one with the same name."""
        auth_key, priv_key = self._master_keys(user)
        config.add_v3_user(
            self._engine,
            user.name,
            AUTH[user.auth_protocol],
            user.auth_localized_key or auth_key,
            PRIV[user.priv_protocol],
            user.priv_localized_key or priv_key,
            securityEngineId=v2c.OctetString(engine_id),
            authKeyType=config.USM_KEY_TYPE_LOCALIZED if user.auth_localized_key else config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_LOCALIZED if user.priv_localized_key else config.USM_KEY_TYPE_MASTER,
        )

    def remove_user(self, name: str, engine_id: bytes) -> None:
        """Forget a user at an agent."""
        # config.delete_v3_user does this too, and then looks through all rows for copies of this one, which are never made here.
        (entry,) = self._engine.get_mib_builder().import_symbols("SNMP-USER-BASED-SM-MIB", "usmUserEntry")
        row = entry.getInstIdFromIndices(v2c.OctetString(engine_id), name)
        instruments = self._engine.message_dispatcher.mib_instrum_controller
        instruments.write_variables(((*entry.name, USER_STATUS, *row), "destroy"), snmpEngine=self._engine)

    def discovery(self, message_id: int) -> bytes:
        """Return the message that asks an agent for its engine ID, boots and time."""
        pdu = build_pdu(v2c, Query("3", "", Kind.GET, ()), message_id)
        return self._write(message_id, None, "", 1, _scoped(pdu, b"", ""))

    def request(self, message_id: int, user: User, engine_id: bytes, query: Query, level: SecurityLevel) -> bytes:
        """Return a request of a user that is known at the agent."""
        pdu = build_pdu(v2c, query, message_id)
        scoped = _scoped(pdu, user.context_engine_id or engine_id, user.context_name)
        return self._write(message_id, v2c.OctetString(engine_id), user.name, level, scoped)

    def _write(self, message_id: int, engine_id: Any, name: str, level: SecurityLevel, scoped: Any) -> bytes:
        message = SNMPv3Message()
        message[0] = USM
        header = message.setComponentByPosition(1)[1]
        header[0], header[1], header[2], header[3] = message_id, LARGEST_MESSAGE, FLAGS[level], USM
        _, whole = self._usm.generate_request_message(
            self._engine, USM, message, univ.Integer(LARGEST_MESSAGE), USM, engine_id, v2c.OctetString(name), level, scoped
        )
        return bytes(whole)

    def read(self, data: bytes) -> Reply:
        """Return the reply in `data`. Raises UnreadableError."""
        try:
            return self._read(data)
        except StatusInformation as status:
            if "securityStateReference" in status:
                self._usm.release_state_information(status["securityStateReference"])
            if status.get("errorIndication") == errind.unknownSecurityName:
                raise UnknownUserError(_engine_id_of(data)) from status
            raise UnreadableError(str(status.get("errorIndication"))) from status
        except _FAULTS as error:
            raise UnreadableError(type(error).__name__) from error

    def _read(self, data: bytes) -> Reply:
        self._decrypted.clear()
        whole, hollow, content = split_message(data)
        message, _ = decoder.decode(hollow, asn1Spec=SNMPv3Message())
        (flags,) = message[1][2].asNumbers()
        level = LEVELS.get(flags & 3)
        if level is None or int(message[0]) != USM or int(message[1][3]) != USM:
            raise UnreadableError("not a message of SNMPv3 with the User-based Security Model")
        engine_id, name, scoped, _, state = self._usm.process_incoming_message(
            self._engine, USM, message[1][1], message[2], USM, level, whole, message
        )
        self._usm.release_state_information(state)
        pdu = scoped[2].getComponent()
        content = content or b"".join(self._decrypted)
        read = decode_pdu(content) if content else response_of(pdu, v2c, USM, b"")
        if read.error_status == UNDECODABLE:
            raise UnreadableError("it cannot be decoded")
        if pdu.isSameTypeWith(rfc1905.ReportPDU()):
            return Reply(bytes(engine_id), level, bytes(name), read.varbinds[0][0] if read.varbinds else (), None)
        if not pdu.isSameTypeWith(v2c.GetResponsePDU()):
            raise UnreadableError("neither a response nor a report")
        return Reply(bytes(engine_id), level, bytes(name), None, read)

    def tick(self, seconds: int) -> None:
        """Tell pysnmp that time has passed."""
        for _ in range(min(seconds, TICKS_AT_ONCE)):
            self._usm.receive_timer_tick(self._engine, time.time())


def _engine_id_of(data: bytes) -> bytes:
    """Return msgAuthoritativeEngineID of a message whose header has been decoded before; what it carries need not be decodable."""
    _, hollow, _ = split_message(data)
    message, _ = decoder.decode(hollow, asn1Spec=SNMPv3Message())
    parameters, _ = decoder.decode(bytes(message[2]), asn1Spec=UsmSecurityParameters())
    return bytes(parameters[0])


def _scoped(pdu: Any, context_engine_id: bytes, context_name: str) -> Any:
    scoped = ScopedPDU()
    scoped[0] = context_engine_id
    scoped[1] = context_name.encode()
    scoped.setComponentByPosition(2)
    scoped[2].setComponentByType(pdu.tagSet, pdu, verifyConstraints=False, matchTags=False, matchConstraints=False)
    return scoped


def _master_keys(user: User) -> tuple[Any, Any]:
    """Return the keys made of the passphrases, before they are localized to an agent; None where there is no passphrase."""
    auth, priv = AUTH[user.auth_protocol], PRIV[user.priv_protocol]
    auth_key = priv_key = None
    if user.auth_passphrase:
        auth_key = config.AUTH_SERVICES[auth].hash_passphrase(user.auth_passphrase.encode())
    if user.priv_passphrase:
        priv_key = config.PRIV_SERVICES[priv].hash_passphrase(auth, user.priv_passphrase.encode())
    return auth_key, priv_key
