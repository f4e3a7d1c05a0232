"""The HTTP server with a bound on its connections: idle ones are closed, then new ones refused, before files run out."""

import asyncio
import os
import resource
import socket
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import structlog
from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

FILES_KEPT = 64
"""At least so many files stay for all that is no connection: the database, the repository, the log."""
FILES_WANTED = 32_768
"""More connections than this many files allow would take half a gigabyte."""
LOG_SECONDS = 60.0


def raise_file_limit() -> int:
    """Let this process open as many files as it may and could use; return how many connections that leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, wanted - max(FILES_KEPT, wanted // 8))


class ConnectionLog:
    """Says at once that connections are closed or refused, and then no more than once a minute, with their number."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._told = (0, 0)
        self.closed = self.refused = 0
        """Since the process began."""

    def note(self, *, closed: int = 0, refused: int = 0) -> None:
        """Count connections, and tell of them when it is time."""
        self.closed += closed
        self.refused += refused
        if self._clock() < self._next:
            return
        self._next = self._clock() + LOG_SECONDS
        structlog.get_logger().warning(
            "too many connections; raise the limit of open files (ulimit -n, LimitNOFILE) where so many sites are right",
            closed_idle=self.closed - self._told[0],
            refused=self.refused - self._told[1],
        )
        self._told = (self.closed, self.refused)


class Connections:
    """The connections of this process: at most `most`, of which some are idle, the one that is so for longest first."""

    def __init__(self, log: ConnectionLog | None = None) -> None:
        self.most = 0
        self.log = log or ConnectionLog()
        self.open: set[IOStream] = set()
        self.waiting: OrderedDict[IOStream, None] = OrderedDict()
        """Those on which no request has begun."""
        self.ending = False
        self._gone = asyncio.Event()

    @property
    def idle(self) -> int:
        """How many wait for a request."""
        return len(self.waiting)

    @property
    def busy(self) -> int:
        """On how many a request is under way."""
        return len(self.open) - len(self.waiting)

    def forget(self, stream: IOStream) -> None:
        """Count a connection no longer."""
        self.open.discard(stream)
        self.waiting.pop(stream, None)
        if not self.open:
            self._gone.set()

    async def end(self, seconds: float) -> None:
        """Close those that are idle, each other one after its answer, and return: after so many seconds at the latest."""
        self.ending = True
        self._gone.clear()
        for stream in list(self.waiting):
            stream.close()
        if self.open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), seconds)


class ListeningSocket(socket.socket):
    """A listening socket that turns connections away while no file is free, instead of failing over and over."""

    def __init__(self, listening: socket.socket, log: ConnectionLog) -> None:
        super().__init__(fileno=listening.detach())
        self._log = log
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection. Raises BlockingIOError where there is none, or where it had to be turned away."""
        try:
            return super().accept()
        except (BlockingIOError, ConnectionAbortedError):
            raise
        except OSError as error:
            self._turn_away()
            raise BlockingIOError from error

    def close(self) -> None:
        """Close it."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _turn_away(self) -> None:
        """Use the spare file for the connection, so that it does not stay in front of the queue."""
        self._let_go()
        with suppress(OSError):
            super().accept()[0].close()
        try:
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._spare = None
        self._log.note(refused=1)


class _Watched(HTTPMessageDelegate):
    """Tells when the head of a request has come: from then on its connection is not idle."""

    def __init__(self, inner: HTTPMessageDelegate, begun: Callable[[], object]) -> None:
        self._inner = inner
        self._begun = begun

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Any:
        self._begun()
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


class BoundedServer(HTTPServer):
    """An HTTP server that bounds its connections. The one that was idle for longest makes room for a new one."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Take what HTTPServer takes, and as `connections` what counts and bounds them."""
        self._held: Connections = options.pop("connections")
        super().initialize(*args, **options)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a connection, or close it where none is idle that could make room, and when the server ends."""
        if self._held.ending:
            stream.close()
            return
        if len(self._held.open) >= self._held.most and not self._close_idle():
            stream.close()
            self._held.log.note(refused=1)
            return
        self._held.open.add(stream)
        self._held.waiting[stream] = None
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        """Count the connection as idle until the head of its next request has come; when the server ends, none comes any more."""
        stream = request_conn.stream
        if self._held.ending:
            stream.close()
        if stream in self._held.open:
            self._held.waiting[stream] = None
            self._held.waiting.move_to_end(stream)
        return _Watched(super().start_request(server_conn, request_conn), lambda: self._held.waiting.pop(stream, None))

    def on_close(self, server_conn: object) -> None:
        """Count the connection no longer."""
        self._held.forget(cast(HTTP1ServerConnection, server_conn).stream)
        super().on_close(server_conn)

    def _close_idle(self) -> bool:
        if not self._held.waiting:
            return False
        stream = next(iter(self._held.waiting))
        self._held.forget(stream)
        stream.close()
        self._held.log.note(closed=1)
        return True
