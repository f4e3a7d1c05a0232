"""A small web server in the place of a device: it answers as it is told and notes what it was asked."""

import asyncio
import contextlib
import gzip
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TLS_HANDSHAKE = b"\x16"


@dataclass(slots=True)
class Page:
    """What is answered: whole, packed, in chunks, or raw octets instead of HTTP."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/xml"
    location: str = ""
    server: str = ""
    packed: bool = False
    chunked: bool = False
    raw: bytes | None = None
    close: bool = False
    wait: asyncio.Event | None = None
    """Answered only when this is set."""

    def octets(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = gzip.compress(self.body) if self.packed else self.body
        head = [f"HTTP/1.1 {self.status} Answer"]
        head += [f"Content-Type: {self.content_type}"] if self.content_type else []
        head += [f"Location: {self.location}"] if self.location else []
        head += [f"Server: {self.server}"] if self.server else []
        head += ["Content-Encoding: gzip"] if self.packed else []
        head += ["Connection: close"] if self.close else []
        if self.chunked:
            chunks = [body[start : start + 100] for start in range(0, len(body), 100)]
            body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks) + b"0\r\n\r\n"
            head.append("Transfer-Encoding: chunked")
        else:
            head.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*head, "", ""]).encode() + body


@dataclass(slots=True)
class Device:
    """A server that runs; `requests` are `METHOD PATH`, `bodies` what was posted, `connections` how many were opened."""

    port: int = 0
    pages: Mapping[str, Page] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    answer: Callable[[bytes], Page] | None = None
    """Answers what is posted."""
    answer_at: Callable[[str, bytes], Page] | None = None
    """The same, by path."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if task := asyncio.current_task():
            self.tasks.add(task)
        try:
            while first := await reader.read(1):
                if first == _TLS_HANDSHAKE:
                    break  # as servers do that speak no TLS
                head = first + await reader.readuntil(b"\r\n\r\n")
                method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
                lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                self.requests.append(f"{method} {path}")
                page = self._page(method, path, body)
                if method == "POST":
                    self.bodies.append(body)
                if page.wait:
                    await page.wait.wait()
                writer.write(page.octets())
                await writer.drain()
                if page.close or page.raw is not None:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the visitor has gone, or the test is over
        finally:
            writer.close()

    def _page(self, method: str, path: str, body: bytes) -> Page:
        if method == "POST" and self.answer_at:
            return self.answer_at(path, body)
        return self.answer(body) if self.answer and method == "POST" else self.pages.get(path, Page(status=404))


@asynccontextmanager
async def device(
    pages: Mapping[str, Page] | None = None, answer: Callable[[bytes], Page] | None = None, *, address: str = "127.0.0.1"
) -> AsyncIterator[Device]:
    """Serve `pages` by path at `address`, on a free port."""
    served = Device(pages=pages or {}, answer=answer)
    server = await asyncio.start_server(served.serve, address, 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in served.tasks:
            task.cancel()
        await asyncio.gather(*served.tasks, return_exceptions=True)


@asynccontextmanager
async def tls_device(served: Device, context: ssl.SSLContext, *, plain: Device | None = None) -> AsyncIterator[Device]:
    """Let `served` speak TLS, on a free port; there `plain` answers those who do not, as printers do at port 631."""
    loop = asyncio.get_running_loop()
    connections: set[asyncio.Task[None]] = set()

    async def take(connection: socket.socket) -> None:
        ready = asyncio.Event()
        loop.add_reader(connection, ready.set)
        await ready.wait()
        loop.remove_reader(connection)
        secure = connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE
        reader = asyncio.StreamReader()
        serve = served.serve if secure or plain is None else plain.serve
        with contextlib.suppress(OSError):  # the visitor will have none of the certificate
            await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, serve), connection, ssl=context if secure else None
            )

    async def listen(listener: socket.socket) -> None:
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(take(connection))
            connections.add(task)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        served.port = listener.getsockname()[1]
        listening = asyncio.create_task(listen(listener))
        try:
            yield served
        finally:
            tasks = [listening, *connections, *served.tasks, *(plain.tasks if plain else ())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def tls_context(folder: Path, *, bits: int = 2048) -> ssl.SSLContext:
    """Return the TLS of a device, with a certificate of its own making; its key has so many `bits`."""
    key, certificate = folder / f"key-{bits}.pem", folder / f"certificate-{bits}.pem"
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-days", "1", "-subj", "/CN=NPI000000", *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    return context
