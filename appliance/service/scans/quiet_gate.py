"""The gate to the network: closed in the quiet times of the site. What is under way then is finished, nothing else is begun."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, tzinfo

from appliance.settings.quiet_times import quiet_until


class QuietGate:
    """Closed from the `look` that finds a quiet time until the one that finds none."""

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is the time zone of the site, in which quiet times are written."""
        self._zone = zone
        self._open = asyncio.Event()
        self._open.set()
        self.until: datetime | None = None
        """When the quiet time ends, in the time of the site; None while the gate is open."""

    @property
    def closed(self) -> bool:
        """Whether nothing may be begun."""
        return self.until is not None

    def look(self, quiet_times: Sequence[str]) -> None:
        """Open or close by the clock; call it at least every minute."""
        now = datetime.now(self._zone)
        self.until = quiet_until(quiet_times, now) if quiet_times else None
        if self.until is None:
            self._open.set()
        else:
            self._open.clear()

    async def opened(self) -> None:
        """Wait until the gate is open."""
        await self._open.wait()

    def seconds(self) -> float:
        """Return how long it stays closed, 0.0 when it is open."""
        return max(0.0, (self.until - datetime.now(self._zone)).total_seconds()) if self.until else 0.0
