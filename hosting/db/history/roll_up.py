"""Days that are over become one row for each device. What is rolled up leaves the readings as they came, in the same transaction.

So nothing is lost and nothing doubled, wherever a run ends: what was not rolled up is found by the next one. Readings that come
late are merged into the day they belong to, each moment once. Sites take turns, a bounded part of one in each transaction.
"""

from collections import deque
from collections.abc import Iterator, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.history.day import Summary, day_of, settled_before, summary_of
from hosting.db.history.dictionaries import Dictionaries, note_use
from hosting.db.history.segment import SEGMENT_BYTES, SegmentError, pack, unpack
from hosting.db.history.site_zone import SiteZone, hold, zone_of
from hosting.db.history.stored_reading import StoredReading, parse_stored
from hosting.db.jobs import Step
from hosting.db.tables import device_day, reading, site

READINGS_A_STEP = 500
BYTES_A_STEP = 8 * 1024 * 1024
"""The most that one transaction takes; a single reading is taken whatever its size."""
FEW = 10
"""So many large readings are in memory at once."""
SITES_A_STEP = 50
"""So many sites without anything to do are looked at in one transaction."""

Place = tuple[str, datetime]
"""Where the readings of a site were left off: key of a device, moment of a reading."""


class Turn(NamedTuple):
    """A site whose turn it is, and the place behind which to go on."""

    site_id: str
    after: Place | None = None


class Found(NamedTuple):
    """A reading that could be rolled up."""

    device_key: str
    taken_at: datetime
    size: int


