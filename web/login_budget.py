"""How often somebody may try to log in: a token bucket for each client address, and one for all strangers together."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.common.forwarded import client_of

CLIENTS_KEPT = 10_000
LATELY_SECONDS = 30 * 86_400.0
"""For so long an address from which somebody logged in is no stranger: what others try does not shut it out."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` attempts at once, then one every `seconds`."""

    burst: int
    seconds: float


PER_CLIENT = Rate(burst=8, seconds=6.0)
TOGETHER = Rate(burst=40, seconds=1.5)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float

    def fill(self, rate: Rate, now: float) -> None:
        self.tokens = min(rate.burst, self.tokens + (now - self.filled_at) / rate.seconds)
        self.filled_at = now


class LoginBudget:
    """Counts attempts. Nobody is locked out for good: who waits may try again."""

    def __init__(
        self, per_client: Rate = PER_CLIENT, together: Rate = TOGETHER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_client = per_client
        self._together = together
        self._clock = clock
        self._clients: dict[str, _Bucket] = {}
        self._all = _Bucket(together.burst, clock())
        self._lately: dict[str, float] = {}
        """When somebody last logged in from a client, the longest ago first."""

    def attempt(self, address: str) -> int:
        """Take one attempt of `address`. Returns 0 when it may go on, else the seconds to wait before the next one."""
        now = self._clock()
        client = client_of(address)
        bucket = self._bucket(client, now)
        bucket.fill(self._per_client, now)
        self._all.fill(self._together, now)
        stranger = now - self._lately.get(client, -math.inf) > LATELY_SECONDS
        wait = (1 - bucket.tokens) * self._per_client.seconds
        if stranger:
            wait = max(wait, (1 - self._all.tokens) * self._together.seconds)
        if wait > 0:
            return max(1, math.ceil(wait))
        bucket.tokens -= 1
        if stranger:
            self._all.tokens -= 1
        return 0

    def succeeded(self, address: str) -> None:
        """Forget the attempts of `address`: it knew the password."""
        client = client_of(address)
        self._clients.pop(client, None)
        self._lately.pop(client, None)
        self._lately[client] = self._clock()
        if len(self._lately) > CLIENTS_KEPT:
            del self._lately[next(iter(self._lately))]

    def _bucket(self, client: str, now: float) -> _Bucket:
        if client not in self._clients:
            if len(self._clients) >= CLIENTS_KEPT:
                self._forget_idle(now)
            self._clients[client] = _Bucket(self._per_client.burst, now)
        return self._clients[client]

    def _forget_idle(self, now: float) -> None:
        """Drop the buckets that are full again; if none is, the oldest one."""
        refill = self._per_client.burst * self._per_client.seconds
        idle = [client for client, bucket in self._clients.items() if now - bucket.filled_at >= refill]
        for client in idle or [next(iter(self._clients))]:
            del self._clients[client]
