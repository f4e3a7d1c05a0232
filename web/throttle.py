"""Token buckets by name: each name may do so much at once and then so much each second. Kept in memory, one set a process."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from appliance.common.token_bucket import TokenBucket

NAMES_KEPT = 100_000


def whole_seconds(wait: float) -> int:
    """Return a wait as `Retry-After` tells it: 0 for none, else at least 1. A millionth of a second more does not count."""
    return max(1, math.ceil(wait - 1e-6)) if wait > 0 else 0


class Throttle:
    """One bucket for each name (a site id, an address); the ones not used for longest are forgotten first."""

    def __init__(
        self, burst: int, per_second: float, *, kept: int = NAMES_KEPT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._rate = per_second
        self._kept = kept
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many names have a bucket."""
        return len(self._buckets)

    def wait(self, name: str) -> int:
        """Return 0 when `name` may go on, else after how many seconds it may. Takes nothing."""
        with self._lock:
            bucket = self._buckets.get(name)
            return whole_seconds(bucket.wait()) if bucket else 0

    def take(self, name: str) -> None:
        """Count one use by `name`."""
        with self._lock:
            if name not in self._buckets:
                self._buckets[name] = TokenBucket(self._burst, self._rate, self._clock)
            self._buckets[name].charge()
            self._buckets.move_to_end(name)
            if len(self._buckets) > self._kept:
                self._buckets.popitem(last=False)

    def forget(self, name: str) -> None:
        """Let `name` begin anew."""
        with self._lock:
            self._buckets.pop(name, None)
