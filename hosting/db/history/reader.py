"""What a device said before, whichever shape it has: readings as they came, and the segments of days that are over."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from hosting.db.history.day import Summary
from hosting.db.history.dictionaries import Dictionaries
from hosting.db.history.segment import SegmentError, size_of, unpack
from hosting.db.history.stored_reading import StoredReading
from hosting.db.tables import device_day, reading

Moment = tuple[str, datetime]
"""One reading of a site: the key of its device, and when it was taken."""

_NEWEST = reading.c.taken_at.desc()

SPAN = timedelta(hours=1)
"""Readings this close together are looked for by one statement: those of a site are mostly of one round of reading."""


def newest(connection: sa.Connection, site_id: str, device_key: str, limit: int, most: int | None = None) -> list[StoredReading]:
    """Return the newest readings of a device, newest first; with `most` no further than to the one that makes it so many bytes."""
    own = (reading.c.site_id == site_id, reading.c.device_key == device_key)
    if most is not None:
        limit = _as_many(connection, own, limit, most)
    rows = connection.execute(sa.select(reading.c.taken_at, reading.c.body).where(*own).order_by(_NEWEST).limit(limit))
    found = {taken_at: StoredReading(taken_at, body) for taken_at, body in rows}
    theirs = (device_day.c.site_id == site_id, device_day.c.device_key == device_key, device_day.c.segment.is_not(None))
    days = sa.select(device_day.c.day, device_day.c.last_at).where(*theirs)
    dictionaries = Dictionaries(connection)
    for day, last_at in sorted(connection.execute(days), key=lambda row: row[1], reverse=True):
        if sum(1 for taken_at in found if taken_at > last_at) >= limit:
            break
        if most is not None and sum(len(item.body) for item in found.values()) >= most:
            break
        one = sa.select(device_day.c.segment, device_day.c.dictionary).where(*theirs, device_day.c.day == day)
        for segment, version in connection.execute(one):
            for item in _readable(dictionaries, segment, version, (site_id, device_key, day)):
                found[item.taken_at] = item
    return sorted(found.values(), reverse=True)[:limit]


def _as_many(connection: sa.Connection, own: Sequence[sa.ColumnElement[bool]], limit: int, most: int) -> int:
    """Return how many of the newest readings make `most` characters, or `limit` where those are fewer."""
    sizes = connection.execute(sa.select(sa.func.length(reading.c.body)).where(*own).order_by(_NEWEST).limit(limit)).scalars()
    size = 0
    for number, each in enumerate(sizes, 1):
        size += each
        if size >= most:
            return number
    return limit


class DayOver(NamedTuple):
    """A day that is over, the name of the time zone it was a day of, and what it came to."""

    day: date
    zone: str
    summary: Summary


def days(connection: sa.Connection, site_id: str, device_key: str, limit: int) -> list[DayOver]:
    """Return the newest days of a device that are over, newest first."""
    theirs = (device_day.c.site_id == site_id, device_day.c.device_key == device_key)
    columns = [column for column in device_day.c if column.name not in ("segment", "dictionary")]
    chosen = sa.select(*columns).where(*theirs).order_by(device_day.c.day.desc()).limit(limit)
    return [DayOver(row["day"], row["zone"], Summary.from_columns(row)) for row in connection.execute(chosen).mappings()]


@dataclass(slots=True)
class Lookup:
    """Readings that were looked for. `sizes` has how many characters each that was found takes."""

    connection: sa.Connection
    site_id: str
    sizes: dict[Moment, int] = field(default_factory=dict)
    _unpacked: dict[Moment, str] = field(default_factory=dict)

    def bodies(self, wanted: Iterable[Moment]) -> dict[Moment, str]:
        """Return what those of the found ones said."""
        chosen = {moment for moment in wanted if moment in self.sizes}
        bodies = {moment: body for moment, body in self._unpacked.items() if moment in chosen}
        return bodies | _as_came(self.connection, self.site_id, chosen - bodies.keys(), reading.c.body)


def look_up(connection: sa.Connection, site_id: str, moments: AbstractSet[Moment], most: int) -> Lookup:
    """Return those of the readings that the site has sent and this server still has.

    Of days that are over segments of `most` bytes are opened; what would take more counts as not found.
    """
    sizes = _as_came(connection, site_id, moments, sa.func.length(reading.c.body))
    unpacked: dict[Moment, str] = {}
    dictionaries = Dictionaries(connection)
    for key, segment in _segments_around(connection, site_id, moments - sizes.keys()):
        if segment is None:
            continue
        most -= _size(segment[0])
        if most < 0:
            break
        for item in _readable(dictionaries, *segment, (site_id, *key)):
            if (key[0], item.taken_at) in moments:
                unpacked[key[0], item.taken_at] = item.body
    return Lookup(connection, site_id, sizes | {moment: len(body) for moment, body in unpacked.items()}, unpacked)


def rolled_up(connection: sa.Connection, site_id: str, moments: AbstractSet[Moment], most: int) -> set[Moment]:
    """Return those of the readings that are in days which are over.

    Of a day whose segment had its time all counts that is within it. Segments of `most` bytes are opened.
    """
    found: set[Moment] = set()
    dictionaries = Dictionaries(connection)
    for (device_key, day), segment in _segments_around(connection, site_id, moments):
        if segment is not None:
            most -= _size(segment[0])
            if most < 0:
                break
            there = _readable(dictionaries, *segment, (site_id, device_key, day))
            found |= {(device_key, item.taken_at) for item in there} & moments
            continue
        one = (device_day.c.site_id == site_id, device_day.c.device_key == device_key, device_day.c.day == day)
        [(first, last)] = connection.execute(sa.select(device_day.c.first_at, device_day.c.last_at).where(*one))
        found |= {moment for moment in moments if moment[0] == device_key and first <= moment[1] <= last}
    return found


def _segments_around(
    connection: sa.Connection, site_id: str, moments: AbstractSet[Moment]
) -> Iterator[tuple[tuple[str, date], tuple[bytes, int] | None]]:
    """Yield device and day of each row within whose times one of the readings lies, with its segment and version, or None."""
    if not moments:
        return
    keys, times = sorted({key for key, _ in moments}), sorted(at for _, at in moments)
    span = (device_day.c.day.between(times[0].date() - timedelta(days=1), times[-1].date() + timedelta(days=1)),)
    theirs = (device_day.c.site_id == site_id, device_day.c.device_key.in_(keys), *span)
    columns = (device_day.c.device_key, device_day.c.day, device_day.c.first_at, device_day.c.last_at)
    rows = connection.execute(sa.select(*columns).where(*theirs).order_by(device_day.c.day.desc())).all()
    of_device: dict[str, list[datetime]] = {}
    for key, at in moments:
        of_device.setdefault(key, []).append(at)
    for device_key, day, first, last in rows:
        if not any(first <= at <= last for at in of_device[device_key]):
            continue
        one = (device_day.c.site_id == site_id, device_day.c.device_key == device_key, device_day.c.day == day)
        for segment, version in connection.execute(sa.select(device_day.c.segment, device_day.c.dictionary).where(*one)):
            yield (device_key, day), None if segment is None else (segment, version)


def _readable(dictionaries: Dictionaries, segment: bytes, version: int, where: Sequence[Any]) -> list[StoredReading]:
    """Return the readings of a segment; none, and a line in the log, where it cannot be read."""
    try:
        return unpack(segment, dictionaries.version(version))
    except SegmentError as error:
        site_id, device_key, day = where
        told = {"site": site_id, "device": device_key, "day": str(day), "reason": str(error)}
        structlog.get_logger().error("a day of the history cannot be read", **told)
        return []


def _size(segment: bytes) -> int:
    try:
        return size_of(segment)
    except SegmentError:
        return 0


def _as_came(connection: sa.Connection, site_id: str, moments: AbstractSet[Moment], column: Any) -> dict[Moment, Any]:
    """Return a column of those readings that stand as they came."""
    found: dict[Moment, Any] = {}
    for run in _runs(sorted(moments, key=lambda moment: moment[1])):
        columns = sa.select(reading.c.device_key, reading.c.taken_at, column)
        theirs = reading.c.device_key.in_(sorted({key for key, _ in run}))
        then = reading.c.taken_at.between(run[0][1], run[-1][1])
        for key, taken_at, value in connection.execute(columns.where(reading.c.site_id == site_id, theirs, then)):
            if (key, taken_at) in moments:
                found[key, taken_at] = value
    return found


def _runs(ordered: Sequence[Moment]) -> Iterator[list[Moment]]:
    """Yield readings, which come in the order of time, in runs that span no more than `SPAN`."""
    run: list[Moment] = []
    for moment in ordered:
        if run and moment[1] - run[0][1] > SPAN:
            yield run
            run = []
        run.append(moment)
    if run:
        yield run
