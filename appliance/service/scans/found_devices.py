"""Printers that were found beside the ranges and wait until a person decides about them.

Over a restart only their addresses are kept, with how and when they were found; what they are called, the next look finds out.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.files import from_json
from appliance.report import Reading
from appliance.report.condition import device_name
from appliance.service.scans.finder import Source
from appliance.settings.address_ranges import check_address

MOST_WAITING: Final = 1_000


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A printer at an address that nobody has decided about."""

    address: str
    by: Source | None
    """How it was found; None where it was ignored before."""
    found_at: datetime
    name: str = ""
    key: str = ""


class FoundDevices:
    """Those that wait, by address."""

    def __init__(self) -> None:
        self._waiting: dict[str, FoundDevice] = {}
        self.left_out = 0
        """How many were found that were one too many to wait."""

    def __contains__(self, address: str) -> bool:
        return address in self._waiting

    def addresses(self) -> list[str]:
        """Return the addresses of those that wait."""
        return list(self._waiting)

    def named(self) -> list[str]:
        """Return the addresses of those whose name is known: nothing is left to ask of them."""
        return [address for address, device in self._waiting.items() if device.name]

    def keys(self) -> set[str]:
        """Return the device keys of those that wait, as far as they are known."""
        return {device.key for device in self._waiting.values() if device.key}

    def take(self, address: str, reading: Reading, by: Source, now: datetime) -> None:
        """Let a printer wait that was found just now; of one that waits already the name is taken."""
        known = self._waiting.get(address)
        how, since = (known.by or by, known.found_at) if known else (by, now)
        self._keep(FoundDevice(address, how, since, device_name(reading.device), reading.device.key))

    def bring_back(self, addresses: Iterable[str], now: datetime) -> None:
        """Let printers wait that were ignored."""
        for address in addresses:
            self._keep(FoundDevice(address, None, now))

    def _keep(self, device: FoundDevice) -> None:
        if len(self._waiting) < MOST_WAITING or device.address in self._waiting:
            self._waiting[device.address] = device
        else:
            self.left_out += 1

    def drop(self, addresses: Iterable[str]) -> None:
        """Forget those at these addresses."""
        for address in addresses:
            self._waiting.pop(address, None)

    def as_json(self) -> list[dict[str, Any]]:
        """Return them as the control API tells of them, the newest first."""
        ordered = sorted(self._waiting.values(), key=lambda device: device.found_at, reverse=True)
        return [
            {"address": each.address, "name": each.name, "by": each.by, "found_at": to_rfc3339(each.found_at)} for each in ordered
        ]

    def note(self) -> str:
        """Return what is kept over a restart."""
        kept = [{"address": each.address, "by": each.by, "found_at": to_rfc3339(each.found_at)} for each in self._waiting.values()]
        return json.dumps(kept)

    def recall(self, note: str | None) -> None:
        """Take what `note` has returned in the process before this one, without what makes no sense."""
        try:
            kept = from_json(note or "[]")
        except ValueError:
            return
        for row in kept if isinstance(kept, list) else ():
            try:
                by = row["by"] if row["by"] in get_args(Source) else None
                self._keep(FoundDevice(check_address(row["address"]), by, from_rfc3339(row["found_at"])))
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
