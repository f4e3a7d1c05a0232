"""What is no request the server can serve: told to the client in a form it can read, and to the log without what was sent."""

import io
import json
import logging
import socket
from collections.abc import Iterator

import pytest

from appliance.common.log import configure_logging
from tests.children import wait_until
from tests.hosting.running import RunningServer


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return what the server logs meanwhile."""
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    configure_logging("hosting", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.raiseExceptions = raising


def exchange(server: RunningServer, request: bytes) -> bytes:
    """Send bytes and return all that comes until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HEADERS = (
    b"Host: 127.0.0.1\r\nAuthorization: Bearer dca_s3cret\x01x",
    b"Host: 127.0.0.1\r\nCookie: dca_hosting_session=dca_s3cret\x01x",
    b"Host: 127.0.0.1\r\nContent-Length: dca_s3cret",
    b"Host: dca_s3cret\xff",
)


def test_no_value_of_a_header_is_logged(server: RunningServer, log: io.StringIO) -> None:
    for header in HEADERS:
        assert exchange(server, b"GET /api/v1/sites HTTP/1.1\r\n" + header + b"\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    wait_until("all are logged", lambda: log.getvalue().count("Malformed HTTP message") == len(HEADERS))
    assert "s3cret" not in log.getvalue()


def test_a_file_that_is_not_there_is_told_in_a_sentence(server: RunningServer) -> None:
    for name in ("", "%00", "%2e%2e/%2e%2e/base.py", "nothing.css", "vendor", "x" * 5000):
        answer = server.request("GET", f"/static/{name}")
        assert (answer.status, answer.text) == (404, "There is no such file.\n"), name
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_call_of_sites_says_that_it_is_posted_and_the_connection_stays(server: RunningServer) -> None:
    for method in ("GET", "HEAD", "PUT", "OPTIONS"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(f"{method} /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            first = b""
            while b"\r\n\r\n" not in first:
                first += connection.recv(65536)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert first.startswith(b"HTTP/1.1 405 "), method
        assert b"\r\nAllow: POST\r\n" in first
        assert b"HTTP/1.1 200 " in rest


def test_a_method_nobody_knows_ends_the_connection_and_says_so(server: RunningServer) -> None:
    head, _, body = exchange(server, b"BREW /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head
    assert json.loads(body)["message"] == "This address does not take BREW. Use POST."


def test_every_address_tells_which_methods_it_takes(server: RunningServer) -> None:
    for path, allowed in (("/api/v1/sites", "GET"), ("/tuf/metadata/timestamp.json", "GET, HEAD"), ("/static/x.css", "GET, HEAD")):
        answer = server.request("PROPFIND", path)
        assert (answer.status, answer.headers["Allow"].split(", ")) == (405, allowed.split(", ")), path
