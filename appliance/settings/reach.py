"""How far the ranges of a site reach: how many addresses, how long a sweep of them takes, whose they are. Pure.

What reaches unusually far is told in words wherever ranges are set, and has to be confirmed by whoever sets them at the site.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from appliance.common.message import Message
from appliance.settings.address_ranges import Span, check_scan_target, grouped, joined, size, span, swept_span

MANY_ADDRESSES: Final = 2**20
"""More than a /12 network has are seldom meant."""
SILENT_ADDRESS_PACKETS: Final = 2
"""Pings to an address that does not answer."""
PRIVATE_NETWORKS: Final[tuple[str, ...]] = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),  # RFC 6598, RFC 3927, loopback
    *("fc00::/7", "fe80::/10", "::1"),  # RFC 4193, RFC 4291
)
"""Networks that are the site's own, wherever it is."""
_NOBODYS: Final = (
    *("0.0.0.0/8", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),  # RFC 6890, RFC 5737, RFC 2544
    *("2001:db8::/32", "240.0.0.0/4"),  # RFC 3849, RFC 1112
)
_NOT_PUBLIC: Final = tuple(limits for network in (*PRIVATE_NETWORKS, *_NOBODYS) if (limits := span(network)))
_NAMED: Final = 3


def unusual_reach(targets: Iterable[str], packets_per_second: int) -> list[Message]:
    """Return what is unusual about ranges to scan, a sentence each; none as a rule. What is no target is passed over."""
    known = [target for text in targets if (target := _swept(text))]
    spans = {target: limits for target in known if (limits := swept_span(target))}
    count = sum(map(size, joined(spans.values())))
    public = [target for target, limits in spans.items() if _public(limits)]
    if count <= MANY_ADDRESSES and not public:
        return []
    reach = Message(
        "scan.targets names %(count)s addresses: at %(pace)d packets a second a sweep of them takes %(time)s.",
        count=grouped(count),
        pace=packets_per_second,
        time=_lasting(count * SILENT_ADDRESS_PACKETS // packets_per_second),
    )
    return [reach, _whose(public, sum(map(_public, joined(spans.values()))))] if public else [reach]


def _whose(public: Sequence[str], count: int) -> Message:
    return Message(
        "%(count)s of them are public addresses (%(targets)s). What answers there may belong to others, and is asked with the "
        "credentials of this site.",
        count=grouped(count),
        targets=", ".join(public[:_NAMED]) + (", …" if len(public) > _NAMED else ""),
    )


def _swept(text: str) -> str:
    try:
        return check_scan_target(text)
    except ValueError:
        return ""


def _public(limits: Span) -> int:
    """Return how many addresses of a span are public ones."""
    common = ((max(limits[0], low), min(limits[1], high)) for low, high in _NOT_PUBLIC)
    return size(limits) - sum(size(part) for part in common if part[0] <= part[1])


def _lasting(seconds: int) -> Message:
    if seconds < 120:
        return Message("less than two minutes")
    if seconds < 2 * 3600:
        return Message("about %(count)d minutes", count=seconds // 60)
    if seconds < 2 * 86400:
        return Message("about %(count)d hours", count=seconds // 3600)
    return Message("about %(count)d days", count=seconds // 86400)
