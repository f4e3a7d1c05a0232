"""Addresses that may be a printer's and that no sweep asks: which of them may be asked at all. Pure, and kept in memory only.

- Nothing outside the guardrails is taken, whoever has named it. Where the site has none, only private networks are: what others
  say of addresses must not send the credentials of the site to strangers.
- What is excluded, swept anyway, known or decided already is passed over; so are addresses that only one link knows.
"""

import ipaddress
from collections.abc import Collection
from typing import Final

from appliance.common.message import Message
from appliance.discovery.targets import Ranges, TargetSet
from appliance.settings.address_ranges import Address, is_no_device, span
from appliance.settings.model import Settings
from appliance.settings.reach import PRIVATE_NETWORKS
from appliance.settings.scan_targets import wanted_targets

MOST_CANDIDATES: Final = 4_096
"""Of one source of addresses, such as a router; more are left out."""
_LOOPBACK: Final = ("127.0.0.0/8", "::1")
_SITES_OWN: Final = tuple(network for network in PRIVATE_NETWORKS if network not in _LOOPBACK)


class Permitted:
    """Which addresses may be asked beside the ranges."""

    def __init__(self, settings: Settings, decided: Collection[str]) -> None:
        """`decided` are addresses that are known. Host names are not resolved: what is excluded by name is left out later."""
        guardrails, scan = settings.guardrails.networks, settings.scan
        # What stands for them where only the hosting server sets ranges holds this machine, too.
        self._allowed = Ranges(_SITES_OWN if guardrails in ((), PRIVATE_NETWORKS) else guardrails)
        self._excluded = Ranges(target for target in scan.exclude if span(target))
        self._swept = TargetSet.parse(target for target in wanted_targets(settings) if span(target))
        self._decided = decided

    def is_allowed(self, address: str) -> bool:
        """Return whether `address` may be contacted at all."""
        return address in self._allowed and address not in self._excluded

    def is_new(self, address: str) -> bool:
        """Return whether nobody has asked for `address` yet."""
        return address not in self._swept and address not in self._decided


class Candidates:
    """The addresses that one source has named."""

    def __init__(self, permitted: Permitted) -> None:
        self.addresses: dict[str, None] = {}
        """Those to ask, in the order in which they came."""
        self.outside = 0
        """How many were named that may not be contacted."""
        self.left_out = 0
        """How many were one too many."""
        self._permitted = permitted

    def take(self, address: Address) -> str | None:
        """Take an address that was named; return it as it is asked, None where it is not."""
        if not _is_reachable(address):
            return None
        text = str(address)
        if not self._permitted.is_allowed(text):
            self.outside += 1
        elif text in self.addresses:
            return text
        elif self._permitted.is_new(text):
            if len(self.addresses) < MOST_CANDIDATES:
                self.addresses[text] = None
                return text
            self.left_out += 1
        return None

    def notes(self, source: str) -> list[Message]:
        """Return what was not asked of what `source` has named, a sentence each; no address is in it."""
        told = []
        if self.outside:
            told.append(
                Message(
                    "%(source)s: %(count)d addresses lie outside the networks that may be scanned, or are excluded; they were not "
                    "asked.",
                    source=source,
                    count=self.outside,
                )
            )
        if self.left_out:
            told.append(
                Message(
                    "%(source)s: %(count)d addresses more than are asked in one look were left out. Enter their networks as "
                    "ranges to have all of them asked.",
                    source=source,
                    count=self.left_out,
                )
            )
        return told


def _is_reachable(address: Address) -> bool:
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return not (mapped or address.is_link_local or is_no_device(address))
