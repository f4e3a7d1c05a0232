"""Small work of many sites, done together: what comes within a moment shares its transactions.

Where little is going on nobody waits for others. What fails for one fails for that one alone, unless the database failed.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hosting.db.connection.lane import Lane
from hosting.errors import BusyError

Item = TypeVar("Item")
Result = TypeVar("Result")

SECONDS = 0.1
"""So long is waited for others where they come as fast as that. A site does not notice."""
TOGETHER = 64
WAITING = 1024
"""More do not wait: a fleet of a million sites has no more check-ins in a moment."""

Work = Callable[[Sequence[Item]], Sequence[Result | Exception]]
"""Does all of them and returns for each, in their order, what came of it."""


class Gathering(Generic[Item, Result]):
    """Items that wait, from one event loop, for the same work on a lane: at most `together` share a transaction."""

    def __init__(self, lane: Lane, together: int = TOGETHER) -> None:
        self._lane = lane
        self._together = together
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._count = 0
        self._last = ("", float("-inf"))

    async def ask(self, item: Item, who: str, work: Work[Item, Result]) -> Result:
        """Return what came of an item; `work` is the same for all.

        Raises what the item came to, BusyError where too much waits, DataError.
        """
        if self._count >= WAITING:
            raise BusyError("The server has more requests waiting than it can take. Try again in a moment.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        name, at = self._last
        self._last = (who, loop.time())
        if len(self._waiting) == 1:
            others = self._together > 1 and name != who and loop.time() - at < SECONDS
            task = loop.create_task(self._do_after(SECONDS if others else 0.0, work))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._count += 1
        try:
            return await future
        finally:
            self._count -= 1

    async def _do_after(self, seconds: float, work: Work[Item, Result]) -> None:
        await asyncio.sleep(seconds)
        waiting, self._waiting = self._waiting, []
        parts = (waiting[first : first + self._together] for first in range(0, len(waiting), self._together))
        await asyncio.gather(*(self._do(part, work) for part in parts))

    async def _do(self, part: Sequence[tuple[Item, asyncio.Future[Result]]], work: Work[Item, Result]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._lane.run(lambda: work([item for item, _ in part]))
        except Exception as error:  # noqa: BLE001 - whatever it is, each of those who wait is told
            results = [error] * len(part)
        for (_, future), result in zip(part, results, strict=True):
            if future.done():  # who waited has gone
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
