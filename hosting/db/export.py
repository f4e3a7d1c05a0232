"""What programs page through: newest readings, and the meters of days that are over. A page is bounded in rows, bytes and work.

Pages follow the key of the devices, so that what arrives meanwhile moves nothing. Where a filter leaves little, a page ends after
`EXAMINED` devices, however few of them are in it: no question takes longer because fewer have an answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from hosting.db.history.day import Summary
from hosting.db.lists import keyset
from hosting.db.sites import Site, sites_after
from hosting.db.tables import audit, device_day, device_latest, event, reading_ahead, site

PAGE_BYTES = 4 * 1024 * 1024
"""A page ends with the row that takes it beyond this, as it is stored; what is left out there is sent."""
EXAMINED = 5000
SITES_AT_ONCE = 50
AT_ONCE = 100
OVERLAP = timedelta(minutes=2)
"""So much before `since` counts as since then: what was being stored at that moment may have been told by nobody."""

KEPT_ROWS: Final[Mapping[str, tuple[sa.Table, tuple[str, ...]]]] = {
    "ahead": (reading_ahead, ("device_key", "taken_at")),
    "events": (event, ("at", "event_id")),
    "audit": (audit, ("at", "audit_id")),
}
"""What is kept of a site besides its devices and their history, with the order it is told in."""

Key = tuple[str, ...]
"""Behind which a page begins: site and device, of meters the day as well, empty where all of the device is done."""
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and behind which key the next page begins; None where there is none."""

    rows: list[Row]
    following: Key | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of which devices, behind which key, and how many rows at most."""

    limit: int
    site_id: str | None = None
    device_key: str | None = None
    after: Key | None = None


class NewestReading(NamedTuple):
    """The newest reading of a device; `body` is the JSON of an appliance.report.Reading."""

    site_id: str
    site_name: str
    device_key: str
    received_at: datetime
    taken_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What a day of a device that is over came to. Maker, model and serial number are as the device tells them now."""

    site_id: str
    site_name: str
    device_key: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    day: date
    zone: str
    summary: Summary = field(repr=False)


def newest(connection: sa.Connection, chosen: Chosen, since: datetime | None = None) -> Page[NewestReading]:
    """Return the newest readings by site and device; with `since` those that have come since then."""
    table = device_latest.c
    last = _last_examined(connection, chosen)
    columns = (table.site_id, site.c.name, table.device_key, table.received_at, table.taken_at, table.body)
    wanted = sa.select(*columns).join_from(device_latest, site, site.c.site_id == table.site_id).where(*_between(chosen, last))
    if since is not None:
        wanted = wanted.where(table.received_at >= since - OVERLAP)
    rows = connection.execute(
        wanted.order_by(table.site_id, table.device_key).limit(chosen.limit + 1), execution_options={"yield_per": AT_ONCE}
    )
    found = (NewestReading(*row) for row in rows)
    return _page(found, chosen.limit, last, _Measure(lambda row: len(row.body), lambda row: (row.site_id, row.device_key)))


def closings(connection: sa.Connection, chosen: Chosen, first: date | None = None, last: date | None = None) -> Page[Closing]:
    """Return the meters of days that are over, of those from `first` to `last`, by site, device and day."""
    table, day = device_latest.c, device_day.c
    examined = _last_examined(connection, chosen)
    own = [column for column in device_day.c if column.name not in ("site_id", "device_key", "dictionary", "segment", "supplies")]
    columns = (table.site_id, site.c.name, table.device_key, table.manufacturer, table.model, table.serial)
    of_device = sa.and_(day.site_id == table.site_id, day.device_key == table.device_key)
    wanted = sa.select(*columns, *own).join_from(device_latest, site, site.c.site_id == table.site_id)
    wanted = wanted.join(device_day, of_device).where(*_between(chosen, examined))
    if chosen.after and chosen.after[2]:
        at_key = _key() == _literal(chosen.after)
        wanted = wanted.where(sa.or_(sa.not_(at_key), day.day > date.fromisoformat(chosen.after[2])))
    wanted = wanted.where(*([day.day >= first] if first else []), *([day.day <= last] if last else []))
    rows = connection.execute(
        wanted.order_by(table.site_id, table.device_key, day.day).limit(chosen.limit + 1), execution_options={"yield_per": AT_ONCE}
    )
    found = (_closing(row) for row in rows)
    following = (*examined, "") if examined else None
    measure: _Measure[Closing] = _Measure(
        lambda row: 500 + 30 * len(row.summary.meters), lambda row: (row.site_id, row.device_key, row.day.isoformat())
    )
    return _page(found, chosen.limit, following, measure)


