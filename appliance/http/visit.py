"""One visit to one device over HTTP: a few GETs, and the one POST there is, an IPP request.

- Only the device itself is dialled, by its address, at the ports of the allow-list, wherever a redirect points.
- Certificates are not checked, and TLS may be as old as the device: those of devices are self-signed and nothing secret is sent;
  what is read is as open as SNMP v1.
- An answer has limits of size and time; the visit as a whole has a budget.
- Connections are kept alive between the requests of a visit.
"""

import asyncio
import ipaddress
import ssl
import zlib
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from types import TracebackType
from urllib.parse import urljoin, urlsplit

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from appliance.common.message import Message
from appliance.common.network.tcp_meter import TcpMeter
from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError, NotAllowedError, SilentError
from appliance.http.ports import AllowedPorts

IPP_CONTENT = "application/ipp"
Headers = HTTPHeaders
_OLD_RENEGOTIATION = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT, which `ssl` names from Python 3.12 on: a server that knows no secure renegotiation (RFC 5746)."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses of HTTP that point elsewhere."""
_SCHEME_PORTS = {"http": 80, "https": 443}

_LONGEST_HEADER = 2048

_Place = tuple[str, int]
"""Scheme and port."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How patiently a device is asked over HTTP."""

    connect_seconds: float = 2.0
    answer_seconds: float = 8.0
    """For one answer, from the connection to its last byte."""
    visit_seconds: float = 20.0
    body_bytes: int = 1 << 20
    """A larger answer is not read, packed or unpacked."""
    redirects: int = 2


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a device answered."""

    status: int
    content_type: str
    body: bytes
    location: str = ""
    """Where it points, as it stands there."""
    server: str = ""
    """What the web server calls itself."""
    over: str = "http"
    """The version of TLS by which it came, as `TLSv1.3`; `http` without."""


class Visit:
    """Talks to one device. An asynchronous context manager: leaving it closes the connections and counts them in `traffic`."""

    def __init__(self, address: str, ports: AllowedPorts, limits: HttpLimits, traffic: Traffic) -> None:
        self.address = address
        self._ports = ports
        self._limits = limits
        self._traffic = traffic
        self._deadline = asyncio.get_running_loop().time() + limits.visit_seconds
        self._streams: dict[_Place, IOStream] = {}

    async def __aenter__(self) -> "Visit":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for place in list(self._streams):
            self._close(place)

    async def get(self, path: str, *, port: int = 80) -> HttpAnswer:
        """Return what the device has at `path`, behind at most a few redirects within itself. Raises HttpError.

        `location` of the answer is where the device has pointed to last.
        """
        pointed = ""
        url = f"{'https' if port in self._ports.secure else 'http'}://{self.host}:{port}{path}"
        for _ in range(self._limits.redirects + 1):
            answer = await self._exchange("GET", url, HTTPHeaders({"Accept-Encoding": "gzip"}), b"")
            if answer.status not in REDIRECTS or not answer.location:
                return replace(answer, location=answer.location or pointed)
            pointed = answer.location
            url = self._redirected(url, answer.location)
        raise HttpError(f"{self.address} redirects too often.")

    async def post_ipp(self, path: str, request: bytes, *, port: int = 631, tls: bool = False) -> HttpAnswer:
        """Return the answer to an IPP request. Raises HttpError; redirects are not followed."""
        headers = HTTPHeaders({"Content-Type": IPP_CONTENT, "Content-Length": str(len(request))})
        url = f"{'https' if tls else 'http'}://{self.host}:{port}{path}"
        return await self._exchange("POST", url, headers, request)

    def _redirected(self, url: str, location: str) -> str:
        try:
            return urljoin(url, location)
        except ValueError as error:
            raise NotAllowedError(f"{self.address} points to a place that is none: it is not followed there.") from error

    @property
    def host(self) -> str:
        """The address as it stands in a URL."""
        return f"[{self.address}]" if ":" in self.address else self.address

    def _place(self, url: str) -> tuple[str, int, str]:
        """Return scheme, port and path of a URL of this device. Raises NotAllowedError for any other."""
        try:
            parts = urlsplit(url)
            port = parts.port or _SCHEME_PORTS.get(parts.scheme, 0)
            same = ipaddress.ip_address(parts.hostname or "") == ipaddress.ip_address(self.address)
        except ValueError:
            same, port = False, 0
        if not same or parts.scheme not in ("http", "https"):
            raise NotAllowedError(f"{self.address} points to another place: it is not followed there.")
        path = parts.path or "/"
        return parts.scheme, self._ports.check(port), f"{path}?{parts.query}" if parts.query else path

    async def _exchange(self, method: str, url: str, headers: HTTPHeaders, body: bytes) -> HttpAnswer:
        scheme, port, path = self._place(url)
        place = (scheme, port)
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(left, self._limits.answer_seconds))):
                kept = place in self._streams
                received = await self._request(place, method, path, headers, body)
                if received is None and kept:
                    # The device closed the kept connection just as it was used again.
                    received = await self._request(place, method, path, headers, body)
        except TimeoutError as error:
            self._close(place)
            told = Message("Port %(port)d of %(address)s did not finish its answer in time.", port=port, address=self.address)
            raise SilentError(told) from error
        except (HTTPInputError, StreamClosedError, ssl.SSLError, OSError) as error:
            self._close(place)
            reason = str(error)
            raise HttpError(
                Message(
                    "The answer of port %(port)d of %(address)s cannot be used: %(reason)s.",
                    port=port,
                    address=self.address,
                    reason=reason,
                )
            ) from error
        except BaseException:
            self._close(place)
            raise
        if received is None:
            raise HttpError(
                Message("Port %(port)d of %(address)s answers nothing that can be used.", port=port, address=self.address)
            )
        return received

    async def _request(self, place: _Place, method: str, path: str, headers: HTTPHeaders, body: bytes) -> HttpAnswer | None:
        """Return the answer, None when there is none or it cannot be read."""
        stream = self._streams.get(place) or await self._open(place)
        parameters = HTTP1ConnectionParameters(max_header_size=32 << 10, max_body_size=self._limits.body_bytes, chunk_size=16 << 10)
        connection = HTTP1Connection(stream, is_client=True, params=parameters)
        collected = _Collected()
        over = (stream.socket.version() if isinstance(stream, SSLIOStream) else None) or "http"
        host = self.host if place in (("http", 80), ("https", 443)) else f"{self.host}:{place[1]}"
        complete = HTTPHeaders({"Host": host, "User-Agent": "dca"})
        complete.update(headers)
        try:
            await connection.write_headers(RequestStartLine(method, path, "HTTP/1.1"), complete, body)
            connection.finish()
            await connection.read_response(collected)
        except StreamClosedError:
            pass
        if collected.start is None or not collected.finished:
            self._close(place)
            return None
        told = collected.headers.get("Connection", "").lower()
        if stream.closed() or told == "close" or (collected.start.version == "HTTP/1.0" and told != "keep-alive"):
            self._close(place)
        content_type = collected.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        packed = collected.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip")
        content = _unpacked(collected.body, self._limits.body_bytes) if packed else bytes(collected.body)
        location, server = (collected.headers.get(name, "")[:_LONGEST_HEADER] for name in ("Location", "Server"))
        return HttpAnswer(collected.start.code, content_type, content, location, server, over)

    async def _open(self, place: _Place) -> IOStream:
        scheme, port = place
        connection = await self._ports.dial(self.address, port, self._limits.connect_seconds, self._traffic)
        if scheme == "https":
            context = lenient_tls()
            secured = _CountedTlsStream(context.wrap_socket(connection, do_handshake_on_connect=False), ssl_options=context)
            secured.traffic = self._traffic
            self._streams[place] = secured
            await secured.wait_for_handshake()
        else:
            stream = _CountedStream(connection, max_buffer_size=self._limits.body_bytes + (64 << 10))
            stream.traffic = self._traffic
            self._streams[place] = stream
        return self._streams[place]

    def _close(self, place: _Place) -> None:
        stream = self._streams.pop(place, None)
        if stream is not None:
            stream.close()


class _CountedStream(IOStream):
    """A connection that counts itself when it is closed, by whichever end."""

    traffic: Traffic

    def close_fd(self) -> None:
        TcpMeter(self.socket).finish(self.traffic)
        super().close_fd()


class _CountedTlsStream(SSLIOStream):
    """The same, encrypted."""

    traffic: Traffic

    def close_fd(self) -> None:
        TcpMeter(self.socket).finish(self.traffic)
        super().close_fd()


class _Collected(HTTPMessageDelegate):
    """Gathers one answer."""

    def __init__(self) -> None:
        self.start: ResponseStartLine | None = None
        self.headers = HTTPHeaders()
        self.body = bytearray()
        self.finished = False

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        assert isinstance(start_line, ResponseStartLine)
        self.start, self.headers = start_line, headers
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.body += chunk
        return None

    def finish(self) -> None:
        self.finished = True

    def on_connection_close(self) -> None:
        pass


def _unpacked(packed: bytes | bytearray, limit: int) -> bytes:
    """Return the content of a gzip body. Raises HttpError for a damaged one, and for one that grows beyond `limit` bytes."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise HttpError(f"A packed answer is damaged: {error}.") from error
    if len(content) > limit or not unpacker.eof:
        raise HttpError("A packed answer is cut off or too large.")
    return content


def lenient_tls() -> ssl.SSLContext:
    """Return a context for devices, which are older than the rules of today: any certificate, also with a short key, and any TLS.

    Never for the hosting server: nothing that is secret is sent to a device, and nothing of what it says is trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= _OLD_RENEGOTIATION
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
