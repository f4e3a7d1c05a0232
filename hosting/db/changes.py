"""Readings that were sent as what changed: rebuilt from those this server has. What cannot be rebuilt is needed in full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.common.clock import in_utc
from appliance.report import Change, Reading
from appliance.report.changes import rebuild
from hosting.db.tables import reading

SPAN = timedelta(hours=1)
"""Bases this close together are fetched by one statement: those of a site are mostly of one round of reading."""

Base = tuple[str, datetime]
"""The key of a device, and when the reading was taken."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The readings of a batch that were sent as changes."""

    readings: tuple[Reading, ...] = ()
    needed: tuple[str, ...] = ()
    """The devices of which this server has not the reading a change builds on."""


def rebuild_all(connection: sa.Connection, site_id: str, changes: Sequence[Change]) -> Rebuilt:
    """Return the readings of a site that `changes` lead to."""
    bodies = _bodies(connection, site_id, {(change.device, in_utc(change.base)) for change in changes})
    readings: list[Reading] = []
    needed: set[str] = set()
    for change in changes:
        base = bodies.get((change.device, in_utc(change.base)))
        rebuilt = rebuild(base, change) if base is not None else None
        if rebuilt is None:
            needed.add(change.device)
        else:
            readings.append(rebuilt)
    return Rebuilt(tuple(readings), tuple(sorted(needed)))


def _bodies(connection: sa.Connection, site_id: str, bases: set[Base]) -> dict[Base, str]:
    found: dict[Base, str] = {}
    for run in _runs(sorted(bases, key=lambda base: base[1])):
        columns = sa.select(reading.c.device_key, reading.c.taken_at, reading.c.body)
        theirs = reading.c.device_key.in_(sorted({key for key, _ in run}))
        then = reading.c.taken_at.between(run[0][1], run[-1][1])
        for key, taken_at, body in connection.execute(columns.where(reading.c.site_id == site_id, theirs, then)):
            found[key, taken_at] = body
    return found


def _runs(ordered: Sequence[Base]) -> Iterator[list[Base]]:
    """Yield bases, which come in the order of time, in runs that span no more than `SPAN`."""
    run: list[Base] = []
    for base in ordered:
        if run and base[1] - run[0][1] > SPAN:
            yield run
            run = []
        run.append(base)
    if run:
        yield run
