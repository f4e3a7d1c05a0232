"""Questions about the whole fleet, for the console and the read API. The list of devices is in `hosting.db.lists`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report.condition import SILENT_AFTER
from hosting.db.lists.keyset import Key, behind
from hosting.db.tables import device_latest, site


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


def _selection() -> sa.Select[Any]:
    table = device_latest.c
    columns = (table.site_id, site.c.name, table.device_key, table.first_seen_at, table.taken_at, table.received_at)
    joined = sa.select(*columns, _condition(), table.body)
    return joined.join_from(device_latest, site, site.c.site_id == table.site_id)


def readings_of(connection: sa.Connection, devices: Sequence[tuple[str, str]]) -> dict[tuple[str, str], LatestReading]:
    """Return the newest readings of devices by (site_id, device_key)."""
    if not devices:
        return {}
    # Joined, since SQLite looks through all rows for those whose pair of columns is in a list.
    wanted = sa.values(sa.column("site_id", sa.String), sa.column("device_key", sa.String)).data(devices).cte("wanted")
    same = sa.and_(device_latest.c.site_id == wanted.c.site_id, device_latest.c.device_key == wanted.c.device_key)
    rows = (LatestReading(*row) for row in connection.execute(_selection().join(wanted, same)))
    return {(row.site_id, row.device_key): row for row in rows}


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
        chosen = chosen.where(behind([Key(table.site_id), Key(table.device_key)], after, up=True))
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
