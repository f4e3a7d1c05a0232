"""The jobs that server processes share: each is taken by one of them at a time, for as long as its lease is renewed.

A step of a job renews the lease in its own transaction. So a process whose lease was taken over, whatever its clock says, changes
nothing any more; and one that is killed leaves the steps it has done, and the job to whoever finds the lease expired.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from hosting.db.tables import job
from hosting.db.upsert import insert_new

LEASE = timedelta(minutes=2)
"""So long a job stays with a process of which nothing is heard; a step takes a small part of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction of a job did: how many rows, whether there is more to do, and what could not be done."""

    rows: int
    more: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job stands. `last_run_at`, `seconds`, `rows` and `error` are of the last run that ended."""

    name: str
    holder: str | None
    began_at: datetime | None
    last_run_at: datetime | None
    seconds: float | None
    rows: int | None
    next_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended: when it began, how long it took, what it came to."""

    began_at: datetime
    seconds: float
    rows: int
    error: str | None


def declare(connection: sa.Connection, name: str, now: datetime) -> None:
    """Let there be a row for the job, due at once where there was none."""
    insert_new(connection, job, [{"name": name, "next_at": now}])


def is_due(connection: sa.Connection, name: str, every: timedelta, now: datetime) -> bool:
    """Tell whether `take` would find the job due and free."""
    here = job.c.name == name
    if connection.execute(sa.select(sa.literal(1)).where(here)).first() is None:
        return True
    return connection.execute(sa.select(sa.literal(1)).where(here, *_is_due(every, now), _is_free(now))).first() is not None


def take(connection: sa.Connection, name: str, holder: str, now: datetime, *, every: timedelta | None = None) -> bool:
    """Take a job that no other process has; with `every`, its interval, only where it is due. False: it is not to be had."""
    due = _is_due(every, now) if every else ()
    taken = sa.update(job).where(job.c.name == name, _is_free(now), *due)
    return connection.execute(taken.values(holder=holder, held_until=now + LEASE, began_at=now)).rowcount == 1


def _is_due(every: timedelta, now: datetime) -> tuple[sa.ColumnElement[bool]]:
    # What is planned for much later than an interval from now was planned by a clock that has been set back since.
    return (sa.or_(job.c.next_at <= now, job.c.next_at > now + 2 * every),)


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(job.c.holder.is_(None), job.c.held_until < now, job.c.held_until > now + 2 * LEASE)


def renew(connection: sa.Connection, name: str, holder: str, now: datetime) -> bool:
    """Keep the job for another lease, and its row locked until the transaction ends; false where another process has it."""
    mine = sa.update(job).where(job.c.name == name, job.c.holder == holder)
    return connection.execute(mine.values(held_until=now + LEASE)).rowcount == 1


def end(connection: sa.Connection, name: str, holder: str, run: Run, next_at: datetime) -> None:
    """Give the job back, with what its run came to. One that another process has by now is left to it."""
    mine = sa.update(job).where(job.c.name == name, job.c.holder == holder)
    told = {"last_run_at": run.began_at, "seconds": run.seconds, "rows": run.rows, "error": run.error, "next_at": next_at}
    connection.execute(mine.values(holder=None, held_until=None, began_at=None, **told))


def statuses(connection: sa.Connection) -> list[JobStatus]:
    """Return how all jobs stand, by their names."""
    columns = (job.c.name, job.c.holder, job.c.began_at, job.c.last_run_at, job.c.seconds, job.c.rows, job.c.next_at, job.c.error)
    return [JobStatus(*row) for row in connection.execute(sa.select(*columns).order_by(job.c.name))]
