"""A site that signs its requests, and can be made to do so wrongly."""

import gzip
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from tests.hosting.running import Answer, RunningServer

COVERED = ("@method", "@authority", "@path", "content-digest")


@dataclass
class _Message:
    method: str
    url: str
    headers: dict[str, str]


@dataclass
class Site:
    """One site at one server; `enrol` gives it its id."""

    server: RunningServer
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    site_id: str = ""
    public_url: str = ""
    """The address it signs for, where that is not the one it sends to."""

    @property
    def public_key(self) -> str:
        """The public key in base64url without padding."""
        return urlsafe_b64encode(self.key.public_key().public_bytes_raw()).decode().rstrip("=")

    def enrol(self, name: str = "Harbour office", *, root_sha256: str | None = None) -> "Site":
        """Enrol with a new code and return itself."""
        wanted = self.enrolment(self.server.code(name)) | {"root_sha256": root_sha256}
        answer = self.send("/api/v1/enrol", wanted, key_id=self.public_key)
        assert answer.status == 201, answer.body
        self.site_id = answer.json()["site_id"]
        return self

    def enrolment(self, code: str) -> dict[str, Any]:
        """Return the body of an enrolment."""
        return {"code": code, "public_key": self.public_key, "site_name": "its own name", "version": "0.1.0"}

    def check_in(self, state: dict[str, Any] | None = None) -> Answer:
        """Check in."""
        return self.send("/api/v1/checkin", {"version": "0.1.0", "state": state or {}})

    def upload(self, batch: dict[str, Any], **options: Any) -> Answer:
        """Send a batch."""
        return self.send("/api/v1/readings", batch, **options)

    def send(self, path: str, value: Any, *, compressed: bool = False, **options: Any) -> Answer:
        """Sign and send a JSON body."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        headers = {"Content-Type": "application/json"}
        if compressed:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        return self.send_bytes(path, body, headers, **options)

    def send_bytes(self, path: str, body: bytes, headers: dict[str, str], *, sent: bytes | None = None, **options: Any) -> Answer:
        """Sign `body`, then send it, or `sent` in its place."""
        signed = self.signed(path, body, headers, **options)
        return self.server.request("POST", path, headers=signed, body=body if sent is None else sent)

    def signed(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str],
        *,
        key_id: str | None = None,
        nonce: str | None = None,
        age: timedelta = timedelta(),
        covered: tuple[str, ...] | None = None,
    ) -> dict[str, str]:
        """Return the headers of a signed request."""
        message = _Message("POST", (self.public_url or self.server.url) + path, dict(headers))
        components = COVERED + (("content-encoding",) if "Content-Encoding" in headers else ())
        wanted = components if covered is None else covered
        identity = key_id or self.site_id
        resolver = MappingKeyResolver(public_keys={}, private_keys={identity: self.key})
        # A body the library knows of is always covered, so to leave it out the library must not know of it.
        HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(
            message,
            key_id=identity,
            created=datetime.now(UTC) - age,
            nonce=nonce or secrets.token_hex(16),
            label="dca",
            covered_component_ids=wanted,
            body=body if "content-digest" in wanted else None,
        )
        return message.headers
