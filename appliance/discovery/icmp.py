"""Pings: echo requests without payload (RFC 792, RFC 4443), over an unprivileged datagram socket, else a raw one.

A ping has 28 bytes at IP level (IPv6: 48). Where neither socket is permitted a sweep works without pings: an answer to a ping is a
hint, never a condition.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from typing import Final, Literal

from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import IPV4_OVERHEAD, IPV6_OVERHEAD

IcmpMode = Literal["datagram", "raw", "none"]

_ECHO_REQUEST: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}
_ECHO_REPLY: Final = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL: Final = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_HEADER: Final = struct.Struct("!BBHHH")
_RECEIVE_BUFFER_BYTES: Final = 1024 * 1024
_PACKETS_PER_WAKEUP: Final = 512
# Linux filters of raw sockets (SOL_RAW ICMP_FILTER and ICMPV6_FILTER): a set bit is a type that is not delivered.
_ICMP_FILTER: Final = (255, 1)
_ICMPV6_FILTER: Final = (socket.IPPROTO_ICMPV6, 1)


def icmp_mode(family: socket.AddressFamily = socket.AF_INET) -> IcmpMode:
    """Return how this process can send pings now; nothing is sent."""
    opened = _open(family)
    if opened is None:
        return "none"
    kind = opened.type
    opened.close()
    return "datagram" if kind == socket.SOCK_DGRAM else "raw"


def ping_bytes(address: str) -> int:
    """Return the size of a ping to `address` at IP level."""
    return IPV6_OVERHEAD if ":" in address else IPV4_OVERHEAD


class Pinger:
    """Sends pings of one address family and tells of the answers; close it at the end."""

    def __init__(self, family: socket.AddressFamily, on_answer: Callable[[str, int], None], traffic: Traffic) -> None:
        """`on_answer` gets the address of each answer and the number of the ping that it repeats.

        Raises PermissionError where this process may not ping.
        """
        opened = _open(family)
        if opened is None:
            raise PermissionError("this process may not send pings")
        self._socket = opened
        self._family = family
        self._on_answer = on_answer
        self._traffic = traffic
        self._raw = opened.type == socket.SOCK_RAW
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._sequence = 0
        self._overhead = (IPV4_OVERHEAD if family == socket.AF_INET else IPV6_OVERHEAD) - _HEADER.size
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(opened, self._receive)

    @property
    def mode(self) -> IcmpMode:
        """Return the kind of socket in use."""
        return "raw" if self._raw else "datagram"

    @property
    def packet_bytes(self) -> int:
        """Return the size of one ping at IP level."""
        return self._overhead + _HEADER.size

    def send(self, address: str) -> int:
        """Ping `address` once; return the number of the ping. Raises OSError when the packet could not be sent."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._socket.sendto(self._echo(), (address, 0))
        self._traffic.packets_sent += 1
        self._traffic.bytes_sent += self.packet_bytes
        return self._sequence

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _echo(self) -> bytes:
        kind = _ECHO_REQUEST[self._family]
        # Datagram sockets and ICMPv6 have identifier and checksum filled in by the kernel; it does no harm to send them.
        total = (kind << 8) + self._identifier + self._sequence
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        return _HEADER.pack(kind, 0, ~total & 0xFFFF, self._identifier, self._sequence)

    def _receive(self) -> None:
        for _ in range(_PACKETS_PER_WAKEUP):
            try:
                data, source = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error about an earlier ping: that address stays silent, which is all there is to know.
                continue
            if self._raw and self._family == socket.AF_INET:
                data = data[(data[0] & 0x0F) * 4 :] if data else data
            if len(data) < _HEADER.size:
                continue
            kind, _, _, identifier, sequence = _HEADER.unpack_from(data)
            if kind != _ECHO_REPLY[self._family] or (self._raw and identifier != self._identifier):
                continue
            self._traffic.packets_received += 1
            self._traffic.bytes_received += self._overhead + len(data)
            self._on_answer(str(source[0]).partition("%")[0], sequence)


class Pingers:
    """The pingers of both address families, each opened when it is first needed."""

    def __init__(self, on_answer: Callable[[str, int], None], traffic: Traffic) -> None:
        """For `on_answer` see `Pinger`."""
        self._on_answer = on_answer
        self._traffic = traffic
        self._opened: dict[bool, Pinger | None] = {}

    def of(self, address: str) -> Pinger | None:
        """Return the pinger for addresses like `address`, None where this process may not ping."""
        ipv6 = ":" in address
        if ipv6 not in self._opened:
            try:
                self._opened[ipv6] = Pinger(socket.AF_INET6 if ipv6 else socket.AF_INET, self._on_answer, self._traffic)
            except PermissionError:
                self._opened[ipv6] = None
        return self._opened[ipv6]

    def close(self) -> None:
        """Close the sockets."""
        for pinger in self._opened.values():
            if pinger is not None:
                pinger.close()


def _open(family: socket.AddressFamily) -> socket.socket | None:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            opened = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _PROTOCOL[family])
        except OSError:
            continue
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        if kind == socket.SOCK_RAW:
            _only_replies(opened, family)
        return opened
    return None


def _only_replies(opened: socket.socket, family: socket.AddressFamily) -> None:
    """Have the kernel keep everything but echo replies from a raw socket, which else gets all ICMP of the machine."""
    reply = _ECHO_REPLY[family]
    if family == socket.AF_INET:
        opened.setsockopt(*_ICMP_FILTER, struct.pack("=I", ~(1 << reply) & 0xFFFFFFFF))
        return
    words = [0xFFFFFFFF] * 8
    words[reply >> 5] &= ~(1 << (reply & 31)) & 0xFFFFFFFF
    opened.setsockopt(*_ICMPV6_FILTER, struct.pack("=8I", *words))
