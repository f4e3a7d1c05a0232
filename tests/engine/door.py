"""A door before the socket of an engine: it notes every call, brings a fault about at a given one, and refuses what a rule forbids.

A container that mounts the door's socket in place of the engine's cannot tell them apart. Between the arrival of a call and the
delivery of its answer the door does what a test asks for, such as ending the caller: a crash at an exact step, with no help from
the program that is tested. The caller is known by the credentials of its socket (unix(7), SO_PEERCRED).
"""

import http.client
import json
import os
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from signal import SIGKILL
from types import TracebackType
from typing import Any, Literal, Self

from tests.children import wait_until

When = Literal["before", "after"]

CHUNK = 1 << 16
KEPT_BODY = 1 << 20
"""Bodies up to this many bytes are read whole and noted where they are JSON; longer ones, such as image archives, flow through."""
API_PREFIX = re.compile(r"^/v\d+\.\d+(?=/)")
CONTAINER = re.compile(r"[0-9a-f]{64}")
PLACES = (
    (re.compile(r"^/containers/(?!create$|json$|prune$)[^/]+"), "/containers/{id}"),
    (re.compile(r"^/networks/(?!create$|prune$)[^/]+"), "/networks/{id}"),
    (re.compile(r"^/exec/[^/]+"), "/exec/{id}"),
    (re.compile(r"^/volumes/(?!create$|prune$)[^/]+"), "/volumes/{id}"),
    (re.compile(r"^/images/(?!create$|json$|load$|prune$|search$).+?(?=/(?:json|tag|get|history|push)$|$)"), "/images/{name}"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the engine, as it arrived."""

    method: str
    path: str
    """Without the version of the API and without the query."""
    query: str
    body: Any
    """The JSON that came with it; None without, or where it is something else."""
    pid: int
    """The process that calls, as this machine numbers it."""
    container: str
    """The container that process runs in; empty outside of one."""

    @property
    def pattern(self) -> str:
        """Return method and path with names left out, as the rules of a socket proxy have it: `POST /containers/{id}/start`."""
        path = self.path
        for place, name in PLACES:
            path = place.sub(name, path)
        return f"{self.method} {path}"

    @property
    def changes(self) -> bool:
        """Return whether it may change something in the engine; waiting for a container, or looking into it, changes nothing."""
        looks = self.path.endswith(("/wait", "/exec")) or self.path.startswith("/exec/")
        return self.method not in ("GET", "HEAD") and not looks


@dataclass
class Trap:
    """What happens at the `nth` call that `matches`, before it reaches the engine or after the engine has done it."""

    matches: Callable[[Call], bool]
    act: Callable[[Call], None]
    when: When
    nth: int = 1
    answers: bool = False
    """Whether the call goes on afterwards; else its caller gets no answer."""
    seen: int = 0
    sprung: threading.Event = field(default_factory=threading.Event)


class Door:
    """A server on a Unix socket at `path` before the engine at `engine`; `with` opens and closes it."""

    def __init__(self, path: Path, engine: Path, allowed: Callable[[Call], bool] | None = None) -> None:
        """Let all pass, or only what `allowed` says; the rest is answered with 403, as socket proxies do."""
        self.path = path
        self.engine = engine
        self.allowed = allowed
        self.heard: Callable[[Call], object] = lambda _: None
        """Told of each call before anything is done with it."""
        self.calls: list[Call] = []
        self._traps: list[Trap] = []
        self._lock = threading.Lock()
        door = self

        class Handler(_Handler):
            owner = door

        self._server = _Server(str(path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        """Open the door to everybody who reaches the socket."""
        self.path.chmod(0o666)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()
        self.path.unlink(missing_ok=True)

    @property
    def address(self) -> str:
        """The door's socket as in `DOCKER_HOST`."""
        return f"unix://{self.path}"

    @property
    def patterns(self) -> list[str]:
        """Return what was called, each once, sorted: the rules a socket proxy needs."""
        return sorted({call.pattern for call in list(self.calls)})

    def at(
        self,
        matches: Callable[[Call], bool],
        act: Callable[[Call], None],
        *,
        when: When,
        nth: int = 1,
        answers: bool = False,
    ) -> Trap:
        """Set a trap, which springs once, and return it."""
        trap = Trap(matches, act, when, nth, answers)
        with self._lock:
            self._traps.append(trap)
        return trap

    def clear(self) -> None:
        """Take all traps away and forget the calls."""
        with self._lock:
            self._traps.clear()
            self.calls.clear()

    def note(self, call: Call) -> Trap | None:
        """Note a call and return the trap it springs."""
        self.heard(call)
        with self._lock:
            self.calls.append(call)
            for trap in self._traps:
                if not trap.sprung.is_set() and trap.matches(call):
                    trap.seen += 1
                    if trap.seen == trap.nth:
                        return trap
        return None


def end_caller(call: Call) -> None:
    """End the process that made the call with SIGKILL, and return when it is gone."""
    with suppress(ProcessLookupError):
        os.kill(call.pid, SIGKILL)
    wait_until("the caller is gone", lambda: not _alive(call.pid))


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: callers and engines are ended on purpose here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Door

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is the base class's
        """Write no log."""

    def pass_on(self) -> None:
        """Note the call, spring its trap, and carry call and answer."""
        body, noted = self._body()
        call = self._call(noted)
        trap = self.owner.note(call)
        if trap and trap.when == "before":
            self._spring(trap, call)
            if not trap.answers:
                return
        if self.owner.allowed and not self.owner.allowed(call):
            self._refuse(call)
            return
        engine = _Connection(self.owner.engine)
        try:
            answer = self._ask(engine, body)
            if trap and trap.when == "after":
                answer_body = answer.read()
                self._spring(trap, call)
                if trap.answers:
                    self._deliver(answer, iter([answer_body]), len(answer_body))
                return
            self._deliver(answer, _stream(answer))
        except (OSError, http.client.HTTPException):
            self.close_connection = True
        finally:
            engine.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815 - the names the base class looks for

    def _spring(self, trap: Trap, call: Call) -> None:
        try:
            trap.act(call)
        finally:
            trap.sprung.set()
            self.close_connection = not trap.answers

    def _call(self, body: bytes | None) -> Call:
        target = API_PREFIX.sub("", self.path)
        path, _, query = target.partition("?")
        credentials = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", credentials)[0]
        told = None
        with suppress(ValueError):
            told = json.loads(body) if body else None
        return Call(str(self.command), path, query, told, pid, _container_of(pid))

    def _body(self) -> tuple[bytes | Iterator[bytes] | None, bytes | None]:
        """Return the body to pass on, and the part of it to note."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            return self._chunks(), None
        length = int(self.headers.get("Content-Length") or 0)
        if length > KEPT_BODY:
            return self._pieces(length), None
        whole = self.rfile.read(length) if length else None
        return whole, whole

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length and (piece := self.rfile.read(min(length, CHUNK))):
            length -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield from self._pieces(size)
            self.rfile.readline()
        self.rfile.readline()

    def _ask(self, engine: "_Connection", body: bytes | Iterator[bytes] | None) -> http.client.HTTPResponse:
        headers = dict(self.headers.items())
        chunked = "chunked" in headers.get("Transfer-Encoding", "")
        engine.request(str(self.command), self.path, body=body, headers=headers, encode_chunked=chunked)
        return engine.getresponse()

    def _deliver(self, answer: http.client.HTTPResponse, pieces: Iterator[bytes], length: int | None = None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        told = str(length) if length is not None else answer.getheader("Content-Length")
        empty = self.command == "HEAD" or answer.status in (204, 304)
        if told is not None:
            self.send_header("Content-Length", told)
        elif not empty:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if empty:
            return
        for piece in pieces:
            self.wfile.write(piece if told is not None else b"%x\r\n%b\r\n" % (len(piece), piece))
        if told is None:
            self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, call: Call) -> None:
        told = json.dumps({"message": f"{call.pattern} is not allowed here"}).encode()
        self.send_response_only(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def _stream(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read1(CHUNK):
        yield piece


def _container_of(pid: int) -> str:
    try:
        found = CONTAINER.findall(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        return ""
    return found[-1] if found else ""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")
