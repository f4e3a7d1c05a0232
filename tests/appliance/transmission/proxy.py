"""A web proxy on loopback: CONNECT and absolute addresses, with user and password when asked."""

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """What the proxy saw."""

    url: str
    port: int
    lines: list[str] = field(default_factory=list)
    """The request line of each connection."""


@contextlib.contextmanager
def proxying(login: str | None = None, refusal: str | None = None) -> Iterator[Proxy]:
    """Forward to loopback; with `login` (`user:password`) only for who knows it, with `refusal` never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        proxy = Proxy(f"http://127.0.0.1:{port}", port)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_forward, args=(connection, proxy, login, refusal), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _forward(connection: socket.socket, proxy: Proxy, login: str | None, refusal: str | None) -> None:
    with connection, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := connection.recv(65536)):
                return
            head += data
        head, _, rest = head.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        proxy.lines.append(lines[0])
        expected = f"proxy-authorization: basic {base64.b64encode((login or '').encode()).decode()}"
        if login and not any(line.lower() == expected.lower() for line in lines):
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        if refusal:
            connection.sendall(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        method, target, _ = lines[0].split(" ")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                kept = [line for line in lines[1:] if not line.lower().startswith("proxy-")]
                server.sendall("\r\n".join([f"{method} {parts.path} HTTP/1.1", *kept, "", ""]).encode() + rest)
            back = threading.Thread(target=_pump, args=(server, connection), daemon=True)
            back.start()
            _pump(connection, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
