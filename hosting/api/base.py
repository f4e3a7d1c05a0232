"""Bases of the API's handlers: JSON in and out, bodies within their limit, signed by a site or opened by a token."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import structlog
from tornado.web import HTTPError, stream_request_body

from hosting.api import body as request_body
from hosting.api.errors import ApiError, retry_after_busy, retry_after_fault
from hosting.api.signature import SignedRequest, claimed_key_id
from hosting.db import accounts
from hosting.errors import BusyError, DataError
from hosting.web import BaseHandler
from web.security import SECURITY_HEADERS

SMALL = 64 * 1024
"""Bytes of a body that is taken before anything of its request is looked at: most are far smaller."""
DRAINED = 4
"""A body above its limit is read on up to so many times the limit and dropped, so that the client gets to read the answer."""


class ApiHandler(BaseHandler):
    """Answers JSON; every error is `{"error": code, "message": sentence}`."""

    def check_xsrf_cookie(self) -> None:
        """Skip: no request of the API is opened by a cookie."""

    def answer(self, value: object, status: int = 200) -> None:
        """Finish with `value` as compact JSON, which any program reads: NaN is none (RFC 8259, section 6)."""
        self.answer_json(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(), status)

    def answer_json(self, content: bytes, status: int = 200) -> None:
        """Finish with JSON that is written already."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(content)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - inherited
        """Answer an error as JSON."""
        error = as_api_error(kwargs.get("exc_info", (None, None, None))[1])
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if error.status == 401:
            self.set_header("WWW-Authenticate", "Bearer" if isinstance(self, TokenHandler) else "Signature")
        self.answer({"error": error.code, "message": error.message}, error.status)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what this server did wrong with its traceback; what it refused is told by the log line of the request."""
        if isinstance(value, ApiError):
            self.refusal = f"{value.code}: {value.message}"
        elif not isinstance(value, HTTPError | BusyError):
            if isinstance(value, DataError):
                structlog.get_logger().error("the database failed", path=self.request.path, reason=str(value), **self.log_fields())
                return
            structlog.get_logger().error("request failed", path=self.request.path, exc_info=(typ, value, tb), **self.log_fields())

    def log_fields(self) -> dict[str, str]:
        """Return for the log which request it is, and the key id under which it says it is signed."""
        claimed = claimed_key_id(self.request.headers)
        return super().log_fields() | ({"claimed": claimed} if claimed else {})

    def on_unknown(self) -> None:
        """Answer 404."""
        raise ApiError(404, "not_found", "There is no such address in this API.")

    refusal: str | None = None


def as_api_error(error: BaseException | None) -> ApiError:
    """Return any error as what the client is told: of a fault of this server when to try again, and nothing of the inside."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, BusyError):
        return ApiError(503, "busy", str(error), retry_after=retry_after_busy())
    if isinstance(error, DataError):
        sentence = "The database does not answer at the moment. Nothing was kept; try again later."
        return ApiError(503, "database", sentence, retry_after=retry_after_fault())
    if isinstance(error, HTTPError):
        code = {404: "not_found", 405: "method"}.get(error.status_code, "not_understood")
        return ApiError(error.status_code, code, error.log_message or error.reason or "The request is not understood.")
    sentence = "The server failed to answer; its log says more. Try again later."
    return ApiError(503, "internal", sentence, retry_after=retry_after_fault())


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What a signed call answers."""

    value: dict[str, Any]
    status: int = 200


@stream_request_body
class SignedHandler(ApiHandler):
    """A POST signed by a site. A subclass says in `process`, which runs on a database thread, what becomes of it."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("POST",)  # type: ignore[misc]

    def set_default_headers(self) -> None:
        """Set what keeps an answer out of caches and browsers; the rest is for pages, and sites pay for each byte."""
        super().set_default_headers()
        for name in SECURITY_HEADERS.keys() - {"X-Content-Type-Options"}:
            self.clear_header(name)

    @property
    def body_bytes(self) -> int:
        """The limit of the body as sent."""
        return self.config.limits.body_bytes

    @property
    def decoded_bytes(self) -> int:
        """The limit of what the body becomes after gzip."""
        return self.config.limits.decoded_bytes

    def initialize(self) -> None:
        """Begin with nothing of the body."""
        self._parts: list[bytes] = []
        self._size = self._held = 0
        self._refused: Exception | None = None
        self._processing = False
        self.claimed_id: str | None = None
        self.site_id: str | None = None
        """Once it is verified that it has signed."""

    def log_fields(self) -> dict[str, str]:
        """Return for the log the site, once it is verified; before that, whom the request names."""
        fields = super().log_fields()
        if self.site_id is None:
            return fields
        return {"request": fields["request"], "site": self.site_id}

    async def prepare(self) -> None:
        """Look at the head before the body is taken; where it is refused the body is dropped, so that the answer can be read."""
        self.claimed_id = claimed_key_id(self.request.headers)
        connection = self.request.connection
        set_limit = getattr(connection, "set_max_body_size", None)
        if set_limit:
            set_limit(self.body_bytes * DRAINED)
        length = self.request.headers.get("Content-Length", "")
        if self.request.method != "POST" or (length.isdigit() and int(length) <= SMALL):
            return
        if length.isdigit() and int(length) > self.body_bytes:
            self._refuse(request_body.too_large(self.body_bytes))
            return
        head = SignedRequest("POST", self._urls(), self.request.headers, b"")
        try:
            await self.services.intake.run(lambda: self.check_head(head), self.sender)
        except (ApiError, BusyError, DataError) as error:
            self._refuse(error)

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the body, or drop it all once the request is refused."""
        self._size += len(chunk)
        if self._refused is None and self._size > self.body_bytes:
            self._refuse(request_body.too_large(self.body_bytes))
        if self._refused is None and not self.services.bodies.take(self.sender, len(chunk)):
            sentence = "The server has more to receive than it can hold. Try again in a moment."
            self._refuse(ApiError(503, "busy", sentence, retry_after=retry_after_busy()))
        if self._refused is None:
            self._held += len(chunk)
            self._parts.append(chunk)

    async def post(self) -> None:
        """Verify and process the request."""
        if self._refused:
            raise self._refused
        body, self._parts = b"".join(self._parts), []
        if not body:
            raise ApiError(400, "not_json", "The request has no body.")
        signed = SignedRequest("POST", self._urls(), self.request.headers, body)
        self._processing = True
        try:
            answer = await self.respond(signed)
        finally:
            self._processing = False
            self._give_back()
        self.answer(answer.value, answer.status)

    async def respond(self, signed: SignedRequest) -> ApiAnswer:
        """Return the answer to a request that has come whole. Raises ApiError, BusyError, DataError."""
        return await self.services.intake.run(lambda: self.process(signed), self.sender)

    def on_finish(self) -> None:
        """Count the body no longer."""
        self._give_back()

    def on_connection_close(self) -> None:
        """Count the body no longer, unless it is being worked on."""
        super().on_connection_close()
        if not self._processing:
            self._give_back()

    @property
    def sender(self) -> str:
        """As whom the request counts where something is shared out among those who send."""
        return self.claimed_id or self.client

    def _refuse(self, error: Exception) -> None:
        self._refused = error
        self._give_back()

    def _give_back(self) -> None:
        held, self._held, self._parts = self._held, 0, []
        if held:
            self.services.bodies.give_back(self.sender, held)

    def check_head(self, head: SignedRequest) -> None:
        """Raise ApiError where nothing of the body is to be kept; asked for large ones, before they come. Runs on a thread."""
        raise NotImplementedError

    def process(self, signed: SignedRequest) -> ApiAnswer:
        """Do what the call is for and return its answer. Runs on a thread. Raises ApiError."""
        raise NotImplementedError

    def content(self, signed: SignedRequest) -> bytes:
        """Return the decoded JSON of the body."""
        return request_body.decode(signed.body, signed.headers, self.decoded_bytes)

    def _urls(self) -> list[str]:
        """Return the addresses the site may have signed.

        Behind a proxy those are the public ones, whatever host name and path the proxy passes on; the one that fits the request
        comes first. Without a proxy it is the address asked for.
        """
        path = self.request.path
        public = [url + path for url in self.config.public_urls]
        if not public:
            return [f"{self.request.protocol}://{self.request.host}{path}"]
        return sorted(public, key=lambda url: urlsplit(url).netloc != self.request.host)


class TokenHandler(ApiHandler):
    """A GET opened by `Authorization: Bearer TOKEN`."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET",)  # type: ignore[misc]

    async def prepare(self) -> None:
        """Let in who has a token. Raises ApiError 401, or 429 after too many wrong ones."""
        if self.request.method != "GET":
            return
        address = f"token {self.client}"
        wait = self.services.failures.wait(address)
        if wait:
            raise ApiError(429, "throttled", "Too many wrong tokens came from this address.", retry_after=wait)
        scheme, _, secret = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise ApiError(401, "no_token", "Send Authorization: Bearer TOKEN. The command dca-hosting token makes one.")
        name, due = await self.services.pages.read(lambda connection: accounts.find_token(connection, secret.strip()))
        if name is None:
            self.services.failures.take(address)
            raise ApiError(401, "bad_token", "The token is not valid. The command dca-hosting token makes one.")
        if due:
            await self.services.pages.write(lambda connection: accounts.see_token(connection, name))
        self.program = name

    program: str | None = None
    """The name of the token."""

    def log_fields(self) -> dict[str, str]:
        """Return for the log which program asks."""
        return super().log_fields() | ({"program": self.program} if self.program else {})


class UnknownHandler(ApiHandler):
    """Whatever the API does not have."""

    def prepare(self) -> None:
        """Answer 404 to every method."""
        self.on_unknown()
