"""What is going to be removed, and when: a site with all it has sent, or one of its devices.

What is planned can be called off until its day. What is alive on that day is kept: a site that was admitted again, a device that
was read since. Rows go in steps, each a transaction of its own; the row of the plan goes last, so a run that is cut off goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message
from hosting.db import audit, sites
from hosting.db.jobs import Step
from hosting.db.tables import KEPT_OF_SITES, configuration, device_latest, metadata, removal, site, site_name

DAYS = 30
"""For so long a removal can be called off, where nothing else is said."""
NOT_PLANNED = Message("Nothing is going to be removed here, or its removal has begun.")
WHOLE_SITE = ""
"""Stands for the key of a device where the site itself goes."""
STEP_ROWS = 2000
JOB = "dca-hosting jobs"


@dataclass(frozen=True, slots=True)
class Plan:
    """A removal that is planned: of the site, or of the device with `device_key`."""

    site_id: str
    device_key: str
    planned_at: datetime
    remove_at: datetime
    planned_by: str
    revoked: bool
    """Whether the site is turned away because of it."""
    emptied_at: datetime | None
    """When nothing was left of a site but its name and its configuration."""


def plan(
    connection: sa.Connection, site_id: str, days: int, *, device_key: str = WHOLE_SITE, actor: str, address: str = ""
) -> datetime:
    """Plan the removal of a site, or of one of its devices, in so many days; return when. A site is turned away from now on."""
    now = utc_now()
    remove_at = now + timedelta(days=days)
    before = planned(connection, site_id).get(device_key)
    found = sites.site_by_id(connection, site_id)
    revoked = device_key == WHOLE_SITE and found is not None and found.revoked_at is None
    if before:
        connection.execute(sa.delete(removal).where(_this(before)))
        revoked = revoked or before.revoked
    values = {"site_id": site_id, "device_key": device_key, "planned_at": now, "remove_at": remove_at}
    connection.execute(sa.insert(removal).values(**values, planned_by=actor, revoked=revoked))
    audit.note(
        connection, actor, "removal planned", _about(device_key, to_rfc3339(remove_at) or ""), site_id=site_id, address=address
    )
    if revoked and found and found.revoked_at is None:
        sites.set_revoked(connection, site_id, True, actor=actor, address=address)
    return remove_at


def call_off(connection: sa.Connection, site_id: str, *, device_key: str = WHOLE_SITE, actor: str, address: str = "") -> bool:
    """Keep what was to be removed; false where nothing was planned, or its removal has begun."""
    before = planned(connection, site_id).get(device_key)
    if before is None or before.emptied_at is not None:
        return False
    connection.execute(sa.delete(removal).where(_this(before)))
    audit.note(connection, actor, "removal called off", _about(device_key), site_id=site_id, address=address)
    if before.revoked:
        sites.set_revoked(connection, site_id, False, actor=actor, address=address)
    return True


def planned(connection: sa.Connection, site_id: str) -> dict[str, Plan]:
    """Return what is to be removed of a site, by the key of the device; the site itself by `WHOLE_SITE`."""
    rows = connection.execute(sa.select(removal).where(removal.c.site_id == site_id))
    return {row.device_key: Plan(*row) for row in rows}


def emptied(connection: sa.Connection) -> list[Plan]:
    """Return the sites of which nothing is left but name and configuration."""
    return [Plan(*row) for row in connection.execute(sa.select(removal).where(removal.c.emptied_at.is_not(None)))]


def step(connection: sa.Connection) -> Step:
    """Remove the next rows of what is due."""
    now = utc_now()
    due = sa.select(removal).where(removal.c.remove_at <= now, removal.c.emptied_at.is_(None))
    row = connection.execute(due.order_by(removal.c.remove_at, removal.c.site_id, removal.c.device_key).limit(1)).first()
    if row is None:
        return Step(0)
    wanted = Plan(*row)
    if _is_alive(connection, wanted):
        connection.execute(sa.delete(removal).where(_this(wanted)))
        detail = _about(wanted.device_key, "it is alive")
        audit.note(connection, JOB, "removal called off", detail, site_id=wanted.site_id)
        return Step(0, more=True)
    for table in _tables(wanted):
        if count := _remove_some(connection, table, wanted):
            return Step(count, more=True)
    if wanted.device_key == WHOLE_SITE:
        connection.execute(sa.update(removal).where(_this(wanted)).values(emptied_at=now))
    else:
        connection.execute(sa.delete(removal).where(_this(wanted)))
        audit.note(connection, JOB, "device removed", wanted.device_key, site_id=wanted.site_id)
    return Step(0, more=True)


def end(connection: sa.Connection, wanted: Plan, path: str) -> None:
    """Remove what is left of a site that was emptied: its name, and what the versions of its configuration at `path` said."""
    if _is_alive(connection, wanted):  # enrolled again in the meantime: it begins anew
        connection.execute(sa.delete(removal).where(_this(wanted)))
        return
    connection.execute(sa.update(configuration).where(configuration.c.path == path).values(content=None))
    for table in (site_name, site, removal):
        connection.execute(sa.delete(table).where(table.c.site_id == wanted.site_id))
    audit.note(connection, JOB, "site removed", "", site_id=wanted.site_id)


def _this(wanted: Plan) -> sa.ColumnElement[bool]:
    return sa.and_(removal.c.site_id == wanted.site_id, removal.c.device_key == wanted.device_key)


def _about(device_key: str, more: str = "") -> str:
    return ", ".join(part for part in (f"device {device_key}" if device_key else "", more) if part)


def _is_alive(connection: sa.Connection, wanted: Plan) -> bool:
    if wanted.device_key == WHOLE_SITE:
        found = sites.site_by_id(connection, wanted.site_id)
        return found is not None and found.revoked_at is None
    theirs = sa.and_(device_latest.c.site_id == wanted.site_id, device_latest.c.device_key == wanted.device_key)
    taken_at = connection.execute(sa.select(device_latest.c.received_at).where(theirs)).scalar_one_or_none()
    return taken_at is not None and taken_at > wanted.planned_at


def _tables(wanted: Plan) -> Iterator[sa.Table]:
    """Yield the tables that have rows of it: readings before the days they would become."""
    columns = {"site_id"} if wanted.device_key == WHOLE_SITE else {"site_id", "device_key"}
    kept = {table.name for table in (site, site_name, removal)} | KEPT_OF_SITES
    for table in metadata.tables.values():
        if columns <= set(table.c.keys()) and table.name not in kept:
            yield table


def _remove_some(connection: sa.Connection, table: sa.Table, wanted: Plan) -> int:
    """Remove rows of a table, at most `STEP_ROWS`, and return how many there were."""
    theirs = [table.c.site_id == wanted.site_id]
    if wanted.device_key != WHOLE_SITE:
        theirs.append(table.c.device_key == wanted.device_key)
    key = tuple(table.primary_key)
    some = sa.select(*key).where(*theirs).limit(STEP_ROWS)
    return connection.execute(sa.delete(table).where(*theirs, sa.tuple_(*key).in_(some))).rowcount
