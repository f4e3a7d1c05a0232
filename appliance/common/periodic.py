"""Periodic jobs on `schedule`, for processes that run for years: with jitter, a first run that is known, and clocks that are set.

scheduler = PeriodicScheduler()
scheduler.every(10).minutes.within(0.05).tag("traffic").starting_in(60).do(write)

Intervals count elapsed time, also while the machine sleeps. When the clock is set, or summer time begins, each job keeps its
distance; only a time of day (`at`) follows the new clock.
"""

import asyncio
import contextlib
import functools
import random
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import schedule

CLOCK_STEP = timedelta(seconds=1)
"""By more than this a clock does not move by itself between two looks: it was set."""
LONGEST_SLEEP_SECONDS = 60.0
"""So often tasks that wait look at the clock: a timer of the loop stands still while the machine sleeps."""


class PeriodicJob(schedule.Job):
    """A job of `schedule` whose interval varies by a share, and that no setting of the clock silences or hurries."""

    scheduler: "PeriodicScheduler"
    next_run: datetime
    under_way = False
    """Whether its task runs: then it is not due."""
    _earlier = _later = 0.0
    _first: tuple[float, float | None] | None = None

    def within(self, share: float) -> Self:
        """Let each interval be shorter or longer by up to this share, so that many sites never act in step."""
        self._earlier = self._later = share
        return self

    def early_by(self, share: float) -> Self:
        """Let each interval be shorter by up to this share and never longer."""
        self._earlier, self._later = share, 0.0
        return self

    def starting_in(self, seconds: float, latest: float | None = None) -> Self:
        """Let the first run be in so many seconds or later, up to `latest` or by up to the share, instead of after one interval."""
        self._first = seconds, latest
        return self

    def do(self, job_func: Callable[..., Any], *args: object, **kwargs: object) -> Self:
        """Declare what the job does, and plan its first run."""
        super().do(job_func, *args, **kwargs)
        if self._first is not None:
            seconds, latest = self._first
            self.postpone(seconds if latest is None else random.uniform(seconds, latest))  # noqa: S311 - spreads load
        return self

    def postpone(self, seconds: float) -> None:
        """Run next in so many seconds, or later by up to the share; after that the interval counts again."""
        seconds *= 1 + random.uniform(0, self._later)  # noqa: S311 - spreads load
        self.next_run = self.scheduler.now() + timedelta(seconds=seconds)

    def plan_anew(self) -> None:
        """Run next after one interval from now."""
        self._schedule_next_run()

    def clock_was_set(self, step: timedelta) -> None:
        """Keep the distance to the next run; a time of day is looked up on the new clock."""
        if self.at_time is not None:
            self.plan_anew()
        else:
            self.next_run += step

    @property
    def next_at(self) -> datetime:
        """When the job runs next, in UTC."""
        return self.next_run.astimezone(UTC)

    @property
    def should_run(self) -> bool:
        """Whether the job is due."""
        return not self.under_way and self.scheduler.now() >= self.next_run

    def _schedule_next_run(self) -> None:
        now = self.scheduler.now()
        super()._schedule_next_run()
        if self._earlier:
            self.next_run += (self.next_run - now) * random.uniform(-self._earlier, self._later)  # noqa: S311 - spreads load


class PeriodicScheduler(schedule.Scheduler):
    """A scheduler whose jobs are PeriodicJobs, each named by a tag."""

    def __init__(self) -> None:
        super().__init__()
        self._booted = _booted(_local_time())

    def every(self, interval: float = 1) -> PeriodicJob:
        """Begin the declaration of a job."""
        return PeriodicJob(interval, self)  # type: ignore[arg-type]  # `schedule` says int, and takes fractions as well

    def job(self, tag: str) -> PeriodicJob | None:
        """Return the job of this name, None when there is none."""
        return next(iter(self.tagged(tag)), None)

    def tagged(self, tag: str | None = None) -> list[PeriodicJob]:
        """Return the jobs with this tag, all without one."""
        return [job for job in self.get_jobs(tag) if isinstance(job, PeriodicJob)]

    def now(self) -> datetime:
        """Return the local time; where the clock was set since the last look, the jobs are moved first."""
        now = _local_time()
        booted = _booted(now)
        step, self._booted = booted - self._booted, booted
        if abs(step) > CLOCK_STEP:
            for job in self.tagged():
                job.clock_was_set(step)
        return now

    @property
    def idle_seconds(self) -> float | None:
        """Seconds until a job is due, None where there is none to wait for."""
        now = self.now()
        return min(((job.next_run - now).total_seconds() for job in self.tagged() if not job.under_way), default=None)


class PeriodicTasks(PeriodicScheduler):
    """A scheduler of coroutine functions: each runs as a task, never twice at once, and its interval counts from its end.

    What is planned for a job during its run holds for after it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._woken = asyncio.Event()
        self._group: asyncio.TaskGroup

    def wake(self) -> None:
        """Look at the plan: it has changed."""
        self._woken.set()

    async def run(self) -> None:
        """Run what is due until cancelled. A failure of a job is one of the scheduler."""
        async with asyncio.TaskGroup() as self._group:
            while True:
                self._woken.clear()
                self.run_pending()
                idle = self.idle_seconds
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST_SLEEP_SECONDS if idle is None else min(idle, LONGEST_SLEEP_SECONDS)):
                        await self._woken.wait()

    def _run_job(self, job: schedule.Job) -> None:
        assert isinstance(job, PeriodicJob)
        work: Coroutine[Any, Any, None] = job.run()  # type: ignore[no-untyped-call]
        task = self._group.create_task(work, name=", ".join(str(tag) for tag in job.tags))
        job.under_way = True
        task.add_done_callback(functools.partial(self._ended, job, job.next_run))

    def _ended(self, job: PeriodicJob, planned: datetime, _task: asyncio.Task[None]) -> None:
        job.under_way = False
        if job.next_run == planned:
            job.plan_anew()
        self.wake()


def _local_time() -> datetime:
    return datetime.now()  # noqa: DTZ005 - `schedule` counts in local time


def _booted(now: datetime) -> datetime:
    """Return when the machine was started by the clock of `now`: it moves only when that clock is set."""
    return now - timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))
