"""How addresses, ranges, networks and host names are written in settings, and in which form they are kept. Pure."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from appliance.common.message import Message

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Span = tuple[tuple[int, int], tuple[int, int]]
"""First and last address, each as IP version and number."""

LARGEST_TARGET: Final = 2**24
"""Addresses one target may have: an IPv4 /8 or an IPv6 /104. More could not be swept within a day."""

HOST_NAME = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*\.?$")


def check_target(text: str) -> str:
    """Return the target in canonical form: `10.0.0.0/24`, `10.0.0.1-10.0.0.20`, `10.0.0.7`, `2001:db8::/120` or a host name.

    Raises ValueError with a sentence that names the target and what is accepted.
    """
    target = text.strip()
    first, dash, last = target.partition("-")
    try:
        if "/" in target:
            return str(ipaddress.ip_network(target, strict=False))
        if dash and _is_address(first):
            low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(_complete(first, last))
            if low.version != high.version or int(low) > int(high):
                raise ValueError(
                    Message(
                        "%(target)s is no range: the last address must follow the first. Write a network (10.0.0.0/24), a range "
                        "(10.0.0.1-10.0.0.20), an address or a host name.",
                        target=repr(target),
                    )
                )
            return f"{low}-{high}"
        if _is_address(target):
            return str(ipaddress.ip_address(target))
    except ValueError as error:
        if "is no range" in str(error):
            raise
        raise _no_target(target) from error
    if HOST_NAME.match(target) and not re.fullmatch(r"[0-9.\-]+", target):
        return target.lower()
    raise _no_target(target)


def _no_target(target: str) -> ValueError:
    return ValueError(
        Message(
            "%(target)s is no range of addresses. Write a network (10.0.0.0/24), a range (10.0.0.1-10.0.0.20), an address or a "
            "host name.",
            target=repr(target),
        )
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True


def _complete(first: str, last: str) -> str:
    """Return the last address of `10.0.0.1-20`, where only its final number is written."""
    tail = last.strip()
    return f"{first.strip().rpartition('.')[0]}.{tail}" if tail.isdigit() and "." in first else tail


def span(target: str) -> Span | None:
    """Return first and last address of a canonical target, each as IP version and number; None for a host name."""
    first, _, last = target.partition("-")
    try:
        if "/" in target:
            network = ipaddress.ip_network(target)
            return (network.version, int(network[0])), (network.version, int(network[-1]))
        low = ipaddress.ip_address(first)
        high = ipaddress.ip_address(last) if last else low
    except ValueError:
        return None
    return (low.version, int(low)), (high.version, int(high))


def check_range(text: str) -> str:
    """Return a network, range or address in canonical form. Raises ValueError, also for a host name."""
    target = check_target(text)
    if span(target) is None:
        raise ValueError(
            Message(
                "%(target)s is no range of addresses. Write a network (10.0.0.0/24), a range (10.0.0.1-10.0.0.20) or an address.",
                target=repr(text),
            )
        )
    return target


def check_address(text: str) -> str:
    """Return the address of one device in canonical form.

    Raises ValueError for anything else, also for an address of a link alone (fe80::/10): nobody else can reach what has it.
    """
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError as error:
        raise ValueError(Message("%(text)s is no address. Write one, such as 10.0.0.1 or 2001:db8::1.", text=repr(text))) from error
    if is_no_device(address) or (address.version == 6 and address.is_link_local):
        raise ValueError(Message("%(address)s is no address of a device that can be reached.", address=address))
    return str(address)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans of addresses with those made one that touch: two halves of a network are all of it."""
    made: list[Span] = []
    for low, high in sorted(spans):
        if made and low[0] == made[-1][1][0] and low[1] <= made[-1][1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], high))
        else:
            made.append((low, high))
    return made


def check_scan_target(text: str) -> str:
    """Return a target that a sweep can take, in canonical form.

    Raises ValueError, also for one of more than `LARGEST_TARGET` addresses, and for addresses that no device has.
    """
    target = check_target(text)
    limits = swept_span(target)
    if limits is None:
        return target
    count = size(limits)
    if count > LARGEST_TARGET:
        raise ValueError(
            Message(
                "%(target)s has more addresses than can be swept in a day: %(count)s. Name the networks in use; of IPv6 networks "
                "the addresses or host names of the devices.",
                target=_as_meant(text.strip(), target),
                count=grouped(count),
            )
        )
    for version, number in limits:
        address = ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)
        if is_no_device(address):
            raise ValueError(
                Message("%(target)s holds %(address)s, which is no address of a device.", target=target, address=address)
            )
    return target


def size(limits: Span) -> int:
    """Return how many addresses a span has."""
    return limits[1][1] - limits[0][1] + 1


def swept_span(target: str) -> Span | None:
    """Return the first and the last address a sweep asks of a canonical target; None for a host name.

    Of an IPv4 network the network and broadcast addresses are left out.
    """
    limits = span(target)
    if limits is None:
        return None
    (version, low), (_, high) = limits
    ends = int(version == 4 and "/" in target and high - low > 1)
    return (version, low + ends), (version, high - ends)


def is_no_device(address: Address) -> bool:
    """Return whether no device can have an address."""
    return address.is_multicast or address.is_unspecified or (address.version == 4 and int(address) == 2**32 - 1)


def whole_networks(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return as written and as kept each network that was written with an address in it: `192.168.1.5/24` is `192.168.1.0/24`."""
    found = []
    for text in texts:
        try:
            written = ipaddress.ip_interface(text.strip())
        except ValueError:
            continue
        if "/" in text and written.ip != written.network.network_address:
            found.append((text.strip(), str(written.network)))
    return found


def _as_meant(text: str, target: str) -> str:
    return Message("%(written)s, which is %(network)s,", written=text, network=target) if whole_networks([text]) else target


def grouped(count: int) -> str:
    """Return a whole number with thin spaces between thousands (ISO 80000-1)."""
    return f"{count:,}".replace(",", "\u202f")
