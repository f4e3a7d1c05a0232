"""Seconds that count only while this process could run."""

import time
from collections.abc import Callable

GAP_COUNTED = 1.0
"""Seconds between two looks at the clock that count as running; the supervisor looks at least twice a second."""


class AwakeClock:
    """A monotonic clock that stands still while this process did: in a paused container, or on a machine without any time to spare.

    Without it, all components would be found silent, and killed, the moment a paused container goes on.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen = monotonic()
        self._now = 0.0

    def now(self) -> float:
        """Return seconds since the clock was made, pauses left out."""
        moment = self._monotonic()
        self._now += min(moment - self._seen, GAP_COUNTED)
        self._seen = moment
        return self._now
