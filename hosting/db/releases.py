"""Which versions sites run and move to: what each said last, and what became of each of its updates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.tables import site, site_update
from hosting.db.upsert import insert
from hosting.releases.update_report import UNDER_WAY, UpdateReport, reported_update, reported_versions

UPDATES_OF_A_SITE = 20


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a site, as it said at last."""

    transaction_id: str
    version: str
    from_version: str
    started_at: datetime | None
    told_at: datetime
    execution: str
    result: str
    seconds: int | None
    reason: str
    text: str
    log: str


@dataclass(slots=True)
class ReleaseCounts:
    """How many sites stand where with one version."""

    running: int = 0
    under_way: int = 0
    succeeded: int = 0
    failed: int = 0
    waiting: int = 0
    waits: dict[str, int] = field(default_factory=dict)
    """Of those that wait, by why; a site may have several reasons."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Of those that failed, by why."""


def columns_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a site that hold what a state says of versions; none while it says nothing."""
    told = reported_versions(state)
    if "image" not in told:
        return {}
    update = reported_update(told["image"])
    channel = told.get("channel")
    return {
        "update_channel": channel[:32] if isinstance(channel, str) and channel.isascii() and channel.isprintable() else None,
        "update_version": update and update.version,
        "update_execution": update and update.execution,
        "update_result": update and update.result,
        "update_reason": update and update.reason,
        "update_waits": update and ",".join(update.waits),
    }


def keep(connection: sa.Connection, site_id: str, state: Mapping[str, Any]) -> None:
    """Keep what a state says of an update that was begun; of each site the newest are kept."""
    update = reported_update(reported_versions(state).get("image"))
    if update is None or not update.transaction:
        return
    row = _row(update)
    statement = insert(connection, site_update).values(site_id=site_id, transaction_id=update.transaction, **row)
    # `told_at` is when something became of it: the same is told again and again.
    news = sa.or_(*(site_update.c[name] != row[name] for name in ("execution", "result", "reason", "text", "log")))
    key = ["site_id", "transaction_id"]
    upsert = statement.on_conflict_do_update(index_elements=key, set_=row, where=news)
    if connection.execute(upsert, execution_options={"preserve_rowcount": True}).rowcount == 0:
        return
    mine = site_update.c.site_id == site_id
    newest = sa.select(site_update.c.transaction_id).where(mine).order_by(*_NEWEST_FIRST).limit(UPDATES_OF_A_SITE)
    connection.execute(sa.delete(site_update).where(mine, site_update.c.transaction_id.not_in(newest)))


def _row(update: UpdateReport) -> dict[str, Any]:
    return {
        "version": update.version,
        "from_version": update.from_version,
        "started_at": update.started_at,
        "told_at": utc_now(),
        "execution": update.execution,
        "result": update.result,
        "seconds": update.seconds,
        "reason": update.reason,
        "text": update.text,
        "log": update.log,
    }


_BEGUN = sa.func.coalesce(site_update.c.started_at, site_update.c.told_at)
_NEWEST_FIRST = (_BEGUN.desc(), site_update.c.told_at.desc(), site_update.c.transaction_id)


def updates_of(connection: sa.Connection, site_id: str) -> list[Update]:
    """Return the updates of a site, newest first."""
    columns = [column for column in site_update.c if column.name != "site_id"]
    chosen = sa.select(*columns).where(site_update.c.site_id == site_id).order_by(*_NEWEST_FIRST)
    return [Update(**row._mapping) for row in connection.execute(chosen)]  # noqa: SLF001 - SQLAlchemy's public name


def counts_by_version(connection: sa.Connection) -> dict[str, ReleaseCounts]:
    """Return how many sites stand where, by version."""
    found: dict[str, ReleaseCounts] = {}
    enrolled = site.c.public_key.is_not(None)
    running = sa.select(site.c.version, sa.func.count().label("sites")).where(enrolled).group_by(site.c.version)
    for row in connection.execute(running):
        if row.version:
            found.setdefault(row.version, ReleaseCounts()).running = row.sites
    columns = (site.c.update_version, site.c.update_execution, site.c.update_result, site.c.update_reason, site.c.update_waits)
    told = sa.select(*columns, sa.func.count().label("sites")).where(site.c.update_version.is_not(None)).group_by(*columns)
    for row in connection.execute(told):
        _count(found.setdefault(row.update_version, ReleaseCounts()), row)
    former = _former_ends()
    ended = sa.select(former.c.version, former.c.result, former.c.reason, sa.func.count().label("sites"))
    for row in connection.execute(ended.group_by(former.c.version, former.c.result, former.c.reason)):
        _count_end(found.setdefault(row.version, ReleaseCounts()), row.result, row.reason, row.sites)
    return found


def _former_ends() -> sa.Subquery:
    """Return how updates ended at sites that speak of another version by now: of each site and version the newest."""
    order = sa.func.row_number().over(partition_by=(site_update.c.site_id, site_update.c.version), order_by=_NEWEST_FIRST)
    ranked = sa.select(site_update, order.label("place")).subquery()
    moved_on = sa.or_(site.c.update_version.is_(None), site.c.update_version != ranked.c.version)
    chosen = sa.select(ranked.c.site_id, site.c.name, ranked.c.version, ranked.c.result, ranked.c.reason)
    return chosen.join(site, site.c.site_id == ranked.c.site_id).where(ranked.c.place == 1, moved_on).subquery()


def _count(counts: ReleaseCounts, row: sa.Row[Any]) -> None:
    if row.update_execution == "scheduled":
        counts.waiting += row.sites
        for word in filter(None, (row.update_waits or "").split(",")):
            counts.waits[word] = counts.waits.get(word, 0) + row.sites
    elif row.update_execution in UNDER_WAY:
        counts.under_way += row.sites
    else:
        _count_end(counts, row.update_result, row.update_reason or "", row.sites)


def _count_end(counts: ReleaseCounts, result: str, reason: str, sites: int) -> None:
    if result == "success":
        counts.succeeded += sites
    elif result == "failure":
        counts.failed += sites
        counts.reasons[reason] = counts.reasons.get(reason, 0) + sites


def arrivals(connection: sa.Connection, version: str) -> list[datetime]:
    """Return when sites said that they had moved to a version, in the order of time."""
    done = sa.and_(site_update.c.version == version, site_update.c.result == "success")
    return list(connection.execute(sa.select(site_update.c.told_at).where(done).order_by(site_update.c.told_at)).scalars())


def failed_sites(connection: sa.Connection, version: str, *, limit: int = 20) -> list[tuple[str, str, str]]:
    """Return (site_id, name, reason) of sites at which a version failed, by name."""
    columns = (site.c.site_id, site.c.name, sa.func.coalesce(site.c.update_reason, "").label("reason"))
    now = sa.select(*columns).where(site.c.update_version == version, site.c.update_result == "failure")
    former = _former_ends()
    before = sa.select(former.c.site_id, former.c.name, former.c.reason)
    both = now.union_all(before.where(former.c.version == version, former.c.result == "failure")).subquery()
    chosen = sa.select(both).order_by(sa.func.lower(both.c.name), both.c.site_id).limit(limit)
    return [(row.site_id, row.name, row.reason) for row in connection.execute(chosen)]
