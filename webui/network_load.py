"""What the page Scanning shows of the network load: the table beside a web page, and a bar a day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.common.message import Message
from appliance.common.network.traffic import PURPOSES
from appliance.report.network_load import WEB_PAGE_BYTES, Row
from appliance.store.traffic_report import Day
from web.quantities import number

FEWEST_DAYS = 14
"""The chart has at least so many days: the first one alone would look like a wall."""
THINNEST = 0.4
"""Percent of the width of a bar, below which nobody would see it."""
GAP = 0.2
"""Between two bars, as a share of the distance of their beginnings."""


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A row of the table."""

    row: Row
    width: float
    """Of its bar, in percent of that of a web page; 0 when nothing was measured."""
    share: str
    """The first scan beside a web page: `1/950`, `3.2 times`, or nothing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One purpose in the bar of a day; places and sizes in percent of the drawing."""

    purpose: str
    top: float
    height: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A day; places in percent of the drawing."""

    day: date
    left: float
    width: float
    bytes: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class DaysChart:
    """The bars of all days, one beside the other, the newest at the right."""

    bars: tuple[Bar, ...]
    highest: int
    """Bytes at the top of the drawing."""
    purposes: tuple[str, ...]
    """Those that occur, in the order in which they are stacked from below."""


def load_lines(rows: Sequence[Row]) -> list[LoadLine]:
    """Return the rows with their bars."""
    return [LoadLine(row, _width(row.first_scan_bytes), _share(row)) for row in rows]


def days_chart(days: Sequence[Day]) -> DaysChart | None:
    """Return the chart of `days`, None when there was no traffic."""
    traffic = {date.fromisoformat(day.day): day for day in days}
    highest = max((day.bytes for day in days), default=0)
    if not highest:
        return None
    newest = max(traffic)
    oldest = min(*traffic, newest - timedelta(days=FEWEST_DAYS - 1))
    count = (newest - oldest).days + 1
    found = {purpose for day in days for purpose in day.traffic}
    purposes = tuple([purpose for purpose in PURPOSES if purpose in found] + sorted(found - set(PURPOSES)))
    step = 100 / count
    bars = []
    for index in range(count):
        day = oldest + timedelta(days=index)
        spent = {purpose: counted.bytes for purpose, counted in traffic[day].traffic.items()} if day in traffic else {}
        segments = _stacked(spent, purposes, highest)
        bars.append(Bar(day, round(step * (index + GAP / 2), 3), round(step * (1 - GAP), 3), sum(spent.values()), segments))
    return DaysChart(tuple(bars), highest, purposes)


def _stacked(spent: Mapping[str, int], purposes: Sequence[str], highest: int) -> tuple[Segment, ...]:
    segments, floor = [], 100.0
    for purpose in purposes:
        if bytes_ := spent.get(purpose, 0):
            height = 100 * bytes_ / highest
            floor -= height
            segments.append(Segment(purpose, round(floor, 3), round(height, 3), bytes_))
    return tuple(segments)


def _width(bytes_: int | None) -> float:
    return 0.0 if bytes_ is None else round(min(100.0, max(THINNEST, 100 * bytes_ / WEB_PAGE_BYTES)), 2)


def _share(row: Row) -> str:
    if row.name == "web_page" or not row.first_scan_bytes:
        return ""
    times = row.first_scan_bytes / WEB_PAGE_BYTES
    return Message("%(number)s times", number=round(times, 1)) if times >= 1 else f"1/{number(round(1 / times))}"
