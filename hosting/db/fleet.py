"""Questions about the whole fleet, for the console and the read API. Lists come from `device_latest`, never from the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report.condition import SILENT_AFTER
from hosting.db.tables import device_latest, site

SORTABLE: Final[Mapping[str, sa.ColumnElement[Any]]] = {
    "model": sa.func.lower(sa.func.coalesce(device_latest.c.model, "")),
    "serial": sa.func.lower(sa.func.coalesce(device_latest.c.serial, "")),
    "site": sa.func.lower(site.c.name),
    "address": sa.func.coalesce(device_latest.c.address, ""),
    "location": sa.func.lower(sa.func.coalesce(device_latest.c.location, "")),
    "condition": sa.case({"error": 1, "warning": 2, "unknown": 3}, value=device_latest.c.condition, else_=4),
    "total": sa.func.coalesce(device_latest.c.total, -1),
    "taken": device_latest.c.taken_at,
}


def _condition() -> sa.ColumnElement[str]:
    """Return the condition of a device as it is now: one that is silent is not what it said last."""
    return sa.case((_is_silent(), "silent"), else_=device_latest.c.condition)


def _is_silent() -> sa.ColumnElement[bool]:
    return device_latest.c.taken_at < utc_now() - SILENT_AFTER


@dataclass(frozen=True, slots=True)
class LatestReading:
    """The newest reading of a device; `body` is the JSON of an appliance.report.Reading."""

    site_id: str
    site_name: str
    device_key: str
    first_seen_at: datetime
    taken_at: datetime
    received_at: datetime
    condition: str
    body: str


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """Which devices, in which order, and which part of them."""

    site_id: str | None = None
    words: tuple[str, ...] = ()
    condition: str | None = None
    sort: str = "site"
    descending: bool = False
    offset: int = 0
    limit: int = 50


def _conditions(query: DeviceQuery) -> list[sa.ColumnElement[bool]]:
    chosen = [device_latest.c.words.contains(word.lower(), autoescape=True) for word in query.words]
    if query.site_id:
        chosen.append(device_latest.c.site_id == query.site_id)
    if query.condition:
        chosen.append(_condition() == query.condition)
    return chosen


def _selection() -> sa.Select[Any]:
    table = device_latest.c
    columns = (table.site_id, site.c.name, table.device_key, table.first_seen_at, table.taken_at, table.received_at)
    joined = sa.select(*columns, _condition(), table.body)
    return joined.join_from(device_latest, site, site.c.site_id == table.site_id)


def devices(connection: sa.Connection, query: DeviceQuery) -> tuple[list[LatestReading], int]:
    """Return the devices of a query and how many there are in all."""
    conditions = _conditions(query)
    order = SORTABLE.get(query.sort, SORTABLE["site"])
    if query.sort == "condition":
        order = sa.case((_is_silent(), 0), else_=order)
    tie = (sa.func.lower(site.c.name), SORTABLE["model"], device_latest.c.device_key)
    chosen = _selection().where(*conditions).order_by(order.desc() if query.descending else order, *tie)
    rows = connection.execute(chosen.offset(query.offset).limit(query.limit))
    count = sa.select(sa.func.count()).select_from(device_latest).where(*conditions)
    return [LatestReading(*row) for row in rows], connection.execute(count).scalar_one()


def device(connection: sa.Connection, site_id: str, device_key: str) -> LatestReading | None:
    """Return the newest reading of one device, or None."""
    table = device_latest.c
    row = connection.execute(_selection().where(table.site_id == site_id, table.device_key == device_key)).first()
    return LatestReading(*row) if row else None


def devices_after(
    connection: sa.Connection, *, site_id: str | None, after: tuple[str, str] | None, limit: int
) -> list[LatestReading]:
    """Return devices in the order of their keys, from behind (site_id, device_key): for programs that page through all."""
    table = device_latest.c
    chosen = _selection().order_by(table.site_id, table.device_key).limit(limit)
    if site_id:
        chosen = chosen.where(table.site_id == site_id)
    if after:
        chosen = chosen.where(sa.tuple_(table.site_id, table.device_key) > sa.tuple_(*map(sa.literal, after)))
    return [LatestReading(*row) for row in connection.execute(chosen)]


def counts_by_site(connection: sa.Connection, site_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return for each of the sites how many devices it has in each condition."""
    table = device_latest.c
    now = sa.select(table.site_id, _condition().label("condition")).where(table.site_id.in_(site_ids)).subquery().c
    chosen = sa.select(now.site_id, now.condition, sa.func.count()).group_by(now.site_id, now.condition)
    found: dict[str, dict[str, int]] = {}
    for site_id, condition, count in connection.execute(chosen):
        found.setdefault(site_id, {})[condition] = count
    return found


def count_devices(connection: sa.Connection) -> dict[str, int]:
    """Return how many devices there are in each condition."""
    now = sa.select(_condition().label("condition")).subquery().c
    chosen = sa.select(now.condition, sa.func.count().label("devices")).group_by(now.condition)
    return {row.condition: row.devices for row in connection.execute(chosen)}
