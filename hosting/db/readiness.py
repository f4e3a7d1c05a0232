"""Whether the server can do its work: it writes into its database, which a full disk or a standby refuses."""

import asyncio
import time
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from appliance.common.clock import utc_now
from hosting.db.lane import Lane
from hosting.db.tables import probe
from hosting.db.upsert import insert
from hosting.errors import BusyError, DataError

KEPT_SECONDS = 5.0
"""For so long an answer holds: whoever asks more often makes the disk work no more."""
ROW = "readiness"


class Readiness:
    """Writes a row now and then, on the event loop of its lane."""

    def __init__(self, lane: Lane, clock: Callable[[], float] = time.monotonic) -> None:
        self._lane = lane
        self._clock = clock
        self._until = 0.0
        self._ready = False
        self._looking = asyncio.Lock()
        self.leaving = False
        """Whether the server was told to stop."""

    async def is_ready(self) -> bool:
        """Return whether the server could write just now."""
        async with self._looking:
            if self._clock() >= self._until:
                self._ready = await self._could_write()
                self._until = self._clock() + KEPT_SECONDS
            return self._ready

    async def _could_write(self) -> bool:
        try:
            await self._lane.write(_touch)
        except (BusyError, DataError, sa.exc.SQLAlchemyError) as error:  # such as a database that is read-only
            structlog.get_logger().error("the server is not ready: its database takes nothing", reason=str(error).splitlines()[0])
            return False
        return True


def _touch(connection: sa.Connection) -> None:
    statement = insert(connection, probe).values(name=ROW, at=utc_now())
    connection.execute(statement.on_conflict_do_update(index_elements=[probe.c.name], set_={"at": statement.excluded.at}))
