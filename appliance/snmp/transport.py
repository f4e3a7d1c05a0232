"""Datagrams out and in: one non-blocking UDP socket for each address family, shared by all devices.

- A reply belongs to a request when its request-id and its source address both fit; anything else is counted and dropped.
- One timer serves all requests: a heap of deadlines, from which answered requests are removed lazily.
- A full send buffer (EAGAIN, ENOBUFS) delays packets, it loses none. An ICMP error or a refusal of the local firewall fails the
  requests to that address; the socket and all other requests go on.
"""

import asyncio
import errno
import heapq
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import IPV4_OVERHEAD, IPV6_OVERHEAD
from appliance.snmp.authority import UndecodableError, decode_response
from appliance.snmp.ber import read_request_id

RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
DATAGRAMS_PER_WAKEUP: Final = 512
SENDS_BETWEEN_DRAINS: Final = 64
SEND_AGAIN_SECONDS: Final = 0.002
LARGEST_DATAGRAM: Final = 65535

# Linux names the socket module of Python 3.11 does not have: ask for ICMP errors, with the address they are about.
_RECEIVE_ERRORS: Final = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_SO_RCVBUFFORCE: Final = 33
_FULL: Final = frozenset((errno.EAGAIN, errno.ENOBUFS))

Outcome = bytes | OSError
Destination = tuple[str, int] | tuple[str, int, int, int]


class NotSentError(OSError):
    """A packet that did not leave this machine; its address is not to blame."""


@dataclass(slots=True)
class Dropped:
    """Datagrams that belonged to no request."""

    garbage: int = 0
    """No SNMP response."""
    unexpected: int = 0
    """A response nobody waits for (any more): duplicates and late ones."""
    wrong_source: int = 0
    """The request-id of a waiting request, from another address."""


@dataclass(slots=True, eq=False)
class Request:
    """A request on its way. `done` is called once, with the reply, or with TimeoutError or another OSError."""

    message: bytes
    destination: Destination
    """A socket address as `recvfrom` names it."""
    timeout: float
    """Seconds, from the moment the packet leaves."""
    done: Callable[[Outcome], None]
    traffic: Traffic
    patient: bool = True
    """Whether it waits for room in a full send buffer; else it fails with NotSentError, for those who keep a pace of their own."""
    deadline: float = 0.0


