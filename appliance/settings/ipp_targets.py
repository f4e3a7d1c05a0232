"""Targets that name one printer by where it serves IPP: `ipp://HOST:PORT/PATH`, over TLS `ipps://…` (RFC 3510, RFC 7472). Pure.

- So the admin of a site names printers behind a host: at a port of ipp-usb, or a queue of CUPS (`/printers/NAME`).
- A port outside the list is dialled only for the target that names it; ports of printing never are.
- The machine the appliance runs on is asked only where it is named so: `localhost`, or its loopback address.
- From afar only what is searched for anyway may be named: ports of the list, paths of IPP, and never this machine.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from appliance.common.message import Message
from appliance.common.network.device_ports import HTTP_PORTS, PRINTER_PORTS
from appliance.settings.address_ranges import HOST_NAME, Address, Span, check_scan_target, is_no_device, span

IPP_PORT: Final = 631
"""Of ipp and of ipps (RFC 8010 section 4.1, RFC 7472 section 4.1)."""
USUAL_PATH: Final = "/ipp/print"
"""Where a printer serves IPP (PWG 5100.14), for a target that names no path."""

_SCHEME = re.compile(r"ipps?://", re.IGNORECASE)
_LONGEST_PATH = 255
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_KEPT_IN_PATHS = "/%:@!$&'()*+;=~-._"
_FROM_AFAR = re.compile(r"(?!.*%2[EF])/(?:ipp(?:/[^/]+)*|printers/[^/]+|classes/[^/]+)", re.IGNORECASE)
"""Paths of printers, and of queues of CUPS."""
_THIS_MACHINE = re.compile(r"(?:.*\.)?localhost\.?")
"""RFC 6761 section 6.3."""


@dataclass(frozen=True, slots=True)
class IppTarget:
    """One printer, by host, TCP port and path."""

    host: str
    """An address or a host name in small letters."""
    port: int
    path: str
    tls: bool

    @property
    def uri(self) -> str:
        """The target as it is kept, and as a device read there is found again."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == IPP_PORT else f":{self.port}"
        return f"{'ipps' if self.tls else 'ipp'}://{host}{port}{self.path}"

    @property
    def address(self) -> Address | None:
        """The address, None of a host name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def is_usual(self) -> bool:
        """Whether a printer at this host would be looked for there, too."""
        return self.port == IPP_PORT and (self.path == "/" or self.path.startswith("/ipp"))

    @property
    def is_queue(self) -> bool:
        """Whether it is a queue of CUPS, whose host is not the printer."""
        return self.path.startswith(("/printers/", "/classes/"))

    @property
    def names_this_machine(self) -> bool:
        """Whether it names the machine itself: `localhost`, or a loopback address."""
        return is_loopback(self.address) if self.address else _THIS_MACHINE.fullmatch(self.host) is not None


def is_loopback(address: Address) -> bool:
    """Return whether an address is of the machine itself; one of IPv4 may be written as one of IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def is_ipp_target(text: str | None) -> bool:
    """Return whether a text is meant as such a target."""
    return _SCHEME.match((text or "").strip()) is not None


def parse_ipp_target(text: str) -> IppTarget:
    """Return the target. Raises ValueError with a sentence that says what to change; what may be a password is not repeated."""
    target = text.strip()
    if "@" in target.partition("://")[2].partition("/")[0]:
        raise ValueError(
            Message(
                "a target with a user or password in it cannot be used: nobody logs in to a device. Leave out what stands before "
                "the @."
            )
        )
    try:
        parts = urlsplit(target)
        host, port = parts.hostname or "", IPP_PORT if parts.port is None else parts.port
    except ValueError as error:
        raise _no_target(target) from error
    if not is_ipp_target(target) or _UNSAFE.search(target) or "?" in target or "#" in target or not _is_host(host):
        raise _no_target(target)
    if port in PRINTER_PORTS:
        raise ValueError(
            Message(
                "%(target)s names port %(port)d, a port of printing: a device may print what is sent there, so it is never "
                "dialled. Name the port at which the printer serves IPP: 631, or 60000 and above for ipp-usb.",
                target=repr(target),
                port=port,
            )
        )
    path = quote(parts.path, safe=_KEPT_IN_PATHS) or USUAL_PATH
    if not port or len(path) > _LONGEST_PATH or ".." in path.split("/"):
        raise _no_target(target)
    address = IppTarget(host, port, path, parts.scheme.lower() == "ipps").address
    return IppTarget(str(address) if address else host, port, path, parts.scheme.lower() == "ipps")


def check_scan_place(text: str) -> str:
    """Return whatever may be named as a target of scans, in canonical form. Raises ValueError with a sentence that names it."""
    if is_ipp_target(text):
        return parse_ipp_target(text).uri
    if "://" in text:
        raise _no_target(text.strip())
    return check_scan_target(text)


def place_span(target: str) -> Span | None:
    """Return first and last address of a canonical target, also of the host of an IPP target; None for a host name."""
    return span(parse_ipp_target(target).host if is_ipp_target(target) else target)


def refusal_from_afar(text: str) -> Message | None:
    """Return why a canonical target may not be set by the hosting server, whatever the guardrails of a site; None where it may."""
    if not is_ipp_target(text):
        return None
    target = parse_ipp_target(text)
    if target.names_this_machine:
        reason = Message("it is the machine of the appliance itself")
    elif target.port not in HTTP_PORTS:
        reason = Message("port %(port)d is not one that devices are asked at over HTTP", port=target.port)
    elif not _FROM_AFAR.fullmatch(target.path):
        reason = Message("its path is not one of IPP (/ipp/print, /printers/NAME)")
    else:
        return None
    return Message(
        "The hosting server may not have %(target)s asked: %(reason)s. Only the admin of the site may name it in scan.targets.",
        target=text,
        reason=reason,
    )


def _is_host(host: str) -> bool:
    try:
        return not is_no_device(ipaddress.ip_address(host))
    except ValueError:
        return HOST_NAME.match(host) is not None and not re.fullmatch(r"[0-9.\-]+", host)


def _no_target(target: str) -> ValueError:
    return ValueError(
        Message(
            "%(target)s is no printer that can be asked. Write ipp://HOST:PORT/PATH, or ipps:// for TLS, such as "
            "ipp://localhost:60000/ipp/print or ipp://localhost/printers/NAME.",
            target=repr(target),
        )
    )
