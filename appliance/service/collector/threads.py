"""The store in a thread of its own, beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from appliance.store.store import Store

Result = TypeVar("Result")


class StoreThread:
    """The one writer of the readings. Its work is done in one thread, in order, so that no fsync ever stops the event loop.

    The store is opened at the first use. Where that fails, for example on a full disk, each later use tries again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._store: Store | None = None
        self._opening = threading.Lock()

    async def call(self, work: Callable[[Store], Result]) -> Result:
        """Return `work(store)`, done in the thread of the store. Raises StoreError or DataFolderError."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self.borrow, work)

    def borrow(self, work: Callable[[Store], Result]) -> Result:
        """Return `work(store)`, done in the thread of the caller: for work that uses the store now and then, such as an upload."""
        with self._opening:
            if self._store is None:
                self._store = Store(self._path)
        return work(self._store)

    async def close(self) -> None:
        """Finish what was begun and close the store."""

        def run() -> None:
            if self._store is not None:
                self._store.close()

        await asyncio.get_running_loop().run_in_executor(self._executor, run)
        self._executor.shutdown(wait=False)
