"""What every handler of a web interface has: the security headers, who asks and how, and cookies that fit."""

from functools import cached_property
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from appliance.common.network.forwarded import Forwarded
from web.origin import ForeignOrigin, FormRefusedError
from web.proxies import Proxies
from web.security import SECURITY_HEADERS

log = structlog.get_logger()


def set_security_headers(handler: RequestHandler) -> None:
    """Set the headers of every answer. The server names itself by the setting `server_name`, and not at all without one."""
    for name, value in SECURITY_HEADERS.items():
        handler.set_header(name, value)
    if name := handler.settings["server_name"]:
        handler.set_header("Server", name)
    else:
        handler.clear_header("Server")


def allowed_methods(handler: RequestHandler) -> list[str]:
    """Return the methods that the address of a request takes."""
    missing = RequestHandler.get
    return [name for name in handler.SUPPORTED_METHODS if getattr(type(handler), name.lower(), missing) is not missing]


def set_allow(handler: RequestHandler, status: int) -> None:
    """Say with a status 405 which methods are meant (RFC 9110, section 15.5.6)."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        handler.set_header("Allow", ", ".join(allowed_methods(handler)))


class WebHandler(RequestHandler):
    """Base of every handler of both web interfaces."""

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status, and what goes with it."""
        super().set_status(status_code, reason)
        set_allow(self, status_code)

    def set_default_headers(self) -> None:
        """Set the security headers; answers are never cached unless a handler says otherwise."""
        set_security_headers(self)
        self.set_header("Cache-Control", "no-store")

    @property
    def proxies(self) -> Proxies:
        """The proxies in front of this web interface."""
        return cast(Proxies, self.settings["proxies"])

    @cached_property
    def forwarded(self) -> Forwarded:
        """What a trusted proxy says about the request."""
        return self.proxies.forwarded(self.request.remote_ip or "", self.request.headers)

    @property
    def client_ip(self) -> str:
        """The address of the client: of the connection, or as a trusted proxy tells it. At most 64 characters."""
        return (self.forwarded.client or self.request.remote_ip or "")[:64]

    @property
    def over_https(self) -> bool:
        """Whether the browser speaks HTTPS with us, or with the proxy in front."""
        return (self.forwarded.protocol or self.request.protocol) == "https"

    @property
    def cookie_path(self) -> str:
        """The path below which the browser sends our cookies."""
        return "/"

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **kwargs: Any) -> None:
        """Set a cookie that only we get, only from our own pages, and that no script can read."""
        kwargs |= {"path": self.cookie_path, "httponly": True, "samesite": "Strict", "secure": self.over_https}
        super().set_cookie(name, value, *args, **kwargs)

    def number_argument(self, name: str, default: int) -> int:
        """Return a number from the query that is at least 1; anything else is the default."""
        text = self.get_query_argument(name, "")
        return max(1, int(text)) if text.isdecimal() and len(text) < 7 else default

    def check_trusted_origin(self, origin: str) -> bool:
        """Whether `origin` is ours as the browser sees it: the host a trusted proxy tells, or in the setting `trusted_origins`.

        Tornado asks where Origin and Host differ. Raises FormRefusedError, which says what helps; Tornado's own does not.
        """
        told = self.forwarded.host
        if (told is not None and urlsplit(origin).netloc.lower() == told.lower()) or super().check_trusted_origin(origin):
            return True
        peer = self.request.remote_ip or ""
        cause = ForeignOrigin(
            origin=origin,
            host=told or self.request.host,
            peer=peer,
            trusted=self.proxies.trusts(peer),
            variable=self.proxies.variable,
            forwards_host="X-Forwarded-Host" in self.request.headers,
            from_other_site="Sec-Fetch-Site" in self.request.headers,
        )
        log.warning("a form was refused", path=self.request.path[:200], address=self.client_ip, reason=cause.explain())
        raise FormRefusedError(cause)


class StaticFiles(StaticFileHandler):
    """The style, the scripts and the pictures: for everyone, and cached by the hash in their address."""

    def set_default_headers(self) -> None:
        """Set the security headers."""
        set_security_headers(self)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Return where the file is. Raises HTTPError 404 for a name that no file has, and for what lies outside of `root`."""
        if "\x00" in path:
            raise HTTPError(404)
        try:
            return super().get_absolute_path(root, path)
        except HTTPError as error:
            raise HTTPError(404) from error

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file. Raises HTTPError 404 where there is none: folders and what is no file are nothing to ask for."""
        try:
            return super().validate_absolute_path(root, absolute_path)
        except HTTPError as error:
            raise HTTPError(404) from error

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status, and what goes with it."""
        super().set_status(status_code, reason)
        set_allow(self, status_code)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - inherited
        """Answer an error in a sentence: what asks for a file shows no page."""
        told = {
            HTTPStatus.NOT_FOUND: "There is no such file.",
            HTTPStatus.METHOD_NOT_ALLOWED: "Files can only be read.",
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The file is shorter than that.",
        }
        usual = "The server failed to answer; its log says more." if status_code >= 500 else "The request is not understood."
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{told.get(HTTPStatus(status_code), usual)}\n")
