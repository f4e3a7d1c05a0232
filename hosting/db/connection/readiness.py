"""Whether the server can do its work: it writes into its database, which a full disk or a standby refuses."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
import structlog

from appliance.common.clock import utc_now
from hosting.db.connection.lane import Lane
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
            await self._lane.write(write_probe)
        except (BusyError, DataError, sa.exc.SQLAlchemyError) as error:  # such as a database that is read-only
            structlog.get_logger().error("the server is not ready: its database takes nothing", reason=str(error).splitlines()[0])
            return False
        return True


def write_probe(connection: sa.Connection) -> None:
    """Write the row that shows whether the database takes anything."""
    statement = insert(connection, probe).values(name=ROW, at=utc_now())
    connection.execute(statement.on_conflict_do_update(index_elements=[probe.c.name], set_={"at": statement.excluded.at}))


def database_clock(connection: sa.Connection) -> datetime | None:
    """Return what the clock of the database says; None where that is the clock of this machine."""
    if connection.dialect.name == "sqlite":
        return None
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now
