"""The dictionaries of segments: trained from what the fleet says now, and kept for as long as a segment needs them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from hosting.db.history.segment import NO_DICTIONARY, Dictionary, SegmentError, train
from hosting.db.tables import device_latest, dictionary
from hosting.errors import DataError

BYTES = 64 * 1024
ENOUGH = 100
"""So many devices have to be known: of fewer a dictionary would learn their serial numbers."""
SAMPLES = 2000
SAMPLE_BYTES = 4 * 1024 * 1024
"""The most that a dictionary is trained from; it takes about a second."""
BETTER = 0.95
"""A new dictionary has to make the readings of the fleet smaller by this share of what they are with the present one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Readings of devices all over the fleet, to train from and, other ones, to try it with."""

    training: list[bytes]
    trial: list[bytes]


class Dictionaries:
    """The dictionaries of one transaction, each read once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known = {0: NO_DICTIONARY}

    def newest(self) -> Dictionary:
        """Return the dictionary for new segments, the empty one where there is none."""
        version = self._connection.execute(sa.select(sa.func.max(dictionary.c.version))).scalar_one()
        return self.version(version or 0)

    def version(self, version: int) -> Dictionary:
        """Return the dictionary of a version. Raises SegmentError where it is not there."""
        if version not in self._known:
            chosen = sa.select(dictionary.c.content).where(dictionary.c.version == version)
            content = self._connection.execute(chosen).scalar_one_or_none()
            if content is None:
                raise SegmentError(f"its dictionary (version {version}) is not there")
            self._known[version] = Dictionary(version, content)
        return self._known[version]


def note_use(connection: sa.Connection, version: int, day: date) -> None:
    """Let a dictionary be kept as long as segments of this day. Raises DataError where it is not there any more."""
    if version == 0:
        return
    mine = dictionary.c.version == version
    later = sa.case((dictionary.c.last_day > day, dictionary.c.last_day), else_=day)
    if connection.execute(sa.update(dictionary).where(mine).values(last_day=later)).rowcount == 0:
        raise DataError(
            f"Dictionary {version} of the history was taken away while it was used. It is tried again; nothing is lost."
        )


def forget_before(connection: sa.Connection, day: date) -> int:
    """Remove the dictionaries that only segments before this day need, and return how many. The newest one stays."""
    newest = sa.select(sa.func.max(dictionary.c.version)).scalar_subquery()
    unused = sa.or_(dictionary.c.last_day.is_(None), dictionary.c.last_day < day)
    return connection.execute(sa.delete(dictionary).where(dictionary.c.version < newest, unused)).rowcount


def sample(connection: sa.Connection) -> Sample:
    """Return newest readings of up to `SAMPLES` devices, from four places of the fleet."""
    bodies: list[bytes] = []
    size = 0
    order = (device_latest.c.site_id, device_latest.c.device_key)
    first = sa.select(device_latest.c.body).order_by(*order).limit(SAMPLES // 4)
    for place in ("", *sorted(str(uuid.uuid4()) for _ in range(3))):
        for body in connection.execute(first.where(device_latest.c.site_id >= place)).scalars():
            size += len(body)
            if size > SAMPLE_BYTES:
                break
            bodies.append(body.encode())
    different = list(dict.fromkeys(bodies))
    return Sample(different[::2], different[1::2])


def train_anew(connection: sa.Connection, now: datetime, least: timedelta) -> int:
    """Make a dictionary where there is none, or one is better than that of before `least`; return how many were made."""
    newest = connection.execute(sa.select(dictionary).order_by(dictionary.c.version.desc()).limit(1)).first()
    # A clock that was ahead when the newest one was made must not keep it for ever.
    if newest and now - least < newest.made_at <= now:
        return 0
    readings = sample(connection)
    if len(readings.training) < ENOUGH // 2:
        return 0
    content = train(readings.training, BYTES)
    present = Dictionary(newest.version, newest.content) if newest else NO_DICTIONARY
    made = Dictionary(present.version + 1, content)
    if not content or _size(made, readings.trial) > BETTER * _size(present, readings.trial):
        return 0
    connection.execute(sa.insert(dictionary).values(version=made.version, made_at=now, content=content))
    return 1


def _size(by: Dictionary, readings: list[bytes]) -> int:
    return sum(len(by.compressor.compress(reading)) for reading in readings)
