"""What the API and the console share: where a request comes from, and the headers of every answer."""

import ipaddress
from typing import Any, cast

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from hosting.config import Config, Network
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


def client_address(request: HTTPServerRequest, trusted: tuple[Network, ...]) -> str:
    """Return the address the request comes from; `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
    address = request.remote_ip or ""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    while hops and _is_trusted(address, trusted):
        address = hops.pop()
    return address


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


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
        return client_address(self.request, self.config.trusted_proxies)[:64]

    def compute_etag(self) -> None:
        """Return no ETag: answers are never cached."""

    def data_received(self, chunk: bytes) -> Any:
        """Refuse: only the handlers of the API take their body in parts."""
        raise NotImplementedError
