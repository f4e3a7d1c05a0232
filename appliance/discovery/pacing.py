"""How fast a sweep may send: a token bucket that keeps to its ceiling in every window of one second, not only on average."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from appliance.common.token_bucket import TokenBucket

BURST_SECONDS = 0.02
"""What may be sent at once after a pause: so much that a timer which fires late costs no speed."""


class PacketBucket(TokenBucket):
    """Tokens for packets. The burst is taken off the refill rate, so no second ever sees more than `per_second` packets."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        """For `clock` see `TokenBucket`."""
        burst = max(1.0, float(int(per_second * BURST_SECONDS)))
        # With a burst of one the packets are evenly spaced, and a hair below the ceiling is enough.
        super().__init__(burst, per_second - burst if burst > 1 else per_second * 0.98, clock)

    async def permit(self) -> None:
        """Wait for a token; whoever shares the bucket keeps to the ceiling together."""
        while wait := self.take():  # noqa: ASYNC110 - the token may be taken by another one meanwhile
            await asyncio.sleep(wait)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a sweep sends, and when it holds."""

    packets_per_second: float = 200
    bucket: PacketBucket | None = None
    """The tokens, where others send beside the sweep; without it the sweep has `packets_per_second` for itself."""
    held: Callable[[], bool] = lambda: False
    """While it returns true no address is begun; those under way are asked to their end."""
