"""Which addresses are on a link of this machine: there the kernel has to ask for each by ARP, and its neighbour table is small.

More than a few hundred unresolved neighbours overflow the table (`gc_thresh3`), and sends fail; so a sweep goes slower there.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.discovery.pacing import PacketBucket

ON_LINK_TARGETS_PER_SECOND = 170

_ROUTES = Path("/proc/net/route")
_FLAG_UP = 0x1


class Links:
    """The IPv4 networks this machine reaches without a router."""

    def __init__(self, networks: Iterable[ipaddress.IPv4Network]) -> None:
        self._spans = [(int(network.network_address), int(network.broadcast_address)) for network in networks]

    @classmethod
    def of_this_machine(cls) -> "Links":
        """Return the links in the routing table; none where it cannot be read (no Linux)."""
        try:
            return cls(parse_routes(_ROUTES.read_text(encoding="ascii")))
        except OSError:
            return cls(())

    def __contains__(self, address: str) -> bool:
        if not self._spans or ":" in address:
            return False
        # Once for each address of a sweep: `ipaddress` takes ten times as long.
        number = int.from_bytes(socket.inet_aton(address), "big")
        return any(low <= number <= high for low, high in self._spans)


class LinkPace:
    """How many neighbours the kernel is made to look for: what waits for its turn takes one token, whatever else it waits for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """For `clock` see `PacketBucket`."""
        self._clock = clock
        self._bucket = PacketBucket(ON_LINK_TARGETS_PER_SECOND, clock)
        self._taken = False
        self._free_at = 0.0

    @property
    def rate(self) -> float:
        """Return the neighbours per second in the long run."""
        return self._bucket.rate

    def is_free(self) -> bool:
        """Return whether another neighbour may be looked for now."""
        now = self._clock()
        if not self._taken and now >= self._free_at:
            wait = self._bucket.take()
            self._taken, self._free_at = wait == 0.0, now + wait
        return self._taken

    def use(self) -> None:
        """Look for one."""
        self._taken = False

    def waits(self) -> list[float]:
        """Return the moment at which the next one may be looked for, none when that is now."""
        return [] if self._taken else [self._free_at]


def parse_routes(table: str) -> list[ipaddress.IPv4Network]:
    """Return the networks without a gateway in a table such as `/proc/net/route`; the loopback device is not in it."""
    networks = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[0] == "lo":
            continue
        destination, gateway, flags, mask = (int(fields[position], 16) for position in (1, 2, 3, 7))
        if gateway or not flags & _FLAG_UP or not mask:
            continue
        # The table shows addresses in the byte order of the machine.
        networks.append(ipaddress.IPv4Network(f"{_swapped(destination)}/{_swapped(mask)}", strict=False))
    return networks


def _swapped(number: int) -> str:
    return str(ipaddress.IPv4Address(int.from_bytes(number.to_bytes(4, "little"), "big")))
