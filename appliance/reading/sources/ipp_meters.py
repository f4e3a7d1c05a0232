"""Meters of IPP: how much a printer has completed since it was made, whole and by kind (PWG 5100.22 section 7.7). Pure.

- A collection tells one-sided and two-sided impressions apart: both count.
- Highlight colour counts as colour, and what is blank as neither.
- A part that is not told, or is no count, leaves the sum it belongs to untold.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.reading.enumerations import PAGES
from appliance.reading.sources.ipp import Value
from appliance.report import Meter

Attributes = Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class _Counter:
    """An attribute, its unit, and the meters of its total and of the parts in the collection beside it (`…-col`)."""

    attribute: str
    unit: str
    total: str
    mono: str
    color: str
    blank: str


_COUNTERS = (
    _Counter("printer-impressions-completed", "impressions", "total", "total_mono", "total_color", "blank_total"),
    _Counter("printer-pages-completed", PAGES, "pages_total", "pages_mono", "pages_color", "pages_blank"),
    _Counter("printer-media-sheets-completed", "sheets", "sheets_total", "sheets_mono", "sheets_color", "sheets_blank"),
)
_COLLECTION = "-col"
"""What the name of a collection ends with, behind that of its total."""


def meters_of_ipp(attributes: Attributes) -> dict[str, Meter]:
    """Return the meters by name; one is missing where the printer does not tell it, or tells no count."""
    meters: dict[str, Meter] = {}
    for counter in _COUNTERS:
        total = _count(attributes.get(counter.attribute, ()))
        if total is not None:
            meters[counter.total] = Meter(value=total, unit=counter.unit, source=f"IPP {counter.attribute}")
        meters |= _parts(counter, attributes, total)
    return meters


def _parts(counter: _Counter, attributes: Attributes, total: int | None) -> dict[str, Meter]:
    """Return what the collection tells. One of zeros beside a real total was never counted, so it tells nothing."""
    name = counter.attribute + _COLLECTION
    members = next((value for value in attributes.get(name, ()) if isinstance(value, Mapping)), {})
    kinds = {
        counter.mono: ("monochrome",),
        counter.color: ("full-color", "highlight-color"),
        counter.blank: ("blank",),
    }
    sums = {meter: count for meter, parts in kinds.items() if (count := _sum(members, parts)) is not None}
    if total and not any(sums.values()):
        return {}
    return {
        meter: Meter(value=count, unit=counter.unit, source=f"IPP {name} ({', '.join(_told(members, kinds[meter]))})")
        for meter, count in sums.items()
    }


def _told(members: Attributes, kinds: tuple[str, ...]) -> list[str]:
    """Return the members there are of these kinds, one-sided and two-sided."""
    return [member for kind in kinds for member in (kind, f"{kind}-two-sided") if member in members]


def _sum(members: Attributes, kinds: tuple[str, ...]) -> int | None:
    """Return how many there are of these kinds. A two-sided part alone is no sum: the one-sided ones are not told."""
    told = _told(members, kinds)
    if any(member.removesuffix("-two-sided") not in members for member in told):
        return None
    counts = [_count(members[member]) for member in told]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _count(values: tuple[Value, ...]) -> int | None:
    value = values[0] if values else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
