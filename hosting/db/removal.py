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
from hosting.db.tables import (
    KEPT_OF_SITES,
    configuration,
    device_latest,
    enrolment_code,
    metadata,
    reading,
    reading_ahead,
    removal,
    site,
    site_name,
)

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
    begun_at: datetime | None
    """When the first rows went: from then on nothing calls it off."""
    emptied_at: datetime | None
    """When nothing was left of a site but its name and its configuration."""


def plan(
    connection: sa.Connection, site_id: str, days: int, *, device_key: str = WHOLE_SITE, actor: str, address: str = ""
) -> datetime:
    """Plan the removal of a site, or of one of its devices, in so many days; return when. A site is turned away from now on."""
    now = utc_now()
    remove_at = now + timedelta(days=days)
    before = planned(connection, site_id).get(device_key)
    if before and before.begun_at:
        return before.remove_at
    found = sites.site_by_id(connection, site_id)
    # Of a site this is the moment it was turned away by the plan, which another day does not change.
    planned_at = before.planned_at if before and device_key == WHOLE_SITE else now
    if found and found.revoked_at and not before:
        planned_at = max(planned_at, found.revoked_at + timedelta(seconds=1))  # that one was a person's
    if before:
        connection.execute(sa.delete(removal).where(_this(before)))
    values = {"site_id": site_id, "device_key": device_key, "planned_at": planned_at, "remove_at": remove_at}
    connection.execute(sa.insert(removal).values(**values, planned_by=actor))
    audit.note(
        connection, actor, "removal planned", _about(device_key, to_rfc3339(remove_at) or ""), site_id=site_id, address=address
    )
    if device_key == WHOLE_SITE and found and found.revoked_at is None:
        sites.set_revoked(connection, site_id, True, actor=actor, address=address, at=planned_at)
    return remove_at


def call_off(connection: sa.Connection, site_id: str, *, device_key: str = WHOLE_SITE, actor: str, address: str = "") -> bool:
    """Keep what was to be removed; false where nothing was planned, or its removal has begun.

    A site that the plan has turned away is admitted again; one that a person has, before or since, stays turned away.
    """
    before = planned(connection, site_id).get(device_key)
    if before is None or before.begun_at is not None:
        return False
    connection.execute(sa.delete(removal).where(_this(before)))
    audit.note(connection, actor, "removal called off", _about(device_key), site_id=site_id, address=address)
    found = sites.site_by_id(connection, site_id)
    if device_key == WHOLE_SITE and found and found.revoked_at == before.planned_at:
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
    if wanted.begun_at is None:
        if _is_alive(connection, wanted):
            connection.execute(sa.delete(removal).where(_this(wanted)))
            detail = _about(wanted.device_key, "it is alive")
            audit.note(connection, JOB, "removal called off", detail, site_id=wanted.site_id)
        else:
            _begin(connection, wanted, now)
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
    connection.execute(sa.update(configuration).where(configuration.c.path == path).values(content=None))
    for table in (site, removal):
        connection.execute(sa.delete(table).where(table.c.site_id == wanted.site_id))
    audit.note(connection, JOB, "site removed", "", site_id=wanted.site_id)


def _begin(connection: sa.Connection, wanted: Plan, now: datetime) -> None:
    """Let nothing call it off any more. A site has neither key nor codes from now on, and its name is free for another one."""
    connection.execute(sa.update(removal).where(_this(wanted)).values(begun_at=now))
    if wanted.device_key != WHOLE_SITE:
        return
    for table in (site_name, enrolment_code):
        connection.execute(sa.delete(table).where(table.c.site_id == wanted.site_id))
    this_site = sa.update(site).where(site.c.site_id == wanted.site_id)
    connection.execute(this_site.values(name=f"removed {wanted.site_id}", public_key=None))


def _this(wanted: Plan) -> sa.ColumnElement[bool]:
    return sa.and_(removal.c.site_id == wanted.site_id, removal.c.device_key == wanted.device_key)


def _about(device_key: str, more: str = "") -> str:
    return ", ".join(part for part in (f"device {device_key}" if device_key else "", more) if part)


def _is_alive(connection: sa.Connection, wanted: Plan) -> bool:
    if wanted.device_key == WHOLE_SITE:
        found = sites.site_by_id(connection, wanted.site_id)
        return found is not None and found.revoked_at is None
    for table in (device_latest, reading, reading_ahead):
        theirs = (table.c.site_id == wanted.site_id, table.c.device_key == wanted.device_key)
        if connection.execute(sa.select(sa.literal(1)).where(*theirs, table.c.received_at > wanted.planned_at)).first():
            return True
    return False


def _tables(wanted: Plan) -> Iterator[sa.Table]:
    """Yield the tables that have rows of it: first those that say when a row came."""
    columns = {"site_id"} if wanted.device_key == WHOLE_SITE else {"site_id", "device_key"}
    kept = {table.name for table in (site, site_name, removal)} | KEPT_OF_SITES
    for table in sorted(metadata.tables.values(), key=lambda table: "received_at" not in table.c):
        if columns <= set(table.c.keys()) and table.name not in kept:
            yield table


def _remove_some(connection: sa.Connection, table: sa.Table, wanted: Plan) -> int:
    """Remove rows of a table, at most `STEP_ROWS`, and return how many there were."""
    theirs = [table.c.site_id == wanted.site_id]
    if wanted.device_key != WHOLE_SITE:
        theirs += [table.c.device_key == wanted.device_key, _is_of_before(table, wanted)]
    key = tuple(table.primary_key)
    some = sa.select(*key).where(*theirs).limit(STEP_ROWS)
    return connection.execute(sa.delete(table).where(*theirs, sa.tuple_(*key).in_(some))).rowcount


def _is_of_before(table: sa.Table, wanted: Plan) -> sa.ColumnElement[bool]:
    """Return the condition of rows that were there when the removal of a device began: what comes meanwhile begins anew."""
    for name in ("received_at", "last_at"):
        if name in table.c:
            return table.c[name] <= wanted.begun_at
    theirs = (device_latest.c.site_id == wanted.site_id, device_latest.c.device_key == wanted.device_key)
    return ~sa.exists().where(*theirs)
