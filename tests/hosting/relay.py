"""A proxy in front of a server that does what proxies do when they help too much, or fail: it buffers, sends again, or cuts off."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Literal

import urllib3

from tests.hosting.running import Answer, RunningServer

Way = Literal["buffers", "sends again", "cuts the answer off", "cuts the request off"]
EVERY = 2
"""It does so with each second request; the others pass."""


class Relay:
    """The server as it is reached through the proxy, for sites to send to."""

    def __init__(self, server: RunningServer, way: Way) -> None:
        self.interfered = 0
        """How often it did."""
        self._server = server
        self._way = way
        self._asked = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._pool = urllib3.PoolManager(maxsize=16)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Return what comes back. Raises urllib3's HTTPError where nothing does."""
        answer = self._pool.request(
            method, self.url + path, headers=headers or {}, body=body, redirect=False, retries=False, timeout=60
        )
        return Answer(answer.status, answer.headers, answer.data)

    def close(self) -> None:
        """Take nothing any more."""
        self._listening.close()
        self._pool.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._attend, args=(self._listening.accept()[0],), daemon=True).start()

    def _attend(self, client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            while request := _message(client):
                answer = self._pass_on(request)
                if answer is None:
                    return
                client.sendall(answer)

    def _pass_on(self, request: bytes) -> bytes | None:
        with self._lock:
            self._asked += 1
            interferes = self._asked % EVERY == 0
            self.interfered += interferes
        if not interferes:
            return self._upstream(request)
        if self._way == "cuts the request off":
            with closing(socket.create_connection(("127.0.0.1", self._server.port), timeout=60)) as upstream:
                upstream.sendall(request[:-1])
            return None
        answer = self._upstream(request)
        if self._way == "cuts the answer off":
            return None
        return self._upstream(request) if self._way == "sends again" else answer

    def _upstream(self, request: bytes) -> bytes | None:
        with closing(socket.create_connection(("127.0.0.1", self._server.port), timeout=60)) as upstream:
            upstream.sendall(request)
            return _message(upstream)


def _message(connection: socket.socket) -> bytes | None:
    """Return one whole request or answer, as it came; None where the other side has closed."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (part := connection.recv(65536)):
            return None
        got += part
    head, _, _ = got.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
    while len(got) < len(head) + 4 + length:
        if not (part := connection.recv(65536)):
            return None
        got += part
    return got


@contextmanager
def relay(server: RunningServer, way: Way) -> Iterator[Relay]:
    """Yield a proxy in front of `server`."""
    opened = Relay(server, way)
    try:
        yield opened
    finally:
        opened.close()
