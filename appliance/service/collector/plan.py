"""When the collector does what: every interval in one place, declared with `schedule`, with jitter so that no sites act in step.

Jobs only start coroutines. A job that is due while the process is not running is due when it starts again: the moment it was last
done is given by whoever kept it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import schedule

TICK_SECONDS = 0.5
JITTER = 0.05
"""Share of an interval by which a job runs earlier or later."""

SWEEP_SETTLE_SECONDS = 2.0
READ_SETTLE_SECONDS = 4.0
CHECK_IN_SETTLE_SECONDS = 1.0
UPLOAD_SETTLE_SECONDS = 3.0
TRAFFIC_SETTLE_SECONDS = 60.0
RETENTION_SETTLE_SECONDS = 600.0
"""Seconds after the start at which a job that is due runs for the first time: staggered, the control socket comes first."""

RETENTION_SECONDS = 86_400.0
TRAFFIC_SECONDS = 600.0
"""What calls to the hosting server cost is written this rarely: small boards live on memory cards."""
BUSY_SECONDS = 15.0
"""A scan that is due while another one runs is tried again after this."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job and the longest time it may be away, in seconds."""

    job: schedule.Job
    longest: float


class Plan:
    """Named periodic jobs on one scheduler of `schedule`; `tick` runs what is due."""

    def __init__(self) -> None:
        self._scheduler = schedule.Scheduler()
        self._entries: dict[str, Entry] = {}

    def set(
        self, name: str, every: float, start: Callable[[], object], *, last: datetime | None = None, settle: float = 0.0
    ) -> None:
        """Plan `start` every `every` seconds, the first time when `every` has passed since `last`, yet not before `settle` seconds.

        An interval that is changed keeps `last`, so that a reload never makes a job due twice.
        """
        self.remove(name)
        low, high = max(1, round(every * (1 - JITTER))), max(1, round(every * (1 + JITTER)))
        job = self._scheduler.every(low).to(high).seconds.do(start)
        self._entries[name] = Entry(job, max(float(high), settle + 1.0))
        since = (datetime.now(UTC) - last).total_seconds() if last else every
        # A `last` in the future means that the clock was set back: the job is due.
        rest = every - since if 0 <= since < every else 0.0
        self.postpone(name, max(rest, settle) * (1 + random.uniform(0, JITTER)))  # noqa: S311 - spreads load, hides nothing

    def postpone(self, name: str, seconds: float) -> None:
        """Let the job run next in `seconds`; after that its interval counts again."""
        if entry := self._entries.get(name):
            entry.job.next_run = datetime.now() + timedelta(seconds=seconds)  # noqa: DTZ005 - `schedule` counts in local time

    def remove(self, name: str) -> None:
        """Forget the job, if there is one."""
        if entry := self._entries.pop(name, None):
            self._scheduler.cancel_job(entry.job)

    def next_at(self, name: str) -> datetime | None:
        """Return when the job runs next, or None when it is not planned."""
        entry = self._entries.get(name)
        return entry.job.next_run.astimezone(UTC) if entry and entry.job.next_run else None

    def tick(self) -> None:
        """Run what is due. A job further away than its interval allows (the clock was set back) is planned anew."""
        now = datetime.now()  # noqa: DTZ005 - `schedule` counts in local time
        for entry in self._entries.values():
            if entry.job.next_run and (entry.job.next_run - now).total_seconds() > entry.longest + 60:
                entry.job.next_run = now + timedelta(seconds=entry.longest)
        self._scheduler.run_pending()
