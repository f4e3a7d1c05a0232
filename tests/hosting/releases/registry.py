"""A small image registry on loopback (OCI Distribution 1.1), with the faults that real ones have."""

import base64
import contextlib
import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.hosting.repository.images import config, digest, layer

LOGIN = "anna:four words of a test"
TOKEN = "a-token"


@dataclass
class SmallRegistry:
    """What it holds, and how it behaves; `asked` are the requests that came."""

    port: int = 0
    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    login: str = ""
    """`basic` or `bearer`: only who logs in is answered."""
    status: int = 0
    """Answered instead of anything else."""
    breaks_off: bool = False
    keeps_elsewhere: bool = False
    """Blobs are handed out at another address, as with a registry that keeps them in a bucket."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def push(self, name: str, *platforms: str, text: str = "hello") -> str:
        """Keep an image under a tag and return the digest of its manifest, or of its index for several platforms."""
        made = [self._image(platform, text) for platform in platforms]
        top = made[0]
        if len(made) > 1:
            entries = [
                {"digest": digest(manifest), "platform": {"os": "linux", "architecture": platform.partition("/")[2]}}
                for manifest, platform in zip(made, platforms, strict=True)
            ]
            attestation = {"digest": "sha256:" + "0" * 64, "platform": {"os": "unknown", "architecture": "unknown"}}
            listed = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [*entries, attestation]}
            top = json.dumps(listed).encode()
        self.manifests[name] = self.manifests[digest(top)] = top
        return digest(top)

    def _image(self, platform: str, text: str) -> bytes:
        packed = gzip.compress(layer(text))
        image = config(platform)
        self.blobs |= {digest(packed): packed, digest(image): image}
        described: dict[str, Any] = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": digest(image), "size": len(image)},
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": digest(packed),
                    "size": len(packed),
                }
            ],
        }
        content = json.dumps(described).encode()
        self.manifests[digest(content)] = content
        return content


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: SmallRegistry

    def do_GET(self) -> None:
        self.registry.asked.append((self.path, self.headers.get("Authorization")))
        if self.registry.status:
            self._say(self.registry.status, b"{}", {"Retry-After": "30"})
        elif self.path.startswith("/token"):
            known = self.headers.get("Authorization") == f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
            self._say(200 if known else 401, json.dumps({"token": TOKEN}).encode(), {})
        elif self.path.startswith("/bucket/"):
            self._blob(self.path.removeprefix("/bucket/"))
        elif not self._admitted():
            realm = f'Bearer realm="http://{self.registry.host}/token",service="registry",scope="repository:dca:pull"'
            self._say(401, b"{}", {"WWW-Authenticate": realm if self.registry.login == "bearer" else 'Basic realm="registry"'})
        else:
            self._answer()

    def _admitted(self) -> bool:
        basic = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
        wanted = {"": None, "basic": basic, "bearer": f"Bearer {TOKEN}"}[self.registry.login]
        return wanted is None or self.headers.get("Authorization") == wanted

    def _answer(self) -> None:
        kind, name = self.path.removeprefix("/v2/dca/appliance/").split("/", 1)
        if kind == "blobs" and self.registry.keeps_elsewhere:
            self._say(307, b"", {"Location": f"http://localhost:{self.registry.port}/bucket/{name}"})
        elif kind == "blobs":
            self._blob(name)
        elif name in self.registry.manifests:
            self._say(200, self.registry.manifests[name], {})
        else:
            self._say(404, b"{}", {})

    def _blob(self, name: str) -> None:
        content = self.registry.blobs.get(name)
        if content is None:
            self._say(404, b"{}", {})
        elif self.headers.get("Range") == "bytes=-4":
            self._say(206, content[-4:], {})
        else:
            self._say(200, content, {})

    def _say(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.registry.breaks_off else content)
        self.close_connection = self.registry.breaks_off

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running() -> Iterator[SmallRegistry]:
    """Run a registry."""
    registry = SmallRegistry()

    handler = type("Handler", (_Handler,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    registry.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
