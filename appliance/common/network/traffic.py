"""What the appliance costs the network: packets and bytes at IP level, by what they were for."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

Purpose = Literal[
    "sweep", "silent", "ipp_search", "dns_sd", "neighbours", "first_read", "poll", "http", "upload", "check_in", "update"
]
"""What packets are for.

- `sweep`: pings, and what an address that answered is asked to tell whether it is an imaging device
- `silent`: SNMP requests to addresses that do not answer pings
- `ipp_search`: looking by IPP for printers where something is, and SNMP brings nothing
- `dns_sd`: asking by DNS-SD which printers announce themselves, and looking at those that are new
- `neighbours`: asking routers for their neighbour tables, and looking which of the addresses are printers
- `first_read`: reading a device in full, for the first time and then about once a day
- `poll`: asking a device for what changes
- `http`: what a device is asked over HTTP because SNMP left it open, or does not answer at all
- `upload`: readings and events to the hosting server
- `check_in`: check-ins and the enrolment
- `update`: configuration and images
"""
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)


@dataclass(slots=True)
class Traffic:
    """Packets and bytes at IP level: the headers of IP and of UDP, ICMP or TCP, and the payload."""

    packets_sent: int = 0
    packets_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    @property
    def bytes(self) -> int:
        """Bytes both ways."""
        return self.bytes_sent + self.bytes_received

    def add(self, other: "Traffic") -> None:
        """Count what `other` has counted as well."""
        self.packets_sent += other.packets_sent
        self.packets_received += other.packets_received
        self.bytes_sent += other.bytes_sent
        self.bytes_received += other.bytes_received

    def less(self, other: "Traffic") -> "Traffic":
        """Return what was counted here beyond `other`."""
        return Traffic(
            self.packets_sent - other.packets_sent,
            self.packets_received - other.packets_received,
            self.bytes_sent - other.bytes_sent,
            self.bytes_received - other.bytes_received,
        )

    def as_json(self) -> dict[str, int]:
        """Return the four counts by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> "Traffic":
        """Return what `as_json` gave. Raises ValueError for anything else."""
        names = [each.name for each in fields(cls)]
        counts: list[Any] = [value.get(name) for name in names] if isinstance(value, dict) else []
        if len(counts) != len(names) or not all(type(count) is int and 0 <= count < 2**63 for count in counts):
            raise ValueError("that is no traffic")
        return cls(*counts)


class TrafficByPurpose:
    """One counter for each purpose, made when it is first asked for."""

    def __init__(self) -> None:
        self._counters: dict[Purpose, Traffic] = {}

    def of(self, purpose: Purpose) -> Traffic:
        """Return the counter of a purpose; count by changing it."""
        return self._counters.setdefault(purpose, Traffic())

    def total(self, purposes: Iterable[Purpose] = PURPOSES) -> Traffic:
        """Return the sum over `purposes`."""
        total = Traffic()
        for purpose in purposes:
            total.add(self._counters.get(purpose, Traffic()))
        return total

    def add(self, other: "TrafficByPurpose") -> None:
        """Count what `other` has counted as well."""
        for purpose, traffic in other:
            self.of(purpose).add(traffic)

    def less(self, other: "TrafficByPurpose") -> "TrafficByPurpose":
        """Return what was counted here beyond `other`."""
        difference = TrafficByPurpose()
        for purpose, traffic in self:
            difference.of(purpose).add(traffic.less(other.of(purpose)))
        return difference

    def __iter__(self) -> Iterator[tuple[Purpose, Traffic]]:
        """Yield the purposes that cost anything, in their order."""
        for purpose in PURPOSES:
            traffic = self._counters.get(purpose)
            if traffic is not None and traffic.packets_sent + traffic.packets_received:
                yield purpose, traffic

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts of each purpose that cost anything."""
        return {purpose: traffic.as_json() for purpose, traffic in self}


Unit = Literal["blank_address", "answering_address", "first_read", "first_read_http", "poll", "poll_http"]
"""What averages are made of.

- `blank_address`: an address that a sweep asked and that never answered
- `answering_address`: one that answered anything, up to knowing whether it is an imaging device
- `first_read`, `poll`: one device read over SNMP, in full or only what changes
- `first_read_http`, `poll_http`: what came on top of that over HTTP, nothing for most devices
"""
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)


@dataclass(slots=True)
class UnitCost:
    """How many of a unit were counted, and their bytes both ways."""

    count: int = 0
    bytes: int = 0

    def add(self, bytes_: int, count: int = 1) -> None:
        """Count `count` more, which cost `bytes_` together."""
        self.count += count
        self.bytes += bytes_

    def as_json(self) -> dict[str, int]:
        """Return both numbers by name."""
        return asdict(self)
