"""Meters: prtMarkerTable (RFC 3805), and the private counters of the vendor.

One marker counts everything: its prtMarkerLifeCount is the total, whatever it prints with. Mono and colour totals exist only where
the rows say so themselves, by prtMarkerProcessColorants: one marker with one process colorant, another with three or more.

A private counter never overwrites a standard one: where a definition prefers it (the panel and the bill show it), the standard one
stays beside it as `marker_NAME`; where it does not, the private one counts only if the standard one is missing.
"""

from dataclasses import dataclass, field

from appliance.common.message import Message
from appliance.reading import enumerations as enum
from appliance.reading.definitions.fields import METER_PREFIX
from appliance.reading.definitions.vendor import LARGEST, Given, Vendor
from appliance.reading.identity.identity import NOT_REPORTED
from appliance.reading.sources import objects as mib
from appliance.reading.view import View, integer
from appliance.report import Meter

_FULL_COLOR = 3
"""Process colorants from which on a marker prints full colour."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A row of prtMarkerTable."""

    index: int
    count: int
    unit: str
    colorants: int | None
    source: str


@dataclass(slots=True)
class Meters:
    """The meters by name, and by dotted path why one is missing."""

    values: dict[str, Meter] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def read_markers(view: View) -> list[Marker]:
    """Return the rows of prtMarkerTable that have a usable life count."""
    units, colorants = view.rows(mib.PRT_MARKER_COUNTER_UNIT), view.rows(mib.PRT_MARKER_PROCESS_COLORANTS)
    markers = []
    for row, value in view.rows(mib.PRT_MARKER_LIFE_COUNT).items():
        count = integer(value)
        if count is not None and count >= 0 and len(row) == 1:
            unit = enum.named(enum.COUNTER_UNIT, integer(units.get(row)))
            source = view.source(mib.PRT_MARKER_LIFE_COUNT, row)
            markers.append(Marker(row[0], count, unit, integer(colorants.get(row)), source))
    return markers


def read_meters(vendor: Vendor) -> Meters:
    """Return the meters of a device: the standard ones, the vendor's, and the sums of these."""
    meters = read_standard_meters(vendor.view)
    for name, given in vendor.meters():
        _add(meters, name, _given_meter(given), prefer=given.prefer)
    for spec in vendor.sums():
        parts = {part: meters.values.get(part.removeprefix(METER_PREFIX)) for part in spec.parts}
        name = spec.gives.removeprefix(METER_PREFIX)
        missing = [part for part, meter in parts.items() if meter is None and part not in spec.optional]
        known = [meter for meter in parts.values() if meter is not None]
        if not missing:
            _add(meters, name, _sum(known), prefer=spec.prefer)
        elif name not in meters.values and known:
            meters.reasons.setdefault(f"{METER_PREFIX}{name}", f"{missing[0]}, a part of it, is missing")
    return meters


def _add(meters: Meters, name: str, meter: Meter | None, *, prefer: bool) -> None:
    """Take a meter of the vendor. What was there stays: under its own name, or under another where the vendor's is preferred."""
    if meter is None or (name in meters.values and not prefer):
        return
    standard = meters.values.get(name)
    if standard is not None:
        meters.values[f"marker_{name}"] = standard
    meters.values[name] = meter
    meters.reasons.pop(f"{METER_PREFIX}{name}", None)


def _given_meter(given: Given) -> Meter | None:
    return Meter(value=given.value, unit=given.unit, source=given.source) if isinstance(given.value, int) else None


def _sum(parts: list[Meter]) -> Meter | None:
    """Return the sum of meters that count in one unit, None for others and for what is beyond 64 bits."""
    total = sum(part.value for part in parts)
    if len({part.unit for part in parts}) != 1 or total >= LARGEST:
        return None
    return Meter(value=total, unit=parts[0].unit, source=" + ".join(part.source for part in parts)[:1024])


def read_standard_meters(view: View) -> Meters:
    """Return the meters the marker rows carry."""
    markers = read_markers(view)
    meters = Meters()
    if not markers:
        known = view.rows(mib.PRT_MARKER_LIFE_COUNT)
        meters.reasons["meters.total"] = Message("prtMarkerLifeCount is no count") if known else NOT_REPORTED
    elif len(markers) == 1:
        meters.values["total"] = _meter(markers)
    else:
        _several(markers, meters)
    return meters


def _several(markers: list[Marker], meters: Meters) -> None:
    """Split mono from colour where the rows allow it; otherwise give each marker its own meter."""
    mono = [marker for marker in markers if marker.colorants == 1]
    color = [marker for marker in markers if marker.colorants is not None and marker.colorants >= _FULL_COLOR]
    one_unit = len({marker.unit for marker in markers}) == 1
    if len(mono) == 1 and len(color) == 1 and len(markers) == 2 and one_unit:
        if mono[0].count + color[0].count < LARGEST:
            meters.values["total"] = _meter([*mono, *color])
        meters.values["total_mono"] = _meter(mono)
        meters.values["total_color"] = _meter(color)
        return
    for marker in markers:
        meters.values[f"marker_{marker.index}"] = _meter([marker])
    meters.reasons["meters.total"] = Message("several markers, and prtMarkerProcessColorants does not tell how they add up")


def _meter(markers: list[Marker]) -> Meter:
    return Meter(
        value=sum(marker.count for marker in markers),
        unit=markers[0].unit,
        source="+".join(marker.source for marker in markers),
    )
