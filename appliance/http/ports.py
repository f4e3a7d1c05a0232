"""The only place in the collector that opens a TCP connection to a device, and the ports it may open one to.

A printer prints what it is sent on ports such as 9100: a page of garbage for each connection. So TCP goes to an allow-list, and the
ports of printing are refused even where a test adds ports of its own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from appliance.common.tcp_meter import count_failed
from appliance.common.traffic import Traffic
from appliance.http.errors import HttpError, NotAllowedError, RefusedError, SilentError
from appliance.snmp.agent import PRINTER_PORTS

HTTP_PORTS = frozenset({80, 443, 631, 8000, 8080, 8443})
"""Where devices serve web pages and IPP."""


HTTPS_PORTS = frozenset({443, 8443})
"""Those where devices serve web pages over TLS."""


class AllowedPorts:
    """The ports that may be dialled: `HTTP_PORTS`, and what a test adds. Ports of printing never are."""

    def __init__(self, extra: Iterable[int] = (), *, secure: Iterable[int] = ()) -> None:
        """`extra` is for tests, whose servers have other ports, and `secure` for those that speak TLS at once.

        Raises NotAllowedError for ports of printing.
        """
        self.secure = HTTPS_PORTS | frozenset(secure)
        more = frozenset(extra) | frozenset(secure)
        if printing := sorted(more & PRINTER_PORTS):
            raise NotAllowedError(f"Port {printing[0]} is a port of printing: it is never dialled.")
        self._ports = HTTP_PORTS | more

    def check(self, port: int) -> int:
        """Return `port` if it may be dialled. Raises NotAllowedError."""
        if port in PRINTER_PORTS or port not in self._ports:
            raise NotAllowedError(f"Port {port} is not one that devices are asked at over HTTP: it is never dialled.")
        return port

    async def dial(self, address: str, port: int, seconds: float, traffic: Traffic) -> socket.socket:
        """Return a connection to `port` of `address`, an IP address; the caller closes it. `traffic` counts one that fails.

        Raises NotAllowedError before anything is sent, RefusedError, SilentError after `seconds`, HttpError.
        """
        self.check(port)
        try:
            family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        except ValueError as error:
            raise NotAllowedError(f"{address!r} is no IP address: names are never dialled.") from error
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_connect(connection, (address, port))
        except BaseException as error:
            count_failed(connection, traffic, refused=isinstance(error, ConnectionRefusedError))
            connection.close()
            if isinstance(error, TimeoutError):
                raise SilentError(f"Nothing answers at port {port} of {address}.") from error
            if isinstance(error, ConnectionRefusedError):
                raise RefusedError(f"{address} refuses connections to port {port}.") from error
            if isinstance(error, OSError):
                raise HttpError(f"Port {port} of {address} cannot be reached: {error.strerror or error}.") from error
            raise
        return connection