def sites(connection: sa.Connection, chosen: Chosen, since: datetime | None = None) -> Page[Site]:
    """Return sites by their ids; with `since` those that were heard of, or that anything was done to, since then."""
    found: list[Site] = []
    after, size, examined = chosen.after[0] if chosen.after else None, 0, 0
    while some := sites_after(connection, after=after, limit=SITES_AT_ONCE):
        told = _told_at(connection, some) if since is not None else {}
        for one in some:
            if len(found) == chosen.limit or size > PAGE_BYTES or examined == EXAMINED:
                return Page(found, (after,) if after else None)
            after, examined = one.site_id, examined + 1
            if since is None or _changed_at(one, told) >= since - OVERLAP:
                found.append(one)
                size += 500 + len(str(one.state))
    return Page(found, None)


def rows_of_site(connection: sa.Connection, what: str, site_id: str) -> Iterator[Mapping[str, Any]]:
    """Yield by their columns all rows of a site of one of `KEPT_ROWS`, in their order."""
    table, order = KEPT_ROWS[what]
    rows = connection.execute(sa.select(table).where(table.c.site_id == site_id).order_by(*(table.c[name] for name in order)))
    yield from map(dict, rows.mappings())


def _told_at(connection: sa.Connection, some: Sequence[Site]) -> dict[str, datetime]:
    """Return when the audit log last told of each site: of what is undone or set anew the row of the site keeps no moment."""
    column = audit.c
    wanted = sa.select(column.site_id, sa.func.max(column.at)).where(column.site_id.in_([one.site_id for one in some]))
    return {row[0]: row[1] for row in connection.execute(wanted.group_by(column.site_id))}


def _changed_at(one: Site, told: Mapping[str, datetime]) -> datetime:
    moments = (one.created_at, one.enrolled_at, one.last_contact_at, one.revoked_at, one.deactivated_at, told.get(one.site_id))
    return max(moment for moment in moments if moment is not None)


def _last_examined(connection: sa.Connection, chosen: Chosen) -> Key | None:
    """Return the key of the last device that a page looks at; None where that is the last one there is."""
    if chosen.device_key is not None:
        return None
    table = device_latest.c
    wanted = sa.select(table.site_id, table.device_key).where(*_between(chosen, None)).order_by(table.site_id, table.device_key)
    row = connection.execute(wanted.offset(EXAMINED).limit(1)).first()
    return (row.site_id, row.device_key) if row else None


def _between(chosen: Chosen, last: Key | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the devices that are chosen, behind `chosen.after` and up to `last`."""
    table = device_latest.c
    found = []
    if chosen.site_id is not None:
        found.append(table.site_id == chosen.site_id)
    if chosen.device_key is not None:
        found.append(table.device_key == chosen.device_key)
    if chosen.after is not None:
        # Of a device whose days are only partly told, the rest is told as well.
        is_partly_told = len(chosen.after) == 3 and chosen.after[2]
        found.append(_key() >= _literal(chosen.after) if is_partly_told else keyset.behind(_KEYS, chosen.after[:2], up=True))
    if last is not None:
        found.append(_key() <= _literal(last))
    return found


_KEYS = (keyset.Key(device_latest.c.site_id), keyset.Key(device_latest.c.device_key))


def _key() -> sa.Tuple:
    return sa.tuple_(device_latest.c.site_id, device_latest.c.device_key)


def _literal(key: Sequence[str]) -> sa.Tuple:
    return sa.tuple_(sa.literal(key[0]), sa.literal(key[1]))


class _Measure(NamedTuple, Generic[Row]):
    size: Callable[[Row], int]
    key: Callable[[Row], Key]


def _page(rows: Iterable[Row], limit: int, examined: Key | None, measure: _Measure[Row]) -> Page[Row]:
    found: list[Row] = []
    size = 0
    for row in rows:
        if len(found) == limit or size > PAGE_BYTES:
            return Page(found, measure.key(found[-1]))
        found.append(row)
        size += measure.size(row)
    return Page(found, examined)


def _closing(row: sa.Row[Any]) -> Closing:
    values = row._mapping  # noqa: SLF001 - the public name of SQLAlchemy's row mapping
    summary = Summary.from_columns({**values, "supplies": None})
    head = (row.site_id, row.name, row.device_key, row.manufacturer, row.model, row.serial)
    return Closing(*head, values["day"], values["zone"], summary)
