"""The list of all devices: sorted in eight ways, filtered and searched, part by part.

Two ways lead to a part, in the same order. Where few devices fit a filter, they are found by its index and sorted. Where none is
asked for or very many fit, the index of the order is walked until the part is full; with an order that no index has as such (by
status as it is now, by site), the list is made of runs that one has each.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report.condition import SILENT_AFTER, Condition
from hosting.db.fleet import LatestReading, readings_of
from hosting.db.lists import tally
from hosting.db.lists.count import Count, count_up_to
from hosting.db.lists.keyset import FIRST, Key, Part, Place, Values, behind, ordered, part_of
from hosting.db.lists.search import found_by_index, has_index, has_words
from hosting.db.tables import device_latest, device_search, site

latest, search = device_latest.c, device_search.c

FEW: Final = 20_000
"""So many devices are sorted anew for each part; of more, those that fit are met soon enough on the way through an index."""

_RANKS: Final[Mapping[str, int]] = {"error": 1, "warning": 2, "unknown": 3, "ok": 4}
CONDITIONS: Final = ("silent", *get_args(Condition))
NO_TOTAL: Final = -1
_BY_KEYS: Final = {"enable_hashjoin": "off", "enable_mergejoin": "off", "max_parallel_workers_per_gather": "0"}
_OF_SEARCH: Final = ("model", "serial", "address", "location", "site")
"""The orders by what `device_search` has."""
_NAME = sa.func.lower(site.c.name)
_RANK = sa.case(_RANKS, value=latest.condition, else_=5)
_SAME = sa.and_(search.site_id == latest.site_id, search.device_key == latest.device_key)
_KEY = (Key(latest.site_id), Key(latest.device_key))


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """Which devices, in which order, and which part of them."""

    site_id: str | None = None
    words: tuple[str, ...] = ()
    condition: str | None = None
    sort: str = "site"
    descending: bool = False
    place: Place = FIRST
    limit: int = 50

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for a part of the devices only."""
        return bool(self.site_id or self.words or self.condition)

    @property
    def order(self) -> str:
        """The name of its order, for places."""
        return f"devices {self.sort}{' desc' if self.descending else ''}"

    @property
    def keys(self) -> tuple[Key, ...]:
        """What its order is by."""
        return _keys(self.sort, _silent_before())


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows that an index has in the order of a list. All their places begin with the same values, and go on with `keys`."""

    same: Values
    where: tuple[sa.ColumnElement[bool], ...]
    keys: tuple[Key, ...]


def _silent_before() -> datetime:
    return utc_now() - SILENT_AFTER


def _silent(before: datetime) -> sa.ColumnElement[int]:
    return sa.case((latest.taken_at < before, 0), else_=1)


def _keys(sort: str, before: datetime) -> tuple[Key, ...]:
    """Return what an order is by."""
    if sort in ("model", "serial", "address", "location"):
        return (Key(search[sort]), Key(search.number, "number"))
    if sort == "total":
        return (Key(sa.func.coalesce(latest.total, NO_TOTAL), "number"), *_KEY)
    if sort == "taken":
        return (Key(latest.taken_at, "moment"), *_KEY)
    if sort == "condition":
        return (Key(_silent(before), "number"), Key(_RANK, "number"), Key(latest.taken_at, "moment"), *_KEY)
    return (Key(_NAME), Key(site.c.site_id), Key(search.model), Key(search.number, "number"))


@contextmanager
def _row_by_row(connection: sa.Connection) -> Iterator[None]:
    """Let tables be joined by their keys: PostgreSQL would look through all of one for some of its rows."""
    if connection.dialect.name != "postgresql":
        yield
        return
    for name, value in _BY_KEYS.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
    yield
    for name in _BY_KEYS:
        connection.exec_driver_sql(f"SET LOCAL {name} TO DEFAULT")


def _is_there(*conditions: sa.ColumnElement[bool], beside: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition that a row meets these, looked for anew for each row of a table.

    No EXISTS: PostgreSQL would make a join of it, all of it before the first row, since it takes keys of two columns for rare.
    """
    return sa.select(sa.literal(1)).where(*conditions).limit(1).correlate(beside).scalar_subquery().is_not(None)


SORTS: Final = ("model", "serial", "site", "address", "location", "condition", "total", "taken")


