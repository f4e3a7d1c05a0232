"""What control API, CLI and web UI tell of the traffic: by day and purpose, and what a scan costs this network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.common.network.traffic import Traffic, UnitCost
from appliance.report.network_load import WEB_PAGE_SOURCE, Row, table
from appliance.store.rows import DeviceRow, TrafficRow

SWEPT_ADDRESSES = "swept_addresses"
"""Name of the note in the store: how many addresses the last sweep of all targets had."""


class Source(Protocol):
    """The store, or its reader."""

    def traffic(self, days: int) -> list[TrafficRow]:
        """Return packets and bytes by day and purpose, newest first."""

    def traffic_of_last_day(self) -> dict[str, int]:
        """Return the bytes, both ways, of the last 24 hours by purpose."""

    def traffic_units(self) -> dict[str, UnitCost]:
        """Return what averages are made of."""

    def devices(self) -> list[DeviceRow]:
        """Return all devices ever seen."""

    def recall(self, name: str) -> str | None:
        """Return the note of this name, or None."""


@dataclass(frozen=True, slots=True)
class Day:
    """The traffic of one UTC day."""

    day: str
    traffic: Mapping[str, Traffic]
    """By purpose; a name that is none of `appliance.common.network.traffic` comes from an older version."""

    @property
    def bytes(self) -> int:
        """Bytes both ways."""
        return sum(traffic.bytes for traffic in self.traffic.values())


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What there is to tell."""

    days: Sequence[Day]
    """Newest first; only those that had any traffic."""
    last_day: Mapping[str, int]
    units: Mapping[str, UnitCost]
    network_load: Sequence[Row]

    def as_json(self) -> dict[str, Any]:
        """Return it as the control API and `dca traffic --json` tell it."""
        return {
            "days": [
                {"day": day.day, "traffic": {purpose: traffic.as_json() for purpose, traffic in day.traffic.items()}}
                for day in self.days
            ],
            "last_day": dict(self.last_day),
            "units": {unit: cost.as_json() for unit, cost in self.units.items()},
            "network_load": {"rows": [row.as_json() for row in self.network_load], "web_page_source": WEB_PAGE_SOURCE},
        }


def traffic_report(source: Source, days: int) -> TrafficReport:
    """Return what `source` knows, of the newest `days` days. Raises StoreError."""
    by_day: dict[str, dict[str, Traffic]] = {}
    for row in source.traffic(days):
        counted = Traffic(row.packets_sent, row.packets_received, row.bytes_sent, row.bytes_received)
        by_day.setdefault(row.day, {})[row.purpose] = counted
    printers = sum(device.address is not None and device.silent_at is None for device in source.devices())
    units = source.traffic_units()
    return TrafficReport(
        days=[Day(day, traffic) for day, traffic in by_day.items()],
        last_day=source.traffic_of_last_day(),
        units=units,
        network_load=table(units, printers=printers, addresses=int(source.recall(SWEPT_ADDRESSES) or 0)),
    )
