"""How far a sweep is, what it has cost so far, and what a later one needs to go on where it was cut off."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.common.network.traffic import Traffic, TrafficByPurpose, UnitCost
from appliance.discovery.targets import Intervals

MOST_ANSWERED = 1 << 20
"""No network has so many devices: who says so has damaged the note of a sweep."""


@dataclass(slots=True)
class SweepProgress:
    """How far a sweep is; it is changed while the sweep runs."""

    addresses: int = 0
    asked: int = 0
    """Addresses whose answer, or silence, is known; the silent pass counts them anew."""
    answering: int = 0
    """Addresses that answered anything at all."""
    found: int = 0
    """Addresses with an SNMP agent that let us in."""
    pinged: bool = False
    """Whether pings were sent."""
    silent_pass: bool = False
    """Whether the addresses that answered no ping are, or were, asked over SNMP."""
    resumed: bool = False
    """Whether a part of it was done by a sweep that was cut off; that part is not in the traffic."""
    traffic: TrafficByPurpose = field(default_factory=TrafficByPurpose)
    """Counted here under `sweep`, and what the silent pass costs under `silent`."""
    blank: UnitCost = field(default_factory=UnitCost)
    """The addresses that never answered, and what was sent to them."""
    remaining_seconds: int | None = None
    """Seconds the rest will take at this pace; None before the start and while the sweep is held."""
    trouble: dict[str, int] = field(default_factory=dict)
    """Addresses that could not be asked, by reason: this machine or its network did not let the packets out."""

    def include(self, other: "SweepProgress") -> None:
        """Count another sweep of the same scan, whose traffic was counted here all along."""
        self.addresses += other.addresses
        self.asked += other.asked
        self.answering += other.answering
        self.found += other.found
        self.pinged |= other.pinged
        self.silent_pass |= other.silent_pass
        self.blank.count += other.blank.count
        self.blank.bytes += other.blank.bytes
        for reason, count in other.trouble.items():
            self.trouble[reason] = self.trouble.get(reason, 0) + count

    @property
    def packets_sent(self) -> int:
        """Packets the sweep has sent."""
        return self.counted().packets_sent

    @property
    def bytes_sent(self) -> int:
        """Bytes the sweep has sent, at IP level."""
        return self.counted().bytes_sent

    def counted(self) -> Traffic:
        """Return what the sweep has cost."""
        return self.traffic.total(("sweep", "silent"))

    @property
    def left_silent(self) -> int:
        """Addresses that answered no ping and were not asked over SNMP."""
        return self.asked - self.answering if self.pinged and not self.silent_pass else 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a sweep was when it was cut off; of use only for the same ranges."""

    ranges: str
    """Fingerprint of the ranges."""
    positions: tuple[int, ...]
    """By range, how many of its addresses are done."""
    silent_pass: bool
    answered: tuple[str, ...]
    """Addresses that answered and are done, as single ones and `first-last`."""
    found: int
    pinged: bool
    trouble: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "ranges": self.ranges,
            "positions": list(self.positions),
            "silent_pass": self.silent_pass,
            "answered": list(self.answered),
            "found": self.found,
            "pinged": self.pinged,
            "trouble": dict(self.trouble),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Checkpoint":
        """Return what was kept. Raises KeyError, TypeError or ValueError when it is none."""
        checkpoint = cls(
            ranges=str(kept["ranges"]),
            positions=tuple(int(position) for position in kept["positions"]),
            silent_pass=bool(kept["silent_pass"]),
            answered=tuple(str(span) for span in kept["answered"]),
            found=int(kept["found"]),
            pinged=bool(kept["pinged"]),
            trouble={str(reason): int(count) for reason, count in kept["trouble"].items()},
        )
        expand(checkpoint.answered)
        return checkpoint


def condense(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return addresses as few texts: single ones and `first-last`."""
    numbers = [ipaddress.ip_address(address) for address in addresses]
    texts = []
    for make, version in ((ipaddress.IPv4Address, 4), (ipaddress.IPv6Address, 6)):
        spans = Intervals.of((int(number), int(number)) for number in numbers if number.version == version).spans
        texts += [str(make(low)) if low == high else f"{make(low)}-{make(high)}" for low, high in spans]
    return tuple(texts)


def expand(texts: Iterable[str]) -> set[str]:
    """Return the addresses that `condense` made these texts of. Raises ValueError for others."""
    addresses: set[str] = set()
    left = MOST_ANSWERED
    for text in texts:
        first, _, last = text.partition("-")
        low = ipaddress.ip_address(first)
        high = ipaddress.ip_address(last or first)
        left -= int(high) - int(low) + 1
        if left < 0:
            raise ValueError(f"that are more than {MOST_ANSWERED} addresses")
        addresses.update(str(type(low)(number)) for number in range(int(low), int(high) + 1))
    return addresses
