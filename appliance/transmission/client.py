"""The client of the hosting server: three calls, each a signed POST. Blocking; the collector calls it in a thread."""

import gzip
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any

import urllib3
import urllib3.exceptions as urllib3_errors
from urllib3.util import SKIP_HEADER

from appliance.common.clock import utc_now
from appliance.common.errors import HostingError
from appliance.common.files import to_json
from appliance.common.message import Message
from appliance.common.network.outbound import proxy_login, server_of
from appliance.common.network.outbound_connections import Connections, Deadline, open_pool
from appliance.common.network.traffic import Purpose, TrafficByPurpose
from appliance.common.version import installed_version
from appliance.report.changes import state_digest
from appliance.store.rows import Batch
from appliance.transmission.answers import BundleAnswer, CheckInAnswer, EnrolAnswer, UploadAnswer, parse_answer, refusal
from appliance.transmission.connection import SLOWEST_LINE, ConnectionSettings, TimeLimits
from appliance.transmission.failures import explain_transport, not_hosting, unfinished
from appliance.transmission.signature import signed_headers
from appliance.transmission.site_key import Identity

JSON_TYPE, BUNDLE_TYPE = "application/json", "application/gzip"
COMPRESS_ABOVE_BYTES = 300
COMPRESSION_LEVEL = 9
"""A tenth fewer bytes than level 6 for 20 microseconds a reading."""
ANSWER_LIMIT_BYTES = 1 << 20
_CHUNK_BYTES = 64 << 10


class ChangesIgnoredError(HostingError):
    """The hosting server took the readings of a batch and not its changes: it is of a version that does not know them."""


