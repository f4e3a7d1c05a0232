"""What is due at a simulated site, and how it is: its times, its troubles, and how the hosting server answered last."""

import time
from collections import deque

from appliance.transmission.interface import HostingError
from appliance.transmission.pause import pause_after
from simulator.sites.scenario import Scenario, SiteTime, Trouble, troubles
from simulator.sites.told import Told

CHECK_IN_SECONDS, UPLOAD_SECONDS = 50.0, 60.0
"""Until the hosting server tells others."""
NEVER = float("inf")


class Life:
    """One site from its start on. Moments are seconds since 1970 by the sites' time, before a wrong clock."""

    def __init__(self, times: SiteTime, scenario: Scenario, site: int, name: str) -> None:
        self.times = times
        self._scenario = scenario
        self._site = site
        chance = scenario.chance("life", site)
        now = times.now()
        self.round_at = now + chance.random() * scenario.read_seconds
        self.check_in_at = now + chance.random() * (scenario.check_in_seconds or CHECK_IN_SECONDS)
        self.upload_at = NEVER
        self.upload_seconds = UPLOAD_SECONDS
        self.cut_until = 0.0
        self.down_until = 0.0
        self.offset = 0.0
        self.wrong_until = 0.0
        self.failures = 0
        self.not_before = 0.0
        """Real time (`time.monotonic`) until which the server is left alone."""
        self.asked_since: float | None = None
        self.told = Told(scenario, name, site, now)
        self._period = 0
        self._troubles = deque(troubles(scenario, site, times.start, 0))
        self._used: set[int] = set()

    @property
    def due(self) -> float:
        """When there is something to do, as `time.monotonic` tells it."""
        when = self.times.when
        trouble = when(self._troubles[0].at if self._troubles else self._period_end)
        reachable = max(self.not_before, when(self.cut_until), when(self.down_until))
        calls = min(self.check_in_at, self.upload_at)
        return min(trouble, max(when(self.round_at), when(self.down_until)), max(when(calls), reachable))

    def may_call(self, now: float) -> bool:
        """Whether the server can be reached, and is not left alone."""
        return self.cut_until <= now and time.monotonic() >= self.not_before

    @property
    def _period_end(self) -> float:
        return self.times.start + (self._period + 1) * self._scenario.period

    def due_troubles(self, now: float) -> list[Trouble]:
        """Return what has happened since the last time, in order; a clock that was wrong is put right."""
        if self.wrong_until <= now:
            self.offset = 0.0
        if not self._troubles and self._period_end <= now:
            self._period += 1
            start = self.times.start + self._period * self._scenario.period
            self._troubles = deque(troubles(self._scenario, self._site, start, self._period))
        found = []
        while self._troubles and self._troubles[0].at <= now:
            found.append(self._troubles.popleft())
        return found

    def down(self, now: float) -> bool:
        """Whether the appliance is off."""
        return self.down_until > now

    def clock(self, now: float) -> float:
        """Return what the clock of the site says."""
        return now + self.offset

    def unused(self, taken_at: int) -> int:
        """Return a moment for a round at which no other one began, whatever became of the clock."""
        while taken_at in self._used:
            taken_at += 1
        self._used.add(taken_at)
        return taken_at

    def answered(self) -> None:
        """Note that the server answered as it should."""
        self.failures, self.not_before, self.asked_since = 0, 0.0, None

    def failed(self, error: HostingError) -> None:
        """Leave the server alone for as long as an appliance does; what it does not ask for passes at the sites' pace."""
        self.failures += 1
        seconds = pause_after(error, self.failures)
        self.not_before = time.monotonic() + (seconds / self._scenario.pace if error.retry_after is None else seconds)

    def recover(self) -> None:
        """End what troubles the site: the run is over, and it may send what it has."""
        self.offset, self.cut_until, self.down_until, self.failures = 0.0, 0.0, 0.0, 0