class RollUp:
    """One run over all sites. Called in a transaction it takes one step."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or utc_now()
        self._last_site = ""
        self._sites: deque[Turn] = deque()
        self._waiting: deque[Turn] = deque()
        """Sites of which more is to be done, after all others had their turn."""

    def __call__(self, connection: sa.Connection) -> Step:
        """Roll up a part of the next site that has something."""
        for _ in range(SITES_A_STEP):
            turn = self._next(connection)
            if turn is None:
                return Step(0)
            part = _SitePart(connection, turn, self._now)
            if part.found:
                rows = part.roll_up()
                if part.left_off:
                    self._waiting.append(Turn(turn.site_id, part.left_off))
                return Step(rows, more=True, fault=" ".join(part.faults))
        return Step(0, more=True)

    def _next(self, connection: sa.Connection) -> Turn | None:
        if not self._sites:
            following = sa.select(site.c.site_id).where(site.c.site_id > self._last_site).order_by(site.c.site_id)
            ids = connection.execute(following.limit(SITES_A_STEP)).scalars().all()
            self._sites.extend(Turn(site_id) for site_id in ids)
            self._last_site = ids[-1] if ids else self._last_site
        if self._sites:
            return self._sites.popleft()
        return self._waiting.popleft() if self._waiting else None


class _SitePart:
    """The part of a site that one transaction rolls up."""

    def __init__(self, connection: sa.Connection, turn: Turn, now: datetime) -> None:
        self._connection = connection
        self._site_id = turn.site_id
        self._zone: SiteZone = zone_of(connection, turn.site_id)
        self._mine = (reading.c.site_id == turn.site_id, reading.c.taken_at < settled_before(now, self._zone.zone))
        self._dictionaries = Dictionaries(connection)
        self.faults: list[str] = []
        self.left_off: Place | None = None
        self.found = self._find(turn.after)

    def _find(self, after: Place | None) -> list[Found]:
        """Return what this transaction takes, by device and time, and note where it leaves off."""
        key = (reading.c.device_key, reading.c.taken_at)
        chosen = sa.select(*key, sa.func.length(reading.c.body)).where(*self._mine).order_by(*key)
        if after:
            chosen = chosen.where(sa.tuple_(*key) > _place(after))
        found = [Found(*row) for row in self._connection.execute(chosen.limit(READINGS_A_STEP))]
        taken, size = 0, 0
        while taken < len(found) and (taken == 0 or size + found[taken].size <= BYTES_A_STEP):
            size += found[taken].size
            taken += 1
        if taken < len(found) or len(found) == READINGS_A_STEP:
            self.left_off = (found[taken - 1].device_key, found[taken - 1].taken_at)
        return found[:taken]

    def roll_up(self) -> int:
        """Do it, and return how many readings it were."""
        hold(self._connection, self._site_id)
        first, last = self.found[0], self.found[-1]
        key = sa.tuple_(reading.c.device_key, reading.c.taken_at)
        between = (key >= _place((first.device_key, first.taken_at)), key <= _place((last.device_key, last.taken_at)))
        chosen = sa.select(reading.c.device_key, reading.c.taken_at, reading.c.body).where(*self._mine, *between)
        rows = self._connection.execute(chosen.order_by(reading.c.device_key, reading.c.taken_at)).all()
        days = [
            (device_key, day, [StoredReading(row.taken_at, row.body) for row in group])
            for (device_key, day), group in groupby(rows, lambda row: (row.device_key, day_of(row.taken_at, self._zone.zone)))
        ]
        known = self._days_of(days)
        done = 0
        inserted: list[dict[str, Any]] = []
        updated: list[dict[str, Any]] = []
        for device_key, day, came in days:
            row = known.get((device_key, day))
            merged = self._merged(device_key, day, row, came)
            if merged is None:
                continue
            values, taken = merged
            (updated if row else inserted).append({"site_id": self._site_id, "device_key": device_key, "day": day, **values})
            self._remove(device_key, taken)
            done += len(taken)
        self._save(inserted, updated)
        return done

    def _days_of(self, days: Sequence[tuple[str, date, Any]]) -> dict[tuple[str, date], Any]:
        """Return the rows there are already of these devices and days."""
        if not days:
            return {}
        keys, dates = {device_key for device_key, _, _ in days}, [day for _, day, _ in days]
        theirs = (device_day.c.site_id == self._site_id, device_day.c.device_key.in_(sorted(keys)))
        wanted = {(device_key, day) for device_key, day, _ in days}
        chosen = sa.select(device_day.c.device_key, device_day.c.day).where(
            *theirs, device_day.c.day.between(min(dates), max(dates))
        )
        there = [tuple(row) for row in self._connection.execute(chosen) if tuple(row) in wanted]
        rows = {}
        for device_key, day in there:
            one = (device_day.c.site_id == self._site_id, device_day.c.device_key == device_key, device_day.c.day == day)
            rows[device_key, day] = self._connection.execute(sa.select(device_day).where(*one)).mappings().one()
        return rows

    def _merged(
        self, device_key: str, day: date, row: Any, came: list[StoredReading]
    ) -> tuple[dict[str, Any], list[StoredReading]] | None:
        """Return the columns of the day with what came, and which of that is in them; None where nothing can be done."""
        if row is not None and row["segment"] is None:
            return self._without_segment(device_key, row, came), came
        try:
            kept = unpack(row["segment"], self._dictionaries.version(row["dictionary"])) if row is not None else []
        except SegmentError as error:
            self._fault(device_key, day, f"its segment cannot be read: {error}. What came late stays beside it.")
            return None
        moments = {item.taken_at for item in kept}
        fresh = [item for item in came if item.taken_at not in moments]
        taken = [item for item in came if item.taken_at in moments]
        beyond: Iterator[StoredReading] | None = None
        size = sum(len(item.body.encode()) + 12 for item in kept)
        for number, item in enumerate(fresh):
            size += len(item.body.encode()) + 12
            if size > SEGMENT_BYTES:
                too_large = f"it is larger than {SEGMENT_BYTES // 1024 // 1024} MiB. The rest of its readings stay as they came."
                self._fault(device_key, day, too_large)
                fresh = fresh[:number]
                beyond = self._as_came(device_key, day, besides=moments)
                break
        dictionary = self._dictionaries.newest()
        note_use(self._connection, dictionary.version, day)
        packed = sorted(kept + fresh)
        # What does not fit in counts for the day all the same.
        said = merge(sorted(kept), beyond) if beyond else packed
        summary = summary_of(parse_stored(item.body, device_key, item.taken_at) for item in said)
        segment = {"dictionary": dictionary.version, "segment": pack(packed, dictionary)}
        return summary.columns() | segment, taken + fresh

    def _as_came(self, device_key: str, day: date, *, besides: Set[datetime]) -> Iterator[StoredReading]:
        """Yield the readings of a day that stand as they came, but for some, in the order of time."""
        noon = datetime.combine(day, time(12), UTC)
        near = reading.c.taken_at.between(noon - timedelta(days=1.5), noon + timedelta(days=1.5))
        own = (reading.c.site_id == self._site_id, reading.c.device_key == device_key, near)
        chosen = sa.select(reading.c.taken_at, reading.c.body).where(*own).order_by(reading.c.taken_at)
        for taken_at, body in self._connection.execute(chosen, execution_options={"yield_per": FEW}):
            if taken_at not in besides and day_of(taken_at, self._zone.zone) == day:
                yield StoredReading(taken_at, body)

    @staticmethod
    def _without_segment(device_key: str, row: Any, came: list[StoredReading]) -> dict[str, Any]:
        """Return the columns of a day whose segment had its time: what was read within it is known, or too late to be."""
        summary = Summary.from_columns(row)
        before = [item for item in came if item.taken_at < summary.first_at]
        after = [item for item in came if item.taken_at > summary.last_at]
        if before:
            summary = summary_of(parse_stored(item.body, device_key, item.taken_at) for item in before).and_then(summary)
        if after:
            summary = summary.and_then(summary_of(parse_stored(item.body, device_key, item.taken_at) for item in after))
        return summary.columns() | {"dictionary": None, "segment": None}

    def _remove(self, device_key: str, taken: Sequence[StoredReading]) -> None:
        mine = (reading.c.site_id == self._site_id, reading.c.device_key == device_key)
        moments = [item.taken_at for item in taken]
        self._connection.execute(sa.delete(reading).where(*mine, reading.c.taken_at.in_(moments)))

    def _save(self, inserted: Sequence[dict[str, Any]], updated: Sequence[dict[str, Any]]) -> None:
        if inserted:
            self._connection.execute(sa.insert(device_day), [row | {"zone": self._zone.name} for row in inserted])
        for row in updated:
            key = [column.name for column in device_day.primary_key]
            one = [device_day.c[name] == row[name] for name in key]
            # A cluster refuses to be told the site anew, whichever it is.
            values = {name: value for name, value in row.items() if name not in key}
            self._connection.execute(sa.update(device_day).where(*one).values(**values))

    def _fault(self, device_key: str, day: date, reason: str) -> None:
        fault = f"Site {self._site_id}, device {device_key}, {day}: {reason}"
        if fault not in self.faults:
            self.faults.append(fault)


def _place(place: Place) -> sa.Tuple:
    return sa.tuple_(sa.literal(place[0]), sa.literal(place[1], reading.c.taken_at.type))
