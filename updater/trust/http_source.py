"""Fetching files of a repository over HTTP: through the proxy, with the site's own authority, within limits of size and time."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import urllib3
import urllib3.exceptions as urllib3_errors

from appliance.common.network.outbound import prepare_context, server_of
from appliance.common.network.outbound_connections import Connections, open_pool
from appliance.common.network.traffic import Traffic
from appliance.common.version import installed_version
from appliance.settings.model import HostingSettings
from updater.trust.http_failures import cut_off, explain, explain_answer, no_address, other_part, too_long, too_slow
from updater.trust.transfer_rate import Pace

_PIECE_BYTES = 64 << 10
LONGEST_VALIDATOR = 200


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long one fetch may take. Times in seconds, rates in bytes a second."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    """Longest silence while an answer is due."""
    minimum_rate: float = 500.0
    """Below this, on average since the request, a fetch is given up."""
    grace_seconds: float = 20.0
    """Time before the minimum rate counts, for name, connection and the server's own thinking."""
    maximum_rate: float = 0.0
    """What a fetch may take of the line of the site; 0: all."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which part of a file is wanted (RFC 9110, 14.2 and 13.1.5)."""

    offset: int
    validator: str
    begins: Callable[[int, str], None]

    def headers(self) -> dict[str, str]:
        if not self.offset:
            return {}
        return {"Range": f"bytes={self.offset}-"} | ({"If-Range": self.validator} if self.validator else {})


class Fetcher:
    """Fetches one file at a time, over kept-alive connections.

    Redirects are not followed: what an answer says would decide whom we ask. Nothing is tried twice: the next poll does that.
    """

    def __init__(self, settings: HostingSettings, limits: FetchLimits | None = None) -> None:
        """Certificate authority and proxy are those of `settings`. Raises SettingsError when they cannot be used."""
        self._limits = limits or FetchLimits()
        self._proxy = server_of(settings.proxy) if settings.proxy else ""
        self._connections = Connections()
        self.traffic = Traffic()
        """What all connections have cost; whole once they are closed."""
        self.server_date: datetime | None = None
        """The clock of the server at its last answer, which nobody signed."""
        context = prepare_context(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file=settings.ca_file, verify=settings.verify_tls)
        timeout = urllib3.Timeout(connect=self._limits.connect_seconds, read=self._limits.read_seconds)
        self._pool = open_pool(
            context,
            self._connections,
            timeout,
            proxy=settings.proxy,
            proxy_user=settings.proxy_user,
            proxy_password=settings.proxy_password.get_secret_value(),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
        self._connections.collect(self.traffic)

    def fetch(
        self,
        url: str,
        max_bytes: int,
        *,
        offset: int = 0,
        validator: str = "",
        begins: Callable[[int, str], None] = lambda _offset, _validator: None,
    ) -> Iterator[bytes]:
        """Yield the content of `url` in pieces; the whole file has at most `max_bytes`. Raises FetchError.

        With an `offset` only what follows it is asked for, of the version of the file that `validator` names, where it does.
        `begins` is told before the first piece where that begins, which is 0 where the server sends the whole file, and the
        validator to go on with; empty where the server has none.
        """
        if not url.startswith(("http://", "https://")):
            raise no_address(url)
        limits = self._limits
        with Pace(limits.minimum_rate, limits.grace_seconds, limits.maximum_rate, self._connections.shut_down) as pace:
            try:
                yield from self._pieces(url, max_bytes, pace, _Wanted(offset, validator, begins))
            except (urllib3_errors.HTTPError, OSError) as error:
                if pace.too_slow:
                    raise too_slow(url, limits.minimum_rate) from error
                raise explain(error, url, self._proxy) from error

    def _pieces(self, url: str, max_bytes: int, pace: Pace, wanted: "_Wanted") -> Iterator[bytes]:
        headers = {"User-Agent": f"dca/{installed_version()}", "Accept-Encoding": "identity", **wanted.headers()}
        response = self._pool.request("GET", url, headers=headers, redirect=False, preload_content=False, decode_content=False)
        whole = False
        try:
            self._remember(response)
            received = self._begin(response, url, wanted)
            announced = response.headers.get("Content-Length", "")
            length = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 20 else None
            if length is not None:
                length += received
                if length > max_bytes:
                    raise too_long(url, max_bytes)
            while piece := response.read1(_PIECE_BYTES):
                received += len(piece)
                if received > max_bytes:
                    raise too_long(url, max_bytes)
                pace.received(len(piece))
                yield piece
            if pace.too_slow:
                raise too_slow(url, self._limits.minimum_rate)
            if length is not None and received < length:
                raise cut_off(url)
            whole = True
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()

    def _begin(self, response: urllib3.BaseHTTPResponse, url: str, wanted: "_Wanted") -> int:
        """Return where the body of an answer begins in the file. Raises FetchError when the answer has no body of use."""
        begin = 0
        if wanted.offset and response.status == 206:
            begin = wanted.offset
            if not response.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
                raise other_part(url)
        elif response.status != 200:
            raise explain_answer(response.status, url, self._proxy)
        validator = response.headers.get("ETag", "")
        wanted.begins(begin, "" if validator.startswith("W/") else validator[:LONGEST_VALIDATOR])
        return begin

    def _remember(self, response: urllib3.BaseHTTPResponse) -> None:
        try:
            self.server_date = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            self.server_date = None
