"""HTTP and HTTPS for all printers of a fleet: a listener for each address and port.

At one port both are spoken, as printers do at 631: what begins with a TLS handshake is TLS (RFC 8446 section 5.1).
"""

import asyncio
import contextlib
import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack

from simulator.errors import SimulatorError
from simulator.web.pages import Page, Pages, Question

TLS_HANDSHAKE = b"\x16"
LARGEST_REQUEST = 64 << 10
IDLE_SECONDS = 30.0
"""A connection on which nothing comes, or nothing is taken, for so long is closed."""
ACCEPT_AGAIN_SECONDS = 0.1


class WebServer:
    """Answers over TCP. `asked` counts by address what was asked: `POST 631 /ipp/print`."""

    def __init__(self, pages: Mapping[str, Pages], ports: Mapping[int, int], tls: Callable[[], ssl.SSLContext]) -> None:
        """`pages` by address; `ports` are where it listens in place of the ports of printers, 0 for a free one."""
        self._pages = pages
        self._ports = dict(ports)
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._seconds: Callable[[], float] = lambda: 0.0
        self._listeners: list[tuple[socket.socket, str, int]] = []
        self.asked: dict[str, Counter[str]] = {}

    @property
    def ports(self) -> dict[int, int]:
        """Where it listens, by the ports of printers."""
        return {port: listener.getsockname()[1] for listener, _, port in self._listeners}

    def open(self) -> None:
        """Listen at all addresses. Raises SimulatorError where a port cannot be used."""
        if any(True for pages in self._pages.values() if pages.ports):
            self._context = self._tls()
        for address, pages in self._pages.items():
            for port in sorted(pages.ports):
                listener = self._listener(address, self._ports.get(port, port))
                if self._ports.get(port) == 0:
                    # The others are to be asked at the same one.
                    self._ports[port] = listener.getsockname()[1]
                self._listeners.append((listener, address, port))

    def _listener(self, address: str, port: int) -> socket.socket:
        try:
            listener = socket.create_server((address, port), backlog=64)
        except OSError as error:
            self.close()
            raise SimulatorError(
                f"TCP port {port} of {address} cannot be used: {os.strerror(error.errno or 0)}. "
                "Choose another with --web-port, for example 631=8631, or leave out --web."
            ) from error
        listener.setblocking(False)
        return listener

    def close(self) -> None:
        """Listen no longer."""
        for listener, _, _ in self._listeners:
            listener.close()
        self._listeners.clear()

    async def run(self, seconds: Callable[[], float]) -> None:
        """Answer until this task is cancelled; `seconds` tells the time since the start."""
        self._seconds = seconds
        async with AsyncExitStack() as stack:
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for listener, address, port in self._listeners:
                group.create_task(self._listen(group, listener, address, port))

    async def _listen(self, group: asyncio.TaskGroup, listener: socket.socket, address: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # too many connections are open: some will end
                await asyncio.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            group.create_task(self._connection(connection, address, port))

    async def _connection(self, connection: socket.socket, address: str, port: int) -> None:
        """Answer on one connection; whoever is at its other end, the next one is answered as well."""
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                tls = await _first_octet(connection) == TLS_HANDSHAKE
            reader, writer = await _streams(connection, self._context if tls else None)
            while await self._answer(reader, writer, address, port, tls=tls):
                pass
        except (OSError, ssl.SSLError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            if writer:
                writer.close()
            connection.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, port: int, *, tls: bool
    ) -> bool:
        """Answer one request; return whether the connection stays open. Raises ValueError for what is none."""
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _version = head.partition(b"\r\n")[0].decode("ascii").split(" ")
            headers = dict(_header(line) for line in head.split(b"\r\n")[1:] if line)
            length = int(headers.get("content-length", "0"))
            if not 0 <= length <= LARGEST_REQUEST:
                raise ValueError("a request too large")
            body = await reader.readexactly(length)
        self.asked.setdefault(address, Counter())[f"{method} {port} {path}"] += 1
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        page = self._pages[address].answer(Question(port, tls, method, path, content_type, body), self._seconds())
        writer.write(_octets(page, address, self._ports))
        async with asyncio.timeout(IDLE_SECONDS):
            await writer.drain()
        return headers.get("connection", "").lower() != "close"


async def _streams(connection: socket.socket, context: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LARGEST_REQUEST)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=context)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _first_octet(connection: socket.socket) -> bytes:
    """Return the first octet of a connection, which stays to be read."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    connection.setblocking(False)
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    with contextlib.suppress(BlockingIOError):
        return connection.recv(1, socket.MSG_PEEK)
    return b""


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


def _octets(page: Page, address: str, ports: Mapping[int, int]) -> bytes:
    location = page.location
    for scheme, usual in (("http", 80), ("https", 443)):
        location = location.replace(f"{scheme}://{{host}}/", f"{scheme}://{{host}}:{usual}/")
    for port, real in ports.items():
        location = location.replace(f"{{host}}:{port}", f"{{host}}:{real}")
    lines: Iterable[str] = (
        f"HTTP/1.1 {page.status} Answer",
        *([f"Server: {page.server}"] if page.server else []),
        *([f"Content-Type: {page.content_type}"] if page.content_type else []),
        *([f"Location: {location.replace('{host}', address)}"] if location else []),
        f"Content-Length: {len(page.body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + page.body
