"""Where and how a printer answers over IPP: path, version and TLS, in the order in which they are tried. Pure.

- Paths are those of `ipp.PATHS`; each is asked in IPP 1.1, and in IPP 1.0 where 1.1 is refused.
- Whatever a printer points to, it is asked at its own address. IPP over TLS (RFC 7472, RFC 8010 section 8.1) is asked for where
  the printer wants it: by 426, or by a redirect.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from appliance.http.visit import REDIRECTS, HttpAnswer
from appliance.reading.sources import ipp
from appliance.reading.sources.ipp import IppAnswer

IPP_PORT, HTTPS_PORT = 631, 443
_SCHEME_PORTS = {"http": 80, "https": HTTPS_PORT, "ipp": IPP_PORT, "ipps": IPP_PORT}
_UPGRADE_REQUIRED = 426
_WRONG_REQUEST = frozenset({400, 505})
"""HTTP statuses of printers that know no IPP 1.1, and of web servers that are spoken to without TLS."""
_WANTS_TLS = re.compile(rb"https (?:port|server)|ssl-enabled|plain http", re.IGNORECASE)
"""What web servers say to those who speak no TLS where it has to be."""
_VERSION_NOT_SUPPORTED = 0x0503
"""server-error-version-not-supported."""
_WRONG_VERSION = frozenset({0x0400, _VERSION_NOT_SUPPORTED})
"""Also client-error-bad-request, which old printers answer to what they do not know."""
_NOT_FOR_US = frozenset({0x0401, 0x0402, 0x0403})
"""client-error-forbidden, -not-authenticated, -not-authorized: nobody logs in to a device."""
_QUEUES = ("/printers/", "/classes/")
"""Where print servers have the queues of other devices: nobody is sent there."""
_REMEMBERED = 20_000
"""Printers at most; beyond, what is remembered starts anew."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to ask, and how."""

    port: int
    path: str
    tls: bool = False
    version: tuple[int, int] = ipp.VERSIONS[0]

    def uri(self, host: str) -> str:
        """Return the printer-uri (RFC 3510, RFC 7472); `host` as it stands in a URL."""
        port = "" if self.port == IPP_PORT else f":{self.port}"
        return f"{'ipps' if self.tls else 'ipp'}://{host}{port}{self.path}"


class Endpoints:
    """Where printers answered last, by their addresses."""

    def __init__(self) -> None:
        self._found: dict[str, Endpoint] = {}

    def first(self, address: str, port: int) -> list[Endpoint]:
        """Return where to ask, in order: first where the printer at `address` answered last, then at the paths there are."""
        known = self._found.get(address)
        paths = [Endpoint(port, path) for path in ipp.PATHS]
        return [known, *(each for each in paths if each != known)] if known else paths

    def expect(self, address: str, endpoint: Endpoint) -> None:
        """Note where the printer at `address` is said to answer, unless it has answered."""
        if address not in self._found:
            self.remember(address, endpoint)

    def remember(self, address: str, endpoint: Endpoint) -> None:
        """Note where the printer at `address` answered."""
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        self._found[address] = endpoint


def instead_of(endpoint: Endpoint, answer: HttpAnswer, address: str, tls_ports: Sequence[int]) -> list[Endpoint]:
    """Return where the printer at `address` wants to be asked instead, by its HTTP `answer`; nothing where it does not tell.

    `tls_ports` are where else it may speak TLS. A redirect to TLS is taken for what it says of TLS alone: the name and the page it
    points to are not asked.
    """
    wrong = answer.status in _WRONG_REQUEST
    if answer.status == _UPGRADE_REQUIRED or (wrong and not endpoint.tls and _WANTS_TLS.search(answer.body)):
        return _over_tls(endpoint, [endpoint.port, *tls_ports])
    if wrong:
        return _older(endpoint)
    if answer.status not in REDIRECTS:
        return []
    host = f"[{address}]" if ":" in address else address
    try:
        place = urlsplit(urljoin(f"{'https' if endpoint.tls else 'http'}://{host}:{endpoint.port}{endpoint.path}", answer.location))
        port = place.port or _SCHEME_PORTS.get(place.scheme, 0)
    except ValueError:
        return []
    tls = place.scheme in ("https", "ipps")
    if tls and not endpoint.tls:
        return _over_tls(endpoint, [port, *tls_ports])
    same = tls == endpoint.tls and _is_at(address, place.hostname) and not place.path.startswith(_QUEUES)
    return [replace(endpoint, path=place.path or "/", port=port)] if same and port else []


def after_refusal(endpoint: Endpoint, answer: IppAnswer) -> list[Endpoint]:
    """Return how to ask again at the same place, where the printer refused the version of IPP."""
    return _older(endpoint) if answer.status in _WRONG_VERSION else []


def at_last(endpoint: Endpoint, answer: IppAnswer) -> list[Endpoint]:
    """Return how to ask there after everything else was tried: where the version is not supported, in a newer one."""
    return [replace(endpoint, version=ipp.NEWER)] if answer.status == _VERSION_NOT_SUPPORTED else []


def is_final(answer: IppAnswer) -> bool:
    """Return whether the printer refuses us, and not what we asked: no other path is asked then."""
    return answer.status in _NOT_FOR_US


def _older(endpoint: Endpoint) -> list[Endpoint]:
    if endpoint.version not in ipp.VERSIONS:
        return []
    return [replace(endpoint, version=version) for version in ipp.VERSIONS[ipp.VERSIONS.index(endpoint.version) + 1 :]]


def _over_tls(endpoint: Endpoint, ports: Sequence[int]) -> list[Endpoint]:
    paths = dict.fromkeys((endpoint.path, *ipp.PATHS))
    return [replace(endpoint, port=port, path=path, tls=True) for port in dict.fromkeys(ports) for path in paths]


def _is_at(address: str, host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "") == ipaddress.ip_address(address)
    except ValueError:
        return False
