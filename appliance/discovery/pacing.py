"""How fast a sweep may send: a token bucket that keeps to its ceiling in every window of one second, not only on average."""

import asyncio
from collections.abc import Callable

BURST_SECONDS = 0.02
"""What may be sent at once after a pause: so much that a timer which fires late costs no speed."""


class TokenBucket:
    """Tokens for packets. The burst is taken off the refill rate, so no second ever sees more than `per_second` packets."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        """`clock` returns seconds that only ever rise, as `loop.time` does."""
        self._clock = clock
        self._burst = max(1.0, float(int(per_second * BURST_SECONDS)))
        # With a burst of one the packets are evenly spaced, and a hair below the ceiling is enough.
        self._rate = per_second - self._burst if self._burst > 1 else per_second * 0.98
        self._tokens = self._burst
        self._counted_at = clock()

    @property
    def rate(self) -> float:
        """Return the packets per second in the long run."""
        return self._rate

    def take(self) -> float:
        """Take a token and return 0.0, or return the seconds until there will be one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        # A millionth less than one is one: sums of fractions would otherwise ask for one more, useless, wait.
        if self._tokens >= 1.0 - 1e-6:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate

    async def permit(self) -> None:
        """Wait for a token; whoever shares the bucket keeps to the ceiling together."""
        while wait := self.take():  # noqa: ASYNC110 - the token may be taken by another one meanwhile
            await asyncio.sleep(wait)
