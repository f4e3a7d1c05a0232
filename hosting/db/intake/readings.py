"""Readings, with the events beside them: taken in once, whatever is sent again.

Plain statements in one transaction, the same on SQLite, PostgreSQL and Citus: the batch into the ledger, the readings into the
history, the newest of each device into `device_latest`. What was taken in the future stands apart, in `reading_ahead`. A replayed
batch adds nothing, and its id stands for no other content. One of which a part is needed in full stays out of the ledger: sent
again, it is looked through again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report import Batch, Reading
from hosting.db.history import reader
from hosting.db.history.day import SETTLED
from hosting.db.history.stored_reading import parse_stored
from hosting.db.intake import device_search, events
from hosting.db.intake.changes import Rebuilt
from hosting.db.intake.reading_row import ReadingRow, row_of
from hosting.db.tables import batch as batch_table
from hosting.db.tables import device_latest, reading, reading_ahead
from hosting.db.upsert import insert_new, insert_newer
from hosting.site_report import CLOCK_TOLERANCE

DEVICES_NAMED = 5
"""So many devices are named whose readings are kept aside."""

OPENED_BYTES = 10 * 1024 * 1024
"""So much of days that are over is looked through for readings that come late. Beyond it, roll-up finds them there."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many readings of a batch were new, and how many the server had."""

    accepted: int
    duplicate: int
    newest_at: datetime | None = None
    """When the newest reading of a batch with something new was taken."""


class OtherContentError(Exception):
    """The site has sent another batch under this id: nothing of this one is kept."""


def take_in(connection: sa.Connection, site_id: str, batch: Batch, rebuilt: Rebuilt, *, digest: str | None = None) -> Taken:
    """Keep a batch of a site, its changes `rebuilt`, and return what was new in it; `digest` is the SHA-256 of its JSON.

    Raises OtherContentError where its id stands for other content.
    """
    now = utc_now()
    rows = [*map(row_of, batch.readings), *rebuilt.readings]
    count = len(rows)
    entry = {"site_id": site_id, "batch_id": batch.batch, "received_at": now, "readings": count, "digest": digest}
    if rebuilt.needed or insert_new(connection, batch_table, [entry]) == 0:
        _require_same(connection, site_id, batch.batch, digest)
        if not rebuilt.needed:
            return Taken(0, count)
    # In the order of the keys, so that two uploads of one site never wait for each other crosswise.
    rows.sort(key=lambda row: (row.device_key, row.taken_at))
    settled, latest = now - SETTLED, now + CLOCK_TOLERANCE
    late = {(row.device_key, row.taken_at) for row in rows if row.taken_at < settled}
    known = reader.rolled_up(connection, site_id, late, OPENED_BYTES)
    fresh = [row for row in rows if (row.device_key, row.taken_at) not in known] if known else rows
    history = [row.history(site_id, now) for row in fresh if row.taken_at <= latest]
    accepted = insert_new(connection, reading, history)
    accepted += insert_new(connection, reading_ahead, [row.history(site_id, now) for row in fresh if row.taken_at > latest])
    _keep_latest(connection, site_id, [row for row in rows if row.taken_at <= latest], now)
    events.take_in(connection, site_id, batch.events)
    return Taken(accepted, count - accepted, max((row.taken_at for row in rows), default=None))


def _require_same(connection: sa.Connection, site_id: str, batch_id: str, digest: str | None) -> None:
    chosen = sa.select(batch_table.c.digest).where(batch_table.c.site_id == site_id, batch_table.c.batch_id == batch_id)
    known = connection.execute(chosen).scalar_one_or_none()
    if known is not None and digest is not None and known != digest:
        raise OtherContentError


def _keep_latest(connection: sa.Connection, site_id: str, rows: list[ReadingRow], now: datetime) -> None:
    """Keep the newest of each device; of two of one moment the first one, as the history does."""
    newest: dict[str, ReadingRow] = {}
    for row in rows:
        known = newest.get(row.device_key)
        if known is None or row.taken_at > known.taken_at:
            newest[row.device_key] = row
    device_search.keep(connection, site_id, list(newest.values()))
    latest = [row.latest(site_id, now) for row in newest.values()]
    insert_newer(connection, device_latest, latest, by="taken_at", kept=["first_seen_at"])


@dataclass(frozen=True, slots=True)
class Ahead:
    """Readings of a site that say they were taken in the future."""

    count: int
    latest: datetime
    received_at: datetime
    """When the last of them came."""
    devices: tuple[str, ...]
    """The keys of some of the devices."""


def ahead(connection: sa.Connection, site_id: str) -> Ahead | None:
    """Return what is kept aside of a site, None where nothing is."""
    table = reading_ahead.c
    mine = table.site_id == site_id
    figures = sa.select(sa.func.count(), sa.func.max(table.taken_at), sa.func.max(table.received_at)).where(mine)
    count, latest, received_at = connection.execute(figures).one()
    if not count:
        return None
    keys = sa.select(table.device_key).where(mine).distinct().order_by(table.device_key).limit(DEVICES_NAMED)
    return Ahead(count, latest, received_at, tuple(connection.execute(keys).scalars()))


def history(connection: sa.Connection, site_id: str, device_key: str, *, limit: int, most: int | None = None) -> Iterator[Reading]:
    """Yield the newest readings of a device, newest first, with `most` of so many bytes at most, and one."""
    for taken_at, body in reader.newest(connection, site_id, device_key, limit, most):
        yield parse_stored(body, device_key, taken_at)
