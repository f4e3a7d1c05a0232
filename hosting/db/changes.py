"""Readings that were sent as what changed: rebuilt from those this server has. What cannot be rebuilt is needed in full."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from appliance.common.clock import in_utc
from appliance.report import Change, Reading
from appliance.report.changes import rebuild
from hosting.db.history import reader
from hosting.db.history.reader import Moment


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
    found = reader.look_up(connection, site_id, {_base(change) for change in changes}, most)
    readings: list[Reading] = []
    needed: set[str] = set()
    within: list[Change] = []
    for change in changes:
        most -= found.sizes.get(_base(change), 0)
        if most < 0:
            needed.add(change.device)
        else:
            within.append(change)
    bodies = found.bodies(_base(change) for change in within)
    for change in within:
        base = bodies.get(_base(change))
        rebuilt = rebuild(base, change) if base is not None else None
        if rebuilt is None:
            needed.add(change.device)
        else:
            readings.append(rebuilt)
    return Rebuilt(tuple(readings), tuple(sorted(needed)))


def _base(change: Change) -> Moment:
    return change.device, in_utc(change.base)
