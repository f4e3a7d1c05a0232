"""A small web server in the place of a device: it answers as it is told and notes what it was asked."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Page:
    """What is answered: whole, packed, in chunks, or raw octets instead of HTTP."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/xml"
    location: str = ""
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
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if task := asyncio.current_task():
            self.tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
                lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                self.requests.append(f"{method} {path}")
                page = self.answer(body) if self.answer and method == "POST" else self.pages.get(path, Page(status=404))
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
