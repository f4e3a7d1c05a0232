"""A standby of PostgreSQL that follows the database: pages are read there while it is known to be close behind.

How far it is behind is measured in what it has replayed of the log of the database, so that no clock and no idle fleet misleads.
Where it is away, too far behind, or no standby of this database, the database itself is asked.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, TypeVar

import sqlalchemy as sa
import structlog

from hosting.db.connection.database import Database
from hosting.errors import DataError

Result = TypeVar("Result")
State = Literal["used", "behind", "away", "other"]
"""`other`: it is no standby of the database, such as one that was made a server of its own."""

LOOK_SECONDS = 1.0
"""So often it is looked how far it is behind, where it is asked at all."""
AWAY_SECONDS = 10.0
"""For so long nobody asks it after it did not answer."""
DEADLINE_SECONDS = 2.0
SAMPLES = 60
POSITION = "pg_wal_lsn_diff({}, '0/0')::bigint"
IDENTITY = "(SELECT system_identifier FROM pg_control_system())"
WRITTEN = f"SELECT {IDENTITY}, {POSITION.format('pg_current_wal_lsn()')}"
REPLAYED = f"SELECT {IDENTITY}, pg_is_in_recovery(), {POSITION.format('pg_last_wal_replay_lsn()')}"


class Replica:
    """Reads from the standby or from the database. Used by several threads at once."""

    def __init__(
        self, database: Database, standby: Database, most_behind: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._standby = standby
        self._most_behind = most_behind
        self._clock = clock
        self._looking = threading.Lock()
        self._state: State = "behind"
        self._look_at = -math.inf
        self._written: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        """When the log of the database had got how far. The first may have been replayed by the standby, the others not."""

    @property
    def state(self) -> State:
        """How it was found last."""
        return self._state

    def close(self) -> None:
        """Close the connections to the standby."""
        self._standby.close()

    def read(self, work: Callable[[sa.Connection], Result], seconds: float | None) -> Result:
        """Return what `work` returns, in a transaction that only reads, at most some seconds old. Raises as `Database.reading`."""
        self._look_when_due()
        if self._state == "used":
            try:
                with self._standby.reading(seconds) as connection:
                    return work(connection)
            except DataError as error:
                self._is("away", str(error))
            except sa.exc.DBAPIError as error:  # such as a table that it has not got yet
                structlog.get_logger().warning("the standby could not answer", reason=str(error).splitlines()[0])
        with self._database.reading(seconds) as connection:
            return work(connection)

    def _look_when_due(self) -> None:
        if self._clock() < self._look_at or not self._looking.acquire(blocking=False):
            return
        try:
            self._look_at = self._clock() + LOOK_SECONDS
            self._look()
        finally:
            self._looking.release()

    def _look(self) -> None:
        now = self._clock()
        with self._database.reading(DEADLINE_SECONDS) as connection:
            own, written = connection.exec_driver_sql(WRITTEN).one()
        self._written.append((now, written))
        try:
            with self._standby.reading(DEADLINE_SECONDS) as connection:
                identity, follows, replayed = connection.exec_driver_sql(REPLAYED).one()
        except (DataError, sa.exc.DBAPIError) as error:
            self._is("away", str(error))
            return
        if identity != own or not follows:
            self._is("other", "It is no standby of the database of DCA_HOSTING_DATABASE_URL.")
            return
        while len(self._written) > 1 and self._written[1][1] <= replayed:
            self._written.popleft()
        at, first = self._written[0]
        behind = self._clock() - at if first <= replayed else math.inf
        if behind > self._most_behind:
            self._is("behind", f"It is more than {self._most_behind:g} s behind.")
        else:
            self._is("used")

    def _is(self, state: State, reason: str = "") -> None:
        if state == "away":
            self._look_at = self._clock() + AWAY_SECONDS
        if state == self._state:
            return
        self._state = state
        if state == "used":
            structlog.get_logger().info("pages are read from the standby")
        else:
            structlog.get_logger().warning("pages are read from the database itself, not from the standby", reason=reason)