def devices(connection: sa.Connection, query: DeviceQuery) -> tuple[Part[LatestReading], Count]:
    """Return the devices of a query, and how many there are in all."""
    listing = _Listing(connection, query)
    part = part_of(query.place, query.limit, listing.walk)
    found = readings_of(connection, part.rows)
    # A device that goes in this very moment is left out.
    rows = [found[key] for key in part.rows if key in found]
    return Part(rows, part.previous, part.next), listing.count


class _Listing:
    """The ways through the devices of one query. A row is (site_id, device_key)."""

    def __init__(self, connection: sa.Connection, query: DeviceQuery) -> None:
        self._connection = connection
        self._query = query
        self._before = _silent_before()
        self._keys = _keys(query.sort, self._before)
        if query.is_filtered:
            self.count = count_up_to(connection, self._matching(), FEW if has_index(query.words) else None)
        else:
            self.count = tally.devices(connection)
        self._few = query.is_filtered and self.count.is_exact

    def walk(self, values: Values | None, forth: bool, limit: int) -> list[tuple[Values, tuple[str, str]]]:
        """Return the devices behind a place."""
        up = forth != self._query.descending
        return self._sorted(values, up, limit) if self._few else self._walked(values, up, limit)

    # few of them

    def _matching(self) -> sa.Select[Any]:
        """Return the devices that fit, found by the index of what is asked for."""
        query = self._query
        if not query.words:
            return sa.select(latest.site_id, latest.device_key).where(*self._of_latest())
        chosen = sa.select(search.site_id, search.device_key)
        if query.condition:
            chosen = chosen.join_from(device_search, device_latest, _SAME).where(*self._of_latest())
        elif query.site_id:
            chosen = chosen.where(search.site_id == query.site_id)
        return chosen.where(*found_by_index(self._connection, query.words))

    def _sorted(self, values: Values | None, up: bool, limit: int) -> list[tuple[Values, tuple[str, str]]]:
        query, by_search = self._query, bool(self._query.words) or self._query.sort in _OF_SEARCH
        source: sa.FromClause = device_search if by_search else device_latest
        conditions = self._of_latest()
        if by_search and (query.condition or query.sort not in _OF_SEARCH):
            source = sa.join(device_search, device_latest, _SAME)
        elif by_search:
            conditions = [search.site_id == query.site_id] if query.site_id else []
        if query.sort == "site":
            source = sa.join(source, site, site.c.site_id == search.site_id)
        columns = [key.expression.label(f"key_{number}") for number, key in enumerate(self._keys)]
        named = (search.site_id, search.device_key) if by_search else (latest.site_id, latest.device_key)
        chosen = sa.select(*named, *columns).select_from(source)
        chosen = chosen.where(*conditions, *found_by_index(self._connection, query.words))
        # On its own, so that no index of the order is walked in the hope of finding them on the way.
        few = chosen.cte("few").prefix_with("MATERIALIZED")
        keys = [Key(few.c[f"key_{number}"], key.kind) for number, key in enumerate(self._keys)]
        statement = sa.select(few).order_by(*ordered(keys, up=up)).limit(limit)
        if values is not None:
            statement = statement.where(behind(keys, values, up=up))
        with _row_by_row(self._connection):
            return [(tuple(row[2:]), (row[0], row[1])) for row in self._connection.execute(statement)]

    # all of them, or very many

    def _walked(self, values: Values | None, up: bool, limit: int) -> list[tuple[Values, tuple[str, str]]]:
        found: list[tuple[Values, tuple[str, str]]] = []
        for runs in self._runs(values, up, limit):
            chosen = [self._rows(run, values, up, limit - len(found)) for run in runs]
            statement = chosen[0]
            if len(chosen) > 1:
                merged = sa.union_all(*(sa.select(each.subquery()) for each in chosen)).subquery()
                keys = [Key(merged.c[f"key_{number}"], key.kind) for number, key in enumerate(runs[0].keys)]
                statement = sa.select(merged).order_by(*ordered(keys, up=up)).limit(limit - len(found))
            same = runs[0].same
            found += [((*same, *row[2:]), (row[0], row[1])) for row in self._connection.execute(statement)]
            if len(found) >= limit:
                break
        return found

    def _rows(self, run: _Run, values: Values | None, up: bool, limit: int) -> sa.Select[Any]:
        """Return the statement for the rows of a run."""
        count = len(run.same)
        columns = [key.expression.label(f"key_{number}") for number, key in enumerate(run.keys)]
        if run.keys[-1].expression is search.number:
            chosen = sa.select(search.site_id, search.device_key, *columns).where(*has_words(self._connection, self._query.words))
            if conditions := self._of_latest():
                chosen = chosen.where(_is_there(_SAME, *conditions, beside=device_search))
            if self._query.site_id:
                chosen = chosen.where(search.site_id == self._query.site_id)
        else:
            chosen = sa.select(latest.site_id, latest.device_key, *columns).where(*self._of_latest())
            if self._query.words:
                chosen = chosen.where(_is_there(_SAME, *has_words(self._connection, self._query.words), beside=device_latest))
        if values is not None and values[:count] == run.same:
            chosen = chosen.where(behind(run.keys, values[count:], up=up))
        return chosen.where(*run.where).order_by(*ordered(run.keys, up=up)).limit(limit)

    def _runs(self, values: Values | None, up: bool, limit: int) -> Iterator[list[_Run]]:
        """Yield the runs of the order one after another from a place on; those of one list are merged by the database."""
        sort = self._query.sort
        if sort == "site":
            yield from self._runs_of_sites(values, up, limit)
        elif sort == "condition":
            runs = [_Run((silent, _RANKS[each]), where, _keys("taken", self._before)) for silent, each, where in self._conditions()]
            for run in sorted(runs, key=lambda run: run.same, reverse=not up):
                if values is None or (run.same >= values[:2] if up else run.same <= values[:2]):
                    yield [run]
        elif sort == "taken":
            yield [_Run((), where, self._keys) for _, _, where in self._conditions()]
        elif sort == "total":
            without = _Run((NO_TOTAL,), (latest.total.is_(None),), _KEY)
            counted = _Run((), (latest.total.is_not(None),), (Key(latest.total, "number"), *_KEY))
            for run in (without, counted) if up else (counted, without):
                if run is counted or values is None or values[0] == NO_TOTAL or not up:
                    yield [run]
        else:
            yield [_Run((), (), self._keys)]

    def _conditions(self) -> Iterator[tuple[int, str, tuple[sa.ColumnElement[bool], ...]]]:
        """Yield 0 for silent and else 1, a condition, and what the devices are that have it: each a part of one index."""
        asked = self._query.condition
        for condition in _RANKS:
            if asked in (None, "silent"):
                yield 0, condition, (latest.condition == condition, latest.taken_at < self._before)
            if asked in (None, condition):
                yield 1, condition, (latest.condition == condition, latest.taken_at >= self._before)

    def _runs_of_sites(self, values: Values | None, up: bool, limit: int) -> Iterator[list[_Run]]:
        """Yield a run for each site by name that has devices which fit."""
        of_site = (Key(search.model), Key(search.number, "number"))
        if values is not None:
            name, site_id = values[:2]
            yield [_Run((name, site_id), (search.site_id == site_id,), of_site)]
        keys = (Key(_NAME), Key(site.c.site_id))
        of_latest = self._of_latest()
        if of_latest and not self._query.words:
            conditions = [latest.site_id == site.c.site_id, *of_latest]
        else:
            conditions = [search.site_id == site.c.site_id, *has_words(self._connection, self._query.words)]
            conditions += [_is_there(_SAME, *of_latest, beside=device_search)] if of_latest else []
        chosen = sa.select(_NAME, site.c.site_id).where(_is_there(*conditions, beside=site))
        if values is not None:
            chosen = chosen.where(behind(keys, values[:2], up=up))
        # Each of them has a row at least.
        for name, site_id in self._connection.execute(chosen.order_by(*ordered(keys, up=up)).limit(limit)).all():
            yield [_Run((name, site_id), (search.site_id == site_id,), of_site)]

    def _of_latest(self) -> list[sa.ColumnElement[bool]]:
        query, conditions = self._query, []
        if query.site_id:
            conditions.append(latest.site_id == query.site_id)
        if query.condition == "silent":
            # Named, so that an index of conditions and times has them together.
            conditions += [latest.condition.in_(_RANKS), latest.taken_at < self._before]
        elif query.condition:
            conditions += [latest.condition == query.condition, latest.taken_at >= self._before]
        return conditions
