"""Sites that have signed their requests beforehand, and send them as they are over connections of their own."""

import json
import socket
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.version import installed_version
from appliance.transmission.client import COMPRESS_ABOVE_BYTES, compressed
from appliance.transmission.signature import signed_headers
from appliance.transmission.site_key import Identity
from benchmarks._hosting.process import Server
from hosting.db.connection.database import Database, database_url
from hosting.db.tables import site as site_table

DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class BenchmarkSite:
    """An enrolled site and the server it speaks to."""

    identity: Identity
    port: int
    scheme: str = "http"

    @property
    def site_id(self) -> str:
        """Its id."""
        return str(self.identity.site_id)

    def request(self, path: str, content: bytes) -> bytes:
        """Return a POST as it goes over the wire, signed now; the server takes it for five minutes."""
        host = f"127.0.0.1:{self.port}"
        headers = {"Content-Type": "application/json", "User-Agent": f"dca/{installed_version()}"}
        if len(content) > COMPRESS_ABOVE_BYTES:
            content = compressed(content)
            headers["Content-Encoding"] = "gzip"
        signed = signed_headers(
            f"{self.scheme}://{host}{path}",
            headers,
            content,
            private_key=self.identity.private_key,
            key_id=self.site_id,
            created=datetime.now(UTC),
        )
        lines = [f"POST {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in signed.items())]
        return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


def enrolled(server: Server, address: str | None, number: int, scheme: str = "http") -> list[BenchmarkSite]:
    """Return so many new sites of the server, written into its database as enrolment does."""
    made = [BenchmarkSite(Identity(Ed25519PrivateKey.generate(), str(uuid.uuid4())), server.port, scheme) for _ in range(number)]
    seen = dict.fromkeys(("created_at", "enrolled_at"), datetime.now(UTC))
    rows = [{"site_id": each.site_id, "name": each.site_id, "public_key": each.identity.public_text, **seen} for each in made]
    with Database(database_url(address, server.folder)) as database, database.writing() as connection:
        connection.execute(sa.insert(site_table), rows)
    return made


class Line:
    """One kept connection to a server."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")

    def send(self, request: bytes) -> None:
        """Send a request whose answer `answer` returns."""
        self._socket.sendall(request)

    def answer(self) -> Any:
        """Return what a request was answered. Raises RuntimeError for anything but 200."""
        head, body = b"", b""
        while b"\r\n\r\n" not in head:
            head += self._more()
        head, _, body = head.partition(b"\r\n\r\n")
        length = next(int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        while len(body) < length:
            body += self._more()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"the hosting server answered {head[:20]!r} {body[:300]!r}")
        return json.loads(body)

    def ask(self, request: bytes) -> Any:
        """Return what a request is answered."""
        self.send(request)
        return self.answer()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the hosting server closed a connection")
        return part


def close_all(lines: Sequence[Line]) -> None:
    """End connections."""
    for line in lines:
        line.close()
