"""Many SNMPv3 agents on loopback, each with an engine ID of its own; made without pysnmp's security code (RFC 3414, RFC 3826)."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import cast

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pyasn1.codec.ber import decoder
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from appliance.snmp.v3.usm import PRIV_KEY_BYTES, PrivProtocol, User

USER = User("reader", "SHA", "correct horse battery", b"", "AES-128", "staple of the printer")
DESCRIPTION = b"an agent of many"
BOOTS, TIME = 3, 1000

REPORT, RESPONSE = 0xA8, 0xA2
UNKNOWN_ENGINE_IDS = bytes.fromhex("060a2b060106030f01010400")


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    return bytes((tag, size) if size < 128 else (tag, 0x82, size >> 8, size & 0xFF)) + content


def integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(4, "big"))


@cache
def master_key(passphrase: str) -> bytes:
    return stretched(passphrase.encode())


def stretched(text: bytes) -> bytes:
    return hashlib.sha1((text * (1048576 // len(text) + 1))[:1048576]).digest()


def localized(master: bytes, engine_id: bytes) -> bytes:
    return hashlib.sha1(master + engine_id + master).digest()


def long_key(protocol: PrivProtocol, engine_id: bytes) -> bytes:
    """Return a key of 40 bytes, made longer as draft-blumenthal-aes-usm-04 and draft-reeder-snmpv3-usm-3desede-00 say."""
    key = localized(master_key(USER.priv_passphrase), engine_id)
    if protocol in ("AES-192", "AES-256"):
        return key + hashlib.sha1(key).digest()
    return key + localized(stretched(key), engine_id)


SYS_DESCR = tlv(0x30, tlv(0x06, bytes.fromhex("2b06010201010100")), tlv(0x04, DESCRIPTION))


class V3Agent(asyncio.DatagramProtocol):
    """Answers a discovery, and each GET with one sysDescr, or with `varbind`; behind each message stands `behind`."""

    def __init__(
        self, engine_id: bytes, priv_protocol: PrivProtocol = "AES-128", varbind: bytes = SYS_DESCR, behind: bytes = b""
    ) -> None:
        self._engine_id = engine_id
        self._varbind = varbind
        self._behind = behind
        self._priv_protocol = priv_protocol
        self._auth_key = localized(master_key(USER.auth_passphrase), engine_id)
        self._priv_key = long_key(priv_protocol, engine_id)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        message, _ = decoder.decode(data, asn1Spec=SNMPv3Message())
        parameters, _ = decoder.decode(bytes(message[2]), asn1Spec=UsmSecurityParameters())
        message_id = int(message[1][0])
        if not len(parameters[0]):
            counter = tlv(0x30, UNKNOWN_ENGINE_IDS, tlv(0x41, b"\x01"))
            self._transport.sendto(self._plain(message_id, self._pdu(REPORT, message_id, counter)) + self._behind, addr)
            return
        assert bytes(parameters[0]) == self._engine_id
        self._check(data, bytes(parameters[4]))
        scoped, _ = decoder.decode(
            self._cipher(bytes(parameters[5])).decryptor().update(bytes(message[3][1])), asn1Spec=ScopedPDU()
        )
        request_id = int(scoped[2].getComponent()[0])
        self._transport.sendto(self._protected(message_id, request_id, self._varbind) + self._behind, addr)

    def _check(self, data: bytes, digest: bytes) -> None:
        place = data.index(digest)
        expected = hmac.digest(self._auth_key, data[:place] + bytes(12) + data[place + 12 :], "sha1")[:12]
        assert expected == digest

    def _cipher(self, salt: bytes) -> Cipher[CFB | CBC]:
        if self._priv_protocol == "3DES":
            initial = bytes(one ^ other for one, other in zip(self._priv_key[24:32], salt, strict=True))
            return Cipher(TripleDES(self._priv_key[:24]), CBC(initial))
        size = PRIV_KEY_BYTES[self._priv_protocol]
        return Cipher(algorithms.AES(self._priv_key[:size]), CFB(BOOTS.to_bytes(4, "big") + TIME.to_bytes(4, "big") + salt))

    def _pdu(self, tag: int, request_id: int, varbind: bytes) -> bytes:
        pdu = tlv(tag, integer(request_id), tlv(0x02, b"\0"), tlv(0x02, b"\0"), tlv(0x30, varbind))
        return tlv(0x30, tlv(0x04, self._engine_id), tlv(0x04), pdu)

    def _message(self, message_id: int, flags: bytes, user: bytes, digest: bytes, salt: bytes, content: bytes) -> bytes:
        header = tlv(0x30, integer(message_id), integer(65507), tlv(0x04, flags), tlv(0x02, b"\x03"))
        parts = (tlv(0x04, self._engine_id), integer(BOOTS), integer(TIME), tlv(0x04, user), tlv(0x04, digest), tlv(0x04, salt))
        return tlv(0x30, tlv(0x02, b"\x03"), header, tlv(0x04, tlv(0x30, *parts)), content)

    def _plain(self, message_id: int, scoped: bytes) -> bytes:
        return self._message(message_id, b"\0", b"", b"", b"", scoped)

    def _protected(self, message_id: int, request_id: int, varbind: bytes) -> bytes:
        salt = os.urandom(8)
        plain = self._pdu(RESPONSE, request_id, varbind)
        plain += bytes(-len(plain) % 8 if self._priv_protocol == "3DES" else 0)
        encrypted = self._cipher(salt).encryptor().update(plain)
        marker = os.urandom(12)
        whole = self._message(message_id, b"\x03", USER.name.encode(), marker, salt, tlv(0x04, encrypted))
        digest = hmac.digest(self._auth_key, whole.replace(marker, bytes(12)), "sha1")[:12]
        return whole.replace(marker, digest)


@asynccontextmanager
async def v3_agents(
    addresses: Iterable[str], priv_protocol: PrivProtocol = "AES-128", varbind: bytes = SYS_DESCR, behind: bytes = b""
) -> AsyncIterator[int]:
    """Run an agent at each address, all at the same free port, and yield that."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.DatagramTransport] = []
    port = 0
    try:
        for number, address in enumerate(addresses):
            engine_id = bytes.fromhex("80001f8804") + f"agent {number}".encode()
            make = partial(V3Agent, engine_id, priv_protocol, varbind, behind)
            transport, _ = await loop.create_datagram_endpoint(make, local_addr=(address, port))
            transports.append(transport)
            port = port or int(transport.get_extra_info("sockname")[1])
        yield port
    finally:
        for transport in transports:
            transport.close()
        await asyncio.sleep(0)