class Transport:
    """A UDP socket of one address family, for messages that `read_id` tells apart."""

    def __init__(
        self,
        family: socket.AddressFamily,
        total: Traffic,
        dropped: Dropped,
        read_id: Callable[[bytes], int | None] = read_request_id,
    ) -> None:
        """Open the socket. Raises OSError. `total` counts the traffic of all requests, beside that of each."""
        self._read_id = read_id
        self._loop = asyncio.get_running_loop()
        self._overhead = IPV4_OVERHEAD if family == socket.AF_INET else IPV6_OVERHEAD
        self._total = total
        self._dropped = dropped
        self._waiting: dict[int, Request] = {}
        self._deadlines: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._unsent: deque[int] = deque()
        self._sent_since_drain = 0
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._view = memoryview(self._buffer)
        self._socket = _open_socket(family)
        self._loop.add_reader(self._socket, self._drain)

    @property
    def waiting(self) -> int:
        """Return how many requests wait for a reply."""
        return len(self._waiting)

    def close(self) -> None:
        """Close the socket; requests still waiting fail with ECANCELED."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._timer is not None:
            self._timer.cancel()
        for request_id in list(self._waiting):
            self._finish(request_id, OSError(errno.ECANCELED, "closed"))

    def is_waiting(self, request_id: int) -> bool:
        """Return whether a request with this id is on its way."""
        return request_id in self._waiting

    def send(self, request_id: int, request: Request) -> None:
        """Send a request; `request.done` will be called, unless `forget` comes before."""
        self._waiting[request_id] = request
        if self._unsent and request.patient:
            self._unsent.append(request_id)
        else:
            self._send_now(request_id, request)
        self._sent_since_drain += 1
        if self._sent_since_drain >= SENDS_BETWEEN_DRAINS:
            # A burst must not fill the receive buffer with replies while it is still being sent.
            self._drain()

    def forget(self, request_id: int) -> None:
        """Wait no longer for the reply to this request; `done` is not called."""
        self._waiting.pop(request_id, None)

    def _send_now(self, request_id: int, request: Request) -> bool:
        """Return False if the packet has to wait for room in the send buffer."""
        try:
            self._socket.sendto(request.message, request.destination)
        except OSError as error:
            return self._send_failed(request_id, request, error)
        size = self._overhead + len(request.message)
        traffic, total = request.traffic, self._total
        traffic.packets_sent += 1
        traffic.bytes_sent += size
        total.packets_sent += 1
        total.bytes_sent += size
        request.deadline = deadline = self._loop.time() + request.timeout
        heapq.heappush(self._deadlines, (deadline, request_id))
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._expire)
        elif deadline < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._expire)
        if len(self._deadlines) > 2 * len(self._waiting) + 1024:
            self._forget_answered()
        return True

    def _send_failed(self, request_id: int, request: Request, error: OSError) -> bool:
        if error.errno in _FULL and request.patient:
            if not self._unsent:
                self._loop.call_later(SEND_AGAIN_SECONDS, self._send_unsent)
            self._unsent.appendleft(request_id)
            return False
        if self._read_errors():
            # The error was the news of an earlier packet, not about this one: that one has been told, this one is tried again.
            return self._send_now(request_id, request)
        self._finish(request_id, NotSentError(error.errno or errno.EIO, error.strerror))
        return True

    def _send_unsent(self) -> None:
        waiting, self._unsent = self._unsent, deque()
        while waiting:
            request_id = waiting.popleft()
            request = self._waiting.get(request_id)
            if request is not None and not self._send_now(request_id, request):
                self._unsent.extend(waiting)
                return

    def _drain(self) -> None:
        """Take what has arrived, at most so much that other work is not kept waiting."""
        self._sent_since_drain = 0
        receive, buffer, view, received = self._socket.recvfrom_into, self._buffer, self._view, self._received
        look_for_errors = True
        for _ in range(DATAGRAMS_PER_WAKEUP):
            try:
                size, source = receive(buffer)
            except BlockingIOError:
                break
            except OSError:
                # The kernel reports an ICMP error here; which request it is about stands in the error queue.
                look_for_errors = True
                continue
            look_for_errors = False
            received(bytes(view[:size]), source)
        if look_for_errors:
            self._read_errors()

    def _received(self, data: bytes, source: Destination) -> None:
        size = self._overhead + len(data)
        total = self._total
        total.packets_received += 1
        total.bytes_received += size
        request_id = self._read_id(data)
        if request_id is None:
            request_id = self._ask_authority(data, source)
            if request_id is None:
                self._dropped.garbage += 1
                return
        waiting = self._waiting
        request = waiting.get(request_id)
        if request is None:
            self._dropped.unexpected += 1
            return
        if source != request.destination and not _same(source, request.destination):
            self._dropped.wrong_source += 1
            return
        del waiting[request_id]
        traffic = request.traffic
        traffic.packets_received += 1
        traffic.bytes_received += size
        request.done(data)

    def _ask_authority(self, data: bytes, source: Destination) -> int | None:
        """Have pysnmp find the request-id, but only in datagrams of a device that owes an answer: it is slow."""
        if not any(_same(source, request.destination) for request in self._waiting.values()):
            return None
        try:
            return decode_response(data).request_id
        except UndecodableError:
            return None

    def _read_errors(self) -> bool:
        """Fail the requests that ICMP errors are about; return whether there were any."""
        seen = False
        while True:
            try:
                _, ancillary, _, about = self._socket.recvmsg(512, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return seen
            seen = True
            code = next((struct.unpack_from("=I", data)[0] for _, _, data in ancillary if len(data) >= 4), errno.EHOSTUNREACH)
            for request_id in [key for key, request in self._waiting.items() if about and _same(about, request.destination)]:
                self._finish(request_id, OSError(code, socket_error_text(code)))

    def _expire(self) -> None:
        now = self._loop.time()
        deadlines, waiting = self._deadlines, self._waiting
        self._timer = None
        while deadlines:
            deadline, request_id = deadlines[0]
            request = waiting.get(request_id)
            # A request-id may have been sent again since: only its last deadline counts.
            if request is None or request.deadline != deadline:
                heapq.heappop(deadlines)
            elif deadline <= now:
                heapq.heappop(deadlines)
                self._finish(request_id, TimeoutError())
            else:
                self._timer = self._loop.call_at(deadline, self._expire)
                return

    def _forget_answered(self) -> None:
        self._deadlines = [(request.deadline, key) for key, request in self._waiting.items() if request.deadline]
        heapq.heapify(self._deadlines)

    def _finish(self, request_id: int, outcome: Outcome) -> None:
        request = self._waiting.pop(request_id, None)
        if request is not None:
            request.done(outcome)


def socket_error_text(code: int) -> str:
    """Return what an errno means, in the words used towards people."""
    return {
        errno.ECONNREFUSED: "nothing listens for SNMP there",
        errno.EHOSTUNREACH: "the address cannot be reached",
        errno.ENETUNREACH: "there is no route to the network",
        errno.ENOBUFS: "this machine had no room for the packet (its neighbour table or a buffer was full)",
        errno.EPERM: "a firewall on this machine refuses the packet",
        errno.EACCES: "this machine refuses the packet (a broadcast address?)",
    }.get(code, errno.errorcode.get(code, f"error {code}"))


def _same(source: Destination, destination: Destination) -> bool:
    # The third part of an IPv6 socket address is a flow label, which replies need not repeat; the fourth is the link.
    return source[:2] == destination[:2] and source[3:] == destination[3:]


def _open_socket(family: socket.AddressFamily) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            # Above the system's limit only with CAP_NET_ADMIN.
            opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        except OSError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        opened.setsockopt(*_RECEIVE_ERRORS[family], 1)
        opened.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - the port the replies come back to
    except OSError:
        opened.close()
        raise
    return opened
