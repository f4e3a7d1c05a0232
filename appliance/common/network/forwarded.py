"""Where a request comes from: the one reader of `X-Forwarded-*`, for both servers. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from appliance.common.errors import SettingsError

_PREFIX = re.compile(r"^(/[A-Za-z0-9._~-]+)+$")
_WITH_PORT = re.compile(r"^(?:\[(?P<six>[^\]]+)\](?::\d{1,5})?|(?P<four>[0-9.]+):\d{1,5})$")


def is_address(host: str) -> bool:
    """Whether `host` is an IPv4 or IPv6 address, with or without brackets."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def without_port(hop: str) -> str | None:
    """Return the address of an entry of `X-Forwarded-For`: some proxies write `192.0.2.1:5012` or `[2001:db8::1]:5012`.

    None where it holds none.
    """
    found = _WITH_PORT.match(hop)
    address = (found["six"] or found["four"]) if found else hop
    return address.strip("[]") if is_address(address) else None


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address without its zone; one of IPv4 in the clothes of IPv6 (`::ffff:192.0.2.1`) is one of IPv4."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if parsed.version == 6 else parsed


def client_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 an IPv6 host can choose its addresses from."""
    try:
        parsed = _parsed(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


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
            peer = _parsed(address)
        except ValueError:  # a Unix socket has no address
            return False
        return any(peer.version == network.version and peer in network for network in self._networks)

    def forwarded(self, peer: str, headers: Mapping[str, str]) -> Forwarded:
        """Return what the proxy at `peer` forwards, nothing when it is not trusted."""
        if not self.trusts(peer):
            return Forwarded()
        # A chain of proxies may have written one protocol each; the first is what the client spoke.
        protocol = headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        prefix = headers.get("X-Forwarded-Prefix", "").strip().rstrip("/")
        return Forwarded(
            client=self._client(headers.get("X-Forwarded-For", "")),
            protocol=protocol if protocol in ("http", "https") else None,
            host=headers.get("X-Forwarded-Host", "").strip() or None,
            prefix=prefix if _PREFIX.match(prefix) else None,
        )

    def _client(self, chain: str) -> str | None:
        """Return the last address of the chain that is no trusted proxy: what stands before it could be made up."""
        for part in reversed(chain.split(",")):
            hop = without_port(part.strip())
            if hop is None:
                return None
            if not self.trusts(hop):
                return hop
        return None
