"""One UDP socket for all agents: which one is meant is the address a datagram was sent to (ip(7), IP_PKTINFO).

The socket is bound to every address of the host, because Linux owns all of 127.0.0.0/8 without any set-up; what was sent to an
address no agent lives at is dropped without a word.
"""

import asyncio
import ipaddress
import os
import signal
import socket
import struct
import time
from contextlib import suppress

from simulator.agent import Agent
from simulator.errors import SimulatorError
from simulator.faults import FaultyPath
from simulator.fleet import Fleet
from simulator.web.server import WebServer

IP_PKTINFO = 8
"""Linux, `linux/in.h`; Python gives it no name."""

PACKET_INFO = struct.Struct("=i4s4s")
"""struct in_pktinfo: interface index, local address, destination in the header."""

ANCILLARY_SPACE = socket.CMSG_SPACE(PACKET_INFO.size)
RECEIVE_BUFFER = 4 << 20
LARGEST_REQUEST = 8192
DRAIN = 64
"""Datagrams answered before the event loop looks at its timers again."""


def open_socket(fleet: Fleet, port: int) -> socket.socket:
    """Return the bound socket; port 0 takes a free one. Raises SimulatorError when the port cannot be used."""
    addresses = [member.address for member in fleet.members]
    host = addresses[0] if len(addresses) == 1 else "0.0.0.0"  # noqa: S104 - only loopback addresses are answered
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        channel.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        channel.bind((host, port))
    except OSError as error:
        channel.close()
        raise SimulatorError(
            f"UDP port {port} cannot be used: {os.strerror(error.errno or 0)}. Choose another with --port."
        ) from error
    return channel


class Server:
    """Answers for a fleet until it is stopped."""

    def __init__(
        self, fleet: Fleet, channel: socket.socket, path: FaultyPath, *, record_asked: bool = False, web: WebServer | None = None
    ) -> None:
        """`web` answers over TCP beside it."""
        self._fleet = fleet
        self._web = web
        self._channel = channel
        self._path = path
        self._record_asked = record_asked
        self._started = time.monotonic()

    @property
    def port(self) -> int:
        """The UDP port in use."""
        return int(self._channel.getsockname()[1])

    @property
    def seconds(self) -> float:
        """Seconds since the start, by which meters and uptimes run."""
        return time.monotonic() - self._started

    async def run(self) -> None:
        """Answer until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_reader(self._channel, self._drain, loop)
        answering = asyncio.create_task(self._web.run(lambda: self.seconds)) if self._web else None
        await stop.wait()
        loop.remove_reader(self._channel)
        if answering:
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        receive, faulty = self._channel.recvmsg, self._path.any
        now = self.seconds
        for _ in range(DRAIN):
            try:
                datagram, ancillary, flags, peer = receive(LARGEST_REQUEST, ANCILLARY_SPACE)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier reply; the next datagram is not to blame
                continue
            if flags & socket.MSG_TRUNC or not ancillary:
                continue
            destination = ancillary[0][2][8:12]
            agent = self._fleet.agent(destination)
            if agent is None:
                continue
            if self._record_asked and agent.statistics.asked is None:
                agent.statistics.asked = set()
            if faulty:
                self._answer_badly(loop, agent, datagram, destination, peer)
            elif reply := agent.answer(datagram, now):
                self._send(reply, destination, peer)

    def _answer_badly(
        self, loop: asyncio.AbstractEventLoop, agent: Agent, datagram: bytes, destination: bytes, peer: tuple[str, int]
    ) -> None:
        if self._path.loses():
            return
        reply = agent.answer(datagram, self.seconds)
        if reply is None or self._path.loses():
            return
        if self._path.delay:
            loop.call_later(self._path.delay, self._send, reply, destination, peer)
        else:
            self._send(reply, destination, peer)

    def _send(self, reply: bytes, source: bytes, peer: tuple[str, int]) -> None:
        info = PACKET_INFO.pack(0, source, b"\0\0\0\0")
        # A full send buffer loses the reply, as a network would.
        with suppress(OSError):
            self._channel.sendmsg([reply], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, peer)

    def statistics(self) -> dict[str, dict[str, object]]:
        """Return what each printer was asked, by address: over SNMP, with `asked` if that was recorded, and over HTTP (`web`)."""
        agents = {member.address: agent for member, agent in self._fleet.asked()}
        pages = self._web.asked if self._web else {}
        found: dict[str, dict[str, object]] = {}
        for member in sorted(self._fleet.members, key=lambda member: ipaddress.IPv4Address(member.address)):
            told: dict[str, object] = {}
            if agent := agents.get(member.address):
                counted = agent.statistics
                told = {"requests": dict(counted.requests), "bytes_in": counted.bytes_in, "bytes_out": counted.bytes_out}
                told |= {"asked": counted.asked_oids()} if counted.asked is not None else {}
            if asked := pages.get(member.address):
                told["web"] = dict(sorted(asked.items()))
            if told:
                found[member.address] = {"name": member.name, **told}
        return found
