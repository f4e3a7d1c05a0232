"""How often somebody may try to log in: a token bucket for each client address, and one for all strangers together."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.common.network.forwarded import client_of
from appliance.common.token_bucket import TokenBucket
from web.throttle import Throttle, whole_seconds

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


class LoginBudget:
    """Counts attempts. Nobody is locked out for good: who waits may try again."""

    def __init__(
        self, per_client: Rate = PER_CLIENT, together: Rate = TOGETHER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._clients = Throttle(per_client.burst, 1 / per_client.seconds, kept=CLIENTS_KEPT, clock=clock)
        self._strangers = TokenBucket(together.burst, 1 / together.seconds, clock)
        self._lately: dict[str, float] = {}
        """When somebody last logged in from a client, the longest ago first."""

    def attempt(self, address: str) -> int:
        """Take one attempt of `address`. Returns 0 when it may go on, else the seconds to wait before the next one."""
        client = client_of(address)
        stranger = self._clock() - self._lately.get(client, -math.inf) > LATELY_SECONDS
        wait = self._clients.wait(client)
        if stranger:
            wait = max(wait, whole_seconds(self._strangers.wait()))
        if wait:
            return wait
        self._clients.take(client)
        if stranger:
            self._strangers.charge()
        return 0

    def succeeded(self, address: str) -> None:
        """Forget the attempts of `address`: it knew the password."""
        client = client_of(address)
        self._clients.forget(client)
        self._lately.pop(client, None)
        self._lately[client] = self._clock()
        if len(self._lately) > CLIENTS_KEPT:
            del self._lately[next(iter(self._lately))]
