"""Many SNMPv3 agents on loopback, each with an engine ID of its own; made without pysnmp's security code (RFC 3414, RFC 3826)."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import cast

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from pyasn1.codec.ber import decoder
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from appliance.usm import User

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
    text = passphrase.encode()
    return hashlib.sha1((text * (1048576 // len(text) + 1))[:1048576]).digest()


class V3Agent(asyncio.DatagramProtocol):
    """Answers a discovery, and each GET with one sysDescr."""

    def __init__(self, engine_id: bytes) -> None:
        self._engine_id = engine_id
        self._auth_key, self._priv_key = (
            hashlib.sha1(master_key(text) + engine_id + master_key(text)).digest()
            for text in (USER.auth_passphrase, USER.priv_passphrase)
        )
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
            self._transport.sendto(self._plain(message_id, self._pdu(REPORT, message_id, counter)), addr)
            return
        assert bytes(parameters[0]) == self._engine_id
        self._check(data, bytes(parameters[4]))
        scoped, _ = decoder.decode(
            self._cipher(bytes(parameters[5])).decryptor().update(bytes(message[3][1])), asn1Spec=ScopedPDU()
        )
        request_id = int(scoped[2].getComponent()[0])
        name = tlv(0x06, bytes.fromhex("2b06010201010100"))
        self._transport.sendto(self._protected(message_id, request_id, tlv(0x30, name, tlv(0x04, DESCRIPTION))), addr)

    def _check(self, data: bytes, digest: bytes) -> None:
        place = data.index(digest)
        expected = hmac.digest(self._auth_key, data[:place] + bytes(12) + data[place + 12 :], "sha1")[:12]
        assert expected == digest

    def _cipher(self, salt: bytes) -> Cipher[CFB]:
        initial = BOOTS.to_bytes(4, "big") + TIME.to_bytes(4, "big") + salt
        return Cipher(algorithms.AES(self._priv_key[:16]), CFB(initial))

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
        encrypted = self._cipher(salt).encryptor().update(self._pdu(RESPONSE, request_id, varbind))
        marker = os.urandom(12)
        whole = self._message(message_id, b"\x03", USER.name.encode(), marker, salt, tlv(0x04, encrypted))
        digest = hmac.digest(self._auth_key, whole.replace(marker, bytes(12)), "sha1")[:12]
        return whole.replace(marker, digest)


@asynccontextmanager
async def v3_agents(addresses: Iterable[str]) -> AsyncIterator[int]:
    """Run an agent at each address, all at the same free port, and yield that."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.DatagramTransport] = []
    port = 0
    try:
        for number, address in enumerate(addresses):
            engine_id = bytes.fromhex("80001f8804") + f"agent {number}".encode()
            transport, _ = await loop.create_datagram_endpoint(lambda kept=engine_id: V3Agent(kept), local_addr=(address, port))  # type: ignore[misc]
            transports.append(transport)
            port = port or int(transport.get_extra_info("sockname")[1])
        yield port
    finally:
        for transport in transports:
            transport.close()
        await asyncio.sleep(0)
