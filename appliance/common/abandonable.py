"""Blocking calls that may be left behind when the process ends."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def abandonable(work: Callable[[], Result]) -> Result:
    """Return what `work` returns in a thread of its own.

    `asyncio.to_thread` would make the end of the process wait for a network call that hangs; this thread is left behind.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed on whole to the one who waits
            if not future.cancelled():
                future.set_exception(error)
        else:
            if not future.cancelled():
                future.set_result(result)

    threading.Thread(target=run, daemon=True, name="abandonable").start()
    return await asyncio.wrap_future(future)
