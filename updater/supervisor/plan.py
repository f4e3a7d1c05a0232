"""When the supervisor does what: every interval of the process in one place, declared with `schedule`.

Two things are not in here: what answers to an event at once (a component that ended, an order of a person), and the waits within
one piece of work (the trial of a configuration, the pause before a component is started again).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.common.backoff import doubled
from appliance.common.periodic import PeriodicTasks
from updater.checks import Check

JITTER = 0.1
EARLY = 0.2
"""Shares of an interval: many sites do not act in step."""
URGENT = "urgent"
"""Tag of the checks that also look at every change of a component's state."""


@dataclass(frozen=True, slots=True)
class Retries:
    """When what has failed is tried again, in seconds; `chance` is a random number from 0 to 1. Pure."""

    first: float
    longest: float = 6 * 3600.0
    jitter: float = 0.2

    def after(self, failures: int, chance: float) -> float:
        """Return the time to the next attempt after so many failures in a row, at least one."""
        return doubled(self.first, failures, self.longest) * (1 + self.jitter * chance)


@dataclass(frozen=True, slots=True)
class PlanTimes:
    """The numbers of the plan."""

    engine_start_seconds: float = 3.0
    engine_hours: float = 6.0
    refresh_start_seconds: float = 600.0
    """When an appliance has started it asks the repository within this time."""
    refresh_days: float = 1.0
    """By itself a site asks once a day: check-ins tell it of anything new, and a repository that is kept from it is found so."""
    refresh_retries: Retries = Retries(first=60.0)
    install_minutes: float = 10.0
    """So often it is looked whether a version is due."""
    install_wait_seconds: float = 60.0
    """A version that has become due by itself is installed within this time: not all sites of a window at its first second."""
    install_retries: Retries = Retries(first=600.0)
    tidy_days: float = 1.0
    tidy_under_way_seconds: float = 20.0
    """A replacement that nobody goes on with is noticed after this time: meanwhile no container has the user's restart policy."""
    tidy_stuck_minutes: float = 10.0
    """The same where it is stuck, which may last."""
    trial_seconds: float = 0.5
    """So often a version on trial says how far it is."""
    follow_seconds: float = 2.0
    """So often it is looked how far a replacement is otherwise."""


@dataclass(frozen=True, slots=True)
class SupervisorWork:
    """What the jobs of the supervisor do."""

    engine: Callable[[], Awaitable[None]]
    refresh: Callable[[], Awaitable[None]]
    install: Callable[[], Awaitable[None]]
    tidy: Callable[[], Awaitable[None]]
    follow: Callable[[], Awaitable[None]]
    check: Callable[[Check], Awaitable[None]]
    heartbeat: Callable[[], Awaitable[None]]


class SupervisorPlan:
    """The periodic jobs of the supervisor; none runs twice at once, and its interval counts from its end."""

    def __init__(self, times: PlanTimes) -> None:
        self.times = times
        self._tasks = PeriodicTasks()

    def declare(self, work: SupervisorWork, checks: Sequence[Check], heartbeat_seconds: float | None) -> None:
        """Declare all that the supervisor does by the clock; `heartbeat_seconds` is None where nobody waits for heartbeats."""
        times, every = self.times, self._tasks.every
        first, latest = 0.05 * times.refresh_start_seconds, times.refresh_start_seconds
        for check in checks:
            job = every(check.interval).seconds.starting_in(0).tag(f"check {check.slug}", *([URGENT] if check.urgent else []))
            job.do(work.check, check)
        every(times.engine_hours).hours.within(JITTER).starting_in(times.engine_start_seconds).tag("engine").do(work.engine)
        every(times.refresh_days).days.early_by(EARLY).starting_in(first, latest).tag("refresh").do(work.refresh)
        every(times.install_minutes).minutes.early_by(EARLY).starting_in(0).tag("install").do(work.install)
        every(times.tidy_days).days.early_by(EARLY).starting_in(0).tag("tidy").do(work.tidy)
        every(times.follow_seconds).seconds.starting_in(0).tag("follow").do(work.follow)
        if heartbeat_seconds:
            every(heartbeat_seconds).seconds.starting_in(0).tag("heartbeat").do(work.heartbeat)

    async def run(self) -> None:
        """Do what is due until cancelled."""
        await self._tasks.run()

    def now(self, tag: str) -> None:
        """Do at once what has this tag, or again when what is under way has ended."""
        for job in self._tasks.tagged(tag):
            job.postpone(0.0)
        self._tasks.wake()

    def postpone(self, tag: str, seconds: float) -> None:
        """Do it next in `seconds`; after that its interval counts again."""
        if job := self._tasks.job(tag):
            job.postpone(seconds)
            self._tasks.wake()

    def remove(self, tag: str) -> None:
        """Do it no more."""
        self._tasks.clear(tag)

    def next_at(self, tag: str) -> datetime | None:
        """Return when it is done next, None when that is not planned."""
        job = self._tasks.job(tag)
        return job.next_at if job else None
