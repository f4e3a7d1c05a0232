"""Who may be asked for what by which name: headers of every answer, the host check and local redirects. Pure."""

import re
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from appliance.common.forwarded import is_address

SECURITY_HEADERS: Mapping[str, str] = {
    # Everything comes from this host, and nothing inline: Bootstrap's form symbols are data: images.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Server": "dca",
}

_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


class HostCheck:
    """The names this web UI answers to.

    A page of another site can make a browser send requests here under that site's own name (DNS rebinding); such a name is in no
    list of ours. Addresses cannot be rebound and are always allowed.
    """

    def __init__(self, allowed: Iterable[str], own_name: str | None = None) -> None:
        own = (own_name or socket.gethostname()).lower()
        self._names = {"localhost", own, f"{own}.local", *(name.lower().strip().rstrip(".") for name in allowed)}

    def allows(self, host: str) -> bool:
        """Whether a request whose Host header names `host` (port removed) may be answered."""
        name = host.lower().rstrip(".")
        return is_address(name) or name in self._names or name.endswith(".localhost")


def local_path(target: str) -> str:
    """Return `target` when it is a path on this server, else `/`: a login must never send anybody elsewhere."""
    if _CONTROL.search(target) or not target.startswith("/") or target.startswith("//"):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return target if not parts.scheme and not parts.netloc else "/"
