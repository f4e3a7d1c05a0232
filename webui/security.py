"""Who may be asked for what by which name: headers of every answer, the host check, trusted proxies and local redirects. Pure."""

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from appliance.common.errors import SettingsError

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

_PREFIX = re.compile(r"^(/[A-Za-z0-9._~-]+)+$")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


def is_address(host: str) -> bool:
    """Whether `host` is an IPv4 or IPv6 address, with or without brackets."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


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


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What a trusted proxy says about a request; None where it says nothing that can be used."""

    client: str | None = None
    protocol: str | None = None
    host: str | None = None
    prefix: str | None = None


class TrustedProxies:
    """The proxies whose `X-Forwarded-*` headers are believed. Those of anybody else are ignored, never an error."""

    def __init__(self, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> None:
        self._networks = tuple(networks)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Return the proxies of `texts`: addresses and networks. Raises SettingsError naming the one that is neither."""
        networks = []
        for text in texts:
            try:
                networks.append(ipaddress.ip_network(text.strip(), strict=False))
            except ValueError as error:
                raise SettingsError(
                    f"{text!r} in DCA_TRUSTED_PROXIES (web.trusted_proxies) is neither an address nor a network "
                    "such as 10.0.0.0/24."
                ) from error
        return cls(networks)

    def trusts(self, address: str) -> bool:
        """Whether `address` is one of the trusted proxies."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:  # a Unix socket has no address
            return False
        return any(peer.version == network.version and peer in network for network in self._networks)

    def forwarded(self, peer: str, headers: Mapping[str, str]) -> Forwarded:
        """Return what the proxy at `peer` forwards, nothing when it is not trusted."""
        if not self.trusts(peer):
            return Forwarded()
        protocol = headers.get("X-Forwarded-Proto", "").strip().lower()
        prefix = headers.get("X-Forwarded-Prefix", "").strip().rstrip("/")
        return Forwarded(
            client=self._client(headers.get("X-Forwarded-For", "")),
            protocol=protocol if protocol in ("http", "https") else None,
            host=headers.get("X-Forwarded-Host", "").strip() or None,
            prefix=prefix if _PREFIX.match(prefix) else None,
        )

    def _client(self, chain: str) -> str | None:
        """Return the last address of the chain that is no trusted proxy: what stands before it could be made up."""
        for hop in reversed([part.strip() for part in chain.split(",")]):
            if not is_address(hop):
                return None
            if not self.trusts(hop):
                return hop
        return None


def local_path(target: str) -> str:
    """Return `target` when it is a path on this server, else `/`: a login must never send anybody elsewhere."""
    if _CONTROL.search(target) or not target.startswith("/") or target.startswith("//"):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return target if not parts.scheme and not parts.netloc else "/"
