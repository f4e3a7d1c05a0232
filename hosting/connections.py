"""The HTTP server with a bound on its connections: idle ones are closed, then new ones refused, before files run out."""

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
        self._closed = self._refused = 0

    def note(self, *, closed: int = 0, refused: int = 0) -> None:
        """Count connections, and tell of them when it is time."""
        self._closed += closed
        self._refused += refused
        if self._clock() < self._next:
            return
        self._next = self._clock() + LOG_SECONDS
        structlog.get_logger().warning(
            "too many connections; raise the limit of open files (ulimit -n, LimitNOFILE) where so many sites are right",
            closed_idle=self._closed,
            refused=self._refused,
        )
        self._closed = self._refused = 0


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
    """An HTTP server that holds at most `most` connections. The one that was idle for longest makes room for a new one."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Take what HTTPServer takes, the bound as `most`, and as `log` what tells of it."""
        self._most: int = options.pop("most")
        self._log: ConnectionLog = options.pop("log")
        self._open: set[IOStream] = set()
        self._idle: OrderedDict[IOStream, None] = OrderedDict()
        super().initialize(*args, **options)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a connection, or close it where none is idle that could make room."""
        if len(self._open) >= self._most and not self._close_idle():
            stream.close()
            self._log.note(refused=1)
            return
        self._open.add(stream)
        self._idle[stream] = None
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        """Count the connection as idle until the head of its next request has come."""
        stream = request_conn.stream
        if stream in self._open:
            self._idle[stream] = None
            self._idle.move_to_end(stream)
        return _Watched(super().start_request(server_conn, request_conn), lambda: self._idle.pop(stream, None))

    def on_close(self, server_conn: object) -> None:
        """Count the connection no longer."""
        self._forget(cast(HTTP1ServerConnection, server_conn).stream)
        super().on_close(server_conn)

    def _forget(self, stream: IOStream) -> None:
        self._open.discard(stream)
        self._idle.pop(stream, None)

    def _close_idle(self) -> bool:
        if not self._idle:
            return False
        stream = next(iter(self._idle))
        self._forget(stream)
        stream.close()
        self._log.note(closed=1)
        return True
