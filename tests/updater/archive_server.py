"""A web server with one file, also in parts: `python -m tests.updater.archive_server PORT FILE RATE`."""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PIECE = 32 << 10


@dataclass
class ArchiveServer:
    """What it has, how it behaves, and what it was asked."""

    content: bytes
    url: str = ""
    ranges: bool = True
    etag: str = '"1"'
    rate: int = 0
    """Bytes a second; 0: as fast as it can."""
    cuts: list[int] = field(default_factory=list)
    """After so many bytes each of the next answers breaks off."""
    statuses: list[int] = field(default_factory=list)
    """Errors that the next requests are answered with."""
    lengths: bool = True
    """Whether it announces how long an answer is."""
    lies: bool = False
    """Whether it answers with another part than was asked for."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """`Range` and `If-Range` of each request."""
    sent: list[int] = field(default_factory=list)
    """Bytes of content, by request."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted, condition = handler.headers.get("Range", ""), handler.headers.get("If-Range", "")
        self.asked.append((wanted, condition))
        self.sent.append(0)
        if self.statuses:
            handler.send_response(self.statuses.pop(0))
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        part = re.fullmatch(r"bytes=(\d+)-", wanted) if self.ranges and condition in ("", self.etag) else None
        start = int(part[1]) if part else 0
        handler.send_response(206 if part else 200)
        if part:
            told = start + 1 if self.lies else start
            handler.send_header("Content-Range", f"bytes {told}-{len(self.content) - 1}/{len(self.content)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        if self.lengths:
            handler.send_header("Content-Length", str(len(self.content) - start))
        handler.end_headers()
        self._send(handler, start, start + self.cuts.pop(0) if self.cuts else len(self.content))

    def _send(self, handler: BaseHTTPRequestHandler, start: int, end: int) -> None:
        for offset in range(start, end, PIECE):
            piece = self.content[offset : min(offset + PIECE, end)]
            handler.wfile.write(piece)
            self.sent[-1] += len(piece)
            if self.rate:
                time.sleep(len(piece) / self.rate)
        handler.close_connection = True


@contextlib.contextmanager
def serving(served: ArchiveServer, port: int = 0) -> Iterator[ArchiveServer]:
    """Serve on loopback until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                served.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", port), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/tuf/targets/release/image.tar.gz"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with serving(ArchiveServer(Path(sys.argv[2]).read_bytes(), rate=int(sys.argv[3])), int(sys.argv[1])) as running:
        print("serving", running.url, flush=True)
        threading.Event().wait()
