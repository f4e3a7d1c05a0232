"""How long what sites send waits for its turn, and by how much they are asked to send less often. Pure, for one event loop."""

import time
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 10.0
"""So often it is judged anew."""
LONG_SECONDS: Final = 0.5
"""A wait that is too long, as the mean of a window; a request for which there is no place is one too many in any case."""
SHORT_SECONDS: Final = 0.1
STEPS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
"""In few steps, since each other interval is written down by each site."""


class Load:
    """One step up after a window in which waits were long, one down after one in which they were short."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._step = 0
        self._begin()

    def waited(self, seconds: float) -> None:
        """Note how long a request has waited for its turn."""
        self._judge()
        self._total += seconds
        self._count += 1

    def refused(self) -> None:
        """Note that there was no place for a request."""
        self._judge()
        self._refused = True

    @property
    def stretch(self) -> float:
        """By what the intervals of sites are to be multiplied, 1 as a rule."""
        self._judge()
        return STEPS[self._step]

    def _begin(self) -> None:
        self._until = self._clock() + WINDOW_SECONDS
        self._total, self._count, self._refused = 0.0, 0, False

    def _judge(self) -> None:
        late = self._clock() - self._until
        if late < 0:
            return
        mean = self._total / self._count if self._count else 0.0
        if self._refused or mean > LONG_SECONDS:
            self._step = min(self._step + 1, len(STEPS) - 1)
        elif mean < SHORT_SECONDS:
            # Windows in which nothing came count as well.
            self._step = max(0, self._step - 1 - int(late / WINDOW_SECONDS))
        self._begin()
