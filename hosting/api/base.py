"""Bases of the API's handlers: JSON in and out, bodies within their limit, signed by a site or opened by a token."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

import structlog
from tornado.web import HTTPError, stream_request_body

from appliance.common.clock import to_rfc3339, utc_now
from hosting.api import body as request_body
from hosting.api.errors import ApiError, retry_after_busy, retry_after_fault, throttled
from hosting.api.signature import SignedRequest, claimed_key_id
from hosting.db import tokens
from hosting.db.tokens import Scope, Token
from hosting.errors import BusyError, DataError
from hosting.request_context import REQUEST_ID_HEADER
from hosting.web import BaseHandler
from web.handler import allowed_methods
from web.security import SECURITY_HEADERS

SMALL = 64 * 1024
"""Bytes of a body that is taken before anything of its request is looked at: most are far smaller."""
MAKES_ONE = "The page Tokens of the console makes one, and so does the command dca-hosting token create."
BUDGET_SPENT = "The site sends more requests than it may. Try again later."
DRAINED = 4
"""A body above its limit is read on up to so many times the limit and dropped, so that the client gets to read the answer."""


class ApiHandler(BaseHandler):
    """Answers JSON; every error is `{"error": code, "message": sentence}`."""

    route: ClassVar[str] = "read"
    challenge = "Signature"
    """How a request that was not allowed could be (RFC 9110, 11.6.1)."""

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
        if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
            sentence = f"This address does not take {self.request.method[:20]}. Use {' or '.join(allowed_methods(self))}."
            error = ApiError(error.status, error.code, sentence)
        self.refusal_code = error.code
        self.set_header(REQUEST_ID_HEADER, self.request_id)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if error.status == 401 or error.code == "scope_missing":
            self.set_header("WWW-Authenticate", self.challenge)
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
        sentences = {
            403: "The request comes from a page of another site, as its header Sec-Fetch-Site or Origin says.",
            404: "There is nothing at this address.",
        }
        return ApiError(error.status_code, code, sentences.get(error.status_code, "The request is not understood."))
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

    def set_default_headers(self) -> None:
        """Set what keeps an answer out of caches and browsers; the rest is for pages, and sites pay for each byte."""
        super().set_default_headers()
        for name in SECURITY_HEADERS.keys() - {"X-Content-Type-Options"}:
            self.clear_header(name)
        if REQUEST_ID_HEADER not in self.request.headers:
            self.clear_header(REQUEST_ID_HEADER)

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
        self._processing = self._prepared = False
        self.claimed_id: str | None = None
        self.site_id: str | None = None
        """Once it is verified that it has signed."""

    def log_fields(self) -> dict[str, str]:
        """Return for the log the site, once it is verified; before that, whom the request names."""
        fields = super().log_fields()
        if self.site_id is None:
            return fields
        return {"request": fields["request"], "route": self.route, "site": self.site_id}

    async def prepare(self) -> None:
        """Look at the head before the body is taken; where it is refused the body is dropped, so that the answer can be read."""
        self._prepared = True
        self.claimed_id = claimed_key_id(self.request.headers)
        connection = self.request.connection
        set_limit = getattr(connection, "set_max_body_size", None)
        if set_limit:
            set_limit(self.body_bytes * DRAINED)
        if self.claimed_id and (wait := self.services.sites.wait(self.claimed_id)):
            # Nothing is looked up for it: whoever claims to be this site is told the same, and takes nothing of its budget.
            self._refuse(throttled(BUDGET_SPENT, wait))
            return
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

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as JSON; where it comes before the body is waited for, the connection ends and says so."""
        if not self._prepared:
            self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

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
    """A GET opened by `Authorization: Bearer TOKEN` (RFC 6750), of a token that has the scope of the handler."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET",)  # type: ignore[misc]
    scope: ClassVar[Scope]

    async def prepare(self) -> None:
        """Let in who has a token for this. Raises ApiError 401, 403, or 429 after too many that nobody has."""
        if self.request.method != "GET":
            return
        address = f"token {self.client}"
        wait = self.services.failures.wait(address)
        if wait:
            raise throttled("Too many wrong tokens came from this address.", wait)
        scheme, _, secret = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise ApiError(401, "no_token", f"Send Authorization: Bearer TOKEN. {MAKES_ONE}")
        token = await self.services.pages.read(lambda connection: tokens.find_token(connection, secret.strip()))
        if token is None:
            self.services.failures.take(address)
            self.challenge = 'Bearer error="invalid_token"'
            raise ApiError(401, "bad_token", f"The token is not valid. {MAKES_ONE}")
        self.program = token.name
        self._require_valid(token)
        if token.use_is_due(utc_now()):
            await self.services.pages.write(lambda connection: tokens.see_token(connection, token.name))

    def _require_valid(self, token: Token) -> None:
        """Raise ApiError 401 for a token that had its time, 403 for one that does not open this."""
        state = token.state(utc_now())
        self.challenge = 'Bearer error="invalid_token"'
        if state == "revoked":
            raise ApiError(401, "token_revoked", f"The token {token.name!r} was revoked. {MAKES_ONE}")
        if state == "expired":
            raise ApiError(401, "token_expired", f"The token {token.name!r} expired at {to_rfc3339(token.expires_at)}. {MAKES_ONE}")
        if self.scope not in token.scopes:
            self.challenge = f'Bearer error="insufficient_scope", scope="{self.scope}"'
            sentence = f"The token {token.name!r} does not have the scope {self.scope}, which this needs. Make one that has it."
            raise ApiError(403, "scope_missing", sentence)

    program: str | None = None
    """The name of the token."""
    challenge = "Bearer"

    def log_fields(self) -> dict[str, str]:
        """Return for the log which program asks."""
        return super().log_fields() | ({"program": self.program} if self.program else {})


class UnknownHandler(ApiHandler):
    """Whatever the API does not have."""

    route: ClassVar[str] = "unknown"

    def prepare(self) -> None:
        """Answer 404 to every method."""
        self.on_unknown()