class HostingClient:
    """Speaks to one hosting server for one site; a context manager. One connection is kept alive between calls.

    Every call raises HostingError (try again, not before `.retry_after`), RefusedError (trying again will not help) or
    ContentRefusedError (this content will never be taken).
    """

    def __init__(
        self,
        url: str,
        identity: Identity,
        connection: ConnectionSettings | None = None,
        *,
        limits: TimeLimits | None = None,
        traffic: TrafficByPurpose | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`url` is the address of the server, with its path; `traffic` counts what the calls cost; `clock` dates the signatures.

        Raises SettingsError for a CA file or proxy that cannot be used.
        """
        self._url = url.rstrip("/")
        self._identity = identity
        self._limits = limits = limits or TimeLimits()
        connection = connection or ConnectionSettings()
        self._verify = connection.verify
        self._server = server_of(self._url)
        self._proxy = server_of(connection.proxy) if connection.proxy else ""
        self._traffic = TrafficByPurpose() if traffic is None else traffic
        self._purpose: Purpose = "check_in"
        self._connections = Connections()
        self._clock = clock
        self._told_state: str | None = None
        self._used_at = time.monotonic()
        self._tls = connection.tls_context()
        self._pool = open_pool(
            self._tls,
            self._connections,
            urllib3.Timeout(connect=limits.connect, read=limits.read),
            proxy=connection.proxy,
            proxy_user=connection.proxy_user,
            proxy_password=connection.proxy_password,
        )

    @property
    def url(self) -> str:
        """The address of the hosting server."""
        return self._url

    @property
    def site_id(self) -> str | None:
        """The id of this site at the hosting server, None before it is enrolled."""
        return self._identity.site_id

    @property
    def insecure(self) -> bool:
        """Whether others can read along or pose as the server: plain HTTP, or the certificate is not checked."""
        return not self._url.startswith("https://") or not self._verify

    def __enter__(self) -> "HostingClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connection."""
        self._pool.clear()
        self._connections.collect(self._traffic.of(self._purpose))

    def enrol(self, code: str, site_name: str, root_sha256: str | None = None) -> EnrolAnswer:
        """Register the public key with a one-time code; the site id is the same one when key and code come again.

        `root_sha256` asks for the root of trust with this hash; whether the answer holds it is for the caller to check.
        """
        key_id = self._identity.public_text
        said = {"code": code, "public_key": key_id, "site_name": site_name, "version": installed_version()}
        content = to_json({**said, "root_sha256": root_sha256})
        answer = parse_answer(EnrolAnswer, self._post("/api/v1/enrol", content, key_id), self._server)
        self._identity = replace(self._identity, site_id=answer.site_id)
        return answer

    def check_in(self, state: dict[str, Any], generation: str | None = None) -> CheckInAnswer:
        """Tell the state of the site, in a few bytes when the server has it already; return intervals and commands.

        `generation` is that of the server which the site has dealt with, None where the server never told one.
        """
        known = {} if generation is None else {"generation": generation}
        digest = state_digest(state)
        if digest == self._told_state:
            answer = self._check_in({"unchanged": digest, **known})
            if not answer.state_needed:
                return answer
        answer = self._check_in({"state": state, **known})
        self._told_state = answer.state_digest
        return answer

    def knock(self) -> None:
        """Make a check-in that tells nothing; raises what one that does would."""
        self._check_in({"unchanged": "nothing"})

    def _check_in(self, said: dict[str, Any]) -> CheckInAnswer:
        content = to_json({"version": installed_version(), **said})
        return parse_answer(CheckInAnswer, self._post("/api/v1/checkin", content), self._server)

    def upload(self, batch: Batch) -> UploadAnswer:
        """Send a batch. When this returns the server has every reading of it, but for the changes of devices it needs in full.

        A batch it had before is all duplicates. Raises ChangesIgnoredError when the changes have to be sent in full.
        """
        answer = parse_answer(UploadAnswer, self._post("/api/v1/readings", batch.body(), purpose="upload"), self._server)
        confirmed = answer.accepted + answer.duplicate
        changed = [json.loads(change)["device"] for change in batch.changes] if answer.needed else []
        sent = len(batch.readings) + len(batch.changes)
        if confirmed + sum(device in answer.needed for device in changed) != sent:
            text = Message(
                "The hosting server %(server)s confirmed %(confirmed)s of %(sent)s readings. They are sent again.",
                server=self._server,
                confirmed=confirmed,
                sent=sent,
            )
            raise ChangesIgnoredError(text) if batch.changes and not answer.changes else HostingError(text)
        return answer

    def send_bundle(self, bundle: bytes) -> str:
        """Send a support bundle (`.tar.gz`); return its id at the server."""
        body = self._post("/api/v1/support-bundle", bundle, purpose="upload", kind=BUNDLE_TYPE)
        return parse_answer(BundleAnswer, body, self._server).bundle_id

    def _post(
        self,
        path: str,
        content: bytes,
        key_id: str | None = None,
        *,
        purpose: Purpose = "check_in",
        kind: str = JSON_TYPE,
    ) -> bytes:
        """Return the body of a 200 or 201; raise what anything else means. `kind` is the media type of the content."""
        signer = key_id or self._identity.site_id
        if signer is None:
            raise HostingError(
                Message("This site is not enrolled at a hosting server yet. Enter the enrolment string of the hosting team.")
            )
        # Not to be asked for compressed answers goes without saying.
        headers = {"Content-Type": kind, "User-Agent": f"dca/{installed_version()}", "Accept-Encoding": SKIP_HEADER}
        if kind == JSON_TYPE and len(content) > COMPRESS_ABOVE_BYTES:
            content = compressed(content)
            headers["Content-Encoding"] = "gzip"
        self._purpose = purpose
        try:
            status, answered, body = self._within_deadline(path, headers, content, signer)
        except urllib3_errors.HTTPError as error:
            raise explain_transport(error, self._server, self._proxy) from error
        finally:
            self._connections.collect(self._traffic.of(purpose))
        if status in (200, 201):
            return body
        if status == 407 and self._proxy:
            raise HostingError(proxy_login(self._proxy))
        date, retry_after = answered.get("Date"), answered.get("Retry-After")
        raise refusal(status, date, retry_after, body, server=self._server, now=self._clock())

    def _within_deadline(self, path: str, headers: dict[str, str], content: bytes, key_id: str) -> tuple[int, Any, bytes]:
        """Return status, headers and body of the answer: a server that drips, even its headers, is as bad as one that is silent."""
        deadline = Deadline(self._limits.exchange + len(content) / SLOWEST_LINE, self._connections.shut_down)
        try:
            with deadline:
                exchanged = self._exchange(path, headers, content, key_id)
        except (urllib3_errors.HTTPError, OSError) as error:
            if not deadline.expired:
                raise
            raise unfinished(self._server) from error
        if deadline.expired:
            raise unfinished(self._server)
        return exchanged

    def _exchange(self, path: str, headers: dict[str, str], content: bytes, key_id: str) -> tuple[int, Any, bytes]:
        """Send once; again, newly signed, when the server had closed the kept connection just before."""
        try:
            return self._send(path, headers, content, key_id)
        except urllib3_errors.ProtocolError as error:
            if not any(isinstance(argument, http.client.RemoteDisconnected | ConnectionResetError) for argument in error.args):
                raise
        return self._send(path, headers, content, key_id)

    def _send(self, path: str, headers: dict[str, str], content: bytes, key_id: str) -> tuple[int, Any, bytes]:
        if time.monotonic() - self._used_at > self._limits.idle:
            self.close()
        url = self._url + path
        signed = signed_headers(url, headers, content, private_key=self._identity.private_key, key_id=key_id, created=self._clock())
        response = self._pool.request(
            "POST", url, body=content, headers=signed, redirect=False, preload_content=False, decode_content=False
        )
        self._tls.remember()
        try:
            body = self._read(response)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        self._used_at = time.monotonic()
        return response.status, response.headers, body

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Return the whole answer, within its limit of size."""
        body = bytearray()
        while chunk := response.read1(_CHUNK_BYTES):
            body += chunk
            if len(body) > ANSWER_LIMIT_BYTES:
                raise HostingError(not_hosting(self._server, f"its answer is larger than {ANSWER_LIMIT_BYTES >> 20} MiB"))
        return bytes(body)


def compressed(content: bytes) -> bytes:
    """Return a body as it is sent; the same content gives the same bytes."""
    return gzip.compress(content, compresslevel=COMPRESSION_LEVEL, mtime=0)
