"""How often something may happen: so much at once, and then so much each second."""

from collections.abc import Callable

ENOUGH = 1.0 - 1e-6
"""A millionth less than one token is one: sums of fractions would otherwise ask for one more, useless, wait."""


class TokenBucket:
    """Tokens for whatever is limited: full at the start, and filled again as time passes."""

    __slots__ = ("_burst", "_clock", "_counted_at", "_rate", "_tokens")

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float]) -> None:
        """`clock` returns seconds that only ever rise, as `time.monotonic` does."""
        self._burst = float(burst)
        self._rate = per_second
        self._clock = clock
        self._tokens = self._burst
        self._counted_at = clock()

    @property
    def rate(self) -> float:
        """How many tokens come each second."""
        return self._rate

    def wait(self) -> float:
        """Return 0.0 when there is a token, else the seconds until there is one. Takes nothing."""
        self._fill()
        return 0.0 if self._tokens >= ENOUGH else (1.0 - self._tokens) / self._rate

    def take(self) -> float:
        """Take a token and return 0.0, or return the seconds until there will be one."""
        wait = self.wait()
        if not wait:
            self._tokens -= 1.0
        return wait

    def charge(self) -> None:
        """Take a token for what has happened already; where there is none, the bucket is empty."""
        self._fill()
        self._tokens = max(0.0, self._tokens - 1.0)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
