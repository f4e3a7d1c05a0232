"""What a TCP connection costs, in packets and bytes at IP level, as the kernel counts it (TCP_INFO, tcp(7)).

Exact but for the goodbye, which comes after the last look and is counted as it usually goes, for SACK blocks (a connection that
loses packets), and for the options of a SYN where the other end takes fewer of them than Linux offers.
"""

import socket
import struct
from typing import Final

from appliance.common.network.traffic import Traffic

_IP_BYTES: Final = {socket.AF_INET: 20, socket.AF_INET6: 40}
_TCP_BYTES: Final = 20
_TIMESTAMP_BYTES: Final = 12
_SYN_BYTES: Final = 40
"""A SYN with all that Linux offers: segment size, SACK, timestamps, window scale."""
_TIMESTAMPS, _SACK, _WINDOW_SCALE = 1, 2, 4
"""TCPI_OPT_*."""
_CLOSED, _CLOSE_WAIT = 7, 8
"""TCP_CLOSE: a reset has ended it. TCP_CLOSE_WAIT: the other end has said goodbye already."""
_INFO: Final = struct.Struct("=8B24I4Q6I4Q2IQ")
"""Linux struct tcp_info up to tcpi_bytes_sent (Linux 4.19); an older kernel tells less of it."""
_STATE, _OPTIONS, _BYTES_RECEIVED, _SEGMENTS_OUT, _SEGMENTS_IN, _BYTES_SENT = 0, 5, 35, 36, 37, 48


class TcpMeter:
    """Counts one connection as often as it is asked, each time what was added since the last time."""

    def __init__(self, connection: socket.socket) -> None:
        """`connection` has to stay open until `finish`."""
        self._connection = connection
        self._counted = Traffic()

    def count(self, traffic: Traffic) -> None:
        """Add to `traffic` what the connection has cost since it was counted last."""
        self._count(_told(self._connection), traffic)

    def finish(self, traffic: Traffic) -> None:
        """Count for the last time, with the goodbye; call it just before the connection is closed."""
        told = _told(self._connection)
        self._count(told, traffic)
        if told[_STATE] not in (0, _CLOSED):
            header = self._header(told)
            packets_out = 1 if told[_STATE] == _CLOSE_WAIT else 2
            traffic.add(Traffic(packets_out, 1, packets_out * header, header))

    def _count(self, told: tuple[int, ...], traffic: Traffic) -> None:
        if told[_SEGMENTS_OUT] < self._counted.packets_sent:  # the connection is gone, and what was known of it
            return
        header, options = self._header(told), told[_OPTIONS]
        # What a SYN has beyond the header of all other packets: the segment size and, padded to four bytes, what was agreed.
        syn = 4 + (4 if options & _WINDOW_SCALE else 0) + (4 if options & _SACK and not options & _TIMESTAMPS else 0)
        now = Traffic(
            told[_SEGMENTS_OUT],
            told[_SEGMENTS_IN],
            told[_BYTES_SENT] + told[_SEGMENTS_OUT] * header + syn,
            told[_BYTES_RECEIVED] + told[_SEGMENTS_IN] * header + syn,
        )
        traffic.add(now.less(self._counted))
        self._counted = now

    def _header(self, told: tuple[int, ...]) -> int:
        timestamps = _TIMESTAMP_BYTES if told[_OPTIONS] & _TIMESTAMPS else 0
        return _IP_BYTES[self._connection.family] + _TCP_BYTES + timestamps


def count_failed(connection: socket.socket, traffic: Traffic, *, refused: bool) -> None:
    """Add to `traffic` a connection that did not come about: each SYN, and the reset that `refused` it."""
    # The kernel forgets the one SYN of a connection that was refused.
    syns = 1 if refused else _told(connection)[_SEGMENTS_OUT]
    _count_attempt(_IP_BYTES[connection.family], syns, traffic, refused=refused)


def estimate_failed(family: socket.AddressFamily, seconds: float, traffic: Traffic, *, refused: bool) -> None:
    """Add to `traffic` a connection that did not come about within `seconds`, whose socket is out of reach.

    A SYN is sent again after 1, 3, 7, 15... seconds (RFC 6298); newer kernels do so oftener.
    """
    _count_attempt(_IP_BYTES[family], int(seconds + 1).bit_length(), traffic, refused=refused)


def _count_attempt(ip_bytes: int, syns: int, traffic: Traffic, *, refused: bool) -> None:
    traffic.add(Traffic(syns, 0, syns * (ip_bytes + _SYN_BYTES), 0))
    if refused:
        traffic.add(Traffic(0, 1, 0, ip_bytes + _TCP_BYTES))


def _told(connection: socket.socket) -> tuple[int, ...]:
    """Return the fields of struct tcp_info; those that the kernel does not tell are 0."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    except OSError:  # it is closed
        info = b""
    return _INFO.unpack(info.ljust(_INFO.size, b"\0"))
