"""The headers of every answer, and local redirects. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

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
}

_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


def local_path(target: str, otherwise: str = "/") -> str:
    """Return `target` when it is a path on this server, else `otherwise`: a login must never send anybody elsewhere."""
    if _CONTROL.search(target) or not target.startswith("/") or target.startswith("//"):
        return otherwise
    try:
        parts = urlsplit(target)
    except ValueError:
        return otherwise
    return target if not parts.scheme and not parts.netloc else otherwise
