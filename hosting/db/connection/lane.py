"""Threads for one kind of work on the database, with a queue of their own: what others wait for never holds it up.

Where more waits than there are threads, who asks comes in turn, and nobody has more than a share of the threads: many requests of
one site hold up that site alone. Where no more may wait, what makes room is the newest request of whoever has most of them there.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from hosting.db.intake.load import Load
from hosting.errors import BusyError

if TYPE_CHECKING:
    from hosting.db.connection.database import Database
    from hosting.db.connection.replica import Replica

Result = TypeVar("Result")

EACH = 4
"""Whoever asks may have this part of all that may wait."""
SHARE = 2
"""Whoever asks may have this part of the threads."""


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
        self._begun: Counter[str] = Counter()
        self.load = Load()

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
        self._make_place(who)
        asked = time.monotonic()
        await self._take_turn(who)
        self.load.waited(time.monotonic() - asked)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
        finally:
            self._give_back(who)

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

    def _make_place(self, who: str) -> None:
        """See that one more may wait. Raises BusyError where others have not more waiting than `who` has."""
        most, mine = self._plan.waiting, len(self._turns.get(who, ()))
        if who and mine >= max(1, most // EACH):
            raise self._busy()
        if self._waiting < most:
            return
        loudest = max(self._turns, key=lambda name: len(self._turns[name]))
        if len(self._turns[loudest]) <= mine + 1:
            raise self._busy()
        turn = self._turns[loudest][-1]
        self._leave(loudest, turn)
        turn.set_exception(self._busy())

    def _busy(self) -> BusyError:
        self.refused += 1
        self.load.refused()
        return BusyError("The server has more requests waiting than it can take. Try again in a moment.")

    def _may_begin(self, who: str) -> bool:
        return self._free > 0 and (not who or self._begun[who] < max(1, self._plan.threads // SHARE))

    def _begin(self, who: str) -> None:
        self._free -= 1
        self._begun[who] += 1

    async def _take_turn(self, who: str) -> None:
        if self._may_begin(who):
            self._begin(who)
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.setdefault(who, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave(who, turn)
            elif turn.exception() is None:
                self._give_back(who)
            raise

    def _leave(self, who: str, turn: "asyncio.Future[None]") -> None:
        """Let a request wait no longer."""
        turns = self._turns[who]
        turns.remove(turn)
        self._waiting -= 1
        if not turns:
            del self._turns[who]

    def _give_back(self, who: str) -> None:
        """Let those begin who may: of each who waits one in turn, `who` last."""
        self._free += 1
        self._begun[who] -= 1
        if not self._begun[who]:
            del self._begun[who]
        if who in self._turns:
            self._turns.move_to_end(who)
        for name in list(self._turns):
            if not self._free:
                return
            if self._may_begin(name):
                turn = self._turns[name][0]
                self._turns.move_to_end(name)
                self._leave(name, turn)
                self._begin(name)
                turn.set_result(None)
