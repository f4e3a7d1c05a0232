"""What every handler of a web interface has: the security headers, who asks and how, and cookies that fit."""

from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from tornado.web import RequestHandler, StaticFileHandler

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


class WebHandler(RequestHandler):
    """Base of every handler of both web interfaces."""

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
