"""Threads for one kind of work on the database, with a queue of their own: what others wait for never holds it up.

Where more waits than there are threads, who asks comes in turn: many requests of one site hold up that site alone.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from hosting.errors import BusyError

if TYPE_CHECKING:
    from hosting.db.database import Database
    from hosting.db.replica import Replica

Result = TypeVar("Result")

EACH = 4
"""Whoever asks may have this part of all that may wait."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """How many threads a lane has, how many requests may wait for them, and how long one statement may take (seconds)."""

    name: str
    threads: int
    waiting: int
    seconds: float | None = None


class Lane:
    """Work on a database from one event loop, on threads. Raises BusyError where too much waits, DeadlineError, DataError."""

    def __init__(self, database: "Database", plan: LanePlan, replica: "Replica | None" = None) -> None:
        self._database = database
        self._replica = replica
        self._plan = plan
        self._threads = ThreadPoolExecutor(plan.threads, thread_name_prefix=plan.name)
        self._free = plan.threads
        self._waiting = 0
        self.refused = 0
        """For how many requests there was no place, since the process began."""
        self._turns: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def name(self) -> str:
        """What it is for, in a word."""
        return self._plan.name

    @property
    def threads(self) -> int:
        """How many requests are worked on at once."""
        return self._plan.threads

    @property
    def running(self) -> int:
        """How many are worked on now."""
        return self._plan.threads - self._free

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting

    def close(self) -> None:
        """Wait for the work under way."""
        self._threads.shutdown()

    async def run(self, work: Callable[[], Result], who: str = "") -> Result:
        """Return what `work` returns, done on a thread in the turn of `who`."""
        most = self._plan.waiting
        if self._waiting >= most or (who and len(self._turns.get(who, ())) >= max(1, most // EACH)):
            self.refused += 1
            raise BusyError("The server has more requests waiting than it can take. Try again in a moment.")
        await self._take_turn(who)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._hand_over()

    async def read(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Return what `work` returns, in a transaction that only reads, on a thread."""

        def job() -> Result:
            with self._database.reading(self._plan.seconds) as connection:
                return work(connection)

        return await self.run(job)

    async def look(self, work: Callable[[sa.Connection], Result], *, newest: bool = False) -> Result:
        """Return what `work` returns, as `read`, but where there is a standby from there: at most some seconds old.

        With `newest` as `read` does: for somebody who has just written.
        """
        replica = self._replica
        if replica is None or newest:
            return await self.read(work)
        return await self.run(lambda: replica.read(work, self._plan.seconds))

    async def write(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Return what `work` returns, in a transaction that writes, on a thread."""

        def job() -> Result:
            with self._database.writing(self._plan.seconds) as connection:
                return work(connection)

        return await self.run(job)

    async def _take_turn(self, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.setdefault(who, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._hand_over()
            raise
        finally:
            self._waiting -= 1

    def _hand_over(self) -> None:
        """Let the next one begin: of each who waits one in turn."""
        while self._turns:
            who, turns = self._turns.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._turns[who] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
