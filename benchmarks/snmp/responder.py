"""The printer of the `snmp` benchmark: a simulated one that encodes each answer once and then only changes the request-id.

So it is never what limits a client; how often it looked for a request in vain shows that.
"""

import os
import socket
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from benchmarks.snmp.questions import PRINTER
from simulator.agent import Agent
from simulator.fleet import Options, generated_fleet

BUFFER_BYTES = 4 << 20


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length written at `at`, and where the content starts."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    octets = first & 0x7F
    return int.from_bytes(data[at + 1 : at + 1 + octets], "big"), at + 1 + octets


def request_id_of(data: bytes) -> slice:
    """Return where the request-id of an SNMPv1 or SNMPv2c message stands: its length and its octets."""
    _, at = _length(data, 1)
    for _ in range(2):  # version, community
        length, at = _length(data, at + 1)
        at += length
    _, at = _length(data, at + 1)
    length, start = _length(data, at + 1)
    return slice(at + 1, start + length)


class Canned:
    """Answers of an agent, each worked out once."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._kept: dict[tuple[int, bytes], tuple[bytes, bytes]] = {}

    def answer(self, data: bytes) -> bytes:
        """Return the answer to a request, empty for none."""
        where = request_id_of(data)
        request_id = data[where]
        key = (len(request_id), data[where.stop :])
        kept = self._kept.get(key)
        if kept is None:
            reply = self._agent.answer(data, 0.0)
            if reply is None:
                return b""
            place = request_id_of(reply)
            kept = self._kept[key] = reply[: place.start], reply[place.stop :]
        return kept[0] + request_id + kept[1]


def simulated_printer() -> Agent:
    """Return the printer that is asked."""
    fleet = generated_fleet(None, "127.0.42.1", Options(seconds_per_page=0.0))
    return next(member for member in fleet.members if member.name == PRINTER).build()


def serve(ready: Connection, tally: Any, core: int) -> None:
    """Answer for ever; the port goes to `ready`, the number of looks for a request and of requests to `tally`.

    It never sleeps: waking it up would be work of the client's core, and no work that a network makes.
    """
    os.sched_setaffinity(0, {core})
    canned = Canned(simulated_printer())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        channel.bind(("127.0.0.1", 0))
        ready.send(channel.getsockname()[1])
        receive, send, answer = channel.recvfrom, channel.sendto, canned.answer
        while True:
            tally[0] += 1
            try:
                data, source = receive(65535)
            except BlockingIOError:
                continue
            tally[1] += 1
            if reply := answer(data):
                send(reply, source)


class Responder:
    """The responder in a process of its own, pinned to a core."""

    def __init__(self, core: int) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        self._tally: Any = context.Array("Q", 2, lock=False)
        self._process = context.Process(target=serve, args=(theirs, self._tally, core), daemon=True)
        self._process.start()
        self.port = int(ours.recv())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.join()

    def looks(self) -> tuple[int, int]:
        """Return how often it has looked for a request so far, and how often there was one."""
        return self._tally[0], self._tally[1]
