"""Token buckets: each name may do so much at once and then so much each second. Kept in memory, one set a process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

NAMES_KEPT = 100_000


class Throttle:
    """One bucket for each name (a site id, an address); the ones not used for longest are forgotten first."""

    def __init__(self, burst: int, per_second: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._burst = float(burst)
        self._rate = per_second
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def _level(self, name: str) -> float:
        level, since = self._buckets.get(name, (self._burst, self._now()))
        return min(self._burst, level + (self._now() - since) * self._rate)

    def wait(self, name: str) -> int:
        """Return 0 when `name` may go on, else after how many seconds it may. Takes nothing."""
        with self._lock:
            level = self._level(name)
        return 0 if level >= 1 else max(1, round((1 - level) / self._rate + 0.5))

    def take(self, name: str) -> None:
        """Count one use by `name`."""
        with self._lock:
            self._buckets[name] = (max(0.0, self._level(name) - 1), self._now())
            self._buckets.move_to_end(name)
            if len(self._buckets) > NAMES_KEPT:
                self._buckets.popitem(last=False)
