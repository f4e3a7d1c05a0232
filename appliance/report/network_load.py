"""What a scan and a poll cost a network, computed from what this site has measured. Pure: the table people look at.

No row is invented: what was not measured yet is None, beside the figure the design expects of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from appliance.common.message import Message
from appliance.common.network.traffic import UnitCost

WEB_PAGE_BYTES: Final = 2_652 * 1024
"""The median desktop page, October 2024."""
WEB_PAGE_SOURCE: Final = Message("HTTP Archive, Web Almanac 2024, chapter Page Weight: the median desktop page, 2,652 KB")
SUBNET_ADDRESSES: Final = 254
"""Of a /24."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes at IP level, both ways, of an address nothing answers at, and of one printer; None where nothing was measured."""

    blank_address: float | None
    first_scan: float | None
    """One printer: found, and read for the first time."""
    poll: float | None
    """One printer: read again later."""


EXPECTED: Final = Cost(blank_address=56, first_scan=3_340, poll=800)
"""What the 13 printers of the demo cost on average in a routed network without loss (docs/benchmarks.md)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `printers` among `addresses`, all others of them blank."""

    name: str
    printers: int
    addresses: int
    first_scan_bytes: int | None
    poll_bytes: int | None
    expected_first_scan_bytes: int | None
    expected_poll_bytes: int | None

    def as_json(self) -> dict[str, str | int | None]:
        """Return the row by the names of its fields."""
        return asdict(self)


def measured(units: Mapping[str, UnitCost]) -> Cost:
    """Return the averages of what was counted, see `appliance.common.network.traffic.Unit`."""
    average = {unit: cost.bytes / cost.count for unit, cost in units.items() if cost.count}
    found, first, poll = average.get("answering_address"), average.get("first_read"), average.get("poll")
    return Cost(
        blank_address=average.get("blank_address"),
        first_scan=None if found is None or first is None else found + first + average.get("first_read_http", 0.0),
        poll=None if poll is None else poll + average.get("poll_http", 0.0),
    )


def table(units: Mapping[str, UnitCost], *, printers: int, addresses: int) -> list[Row]:
    """Return the rows; the last one is this site, with its `printers` among the `addresses` it sweeps, where it has any."""
    cost = measured(units)
    rows = [
        Row("web_page", 0, 0, WEB_PAGE_BYTES, None, None, None),
        _row("blank_address", 0, 1, cost),
        _row("printer", 1, 1, cost),
        _row("printer_in_subnet", 1, SUBNET_ADDRESSES, cost),
        _row("network_of_13", 13, SUBNET_ADDRESSES, cost),
    ]
    return [*rows, _row("this_site", printers, max(addresses, printers), cost)] if printers else rows


def _row(name: str, printers: int, addresses: int, cost: Cost) -> Row:
    return Row(
        name,
        printers,
        addresses,
        _first_scan(cost, printers, addresses - printers),
        _poll(cost, printers),
        _first_scan(EXPECTED, printers, addresses - printers),
        _poll(EXPECTED, printers),
    )


def _first_scan(cost: Cost, printers: int, blank: int) -> int | None:
    if (printers and cost.first_scan is None) or (blank and cost.blank_address is None):
        return None
    return round(printers * (cost.first_scan or 0) + blank * (cost.blank_address or 0))


def _poll(cost: Cost, printers: int) -> int | None:
    """Known printers are read without a sweep: blank addresses cost nothing then."""
    if not printers:
        return 0
    return None if cost.poll is None else round(printers * cost.poll)
