"""How often the collector sweeps, reads, checks in, uploads, writes the traffic counters and tidies: every interval in one place.

Declared with `schedule`, with jitter so that no sites act in step. Jobs only start coroutines. A job that is due while the
process is not running is due when it starts again: the moment it was last done is given by whoever kept it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.common.periodic import PeriodicScheduler
from appliance.settings.model import Settings

TICK_SECONDS = 0.5
JITTER = 0.05
"""Share of an interval by which a job runs earlier or later."""

SWEEP_SETTLE_SECONDS = 2.0
READ_SETTLE_SECONDS = 4.0
CHECK_IN_SETTLE_SECONDS = 1.0
UPLOAD_SETTLE_SECONDS = 3.0
FIND_SETTLE_SECONDS = 10.0
TRAFFIC_SETTLE_SECONDS = 60.0
RETENTION_SETTLE_SECONDS = 600.0
"""Seconds after the start at which a job that is due runs for the first time: staggered, the control socket comes first."""

RETENTION_DAYS = 1
TRAFFIC_MINUTES = 10
"""What calls to the hosting server cost is written this rarely: small boards live on memory cards."""
BUSY_SECONDS = 15.0
"""A scan that is due while another one runs is tried again after this."""
LATE_TICK_SECONDS = 30.0
"""A plan not looked at for so long is not followed."""


Start = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Work:
    """What the jobs of the collector start."""

    sweep: Start
    read: Start
    check_in: Start
    upload: Start
    traffic: Start
    retention: Start
    find: Start


class Plan:
    """The periodic jobs of the collector; `tick` starts what is due."""

    def __init__(self) -> None:
        self._scheduler = PeriodicScheduler()
        self._ticked_at = time.monotonic()

    def declare(
        self,
        settings: Settings,
        work: Work,
        targets: Sequence[str],
        *,
        last_sweep: datetime | None,
        last_read: datetime | None,
        last_look: datetime | None = None,
    ) -> None:
        """Declare all that the collector does by the clock. A job whose interval has not changed stays as it was planned.

        `targets` are those that are swept without being asked for.
        """
        scan, hosting = settings.scan, settings.hosting
        if targets:
            self.set("sweep", scan.sweep_minutes * 60, work.sweep, last=last_sweep, settle=SWEEP_SETTLE_SECONDS)
        else:
            self.remove("sweep")
        if scan.dns_sd or scan.neighbours:
            self.set("find", scan.sweep_minutes * 60, work.find, last=last_look, settle=FIND_SETTLE_SECONDS)
        else:
            self.remove("find")
        self.set("read", scan.read_minutes * 60, work.read, last=last_read, settle=READ_SETTLE_SECONDS)
        self.set("check_in", hosting.check_in_seconds, work.check_in, settle=CHECK_IN_SETTLE_SECONDS)
        self.set("upload", hosting.upload_seconds, work.upload, settle=UPLOAD_SETTLE_SECONDS)
        if not self._scheduler.get_jobs("traffic"):
            every = self._scheduler.every
            every(TRAFFIC_MINUTES).minutes.within(JITTER).tag("traffic").starting_in(TRAFFIC_SETTLE_SECONDS).do(work.traffic)
            every(RETENTION_DAYS).days.within(JITTER).tag("retention").starting_in(RETENTION_SETTLE_SECONDS).do(work.retention)

    def set(self, name: str, every: int, start: Start, *, last: datetime | None = None, settle: float = 0.0) -> None:
        """Plan `start` every `every` seconds, the first time when `every` has passed since `last`, yet not before `settle` seconds.

        A job with this interval stays as it is, so that a reload never makes one due twice.
        """
        planned = self._scheduler.job(name)
        if planned and planned.interval == every:
            return
        self.remove(name)
        since = (datetime.now(UTC) - last).total_seconds() if last else every
        # A `last` in the future means that the clock was set back: the job is due.
        rest = every - since if 0 <= since < every else 0.0
        self._scheduler.every(every).seconds.within(JITTER).tag(name).starting_in(max(rest, settle)).do(start)

    def postpone(self, name: str, seconds: float) -> None:
        """Let the job run next in `seconds`; after that its interval counts again."""
        if job := self._scheduler.job(name):
            job.postpone(seconds)

    def remove(self, name: str) -> None:
        """Forget the job, if there is one."""
        self._scheduler.clear(name)

    def next_at(self, name: str) -> datetime | None:
        """Return when the job runs next, or None when it is not planned."""
        job = self._scheduler.job(name)
        return job.next_at if job else None

    @property
    def is_late(self) -> bool:
        """Return whether nobody looks any more at what is due."""
        return time.monotonic() - self._ticked_at > LATE_TICK_SECONDS

    def tick(self) -> None:
        """Start what is due."""
        self._ticked_at = time.monotonic()
        self._scheduler.run_pending()
