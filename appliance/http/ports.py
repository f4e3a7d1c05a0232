"""The only place in the collector that opens a TCP connection to a device, and the ports it may open one to.

A printer prints what it is sent on ports such as 9100: a page of garbage for each connection. So TCP goes to an allow-list, and the
ports of printing are refused even where a test adds ports of its own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from appliance.common.message import Message
from appliance.common.network.device_ports import HTTP_PORTS, PRINTER_PORTS
from appliance.common.network.tcp_meter import count_failed
from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError, NotAllowedError, RefusedError, SilentError

HTTPS_PORTS = frozenset({443, 8443})
"""Those where devices serve web pages over TLS."""


class AllowedPorts:
    """The ports that may be dialled: `HTTP_PORTS`, and what the admin of the site or a test names. Ports of printing never are."""

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

    def only(self, port: int, *, tls: bool) -> "AllowedPorts":
        """Return what may be dialled for a printer that the admin of the site names at `port`: nothing but that.

        Raises NotAllowedError for a port of printing.
        """
        named = AllowedPorts([port], secure=[port] if tls else ())
        named._ports = frozenset({port})
        return named

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
                raise SilentError(
                    Message("Nothing answers at port %(port)d of %(address)s.", port=port, address=address)
                ) from error
            if isinstance(error, ConnectionRefusedError):
                raise RefusedError(
                    Message("%(address)s refuses connections to port %(port)d.", address=address, port=port)
                ) from error
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
                told = Message(
                    "Port %(port)d of %(address)s cannot be reached: %(reason)s.", port=port, address=address, reason=reason
                )
                raise HttpError(told) from error
            raise
        return connection
