"""What a TCP connection cost, in packets and bytes at IP level, as the kernel counted it (TCP_INFO)."""

import socket
import struct

from appliance.traffic import Traffic

_SYN_BYTES = 40
_HEADER_BYTES = {socket.AF_INET: 20 + 32, socket.AF_INET6: 40 + 32}
"""IP header and TCP header with the timestamps that both ends nearly always use."""
_INFO = struct.Struct("=8B24IQQQQII")
"""Linux struct tcp_info up to tcpi_segs_in."""
_BYTES_ACKED, _BYTES_RECEIVED, _SEGMENTS_OUT, _SEGMENTS_IN = 34, 35, 36, 37


def count_connection(connection: socket.socket, traffic: Traffic) -> None:
    """Add to `traffic` what `connection` cost; call it before the connection is closed.

    The goodbye is counted as one packet each way. Where the kernel tells nothing, nothing but the handshake is counted.
    """
    header = _HEADER_BYTES.get(connection.family, _HEADER_BYTES[socket.AF_INET])
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        told = _INFO.unpack(info)
    except (OSError, struct.error):
        told = (0,) * _SEGMENTS_OUT + (2, 1)
    packets_out, packets_in = told[_SEGMENTS_OUT] + 1, told[_SEGMENTS_IN] + 1
    traffic.packets_sent += packets_out
    traffic.packets_received += packets_in
    traffic.bytes_sent += told[_BYTES_ACKED] + packets_out * header
    traffic.bytes_received += told[_BYTES_RECEIVED] + packets_in * header


def count_attempt(address: str, traffic: Traffic, *, answered: bool) -> None:
    """Add to `traffic` a connection that never came about: a SYN, and the reset that refused it."""
    ip_bytes = 40 if ":" in address else 20
    traffic.packets_sent += 1
    traffic.bytes_sent += ip_bytes + _SYN_BYTES
    if answered:
        traffic.packets_received += 1
        traffic.bytes_received += ip_bytes + 20
