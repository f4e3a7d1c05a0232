"""A real registry on loopback, behind a small proxy that lets it fail: down, refusing, cutting off or changing what it sends."""

import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import docker

from tests.children import Child, wait_until
from tests.ports import free_port
from tests.requirement import missing

Fault = Literal["", "down", "unauthorized", "rate limit", "truncated", "changed layer", "other manifest", "slow"]
PIECE = 64 << 10
LARGE_BYTES = 100_000
"""Faults of layers are for larger ones alone, so that the configuration still comes."""
SLOW_SECONDS = 0.05
"""Pause after each piece of a slow layer."""
CONFIGURATION = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image in the registry, with the digests that a release names."""

    repository: str
    manifest: str
    config: str
    size: int
    """Bytes unpacked."""


@dataclass
class Registry:
    """The registry as an engine sees it, at `address` (`127.0.0.1:PORT`): engines speak plain HTTP with it."""

    address: str
    upstream: int
    fault: Fault = ""
    tag: str = "pushed"
    """What the image pushed last is called; with the fault `other manifest` it is sent whatever digest is asked for."""
    requests: list[str] = field(default_factory=list)
    """`METHOD PATH` of each request."""
    sent: dict[str, int] = field(default_factory=dict)
    """Bytes of content sent, by path."""

    def push(self, client: docker.DockerClient, image: str, repository: str = "dca/appliance") -> Pushed:
        """Push an image of the engine of `client` and return what the registry has of it."""
        name, tag = f"{self.address}/{repository}", self.tag
        api: Any = client.api
        api.tag(image, name, tag)
        try:
            for line in api.push(name, tag, stream=True, decode=True):
                assert "error" not in line, line
        finally:
            api.remove_image(f"{name}:{tag}")
        accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream)
        connection.request("GET", f"/v2/{repository}/manifests/{tag}", headers={"Accept": accept})
        content = connection.getresponse().read()
        connection.close()
        manifest = json.loads(content)
        size = int(api.inspect_image(image)["Size"])
        return Pushed(name, f"sha256:{hashlib.sha256(content).hexdigest()}", manifest["config"]["digest"], size)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass a request on, and the answer back, as the fault has it."""
        self.requests.append(f"{handler.command} {handler.path}")
        if self.fault == "down":
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.fault == "unauthorized":
            _refuse(handler, 401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": 'Basic realm="test"'})
            return
        if self.fault == "rate limit" and "/manifests/" in handler.path:
            _refuse(handler, 429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", {})
            return
        self._pass_on(handler)

    def _pass_on(self, handler: BaseHTTPRequestHandler) -> None:
        if self.fault == "other manifest":
            handler.path = re.sub(r"/manifests/sha256:.*", f"/manifests/{self.tag}", handler.path)
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        headers = {name: ", ".join(handler.headers.get_all(name, [])) for name in handler.headers}
        length = int(headers.get("Content-Length") or 0)
        if "Transfer-Encoding" in headers:
            headers.pop("Transfer-Encoding")
            connection.request(handler.command, handler.path, _chunks(handler.rfile), headers, encode_chunked=True)
        else:
            connection.request(handler.command, handler.path, handler.rfile.read(length) if length else None, headers)
        answer = connection.getresponse()
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "date", "server"):
                handler.send_header(name, value.replace(f":{self.upstream}", f":{self.address.partition(':')[2]}"))
        handler.end_headers()
        if handler.command != "HEAD":
            self._body(handler, answer)
        connection.close()

    def _body(self, handler: BaseHTTPRequestHandler, answer: http.client.HTTPResponse) -> None:
        length = int(answer.getheader("Content-Length") or 0)
        is_layer = handler.command == "GET" and "/blobs/" in handler.path and length > LARGE_BYTES
        left = length // 2 if is_layer and self.fault == "truncated" else length
        while left and (piece := answer.read(min(PIECE, left))):
            left -= len(piece)
            self.sent[handler.path] = self.sent.get(handler.path, 0) + len(piece)
            if is_layer and self.fault == "changed layer" and not left:
                piece = piece[:-1] + bytes([piece[-1] ^ 1])
            handler.wfile.write(piece)
            if is_layer and self.fault == "slow":
                time.sleep(SLOW_SECONDS)
        if is_layer and self.fault == "truncated":
            handler.close_connection = True


def _refuse(handler: BaseHTTPRequestHandler, status: int, code: str, message: str, headers: dict[str, str]) -> None:
    content = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


def _chunks(stream: Any) -> Iterator[bytes]:
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """Run a registry with its data in `folder` until the end of the block; the test is skipped where there is none."""
    program = shutil.which("docker-registry", path=f"/usr/bin{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        missing("there is no registry (Debian's docker-registry)")
    upstream = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "registry.yml"
    file.write_text(CONFIGURATION.format(folder=folder / "data", port=upstream))
    child = Child([program, "serve", file])
    try:
        wait_until("the registry answers", lambda: _answers(upstream) or not child.running)
        assert child.running, child.stderr
        with _faulty(upstream) as made:
            yield made
    finally:
        child.stop()


@contextlib.contextmanager
def _faulty(upstream: int) -> Iterator[Registry]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Engines try TLS first, and only an answer with a status line tells them to go on without.
        default_request_version = "HTTP/1.1"

        def answer(self) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                made.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # engines hang up when they have seen enough

    server = Server(("127.0.0.1", 0), Handler)
    made = Registry(f"127.0.0.1:{server.server_address[1]}", upstream)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
