"""Blocking work beside the event loop: the store in its own thread, and calls that may be abandoned when the process ends."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from appliance.store.store import Store

Result = TypeVar("Result")


async def abandonable(work: Callable[[], Result]) -> Result:
    """Return what `work` returns in a thread of its own.

    `asyncio.to_thread` would make the end of the process wait for a network call that hangs; this thread is a daemon and is left behind.
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


class StoreThread:
    """The one writer of the readings. All its work is done in one thread, in order, so that no fsync ever stops the event loop."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._store: Store | None = None

    async def open(self, make: Callable[[], Store]) -> None:
        """Open the store in its thread. Raises StoreError or DataFolderError."""
        self._store = await asyncio.get_running_loop().run_in_executor(self._executor, make)

    async def call(self, work: Callable[[Store], Result]) -> Result:
        """Return `work(store)`, done in the thread of the store. Raises StoreError or DataFolderError."""
        store = self._store
        if store is None:
            raise RuntimeError("the store is not open")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, store)

    async def close(self) -> None:
        """Finish what was begun and close the store."""
        store, self._store = self._store, None
        if store is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, store.close)
        self._executor.shutdown(wait=False)
