"""Tasks side by side, of which the first error is raised as itself."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def tasks() -> AsyncIterator[asyncio.TaskGroup]:
    """Yield a task group. Raises the first error of its tasks as itself: those who wait know DcaError, not groups of it."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


async def side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of `work`. Raises the first error as itself."""
    async with tasks() as group:
        for each in work:
            group.create_task(each)
