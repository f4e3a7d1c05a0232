"""Servers on loopback that stand for the hosting server, and for what is none."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, VerifyResult, algorithms


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes
    client: tuple[str, int]
    resumed: bool | None = None
    """Whether its connection resumed a TLS session, None without TLS."""

    @property
    def content(self) -> Any:
        """The JSON of the body, whatever its encoding."""
        body = gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw
        return json.loads(body)

    def verify(self, scheme: str, key_id: str, key: Ed25519PublicKey, **options: Any) -> VerifyResult:
        """Return the one signature. Raises InvalidSignature."""

        @dataclass
        class Message:
            method: str
            url: str
            headers: dict[str, str]

        verifier = HTTPMessageVerifier(
            signature_algorithm=algorithms.ED25519,
            key_resolver=MappingKeyResolver(public_keys={key_id: key}, private_keys={}),
        )
        message = Message(self.method, f"{scheme}://{self.headers['host']}{self.target}", self.headers)
        (result,) = verifier.verify(message, body=self.raw, **options)
        return result


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def body(self) -> bytes:
        return json.dumps(self.content).encode() if self.raw is None else self.raw


@dataclass
class Peer:
    """A server that remembers what it received."""

    url: str
    port: int
    received: list[Received]

    @property
    def connections(self) -> int:
        return len({request.client for request in self.received})


@contextmanager
def serving(answer: Callable[[Received], Reply], context: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[Peer]:
    """Serve HTTP/1.1 with kept-alive connections, with TLS when there is a context; on a free port unless one is given."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            resumed = getattr(self.connection, "session_reused", None)
            request = Received(self.command, self.path, headers, raw, self.client_address, resumed)
            received.append(request)
            reply = answer(request)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Sun, 22 Nov 2026 10:00:00 GMT" if timestamp is None else super().date_time_string(timestamp)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: clients that go away are what is tested."""

    with Server(("127.0.0.1", port), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        port = server.server_address[1]
        try:
            yield Peer(f"{'https' if context else 'http'}://127.0.0.1:{port}", port, received)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering_raw(*answers: bytes, hold: bool = False) -> Iterator[Peer]:
    """Answer each connection's first request with the next bytes, then close; with `hold`, keep it open and silent."""
    received: list[Received] = []
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                try:
                    connection, client = listener.accept()
                except OSError:
                    return
                with connection:
                    received.append(_read_request(connection, client))
                    connection.sendall(answer)
                    if hold:
                        stop.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield Peer(f"http://127.0.0.1:{port}", port, received)
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _read_request(connection: socket.socket, client: tuple[str, int]) -> Received:
    stream = connection.makefile("rb")
    with stream:
        method, target = stream.readline().decode().split(" ")[:2]
        headers = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Received(method, target, headers, stream.read(int(headers["content-length"])), client)
