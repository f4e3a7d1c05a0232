"""Readings that were sent as what changed: rebuilt from those this server has. What cannot be rebuilt is needed in full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from appliance.common.clock import in_utc
from appliance.report import Change, Reading
from appliance.report.changes import rebuild
from hosting.db.tables import reading

SPAN = timedelta(hours=1)
"""Bases this close together are fetched by one statement: those of a site are mostly of one round of reading."""

Column = TypeVar("Column")
Base = tuple[str, datetime]
"""The key of a device, and when the reading was taken."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The readings of a batch that were sent as changes."""

    readings: tuple[Reading, ...] = ()
    needed: tuple[str, ...] = ()
    """The devices of which this server has not the reading a change builds on."""


def rebuild_all(connection: sa.Connection, site_id: str, changes: Sequence[Change], most: int) -> Rebuilt:
    """Return the readings of a site that `changes` lead to.

    Their bases have `most` characters together, counted for each change: a few bytes can name a large one many times. The rest is
    needed in full, at its own weight.
    """
    sizes = _found(connection, site_id, {_base(change) for change in changes}, sa.func.length(reading.c.body))
    readings: list[Reading] = []
    needed: set[str] = set()
    within: list[Change] = []
    for change in changes:
        most -= sizes.get(_base(change), 0)
        if most < 0:
            needed.add(change.device)
        else:
            within.append(change)
    bodies = _found(connection, site_id, {_base(change) for change in within}, reading.c.body)
    for change in within:
        base = bodies.get(_base(change))
        rebuilt = rebuild(base, change) if base is not None else None
        if rebuilt is None:
            needed.add(change.device)
        else:
            readings.append(rebuilt)
    return Rebuilt(tuple(readings), tuple(sorted(needed)))


def _base(change: Change) -> Base:
    return change.device, in_utc(change.base)


def _found(connection: sa.Connection, site_id: str, bases: set[Base], column: sa.ColumnElement[Column]) -> dict[Base, Column]:
    """Return a column of these bases, as far as the site has sent them."""
    found: dict[Base, Column] = {}
    for run in _runs(sorted(bases, key=lambda base: base[1])):
        columns = sa.select(reading.c.device_key, reading.c.taken_at, column)
        theirs = reading.c.device_key.in_(sorted({key for key, _ in run}))
        then = reading.c.taken_at.between(run[0][1], run[-1][1])
        for key, taken_at, value in connection.execute(columns.where(reading.c.site_id == site_id, theirs, then)):
            if (key, taken_at) in bases:
                found[key, taken_at] = value
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
