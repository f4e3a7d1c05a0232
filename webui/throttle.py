"""How often somebody may try to log in: a token bucket for each client address and one for all together."""

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

CLIENTS_KEPT = 10_000


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


class Throttle:
    """Counts attempts. Nobody is locked out for good: who waits may try again."""

    def __init__(
        self, per_client: Rate = PER_CLIENT, together: Rate = TOGETHER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_client = per_client
        self._together = together
        self._clock = clock
        self._clients: dict[str, _Bucket] = {}
        self._all = _Bucket(together.burst, clock())

    def attempt(self, address: str) -> int:
        """Take one attempt of `address`. Returns 0 when it may go on, else the seconds to wait before the next one."""
        now = self._clock()
        bucket = self._bucket(address, now)
        bucket.fill(self._per_client, now)
        self._all.fill(self._together, now)
        wait = max(
            (1 - bucket.tokens) * self._per_client.seconds,
            (1 - self._all.tokens) * self._together.seconds,
        )
        if wait > 0:
            return max(1, math.ceil(wait))
        bucket.tokens -= 1
        self._all.tokens -= 1
        return 0

    def succeeded(self, address: str) -> None:
        """Forget the attempts of `address`: it knew the password."""
        self._clients.pop(_client(address), None)

    def _bucket(self, address: str, now: float) -> _Bucket:
        client = _client(address)
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


def _client(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 an IPv6 host can choose its addresses from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))
