"""What a server may answer that means no good."""

from http.server import BaseHTTPRequestHandler

from .tuf_repository import Behaviour, RepositoryServer

DEEP = b'{"signed": ' + b"[" * 10_000 + b"]" * 10_000 + b', "signatures": []}'


def send(content: bytes, length: int | None = None, status: int = 200) -> Behaviour:
    """Answer with `content`, and announce `length` bytes."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return behave


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def silent(server: RepositoryServer) -> Behaviour:
    """Say nothing until the end of the test."""

    def behave(_handler: BaseHTTPRequestHandler) -> None:
        server.stopped.wait(30)

    return behave
