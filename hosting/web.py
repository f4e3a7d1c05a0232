"""What the API and the console share: where a request comes from, and the headers of every answer."""

from typing import Any, cast

from tornado.web import RequestHandler

from appliance.common.forwarded import client_of
from hosting.config import Config
from hosting.services import Services

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class BaseHandler(RequestHandler):
    """Base of every handler."""

    def set_default_headers(self) -> None:
        """Set the security headers, in this one place."""
        for name, value in SECURITY_HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    @property
    def services(self) -> Services:
        """What the handlers work with."""
        return cast(Services, self.settings["services"])

    @property
    def config(self) -> Config:
        """How this server is set up."""
        return self.services.config

    @property
    def address(self) -> str:
        """Where the request comes from, at most 64 characters."""
        peer = self.request.remote_ip or ""
        return (self.services.proxies.forwarded(peer, self.request.headers).client or peer)[:64]

    @property
    def client(self) -> str:
        """What counts as one client where attempts are counted: an IPv4 address, or the /64 of an IPv6 one."""
        return client_of(self.address)

    @property
    def ignores_forwarded(self) -> bool:
        """Whether the request has forwarding headers of a proxy that nobody named: they are ignored."""
        forwarded = "X-Forwarded-For" in self.request.headers
        return forwarded and not self.services.proxies.trusts(self.request.remote_ip or "")

    def compute_etag(self) -> None:
        """Return no ETag: answers are never cached."""

    def data_received(self, chunk: bytes) -> Any:
        """Refuse: only the handlers of the API take their body in parts."""
        raise NotImplementedError
