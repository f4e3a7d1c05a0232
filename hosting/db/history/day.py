"""What is kept of a device and a day for ten years: meters at its end, levels of supplies, how often it was read. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any, Self

from appliance.common.clock import in_utc
from appliance.report import Reading, Supply

TYPED_METERS = ("total", "total_mono", "total_color", "print_total", "copy_total", "fax_total", "scan_total")
"""Those with a column of their own; the others stand in `meters`."""
USUAL_UNIT = "impressions"
NAMED = 200
"""The most meters, and the most supplies, that a day keeps beside its segment: ten times what a device has."""

SETTLED = timedelta(days=1)
"""A day has been over for so long when it is rolled up: a site sends each device in full once a day, so that changes seldom build
on a reading of a day before that."""


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a supply over a day, in percent where that is known, else in the supply's own unit."""

    first: float
    lowest: float
    last: float
    unit: str = "percent"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a day came to. `meters` are (value, unit) by name, each as it was read last; `supplies` stand by their index."""

    number: int
    first_at: datetime
    last_at: datetime
    meters: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    supplies: Mapping[str, Level] = field(default_factory=dict)

    def and_then(self, later: Self) -> Self:
        """Return the summary of this and of what was read after it."""
        supplies = dict(self.supplies)
        for index, level in later.supplies.items():
            before = supplies.get(index)
            if before is not None and before.unit == level.unit:
                supplies[index] = replace(level, first=before.first, lowest=min(before.lowest, level.lowest))
            else:
                supplies[index] = level
        meters = {**self.meters, **later.meters}
        number = self.number + later.number
        return replace(later, number=number, first_at=self.first_at, meters=meters, supplies=supplies)

    def columns(self) -> dict[str, Any]:
        """Return the values of the columns of `device_day`."""
        meters = dict(islice(self.meters.items(), NAMED))
        others = {name: value for name, (value, _) in meters.items() if name not in TYPED_METERS}
        units = {name: unit for name, (_, unit) in meters.items() if unit != USUAL_UNIT}
        said = {"meters": others, "units": units}
        levels = {index: _compact(level) for index, level in islice(self.supplies.items(), NAMED)}
        return {
            "number": self.number,
            "first_at": self.first_at,
            "last_at": self.last_at,
            **{name: self.meters[name][0] if name in self.meters else None for name in TYPED_METERS},
            "meters": _json({name: value for name, value in said.items() if value}),
            "supplies": _json(levels),
        }

    @classmethod
    def from_columns(cls, row: Any) -> Self:
        """Return the summary in a row of `device_day`, a mapping by the names of its columns."""
        said = json.loads(row["meters"] or "{}")
        typed = {name: row[name] for name in TYPED_METERS if row[name] is not None}
        units = said.get("units", {})
        meters = {name: (value, units.get(name, USUAL_UNIT)) for name, value in (typed | said.get("meters", {})).items()}
        levels = {index: Level(*level) for index, level in json.loads(row["supplies"] or "{}").items()}
        return cls(row["number"], row["first_at"], row["last_at"], meters, levels)


def _compact(level: Level) -> list[float | str]:
    told: list[float | str] = [level.first, level.lowest, level.last]
    return told if level.unit == "percent" else [*told, level.unit]


def _json(value: Mapping[str, Any]) -> str | None:
    return json.dumps(value, separators=(",", ":")) if value else None


def summary_of(readings: Iterable[Reading]) -> Summary:
    """Return what readings of a device came to, at least one, in the order of time."""
    summaries = [_single(reading) for reading in readings]
    told = summaries[0]
    for summary in summaries[1:]:
        told = told.and_then(summary)
    return told


def _single(reading: Reading) -> Summary:
    at = in_utc(reading.taken_at)
    meters = {name: (meter.value, meter.unit) for name, meter in reading.meters.items()}
    levels = {supply.index: level for supply in reading.supplies if (level := _level(supply)) is not None}
    return Summary(1, at, at, meters, levels)


def _level(supply: Supply) -> Level | None:
    """Return the level of a supply, None where the device does not tell it (RFC 3805: negative values are no levels)."""
    if supply.percent is not None:
        percent = round(supply.percent, 1)
        value = int(percent) if percent == int(percent) else percent
        return Level(value, value, value)
    if supply.level is None or supply.level < 0 or supply.unit in (None, "percent"):
        return None
    return Level(supply.level, supply.level, supply.level, supply.unit)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the day on which a moment lies in a time zone."""
    return moment.astimezone(zone).date()


def settled_before(now: datetime, zone: tzinfo) -> datetime:
    """Return the moment before which all days of a time zone have been over for `SETTLED`."""
    midnight = datetime.combine(day_of(now - SETTLED, zone), time.min, tzinfo=zone)
    return midnight.astimezone(UTC)
