"""Periodic jobs on `schedule`, for processes that run for years: with jitter, a first run that is known, and clocks that are set.

scheduler = PeriodicScheduler()
scheduler.every(10).minutes.within(0.05).tag("traffic").starting_in(60).do(write)
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import schedule

CLOCK_TOLERANCE = timedelta(seconds=60)


def _now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - `schedule` counts in local time


class PeriodicJob(schedule.Job):
    """A job of `schedule` whose interval varies by a share, and that a clock set back does not silence."""

    share = 0.0
    first_seconds: float | None = None

    def within(self, share: float) -> Self:
        """Let each interval be shorter or longer by up to this share, so that many sites never act in step."""
        self.share = share
        return self

    def starting_in(self, seconds: float) -> Self:
        """Let the first run be in so many seconds, or later by up to the share, instead of after one interval."""
        self.first_seconds = seconds
        return self

    def do(self, job_func: Callable[..., Any], *args: object, **kwargs: object) -> Self:
        """Declare what the job does, and plan its first run."""
        super().do(job_func, *args, **kwargs)
        if self.first_seconds is not None:
            self.postpone(self.first_seconds)
        return self

    def postpone(self, seconds: float) -> None:
        """Run next in so many seconds, or later by up to the share; after that the interval counts again."""
        self.next_run = _now() + timedelta(seconds=seconds * (1 + random.uniform(0, self.share)))  # noqa: S311 - spreads load

    @property
    def next_at(self) -> datetime | None:
        """When the job runs next, in UTC."""
        return self.next_run.astimezone(UTC) if self.next_run else None

    @property
    def should_run(self) -> bool:
        """Whether the job is due. One further away than its interval allows (the clock was set back) is planned anew."""
        longest = max(timedelta(**{str(self.unit): self.interval}) * (1 + self.share), timedelta(seconds=self.first_seconds or 0))
        if self.next_run and self.next_run - _now() > longest + CLOCK_TOLERANCE:
            self.next_run = _now() + longest
        return bool(super().should_run)

    def _schedule_next_run(self) -> None:
        super()._schedule_next_run()
        if self.share and self.next_run:
            self.next_run += (self.next_run - _now()) * random.uniform(-self.share, self.share)  # noqa: S311 - spreads load


class PeriodicScheduler(schedule.Scheduler):
    """A scheduler whose jobs are PeriodicJobs, each with one tag as its name."""

    def every(self, interval: int = 1) -> PeriodicJob:
        """Begin the declaration of a job."""
        return PeriodicJob(interval, self)

    def job(self, tag: str) -> PeriodicJob | None:
        """Return the job of this name, None when there is none."""
        return next((job for job in self.get_jobs(tag) if isinstance(job, PeriodicJob)), None)
