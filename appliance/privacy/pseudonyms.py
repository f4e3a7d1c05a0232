"""Values as others see them: without a part, or as a pseudonym that is the same for the same value (HMAC-SHA-256, RFC 2104)."""

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from appliance.settings.model import PrivacySettings

_DIGITS = 16
"""Hexadecimal digits of a pseudonym: 64 bits, so that no two devices of a site share one."""


class Pseudonymizer:
    """Turns addresses, names and device keys into the form the site lets out."""

    def __init__(self, settings: PrivacySettings, key: bytes | None) -> None:
        """`key` may be None where `needs_key(settings)` is false."""
        self._settings = settings
        self._key = key

    def pseudonym(self, kind: str, value: str) -> str:
        """Return the pseudonym of a value, such as `ip-0f3a…`; upper and lower case are one value, kinds are apart."""
        if self._key is None:
            raise ValueError("a pseudonym needs the privacy key of the site")
        digest = hmac.new(self._key, f"{kind}\0{value.strip().lower()}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:_DIGITS]}"

    def address(self, address: str) -> str:
        """Return an IP address as `privacy.ip_address` wants it: `10.0.42.x`, `2001:db8:1:2::x`, or a pseudonym.

        Of the URI of an IPP target the host goes out as the site wants it, port and path never: people choose the names of queues.
        """
        scheme, named, _ = address.partition("://")
        if named:
            host = urlsplit(address).hostname or ""
            return f"{scheme}://{self.address(host) if _parsed(host) else self.host_name(host) or 'x'}"
        mode = self._settings.ip_address
        if mode == "send":
            return address
        known = _parsed(address)
        if mode == "pseudonym" or known is None:
            return self.pseudonym("ip", str(known or address))
        if isinstance(known, ipaddress.IPv4Address):
            return f"{str(known).rpartition('.')[0]}.x"
        network = ipaddress.IPv6Network((int(known) >> 64 << 64, 64))
        return f"{network.network_address}x"

    def host_name(self, name: str) -> str | None:
        """Return a host name as `privacy.host_name` wants it."""
        return self._value(self._settings.host_name, "host", name)

    def mac(self, mac: str) -> str | None:
        """Return a MAC address as `privacy.mac` wants it."""
        return self._value(self._settings.mac, "mac", mac)

    def _value(self, mode: str, kind: str, value: str) -> str | None:
        if mode == "send":
            return value
        return self.pseudonym(kind, value) if mode == "pseudonym" else None

    def device_key(self, key: str) -> str:
        """Return the key of a device; one that tells the address it masks becomes a pseudonym, the same one each time."""
        kind, _, value = key.partition(":")
        if kind == "address" and self._settings.ip_address != "send":
            return f"address:{self.pseudonym('ip', str(_parsed(value) or value))}"
        if kind == "mac" and self._settings.mac != "send":
            return f"mac:{self.pseudonym('mac', value)}"
        return key


def needs_key(settings: PrivacySettings) -> bool:
    """Return whether these masks make pseudonyms: keys of devices that tell a masked address always are one."""
    return settings.ip_address != "send" or settings.mac != "send" or settings.host_name == "pseudonym"


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address, None when it is none; one of IPv4 that is written as one of IPv6 is that of IPv4."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (known.ipv4_mapped or known) if isinstance(known, ipaddress.IPv6Address) else known
