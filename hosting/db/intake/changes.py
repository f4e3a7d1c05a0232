"""Readings that were sent as what changed: rebuilt from those this server has. What cannot be rebuilt is needed in full."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from appliance.common.clock import in_utc
from appliance.report import Change
from appliance.report.changes import rebuild
from appliance.report.condition import Condition
from hosting.db.history import reader
from hosting.db.history.reader import Moment
from hosting.db.intake import known_members
from hosting.db.intake.reading_row import ReadingRow, row_after, row_of
from hosting.db.tables import device_latest
from hosting.db.upsert import one_of


class _Base(NamedTuple):
    """A reading that changes build on, as it is stored, and the condition of its device, where that is known."""

    body: str
    condition: Condition | None = None
    is_listed: bool = False
    """Whether lists know the device as this reading tells it."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The readings of a batch that were sent as changes."""

    readings: tuple[ReadingRow, ...] = ()
    needed: tuple[str, ...] = ()
    """The devices of which this server has not the reading a change builds on."""


def rebuild_all(connection: sa.Connection, site_id: str, changes: Sequence[Change], most: int) -> Rebuilt:
    """Return the readings of a site that `changes` lead to.

    Their bases have `most` characters together, counted for each change: a few bytes can name a large one many times. The rest is
    needed in full, at its own weight.
    """
    bases = _bases(connection, site_id, changes, most)
    readings: list[ReadingRow] = []
    needed: set[str] = set()
    for change in changes:
        base = bases.get(_base(change))
        most -= len(base.body) if base is not None else 0
        row = _rebuilt(base, change) if base is not None and most >= 0 else None
        if row is None:
            needed.add(change.device)
        else:
            readings.append(row)
    return Rebuilt(tuple(readings), tuple(sorted(needed)))


def _rebuilt(base: _Base, change: Change) -> ReadingRow | None:
    applied = known_members.apply(base.body, change)
    if applied is not None:
        return row_after(change, *applied, base.condition, is_listed=base.is_listed)
    reading = rebuild(base.body, change)
    return None if reading is None else row_of(reading, is_listed=base.is_listed and "device" not in change.patch)


def _bases(connection: sa.Connection, site_id: str, changes: Sequence[Change], most: int) -> dict[Moment, _Base]:
    """Return the readings that changes build on, `most` characters of them.

    Mostly a site has sent nothing newer of the device, so that it is the one of the table of the newest.
    """
    wanted = {_base(change) for change in changes}
    bases = {
        moment: body for moment, body in _newest(connection, site_id, {key for key, _ in wanted}, most).items() if moment in wanted
    }
    missing = wanted - bases.keys()
    most -= sum(len(base.body) for base in bases.values())
    if not missing or most <= 0:
        return bases
    found = reader.look_up(connection, site_id, missing, most)
    within: list[Moment] = []
    for moment, size in found.sizes.items():
        most -= size
        if most >= 0:
            within.append(moment)
    return bases | {moment: _Base(body) for moment, body in found.bodies(within).items()}


def _newest(connection: sa.Connection, site_id: str, keys: Collection[str], most: int) -> dict[Moment, _Base]:
    """Return the newest readings of devices of a site, `most` characters of them."""
    latest = device_latest.c
    # PostgreSQL need not unpack a body to tell its bytes, which are no fewer than its characters.
    size = sa.func.octet_length(latest.body) if connection.dialect.name == "postgresql" else sa.func.length(latest.body)
    within = sa.func.sum(size).over(order_by=latest.device_key) <= most
    # A server that knew no lists left words there: who wrote none has kept what lists know of the device with the same reading.
    known = (latest.device_key, latest.taken_at, latest.condition, latest.words == "")
    chosen = sa.select(*known, sa.case((within, latest.body)).label("body"))
    rows = connection.execute(chosen.where(latest.site_id == site_id, one_of(connection, latest.device_key, keys)))
    return {(key, taken_at): _Base(body, *known) for key, taken_at, *known, body in rows if body is not None}


def _base(change: Change) -> Moment:
    return change.device, in_utc(change.base)
