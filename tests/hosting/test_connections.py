"""More connections than files: idle ones make room, the rest is turned away, and the log stays readable."""

import os
import re
import resource
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import structlog

from hosting.connections import ConnectionLog, ListeningSocket
from tests.children import Child
from tests.conftest import ROOT, StartChild
from tests.hosting.commands.test_cli import hosting

LIMITED = 'ulimit -S -n "$1" && ulimit -H -n "$2" && shift 2 && exec "$@"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `init --private-ca` has set up."""
    made = tmp_path_factory.mktemp("prepared") / "data"
    assert hosting("init", "--data", made, "--private-ca").returncode == 0
    return made


def serve(start_child: StartChild, folder: Path, *, soft: int, hard: int) -> tuple[Child, int]:
    """Return a server that begins with so many files and may have at most so many, and its port."""
    command: list[str | Path] = [sys.executable, "-m", "hosting", "serve", "--data", folder, "--port", "0", "--bind", "127.0.0.1"]
    child = start_child(["sh", "-c", LIMITED, "sh", str(soft), str(hard), *command], folder=ROOT)
    found = re.search(r"ready on port (\d+)", child.wait_for("is ready on port"))
    assert found is not None
    return child, int(found[1])


@contextmanager
def secured(port: int) -> Iterator[ssl.SSLSocket]:
    """Yield an encrypted connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as connection:
        yield connection


def ask(connection: socket.socket, path: str = "/healthz") -> bytes:
    """Return the status line of an answer; the connection is kept."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection.recv(4096)[:15]


def open_many(stack: ExitStack, port: int, count: int) -> list[socket.socket]:
    """Return so many connections on which nothing is said."""
    return [stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=20))) for _ in range(count)]


def test_idle_connections_make_room_for_new_ones_and_the_log_says_it_once(start_child: StartChild, folder: Path) -> None:
    child, port = serve(start_child, folder, soft=160, hard=160)
    with ExitStack() as stack:
        kept = [stack.enter_context(secured(port)) for _ in range(20)]
        assert {ask(connection) for connection in kept} == {b"HTTP/1.1 200 OK"}
        open_many(stack, port, 400)
        for _ in range(5):
            assert ask(stack.enter_context(secured(port))) == b"HTTP/1.1 200 OK"
    assert "Traceback" not in child.stderr
    assert child.stderr.count("too many connections") == 1


def test_as_many_files_as_allowed_are_taken_at_the_start(start_child: StartChild, folder: Path) -> None:
    child, port = serve(start_child, folder, soft=80, hard=600)
    with ExitStack() as stack:
        first = stack.enter_context(secured(port))
        assert ask(first) == b"HTTP/1.1 200 OK"
        open_many(stack, port, 300)
        assert ask(stack.enter_context(secured(port))) == b"HTTP/1.1 200 OK"
        assert ask(first) == b"HTTP/1.1 200 OK"
    assert "too many connections" not in child.stderr


def test_who_is_in_the_middle_of_a_request_keeps_the_connection(start_child: StartChild, folder: Path) -> None:
    _, port = serve(start_child, folder, soft=160, hard=160)
    body = b'{"code": "x"}'
    head = f"POST /api/v1/enrol HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with ExitStack() as stack:
        busy = stack.enter_context(secured(port))
        assert ask(busy) == b"HTTP/1.1 200 OK"
        busy.sendall(head)
        assert ask(stack.enter_context(secured(port))) == b"HTTP/1.1 200 OK"  # the head has been read by now
        open_many(stack, port, 300)
        assert ask(stack.enter_context(secured(port))) == b"HTTP/1.1 200 OK"
        busy.sendall(body)
        assert busy.recv(4096).startswith(b"HTTP/1.1 401")


@contextmanager
def no_files_left() -> Iterator[None]:
    """Let this process open no further file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as last:  # noqa: PTH123 - its number is what counts
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), before[1]))
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in held:
            os.close(descriptor)


def test_with_no_file_left_connections_are_turned_away_and_none_stays_in_the_queue() -> None:
    with closing(ListeningSocket(socket.create_server(("127.0.0.1", 0)), ConnectionLog())) as listening:
        listening.setblocking(False)
        with ExitStack() as stack:
            waiting = open_many(stack, listening.getsockname()[1], 3)
            with no_files_left():
                for _ in waiting:
                    with pytest.raises(BlockingIOError):
                        listening.accept()
            assert {connection.recv(1) for connection in waiting} == {b""}
            [after] = open_many(stack, listening.getsockname()[1], 1)
            accepted, address = listening.accept()
            stack.enter_context(closing(accepted))
            assert address == after.getsockname()


def test_the_log_counts_what_it_does_not_say() -> None:
    now = [100.0]
    log = ConnectionLog(lambda: now[0])
    with structlog.testing.capture_logs() as said:
        for _ in range(1000):
            log.note(refused=1)
        now[0] += 61
        log.note(closed=1)
    assert [(entry["refused"], entry["closed_idle"]) for entry in said] == [(1, 0), (999, 1)]
    assert all("too many connections" in entry["event"] for entry in said)
