"""The readings as they came stand in one table for each day of UTC, on PostgreSQL: a day that is rolled up leaves as a whole.

So the rows that roll-up deletes need no vacuum. What belongs to no day that has a table (a site that was away for long, or days
that nobody made in time) is in the DEFAULT partition, and works there as well. Making a day moves what the DEFAULT partition has of
it, in one transaction. Where that partition is too large to be looked through while intake waits, only days to come are made:
first it is shown beside all other work that it has nothing of them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db.connection.database import is_contended
from hosting.db.distribution import is_distributed
from hosting.db.history.day import SETTLED
from hosting.db.jobs import Step

DAY = timedelta(days=1)
AHEAD = 3
"""So many days have a table before they begin."""
LARGE_BYTES = 64 * 1024 * 1024
"""A DEFAULT partition up to this size is looked through, and moved, while intake waits: for a second or two."""
ZONES = timedelta(hours=14)
"""A day of UTC lasts so much longer somewhere; when that is over and settled, all of it can be rolled up."""
FAR = timedelta(days=60)
"""A table for a day that far off was made by a wrong clock."""
LOCK_WAIT = "500ms"
"""Less than PostgreSQL's `deadlock_timeout`, so that this job gives way and never intake."""
TRIES = 20
BOUNDS = re.compile(r"FOR VALUES FROM \((MINVALUE|'[^']+')\) TO \('([^']+)'\)")
PROOF = "reading_default_without_"
"""Name of the constraint which says that the DEFAULT partition has nothing of a day."""
COLUMNS = "site_id, device_key, taken_at, received_at, body"
STORAGE = "autovacuum_vacuum_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1"
"""A table that is dropped in some days is not worth a vacuum; it is analysed as any other."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A table of readings taken from `begin` on, before `end`; without a `begin`, of all before."""

    name: str
    begin: datetime | None
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Tell whether a reading taken then belongs here."""
        return (self.begin is None or self.begin <= moment) and moment < self.end


class Partitions:
    """One run. Called in a transaction it makes or drops one table."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or utc_now()
        self._today = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._tries = 0
        self._kept: set[str] = set()
        """Tables that have something in them still."""
        self._refused: set[datetime] = set()
        """Days to come of which the DEFAULT partition has something: a clock was wrong, and they stay there."""

    def __call__(self, connection: sa.Connection) -> Step:
        """Do the next that is to be done."""
        if connection.dialect.name != "postgresql":
            return Step(0)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        if is_distributed(connection):
            # Rows are moved and tables attached in one transaction: each node by one connection.
            connection.exec_driver_sql("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
        try:
            with connection.begin_nested():
                return self._step(connection)
        except sa.exc.OperationalError as error:
            if not is_contended(error):
                raise
        self._tries += 1
        if self._tries < TRIES:
            return Step(0, more=True)
        return Step(0, fault="The tables of the readings are in use for too long. They are made and dropped with the next run.")

    def _step(self, connection: sa.Connection) -> Step:
        there = partitions(connection)
        proofs = _proofs(connection)
        # A proof refuses readings of its day in the DEFAULT partition: one that nobody finished goes before the day comes.
        late = next((day for day in proofs if day < self._today + 2 * DAY), None)
        if late:
            _drop_proof(connection, late)
            return Step(0, more=True)
        large = _default_bytes(connection) > LARGE_BYTES
        for number in range(2 if large else 0, AHEAD + 1):
            day = self._today + number * DAY
            if day in self._refused or any(one.holds(day) for one in there):
                continue
            if not large:
                _make_with_rows(connection, day)
                return Step(1, more=True)
            return self._make_beside(connection, day, proofs)
        for one in there:
            if self._had_its_time(one) and one.name not in self._kept:
                dropped = _drop_where_empty(connection, one.name)
                if not dropped:
                    self._kept.add(one.name)
                return Step(int(dropped), more=True)
        return Step(0)

    def _make_beside(self, connection: sa.Connection, day: datetime, proofs: dict[datetime, bool]) -> Step:
        """Take one of three steps to the table of a day to come: a constraint, its validation, the table."""
        if day not in proofs:
            _add_proof(connection, day)
            return Step(0, more=True)
        if not proofs[day]:
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql(f"ALTER TABLE reading_default VALIDATE CONSTRAINT {PROOF}{day:%Y%m%d}")
            except sa.exc.IntegrityError:
                self._refused.add(day)
                _drop_proof(connection, day)
            return Step(0, more=True)
        _make(connection, day)
        _attach(connection, day)
        _drop_proof(connection, day)
        return Step(1, more=True)

    def _had_its_time(self, one: Partition) -> bool:
        return one.end + ZONES + SETTLED < self._now or (one.begin is not None and one.begin > self._now + FAR)


def partitions(connection: sa.Connection) -> list[Partition]:
    """Return the tables of the readings beside the DEFAULT partition, in the order of time. The session is in UTC."""
    told = connection.exec_driver_sql(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'reading'::regclass"
    )
    found = []
    for name, bounds in told:
        match = BOUNDS.fullmatch(bounds)
        if match:
            begin, end = match.groups()
            found.append(Partition(name, None if begin == "MINVALUE" else _moment(begin.strip("'")), _moment(end)))
    return sorted(found, key=lambda one: one.end)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _table(day: datetime) -> str:
    return f"reading_{day:%Y%m%d}"


def _span(day: datetime) -> tuple[str, str]:
    return f"'{day.isoformat()}'", f"'{(day + DAY).isoformat()}'"


def _default_bytes(connection: sa.Connection) -> int:
    size = "citus_table_size" if is_distributed(connection) else "pg_table_size"
    return int(connection.exec_driver_sql(f"SELECT {size}('reading_default')").scalar_one())


def _make(connection: sa.Connection, day: datetime) -> None:
    connection.exec_driver_sql(f"CREATE TABLE {_table(day)} (LIKE reading INCLUDING ALL) WITH ({STORAGE})")


def _attach(connection: sa.Connection, day: datetime) -> None:
    begin, end = _span(day)
    connection.exec_driver_sql(f"ALTER TABLE reading ATTACH PARTITION {_table(day)} FOR VALUES FROM ({begin}) TO ({end})")


def _make_with_rows(connection: sa.Connection, day: datetime) -> None:
    """Make the table of a day with what the DEFAULT partition has of it; nobody sees one without the other."""
    begin, end = _span(day)
    _make(connection, day)
    # An INSERT that waited for the DEFAULT partition alone would be refused by it afterwards: so it waits before it is routed.
    connection.exec_driver_sql("LOCK TABLE ONLY reading IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql("LOCK TABLE ONLY reading_default IN ACCESS EXCLUSIVE MODE")
    of_day = f"FROM reading_default WHERE taken_at >= {begin} AND taken_at < {end}"
    connection.exec_driver_sql(f"INSERT INTO {_table(day)} ({COLUMNS}) SELECT {COLUMNS} {of_day}")
    connection.exec_driver_sql(f"DELETE {of_day}")
    _attach(connection, day)


def _proofs(connection: sa.Connection) -> dict[datetime, bool]:
    """Return of which days the DEFAULT partition takes no readings, and whether it is known that it has none."""
    chosen = sa.text(
        "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'reading_default'::regclass "
        "AND starts_with(conname, :prefix)"
    )
    found = connection.execute(chosen, {"prefix": PROOF})
    return {datetime.strptime(name.removeprefix(PROOF), "%Y%m%d").replace(tzinfo=UTC): validated for name, validated in found}


def _add_proof(connection: sa.Connection, day: datetime) -> None:
    begin, end = _span(day)
    outside = f"CHECK (taken_at < {begin} OR taken_at >= {end}) NOT VALID"
    connection.exec_driver_sql(f"ALTER TABLE reading_default ADD CONSTRAINT {PROOF}{day:%Y%m%d} {outside}")


def _drop_proof(connection: sa.Connection, day: datetime) -> None:
    connection.exec_driver_sql(f"ALTER TABLE reading_default DROP CONSTRAINT {PROOF}{day:%Y%m%d}")


def _drop_where_empty(connection: sa.Connection, name: str) -> bool:
    """Drop a table that has nothing in it any more; false where it has."""
    something = f"SELECT EXISTS (SELECT 1 FROM {name})"  # noqa: S608 - the name of a table of ours
    if connection.exec_driver_sql(something).scalar_one():
        return False
    # Only what comes late for this day waits while it is looked again.
    connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE MODE")
    if connection.exec_driver_sql(something).scalar_one():
        return False
    connection.exec_driver_sql(f"DROP TABLE {name}")
    return True
